"""The program on a planted home: all that is there is found, once, for what it is, and nothing else is.

The tables below are the truth. Each row is a file, and what an export has to say of it.
"""

import base64
import json
import os
import random
import unittest
from collections import Counter
from dataclasses import dataclass, field

from support import (Home, ProgramTest, alnum, b64, basic, hexadecimal, jwt, npm, npm_bad, preview_of, public_registry, uuid)

NPM_HOST = public_registry()


@dataclass
class Want:
    """A hit that has to be there: a value on a line, and what is known of it."""
    value: str | None  # None: a reference, which has none
    line: int = 1
    inner: str = ""  # the place in layers of JSON and encodings, behind the line
    kind: str = "npm-token"
    registry: str | None = None
    checksum: str | None = None  # by default what fits the kind
    flags: str = ""
    klass: str = "D"
    path: str = ""  # where not the file's own

    @property
    def expected_checksum(self) -> str:
        return self.checksum or ("valid" if self.kind == "npm-token" else "none")


@dataclass
class Planted:
    path: str
    content: str | bytes
    wants: list[Want] = field(default_factory=list)
    mode: int = 0o600


def reference(line: int = 1, **more) -> Want:
    return Want(None, line, kind="reference", flags=("reference " + more.pop("flags", "")).strip(), **more)


# What package managers read ------------------------------------------------------------------------------------------

NPMRC = [
    Planted(".npmrc", f"registry=https://npm.example.test/\n//npm.example.test/:_authToken={npm('user')}\n",
            [Want(npm("user"), 2, registry="npm.example.test")]),
    Planted("quoted/.npmrc", f'//quoted.example.test/:_authToken = "{npm("quoted")}"\n',
            [Want(npm("quoted"), registry="quoted.example.test")]),
    Planted("single/.npmrc", f"//single.example.test/:_authToken='{npm('single')}'",
            [Want(npm("single"), registry="single.example.test")]),
    Planted("uuid/.npmrc", f"//registry.corp.example/:_authToken={uuid('npmrc')}\n",
            [Want(uuid("npmrc"), kind="npm-legacy-token", registry="registry.corp.example")]),
    Planted("classic/.npmrc", f"//{NPM_HOST}/:_authToken={uuid('classic')}\n",
            [Want(uuid("classic"), kind="npm-legacy-token", registry=NPM_HOST, flags="classic dead")]),
    Planted("auth/.npmrc", f"//auth.example.test/:_auth={basic('ci', alnum(24, 'auth'))}\n",
            [Want(alnum(24, "auth"), kind="npm-basic-auth", registry="auth.example.test")]),
    Planted("password/.npmrc", f"//password.example.test/npm/:username=ci\n//password.example.test/npm/:_password={b64(alnum(24, 'password'))}\n",
            [Want(alnum(24, "password"), 2, kind="npm-basic-auth", registry="password.example.test/npm")]),
    Planted("password_is_token/.npmrc", f"//pit.example.test/:username=ci\n//pit.example.test/:_password={b64(npm('pit'))}\n",
            [Want(npm("pit"), 2, registry="pit.example.test")]),
    Planted("auth_is_token/.npmrc", f"//ait.example.test/:_auth={basic('ci', npm('ait'))}\n",
            [Want(npm("ait"), registry="ait.example.test")]),
    Planted("pnpm_scope/.npmrc", f"//scope.example.test/:@acme:_authToken={npm('pnpm scope')}\n",
            [Want(npm("pnpm scope"), registry="scope.example.test")]),
    Planted("bad_checksum/.npmrc", f"//bad.example.test/:_authToken={npm_bad('npmrc')}\n",
            [Want(npm_bad("npmrc"), registry="bad.example.test", checksum="invalid")]),
    Planted("nexus/.npmrc", f"//nexus.example.test/repository/npm/:_authToken=NpmToken.{uuid('nexus')}\n",
            [Want("NpmToken." + uuid("nexus"), kind="registry-token", registry="nexus.example.test/repository/npm")]),
    Planted("jwt/.npmrc", f"//jwt.example.test/api/npm/:_authToken={jwt('npmrc')}\n",
            [Want(jwt("npmrc"), kind="registry-token", registry="jwt.example.test/api/npm")]),
    Planted("artifactory/.npmrc", f"//art.example.test/api/npm/:_authToken=AKCp{alnum(69, 'art')}\n",
            [Want("AKCp" + alnum(69, "art"), kind="registry-token", registry="art.example.test/api/npm")]),
    Planted("github/.npmrc", f"//pkg.example.test/:_authToken=ghp_{alnum(36, 'gh')}\n",
            [Want("ghp_" + alnum(36, "gh"), kind="registry-token", registry="pkg.example.test")]),
    Planted("gitlab/.npmrc", f"//git.example.test/api/v4/packages/npm/:_authToken=glpat-{alnum(20, 'gl')}\n",
            [Want("glpat-" + alnum(20, "gl"), kind="registry-token", registry="git.example.test/api/v4/packages/npm")]),
    Planted("opaque/.npmrc", f"//opaque.example.test/:_authToken={hexadecimal(40, 'opaque')}\n",
            [Want(hexadecimal(40, "opaque"), kind="registry-token", registry="opaque.example.test")]),
    Planted("port/.npmrc", f"//Port.example.test:8443/npm/:_authToken={npm('port')}\n",
            [Want(npm("port"), registry="port.example.test:8443/npm", flags="inert")]),
    Planted("commented/.npmrc", f"; //commented.example.test/:_authToken={npm('semicolon')}\n# //commented.example.test/:_authToken={npm('hash')}\n",
            [Want(npm("semicolon"), registry="commented.example.test", flags="commented-out"),
             Want(npm("hash"), 2, registry="commented.example.test", flags="commented-out")]),
    Planted("behind_comment/.npmrc", f"//behind.example.test/:_authToken={npm('before')};{npm('behind')}\n",
            [Want(npm("before"), registry="behind.example.test"), Want(npm("behind"), registry="behind.example.test")]),
    Planted("unscoped/.npmrc", f"_authToken={npm('unscoped')}\n",
            [Want(npm("unscoped"), registry=NPM_HOST, flags="unscoped")]),
    Planted("unscoped_elsewhere/.npmrc", f"registry=https://else.example.test/npm/\n_auth={basic('ci', alnum(24, 'else'))}\n",
            [Want(alnum(24, "else"), 2, kind="npm-basic-auth", registry="else.example.test/npm", flags="unscoped")]),
    Planted("section/.npmrc", f"[//section.example.test/]\n//section.example.test/:_authToken={npm('section')}\n",
            [Want(npm("section"), 2, registry="section.example.test", flags="inert")]),
    # npm reads the first key behind a byte-order mark (docs/npmrc.md), so this is no `inert` one.
    Planted("bom/.npmrc", b"\xef\xbb\xbf" + f"//bom.example.test/:_authToken={npm('bom')}\n".encode(),
            [Want(npm("bom"), registry="bom.example.test")]),
    Planted("carriage/.npmrc", f"fund=false\r\n//crlf.example.test/:_authToken={npm('crlf')}\r\n",
            [Want(npm("crlf"), 2, registry="crlf.example.test")]),
    Planted("reference/.npmrc", "//ref.example.test/:_authToken=${NPM_TOKEN}\n//ref2.example.test/:_authToken=${OTHER_TOKEN?}\n",
            [reference(registry="ref.example.test"), reference(2, registry="ref2.example.test")]),
    Planted("commented_reference/.npmrc", "#//ref3.example.test/:_authToken=${NPM_TOKEN}\n",
            [reference(registry="ref3.example.test", flags="commented-out")]),
    Planted("userinfo/.npmrc", f"registry=https://ci:{alnum(20, 'userinfo')}@userinfo.example.test/npm/\n",
            [Want(alnum(20, "userinfo"), kind="npm-basic-auth", registry="userinfo.example.test/npm")]),
    Planted("userinfo_token/.npmrc", f"@acme:registry=https://ci:{npm('userinfo')}@userinfo2.example.test/\n",
            [Want(npm("userinfo"), registry="userinfo2.example.test")]),
    Planted("last_line/.npmrc", f"a=b\n\n\n//last.example.test/:_authToken={npm('last')}",
            [Want(npm("last"), 4, registry="last.example.test")]),
    Planted("copies/.npmrc.bak", f"//copy.example.test/:_authToken={npm('copy')}\n", [Want(npm("copy"), registry="copy.example.test")]),
    Planted("copies/.npmrc.production", f"//copy.example.test/:_authToken={npm('production')}\n",
            [Want(npm("production"), registry="copy.example.test")]),
    Planted("prefix/etc/npmrc", f"//global.example.test/:_authToken={npm('global')}\n",
            [Want(npm("global"), registry="global.example.test")]),
    Planted(".config/pnpm/auth.ini", f"//ini.example.test/:_authToken={npm('auth.ini')}\n",
            [Want(npm("auth.ini"), registry="ini.example.test")]),
    Planted(".config/pnpm/rc", f"//rc.example.test/:_authToken={npm('rc')}\n", [Want(npm("rc"), registry="rc.example.test")]),
    Planted("Library/Preferences/pnpm/rc", f"//mac.example.test/:_authToken={npm('mac')}\n", [Want(npm("mac"), registry="mac.example.test")]),
    Planted("AppData/Local/pnpm/config/rc", f"//win.example.test/:_authToken={npm('win')}\n", [Want(npm("win"), registry="win.example.test")]),
]

YARN = [
    Planted("yarn/.yarnrc.yml", f'npmRegistryServer: "https://yarn.example.test"\nnpmAuthToken: {npm("yarn")}\n',
            [Want(npm("yarn"), 2, registry="yarn.example.test")]),
    Planted("yarn_ident/.yarnrc.yml", f'npmRegistries:\n  "//ident.example.test":\n    npmAlwaysAuth: true\n    npmAuthIdent: "ci:{alnum(20, "ident")}"\n',
            [Want(alnum(20, "ident"), 4, kind="npm-basic-auth", registry="ident.example.test")]),
    Planted("yarn_ident64/.yarnrc.yml", f'npmRegistries:\n  "https://ident64.example.test":\n    npmAuthIdent: {basic("ci", alnum(20, "ident64"))}\n',
            [Want(alnum(20, "ident64"), 3, kind="npm-basic-auth", registry="ident64.example.test")]),
    Planted("yarn_scope/.yarnrc.yml", f'npmScopes:\n  acme:\n    npmRegistryServer: "https://yscope.example.test/npm/"\n    npmAuthToken: "{uuid("yarn scope")}"\n',
            [Want(uuid("yarn scope"), 4, kind="npm-legacy-token", registry="yscope.example.test/npm")]),
    Planted("yarn_reference/.yarnrc.yml", 'npmRegistries:\n  "//yref.example.test":\n    npmAuthToken: "${NPM_TOKEN}"\n',
            [reference(3, registry="yref.example.test")]),
    Planted("yarn_default/.yarnrc.yml", f'npmRegistries:\n  "//ydef.example.test":\n    npmAuthToken: "${{NPM_TOKEN:-{npm("yarn default")}}}"\n',
            [Want(npm("yarn default"), 3, registry="ydef.example.test")]),
    Planted("yarn_comment/.yarnrc.yml", f"# npmAuthToken: {npm('yarn comment')}\nnodeLinker: node-modules\n",
            [Want(npm("yarn comment"), flags="commented-out")]),
    Planted("yarn_one/.yarnrc", f'lastUpdateCheck 1700000000000\n"//yone.example.test/:_authToken" "{npm("yarn one")}"\n',
            [Want(npm("yarn one"), 2, registry="yone.example.test")]),
]

PNPM_BUN = [
    Planted(".config/pnpm/config.yaml", f'_auth:\n  "https://pnpm.example.test/":\n    "@":\n      authToken: {npm("pnpm yaml")}\n    "@acme":\n      authToken: {uuid("pnpm yaml")}\n',
            [Want(npm("pnpm yaml"), 4, registry="pnpm.example.test"),
             Want(uuid("pnpm yaml"), 6, kind="npm-legacy-token", registry="pnpm.example.test")]),
    Planted("bun/bunfig.toml", f'[install]\nregistry = {{ url = "https://bun.example.test", token = "{npm("bun")}" }}\n',
            [Want(npm("bun"), 2, registry="bun.example.test")]),
    Planted("bun_scope/bunfig.toml", f'[install.scopes]\n"@acme" = {{ url = "https://bscope.example.test/npm/", token = "{uuid("bun scope")}" }}\n',
            [Want(uuid("bun scope"), 2, kind="npm-legacy-token", registry="bscope.example.test/npm")]),
    Planted("bun_password/bunfig.toml", f'[install.scopes]\nacme = {{ url = "https://bpw.example.test", username = "ci", password = "{alnum(20, "bun pw")}" }}\n',
            [Want(alnum(20, "bun pw"), 2, kind="npm-basic-auth", registry="bpw.example.test")]),
    Planted("bun_url/bunfig.toml", f'[install]\nregistry = "https://ci:{alnum(20, "bun url")}@burl.example.test/"\n',
            [Want(alnum(20, "bun url"), 2, kind="npm-basic-auth", registry="burl.example.test")]),
    Planted(".bunfig.toml", '[install.scopes]\n"@acme" = { url = "https://bref.example.test", token = "$BUN_TOKEN" }\n',
            [reference(2, registry="bref.example.test")]),
]

# Where people leave tokens -------------------------------------------------------------------------------------------

LEFT = [
    Planted("app/.env", f"A=1\nNPM_TOKEN={uuid('env')}\nexport NODE_AUTH_TOKEN='{npm('env')}'\n",
            [Want(uuid("env"), 2, kind="npm-legacy-token"), Want(npm("env"), 3)]),
    Planted("app/.env.local", f'NPM_TOKEN="{npm("env.local")}"', [Want(npm("env.local"))]),
    Planted("app/production.env", f"ACME_NPM_TOKEN={uuid('x.env')}\n", [Want(uuid("x.env"), kind="npm-legacy-token")]),
    Planted("app/.envrc", f"export NPM_TOKEN={npm('envrc')}\n", [Want(npm("envrc"))]),
    Planted("opaque_env/.env", f"NPM_TOKEN={alnum(32, 'opaque env')}\nNPM_CONFIG__AUTH={basic('ci', alnum(20, 'env auth'))}\n",
            [Want(alnum(32, "opaque env"), kind="registry-token"), Want(alnum(20, "env auth"), 2, kind="npm-basic-auth")]),
    Planted(".bashrc", f"# export NPM_TOKEN={npm('bashrc old')}\nexport NPM_TOKEN={npm('bashrc')}\n",
            [Want(npm("bashrc old"), flags="commented-out"), Want(npm("bashrc"), 2)]),
    Planted(".profile", f"NPM_TOKEN={uuid('profile')}; export NPM_TOKEN\n", [Want(uuid("profile"), kind="npm-legacy-token")]),
    Planted(".zshrc", f"export NPM_TOKEN='{npm('zshrc')}'\n", [Want(npm("zshrc"))]),
    Planted(".zshenv", f"export YARN_NPM_AUTH_IDENT=ci:{alnum(20, 'zshenv')}\n", [Want(alnum(20, "zshenv"), kind="npm-basic-auth")]),
    Planted(".config/fish/config.fish", f"set -gx NPM_TOKEN {npm('fish')}\n", [Want(npm("fish"))]),
    Planted(".bash_history", f"ls\nnpm config set //hist.example.test/:_authToken {npm('history')}\ncd\nNPM_TOKEN={uuid('history')} npm publish\n",
            [Want(npm("history"), 2, registry="hist.example.test"), Want(uuid("history"), 4, kind="npm-legacy-token")]),
    Planted(".zsh_history", b": 1700000000:0;echo \x83\xa9\n" + f": 1700000001:0;curl -H 'Authorization: Bearer {npm('zsh history')}' https://npm.example.test/-/whoami\n".encode(),
            [Want(npm("zsh history"), 2)]),
    Planted(".npm/_logs/2026-05-01T10_11_12_131Z-debug-0.log",
            f'0 verbose cli /usr/bin/node /usr/bin/npm\n1 verbose argv "config" "set" "//log.example.test/:_authToken={npm("log")}"\n',
            [Want(npm("log"), 2, registry="log.example.test")]),
    Planted("old/npm-debug.log", f"13 error registry=https://ci:{alnum(20, 'debug')}@dbg.example.test/\n",
            [Want(alnum(20, "debug"), kind="npm-basic-auth")]),
    Planted(".docker/config.json", json.dumps({"auths": {"npm.example.test": {"auth": basic("ci", npm("docker"))}}}, indent=1),
            [Want(npm("docker"), 4, "!json:/auths/npm.example.test/auth!base64:1")]),
    Planted(".netrc", f"machine npm.example.test\n  login ci\n  password {npm('netrc')}\n", [Want(npm("netrc"), 3)]),
    Planted("infra/terraform.tfstate", json.dumps({"outputs": {"npm/token": {"value": npm("tfstate"), "type": "string"}}}, indent=2),
            [Want(npm("tfstate"), 4, "!json:/outputs/npm~1token/value", klass="B")]),
    Planted("infra/prod.tfvars", f'region = "x"\nnpm_token = "{npm("tfvars")}"\n', [Want(npm("tfvars"), 2, klass="B")]),
    Planted("infra/legacy.tfvars", f'npm_token = "{uuid("tfvars")}"\n', [Want(uuid("tfvars"), kind="npm-legacy-token", klass="B")]),
]

# CI files and Dockerfiles: what they run says what the token may do.
BUILD = [
    Planted("publishing/.github/workflows/release.yml",
            f"on: push\njobs:\n  x:\n    steps:\n      - run: npm ci\n      - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: {npm('workflow')}\n",
            [Want(npm("workflow"), 8, klass="B", flags="publish")]),
    Planted("installing/.github/workflows/test.yaml",
            f"jobs:\n  x:\n    steps:\n      - run: npm ci\n        env:\n          NPM_TOKEN: {uuid('workflow')}\n",
            [Want(uuid("workflow"), 6, kind="npm-legacy-token", klass="C")]),
    Planted("referring/.github/workflows/test.yml",
            "jobs:\n  x:\n    steps:\n      - run: npm ci\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n",
            [reference(6, klass="C")]),
    Planted("circle/.circleci/config.yml", f"jobs:\n  build:\n    environment:\n      NPM_TOKEN: {npm('circle')}\n    steps:\n      - run: yarn install\n",
            [Want(npm("circle"), 4, klass="C")]),
    Planted("lab/.gitlab-ci.yml", f"release:\n  variables:\n    NPM_TOKEN: {npm('gitlab ci')}\n  script:\n    - npx semantic-release\n",
            [Want(npm("gitlab ci"), 3, klass="B", flags="publish")]),
    Planted("jenkins/Jenkinsfile", f"environment {{ NPM_TOKEN = '{npm('jenkins')}' }}\nsh 'make'\n", [Want(npm("jenkins"), klass="B")]),
    Planted("docker/Dockerfile", f"FROM node:22\nENV NPM_TOKEN={npm('dockerfile')}\nARG OLD_NPM_TOKEN={uuid('dockerfile')}\nRUN npm ci\n",
            [Want(npm("dockerfile"), 2, klass="C"), Want(uuid("dockerfile"), 3, kind="npm-legacy-token", klass="C")]),
    Planted("docker/app.Dockerfile", f'RUN echo "//dock.example.test/:_authToken={npm("dockerfile echo")}" > .npmrc && npm install\n',
            [Want(npm("dockerfile echo"), registry="dock.example.test", klass="C")]),
]

# package.json beside it.
BESIDE = [
    Planted("pkg/publishable/package.json", '{"name": "@acme/thing", "version": "1.0.0"}'),
    Planted("pkg/publishable/.npmrc", f"//pub.example.test/:_authToken={npm('publishable')}\n",
            [Want(npm("publishable"), registry="pub.example.test", klass="B", flags="publish")]),
    Planted("pkg/private/package.json", '{"name": "acme-site", "private": true}'),
    Planted("pkg/private/.npmrc", f"//priv.example.test/:_authToken={npm('private')}\n", [Want(npm("private"), registry="priv.example.test")]),
    Planted("pkg/top/package.json", '{"name": "semver"}'),
    Planted("pkg/top/.npmrc", f"//top.example.test/:_authToken={npm('top')}\n",
            [Want(npm("top"), registry="top.example.test", klass="A", flags="publish")]),
    Planted("pkg/top/.env", f"NPM_TOKEN={npm('top env')}\n", [Want(npm("top env"), klass="A", flags="publish")]),
    Planted("pkg/top/.github/workflows/release.yml", f"jobs:\n  x:\n    steps:\n      - run: npm publish\n        env: {{ NPM_TOKEN: {npm('top ci')} }}\n",
            [Want(npm("top ci"), 5, klass="A", flags="publish")]),
    Planted("pkg/broken/package.json", '{"name": "broken"'),
    Planted("pkg/broken/.npmrc", f"//broken.example.test/:_authToken={npm('broken')}\n", [Want(npm("broken"), registry="broken.example.test")]),
]

# Nothing of this is a token. Only files that are read by default.
DECOYS = [
    Planted("decoys/.npmrc", "\n".join([
        "registry=https://decoy.example.test/", "email=a@example.test", "save-exact=true", "cache=/tmp/npm_cache_directory_of_some_length_here",
        "//d1.example.test/:_authToken=", "//d2.example.test/:_authToken=your-npm-token-here", "//d3.example.test/:_authToken=<TOKEN>",
        "//d4.example.test/:_authToken=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "//d5.example.test/:_authToken=npm_" + "x" * 36,
        "//d6.example.test/:_authToken=npm_" + "abcdefghijklmnopqrstuvwxyz0123456789", "//d7.example.test/:always-auth=true",
        "//d8.example.test/:_authToken=00000000-0000-0000-0000-000000000000", "; generated by job " + uuid("job"),
        "//d9.example.test/:username=ci", ""])),
    Planted("decoys/.env", "\n".join([
        f"REQUEST_ID={uuid('request')}", f"GIT_SHA={hexadecimal(40, 'sha')}", f"INTEGRITY=sha512-{b64(alnum(64, 'integrity'))}",
        f"SESSION={alnum(64, 'session')}", f"GLUED=x{npm('glued')}", f"LONGER={npm('longer')}a", f"LONG=npm_{alnum(48, 'long')}",
        f"SHORT=npm_{alnum(35, 'short')}", "NPM_TOKEN=changeme", "NPM_TOKEN=", "NPM_TOKEN=<your token>", f"NPM_TOKEN_ID={uuid('token id')}",
        f"NPM_CACHE_KEY={hexadecimal(40, 'cache')}", "npm_config_registry=https://decoy.example.test/", f"BLOB={b64(alnum(90, 'blob'))}", ""])),
    Planted("decoys/.yarnrc.yml", 'nodeLinker: node-modules\nnpmRegistryServer: "https://decoy.example.test"\nnpmAuthToken: ""\n'),
    Planted("decoys/.bash_history", f"git show {hexadecimal(40, 'commit')}\nnpm install\nnpm_package_name=x npm run x\nkubectl get pod {uuid('pod')}\n"),
    Planted("decoys/.github/workflows/ci.yml", f"on: push\njobs:\n  x:\n    steps:\n      - uses: actions/checkout@{hexadecimal(40, 'action')}\n      - run: npm ci\n"),
    Planted("decoys/Dockerfile", "FROM node:22\nARG NPM_TOKEN\nRUN npm ci\n"),
    Planted("decoys/terraform.tfstate", json.dumps({"lineage": uuid("lineage"), "resources": [{"id": uuid("resource"), "hash": hexadecimal(64, "hash")}]})),
]

DEFAULT = [*NPMRC, *YARN, *PNPM_BUN, *LEFT, *BUILD, *BESIDE, *DECOYS]

# What only --deep reads ----------------------------------------------------------------------------------------------


def wrapped(text: str) -> str:
    """As `base64` prints it: 76 characters a line."""
    return base64.encodebytes(text.encode()).decode()


NPMRC_TEXT = "registry=https://deep.example.test/\n//deep.example.test/:_authToken={}\n"
FILLER = "".join(f"this is line {i} of a file that is long enough to be wrapped\n" for i in range(20))

DEEP = [
    Planted("deep/plain.txt", f"a\nb {npm('plain')} c\n", [Want(npm("plain"), 2)]),
    Planted("deep/no_extension", f"{npm('no extension')}", [Want(npm("no extension"))]),
    Planted("deep/notes.md", f"`//md.example.test/:_authToken={uuid('md')}`\n", [Want(uuid("md"), kind="npm-legacy-token", registry="md.example.test")]),
    Planted("deep/utf16le_bom.txt", f"x\r\nNPM_TOKEN={npm('utf16le bom')}\r\n".encode("utf-16"), [Want(npm("utf16le bom"), None, None)]),
    Planted("deep/utf16le.txt", f"x\r\nNPM_TOKEN={npm('utf16le')}\r\n".encode("utf-16-le"), [Want(npm("utf16le"), None, None)]),
    Planted("deep/utf16be_bom.txt", b"\xfe\xff" + f"x\r\nNPM_TOKEN={npm('utf16be bom')}\r\n".encode("utf-16-be"), [Want(npm("utf16be bom"), None, None)]),
    Planted("deep/utf16be.txt", f"x\r\nNPM_TOKEN={npm('utf16be')}\r\n".encode("utf-16-be"), [Want(npm("utf16be"), None, None)]),
    Planted("deep/utf16_uuid.ps1.log", f"NPM_TOKEN={uuid('utf16')}\r\n".encode("utf-16"), [Want(uuid("utf16"), None, None, kind="npm-legacy-token")]),
    Planted("deep/nul.bin", b"\0\1\2\0" * 64 + npm("nul").encode() + b"\0\0\n\0", [Want(npm("nul"))]),
    Planted("deep/invalid.txt", b"\xff\xfe\x80\xc3\x28 \xed\xa0\x80\n\xf0\x28\x8c\x28=" + npm("invalid").encode() + b"\xff\n", [Want(npm("invalid"), 2)]),
    Planted("deep/once.txt", f"blob: {b64(NPMRC_TEXT.format(npm('once')))}\n", [Want(npm("once"), 1, "!base64:2", registry="deep.example.test")]),
    Planted("deep/twice.txt", f"blob: {b64(b64(NPMRC_TEXT.format(npm('twice'))))}\n",
            [Want(npm("twice"), 1, "!base64:1!base64:2", registry="deep.example.test")]),
    Planted("deep/wrapped.txt", "x\n" + wrapped(FILLER + NPMRC_TEXT.format(npm("wrapped")) + FILLER), [Want(npm("wrapped"), None, None, registry="deep.example.test")]),
    Planted("deep/secret.yaml", f"apiVersion: v1\nkind: Secret\ndata:\n  .npmrc: {b64(NPMRC_TEXT.format(npm('secret')))}\n",
            [Want(npm("secret"), 4, "!base64:2", registry="deep.example.test")]),
    Planted("deep/secret_folded.yaml", "kind: Secret\ndata:\n  .npmrc: |\n" + "".join(f"    {line}\n" for line in wrapped(FILLER + NPMRC_TEXT.format(npm("folded"))).splitlines()),
            [Want(npm("folded"), None, None, registry="deep.example.test")]),
    Planted("deep/base64_offset1.txt", b64("=" + npm("offset 1")) + "\n", [Want(npm("offset 1"), 1, "!base64:1")]),
    Planted("deep/base64_offset2.txt", b64("x=" + npm("offset 2")), [Want(npm("offset 2"), 1, "!base64:1")]),
    Planted("deep/base64_offset3.txt", b64("xy=" + npm("offset 3") + "\n"), [Want(npm("offset 3"), 1, "!base64:1")]),
    Planted("deep/base64_offset0.txt", b64("xyz=" + npm("offset 0") + "\n\n"), [Want(npm("offset 0"), 1, "!base64:1")]),
    Planted("deep/basic64.txt", b64(f"//b64.example.test/:_auth={basic('ci', alnum(24, 'b64 auth'))}\n"),
            [Want(alnum(24, "b64 auth"), 1, "!base64:1", kind="npm-basic-auth", registry="b64.example.test")]),
    Planted("deep/escapes.json", '{\n "npmrc": "a\\n\\/\\/esc.example.test\\/:_authToken=' + npm("escapes") + '\\n"\n}\n',
            [Want(npm("escapes"), 2, "!json:/npmrc:2", registry="esc.example.test")]),
    Planted("deep/unicode.json", '{"t": "NPM_TOKEN\\u003d' + uuid("unicode") + '"}', [Want(uuid("unicode"), 1, "!json:/t:1", kind="npm-legacy-token")]),
    Planted("deep/nested.json", json.dumps({"body": json.dumps({"env": [{"NPM_TOKEN": uuid("nested")}]})}),
            [Want(uuid("nested"), 1, "!json:/body:1!json:/env/0/NPM_TOKEN", kind="npm-legacy-token")]),
    Planted("deep/nested64.json", json.dumps({"files": [{"name": ".npmrc", "content": b64(NPMRC_TEXT.format(npm("nested64")))}]}),
            [Want(npm("nested64"), 1, "!json:/files/0/content!base64:2", registry="deep.example.test")]),
    Planted("deep/json_lines.jsonl", "\n".join(json.dumps({"n": i, "t": npm("jsonl") if i == 3 else "x"}) for i in range(5)), [Want(npm("jsonl"), 4, None)]),
    Planted("deep/two.txt", f"{npm('first of two')},{npm('second of two')}\n", [Want(npm("first of two")), Want(npm("second of two"))]),
    Planted("deep/same_twice.txt", f"{npm('same twice')}\n{npm('same twice')}\n", [Want(npm("same twice"), flags="repeated"), Want(npm("same twice"), 2, flags="repeated")]),
    Planted("deep/url.txt", f"https://ci:{npm('url')}@npm.example.test/\nx%3A_authToken%3D{npm('percent')}%0A\n", [Want(npm("url")), Want(npm("percent"), 2)]),
    Planted("deep/colour.log", f"\x1b[32m{npm('colour')}\x1b[0m\n", [Want(npm("colour"))]),
    Planted("deep/env.yaml", f"env:\n  - name: NPM_TOKEN\n    value: {uuid('env yaml')}\n", [Want(uuid("env yaml"), 3, kind="npm-legacy-token")]),
    Planted("deep/package-lock.json", json.dumps({"packages": {"x": {"resolved": f"https://ci:{npm('lock')}@npm.example.test/x.tgz"}}}),
            [Want(npm("lock"), 1, "!json:/packages/x/resolved")]),
    # Decoys.
    Planted("deep/decoys/hashes.txt", "\n".join(hexadecimal(n, str(n)) for n in (32, 40, 64, 128)) + "\n" + "\n".join(uuid(f"decoy {i}") for i in range(50))),
    Planted("deep/decoys/random.b64", b64(alnum(60000, "random")) + "\n"),
    Planted("deep/decoys/random.bin", random.Random(1).randbytes(300000)),
    Planted("deep/decoys/code.js", "this._authToken = getAuthToken(options);\nself._password = password\nconst npm_ = process.env.npm_config_registry;\nconst _auth = credentials;\n"),
    Planted("deep/decoys/glued.txt", f"x{npm('decoy glued')} {npm('decoy longer')}a _{npm('decoy underscore')} {npm('decoy tail')}_1 npm_{alnum(37, 'decoy 37')}\n"),
    Planted("deep/decoys/readme.md", "Put `//npm.example.test/:_authToken=npm_" + "x" * 36 + "` or NPM_TOKEN=npm_yourtokengoeshere into .npmrc\n"),
]


class PlantedTree(ProgramTest):
    def check(self, home: Home, planted: list[Planted], hits: list[dict]) -> None:
        """Each wanted hit is there once, and is what it should be; no other hit is there; equal values have equal ids."""
        problems, ids = [], {}
        left = {}
        for hit in hits:
            left.setdefault(hit["locator"].split(":")[0], []).append(hit)
        for file in planted:
            for want in file.wants:
                path = want.path or file.path
                here = left.get(path, [])
                # Where a line is given, the place is exact; else (UTF-16, wrapped base64) the value decides.
                place = None if want.inner is None else f"{path}:{want.line}{want.inner}"
                fits = [hit for hit in here if place is None or hit["locator"] == place or hit["locator"] == f"{path}:{want.line}"]
                if want.line is not None and want.inner is None:
                    fits = [hit for hit in here if hit["locator"].startswith(f"{path}:{want.line}")]
                if preview := want.value and preview_of(want.value):
                    fits = [hit for hit in fits if hit["preview"] == preview]
                if not fits:
                    problems.append(f"missed {place or path} ({want.kind} {preview or ''}); there: {[hit['locator'] for hit in here]}")
                    continue
                hit = fits[0]
                here.remove(hit)
                expected = {"kind": want.kind, "registry": want.registry, "checksum": want.expected_checksum, "class": want.klass,
                            "flags": sorted(want.flags.split()), "state": "present", "source": "filesystem"}
                if place is not None:
                    expected["locator"] = place
                got = {**{key: hit.get(key) for key in expected}, "flags": sorted(hit["scope"])}
                problems += [f"{hit['locator']}: {key} is {got[key]!r}, not {expected[key]!r}" for key in expected if got[key] != expected[key]]
                if want.value is None:
                    if (hit["token"], hit["preview"], hit["age_days"]) != (None, None, None):
                        problems.append(f"{hit['locator']}: a reference with a value: {hit}")
                elif ids.setdefault(want.value, hit["token"]) != hit["token"]:
                    problems.append(f"{hit['locator']}: another id than the same value elsewhere")
        problems += [f"no token, but reported: {hit['locator']} {hit['kind']} {hit['rule']} {hit['preview']}" for here in left.values() for hit in here]
        values = {identifier: value for value, identifier in ids.items()}
        if len(values) != len(ids):
            problems.append("two values have one id")
        self.assertEqual([], problems)

    def plant(self, *tables: list[Planted]) -> Home:
        home = Home(self)
        for table in tables:
            for file in table:
                home.write(file.path, file.content, file.mode)
        return home

    def test_default_sweep(self):
        home = self.plant(DEFAULT, DEEP)
        run = self.assert_run(home.scan(), 0)
        self.check(home, DEFAULT, run.jsonl())
        values = [want.value for file in DEFAULT for want in file.wants if want.value]
        self.assert_silent_about(run, *values)

    def test_deep_sweep(self):
        home = self.plant(DEFAULT, DEEP)
        run = self.assert_run(home.scan("--deep"), 0)
        self.check(home, [*DEFAULT, *DEEP], run.jsonl())

    def test_one_thread_and_many_find_the_same(self):
        home = self.plant(DEFAULT, DEEP)
        stable = lambda run: sorted((hit["id"], hit["locator"], hit["kind"], hit["class"], hit["reason"], tuple(hit["scope"]))
                                    for hit in self.assert_run(run, 0).jsonl())
        one = stable(home.scan("--deep", "--threads", "1"))
        for threads in ["2", "7"]:
            self.assertEqual(one, stable(home.scan("--deep", "--threads", threads)))

    def test_classes_outside_of_any_home(self):
        home, elsewhere = Home(self), Home(self)
        elsewhere.write("srv/.npmrc", f"//srv.example.test/:_authToken={npm('srv')}\n", 0o644)
        hits = self.assert_run(home.run("scan", "--path", elsewhere.path, "--format", "jsonl"), 0).jsonl()
        self.assertEqual([("B", "assumed")], [(hit["class"], hit["confidence"]) for hit in hits])
        self.assertEqual(["world-readable", "group-readable"], hits[0]["scope"])

    def test_home_that_is_a_link(self):
        home, elsewhere = Home(self), Home(self)
        home.write(".npmrc", f"//a.example.test/:_authToken={npm('1')}\n")
        home.write("work/.npmrc", f"//a.example.test/:_authToken={npm('2')}\n")
        link = elsewhere.link("user", home.path)
        for path in [link, str(link) + "/", home.path]:
            with self.subTest(path=path):
                hits = self.assert_run(home.run("scan", "--path", path, "--format", "jsonl", env={"HOME": str(link)}), 0).jsonl()
                self.assertEqual({".npmrc:1": ("D", ["shadowed"]), "work/.npmrc:1": ("D", [])},
                                 {hit["locator"]: (hit["class"], hit["scope"]) for hit in hits})

    def test_modes_are_flags(self):
        home = Home(self)
        for mode, flags in {0o600: [], 0o640: ["group-readable"], 0o604: ["world-readable"], 0o644: ["world-readable", "group-readable"]}.items():
            home.write(f"{mode:o}/.npmrc", f"//m{mode:o}.example.test/:_authToken={npm(str(mode))}\n", mode)
            hit, = self.assert_run(home.run("scan", "--path", home.at(f"{mode:o}"), "--format", "jsonl"), 0).jsonl()
            self.assertEqual(flags, hit["scope"])


class Shadowing(ProgramTest):
    def flags(self, files: dict[str, str]) -> dict[str, list[str]]:
        """`shadowed` or not, by preview."""
        home = Home(self)
        for path, content in files.items():
            home.write(path, content)
        return {hit["preview"]: hit for hit in self.assert_run(home.scan(), 0).jsonl()}

    def assert_shadowed(self, files: dict[str, str], shadowed: list[str], winning: list[str]) -> dict[str, dict]:
        hits = self.flags(files)
        self.assertEqual({preview_of(value) for value in shadowed + winning}, set(hits))
        self.assertEqual({preview_of(value) for value in shadowed}, {preview for preview, hit in hits.items() if "shadowed" in hit["scope"]})
        return hits

    def test_later_duplicate_wins(self):
        self.assert_shadowed({".npmrc": f"//a.example.test/:_authToken={npm('1')}\n//a.example.test/:_authToken={npm('2')}\n"}, [npm("1")], [npm("2")])

    def test_token_wins_over_basic_authentication(self):
        self.assert_shadowed({".npmrc": f"//a.example.test/:_auth={basic('u', npm('1'))}\n//a.example.test/:_authToken={npm('2')}\n"}, [npm("1")], [npm("2")])

    def test_other_registry_does_not_matter(self):
        self.assert_shadowed({".npmrc": f"//a.example.test/:_authToken={npm('1')}\n//b.example.test/:_authToken={npm('2')}\n"}, [], [npm("1"), npm("2")])

    def test_project_wins_over_user(self):
        hits = self.assert_shadowed({".npmrc": f"//a.example.test/:_authToken={npm('1')}\n",
                                     "work/.npmrc": f"//a.example.test/:_authToken={npm('2')}\n"}, [npm("1")], [npm("2")])
        self.assertIn("work/.npmrc", hits[preview_of(npm("1"))]["reason"])

    def test_user_wins_over_a_weaker_project(self):
        self.assert_shadowed({".npmrc": f"//a.example.test/:_authToken={npm('1')}\n",
                              "work/.npmrc": f"//a.example.test/:_auth={basic('u', npm('2'))}\n"}, [npm("2")], [npm("1")])

    def test_project_reference_wins_over_user(self):
        home = Home(self)
        home.write(".npmrc", f"//a.example.test/:_authToken={npm('1')}\n")
        home.write("work/.npmrc", "//a.example.test/:_authToken=${NPM_TOKEN}\n")
        hits = {hit["kind"]: hit for hit in self.assert_run(home.scan(env={"NPM_TOKEN": npm("environment")}), 0).jsonl()}
        self.assertIn("shadowed", hits["npm-token"]["scope"])
        self.assertEqual(["reference"], hits["reference"]["scope"])

    def test_commented_out_shadows_nothing(self):
        self.assert_shadowed({".npmrc": f"//a.example.test/:_authToken={npm('1')}\n#//a.example.test/:_authToken={npm('2')}\n"}, [], [npm("1"), npm("2")])

    def test_user_file_is_a_link(self):
        home = Home(self)
        home.write("dotfiles/npmrc", f"//a.example.test/:_authToken={npm('1')}\n")
        home.link(".npmrc", "dotfiles/npmrc")
        home.write("work/.npmrc", f"//a.example.test/:_authToken={npm('2')}\n")
        hits = {hit["locator"]: hit["scope"] for hit in self.assert_run(home.scan(), 0).jsonl()}
        self.assertEqual({"dotfiles/npmrc:1": ["shadowed"], "work/.npmrc:1": []}, hits)


class Links(ProgramTest):
    """Dotfile managers make ~/.npmrc a link; nothing else is followed."""

    def locators(self, home: Home, *arguments: str, code: int = 0) -> list[str]:
        return sorted(hit["locator"] for hit in self.assert_run(home.scan(*arguments), code).jsonl())

    def test_link_to_a_file_inside(self):
        for target in ["dotfiles/npm/config", "dotfiles/npmrc"]:
            for absolute in [False, True]:
                with self.subTest(target=target, absolute=absolute):
                    home = Home(self)
                    home.write(target, f"//a.example.test/:_authToken={npm('1')}\n")
                    home.link(".npmrc", home.at(target) if absolute else target)
                    home.link("again/.npmrc", home.at(target))
                    self.assertEqual([target + ":1"], self.locators(home))
                    self.assertEqual([target + ":1"], self.locators(home, "--deep"))

    def test_link_knows_its_registry_by_the_links_name(self):
        home = Home(self)
        home.write("dotfiles/npm/config", f"//a.example.test/:_auth={basic('ci', alnum(24, 'link'))}\n")
        home.link(".npmrc", "dotfiles/npm/config")
        hit, = self.assert_run(home.scan(), 0).jsonl()
        self.assertEqual(("npm-basic-auth", "a.example.test"), (hit["kind"], hit["registry"]))

    def test_link_of_links(self):
        home = Home(self)
        home.write("dotfiles/config", f"//a.example.test/:_authToken={npm('1')}\n")
        home.link("dotfiles/second", "config")
        home.link(".npmrc", "dotfiles/second")
        self.assertEqual(["dotfiles/config:1"], self.locators(home))

    def test_link_out_of_the_root(self):
        home, outside = Home(self), Home(self)
        outside.write("npmrc", f"//a.example.test/:_authToken={npm('1')}\n")
        outside.write("folder/.npmrc", f"//a.example.test/:_authToken={npm('2')}\n")
        home.link(".npmrc", outside.at("npmrc"))
        home.link("up/.npmrc", os.path.relpath(outside.at("npmrc"), home.at("up")))
        home.link("folder", outside.at("folder"))
        self.assertEqual([], self.locators(home))
        self.assertEqual([], self.locators(home, "--deep"))

    def test_linked_folder_is_not_walked(self):
        home = Home(self)
        home.write("real/.npmrc", f"//a.example.test/:_authToken={npm('1')}\n")
        home.link("linked", "real")
        self.assertEqual(["real/.npmrc:1"], self.locators(home))


class LargeFiles(ProgramTest):
    """Bounded memory, and nothing lost where two pieces of a file meet."""

    def scan_deep(self, home: Home) -> list[dict]:
        return self.assert_run(home.scan("--deep"), 0).jsonl()

    def test_sparse_file(self):
        home = Home(self)
        with open(home.at("sparse"), "wb") as file:
            file.seek(48 << 20)
            file.write(b"\n" + npm("sparse").encode() + b"\n")
            file.truncate(64 << 20)
        self.assertEqual([("sparse:2", preview_of(npm("sparse")))], [(hit["locator"], hit["preview"]) for hit in self.scan_deep(home)])

    def test_one_line_of_40_mib(self):
        home = Home(self)
        with open(home.at("line.txt"), "wb") as file:
            for _ in range(20):
                file.write(b"a" * (1 << 20))
            file.write(b" " + npm("line").encode() + b" ")
            for _ in range(20):
                file.write(b"b" * (1 << 20))
        peak = home.at("peak")
        run = home.run("scan", "--path", home.at("line.txt"), "--format", "jsonl", "--deep",
                       before=["/usr/bin/env", "python3", "-c", PEAK, peak])
        self.assertEqual([("line.txt:1", preview_of(npm("line")))], [(hit["locator"], hit["preview"]) for hit in self.assert_run(run, 0).jsonl()])
        self.assertLess(int(peak.read_text()), 64 << 10, "KiB of memory at the most")

    def test_tokens_around_the_edges_of_pieces(self):
        home, edge = Home(self), 512 << 10
        for distance in [-80, -41, -40, -39, -20, -4, -1, 0, 1, 4, 20, 80]:
            content = bytearray(b".\n" * ((edge + (100 << 10)) // 2))
            token = f" {npm(f'edge {distance}')} ".encode()
            content[edge + distance:edge + distance + len(token)] = token
            home.write(f"edge{distance}.txt", bytes(content))
        hits = {hit["locator"].split(":")[0]: hit["preview"] for hit in self.scan_deep(home)}
        self.assertEqual({f"edge{d}.txt": preview_of(npm(f"edge {d}")) for d in [-80, -41, -40, -39, -20, -4, -1, 0, 1, 4, 20, 80]}, hits)

    def test_tokens_everywhere_in_a_large_file(self):
        home, lines, expected = Home(self), [], {}
        for number in range(1, 9001):
            token = npm(f"everywhere {number}") if number % 3 == 0 else ""
            lines.append(f"{token} {'.' * (number * 7919 % 701)}")
            if token:
                expected[f"large.log:{number}"] = preview_of(token)
        home.write("large.log", "\n".join(lines) + "\n")
        self.assertGreater(home.at("large.log").stat().st_size, 3 << 20)
        hits = self.scan_deep(home)
        self.assertEqual(expected, {hit["locator"]: hit["preview"] for hit in hits})
        self.assertEqual(len(expected), len(hits))

    def test_encoded_tokens_in_a_large_file(self):
        home, expected = Home(self), {}
        lines = []
        for number in range(1, 1501):
            secret = NPMRC_TEXT.format(npm(f"encoded {number}"))
            lines.append(f"data: {b64(secret)} {'.' * (number * 7919 % 1403)}")
            expected[f"large.txt:{number}!base64:2"] = preview_of(npm(f"encoded {number}"))
        home.write("large.txt", "\n".join(lines) + "\n")
        self.assertGreater(home.at("large.txt").stat().st_size, 1 << 20)
        hits = self.scan_deep(home)
        self.assertEqual(expected, {hit["locator"]: hit["preview"] for hit in hits})
        self.assertEqual(len(expected), len(hits))

    def check_layer(self, count: int, encode) -> None:
        """One long stretch of encoded text with a token every 700 bytes or so: each is found, once."""
        home = Home(self)
        text = "".join(f"{npm(f'layer {number}')} {'.' * (number * 7919 % 1403)}\r\n" for number in range(count))
        home.write("layer.txt", encode(text))
        found = Counter(hit["preview"] for hit in self.scan_deep(home))
        wanted = {preview_of(npm(f"layer {number}")) for number in range(count)}
        self.assertEqual((0, 0), (len(wanted - set(found)), sum(found.values()) - len(found)), f"missed and repeated of {count}")

    def test_long_layers(self):
        for name, encode in {"utf-16": lambda text: text.encode("utf-16"), "utf-16-be": lambda text: text.encode("utf-16-be"),
                             "base64": b64, "wrapped base64": wrapped}.items():
            for size, count in {"several reaches": 250, "several pieces": 1000}.items():
                with self.subTest(layer=name, size=size):
                    self.check_layer(count, encode)


PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""

if __name__ == "__main__":
    unittest.main()
