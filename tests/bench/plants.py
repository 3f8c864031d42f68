"""Plants npm credentials and decoys in a tree, and writes down where.

Every value is derived from a seed and an index when this runs: neither the checkout nor the truth file holds one. What a
scanner should find is a table (TOKENS, DECOYS): the shape's name, what it is, which scan finds it, how often, the file,
and the text, in which <<name>> stands for a value.
"""

import base64
import hashlib
import json
import os
import random
import shutil
import zlib
from pathlib import Path
from typing import NamedTuple

VERSION = 1
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

NPM, LEGACY, BASIC, OTHER = "npm-token", "npm-legacy-token", "npm-basic-auth", "registry-token"
DEFAULT, DEEP = "default", "deep"  # the lesser of the two scans that has to find it


# ---- values --------------------------------------------------------------------------------------------------------

def draw(seed: int, index: int, label: str, alphabet: str, length: int) -> str:
    """Characters that depend on the seed, the index and the label alone, on any machine and in any order."""
    stream = hashlib.shake_256(f"{seed}:{index}:{label}".encode()).digest(length * 2)
    return "".join(alphabet[int.from_bytes(stream[2 * i:2 * i + 2], "big") % len(alphabet)] for i in range(length))


def checksum(body: str) -> str:
    """The last six characters of a token: CRC-32 of the thirty before them, in base 62."""
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = BASE62[digit] + digits
    return digits


def npm_token(seed: int, index: int, prefix: str = "npm_") -> str:
    body = draw(seed, index, "body", BASE62, 30)
    return prefix + body + checksum(body)


def preview(seed: int, index: int) -> str:
    """What an inventory may show of a planted npm_ token: this is how run.py knows which token was found."""
    token = npm_token(seed, index)
    return f"{token[:8]}…{token[-4:]}"


def wrong_checksum(seed: int, index: int) -> str:
    token = npm_token(seed, index)
    return token[:-1] + BASE62[(BASE62.index(token[-1]) + 1) % 62]


def uuid4(seed: int, index: int) -> str:
    digits = draw(seed, index, "uuid", "0123456789abcdef", 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def jwt(seed: int, index: int) -> str:
    url_safe = BASE62 + "-_"
    head = b64('{"alg":"RS256","typ":"JWT"}').rstrip("=")
    body = b64(json.dumps({"sub": f"user{index}", "jti": uuid4(seed, index)})).rstrip("=")
    return f"{head}.{body}.{draw(seed, index, 'signature', url_safe, 342)}"


def noise(seed: int, index: int, lines: int = 300) -> str:
    """Lines such as a shell's history has, so that a token is not the whole of its file."""
    pick = random.Random(f"{seed}:{index}:noise")
    verbs = ["git status", "cd work", "ls -la", "npm test", "npm run build", "make -j4", "vim notes.md", "docker ps"]
    return "\n".join(f"{pick.choice(verbs)} # {pick.randrange(10**6)}" for _ in range(lines))


def values(seed: int, index: int) -> dict[str, str]:
    """Everything that a text of the tables may name."""
    token, password = npm_token(seed, index), draw(seed, index, "password", BASE62 + "!%_", 24)
    npmrc = f"//npm.example.test/:_authToken={token}\nalways-auth=true\n"
    return {
        "npm": token, "uuid": uuid4(seed, index), "bad": wrong_checksum(seed, index), "jwt": jwt(seed, index),
        "pw": password, "pw64": b64(password), "basic": b64(f"ci-{index}:{password}"), "user": f"ci-{index}",
        "gh": npm_token(seed, index, "gh" + "p_"), "gl": "gl" + "pat-" + draw(seed, index, "gl", BASE62, 20),
        "af": "AKC" + "p" + draw(seed, index, "af", BASE62, 69),
        "npmrc64": b64(npmrc), "npmrc64x2": b64(b64(npmrc)), "npmrcjson": json.dumps(npmrc)[1:-1],
        "npmrcjson2": json.dumps(json.dumps({"npmrc": npmrc}))[1:-1],
        "npm64": b64(token), "npm64url": base64.urlsafe_b64encode(f"a:{token}".encode()).decode().rstrip("="),
        "user64": b64(f"ci:{token}"), "x": "npm_" + "xX0aZ*"[index % 6] * 36,
        "sequence": "npm_" + (BASE62[10:] + BASE62)[index % 20:][:36], "hex40": draw(seed, index, "sha1", "0123456789abcdef", 40),
        "hex64": draw(seed, index, "sha256", "0123456789abcdef", 64),
        "sha512": b64(hashlib.sha512(f"{seed}:{index}".encode()).digest()),
        "tail": draw(seed, index, "tail", BASE62, 1 + index % 25), "glue": ("x", "p", "my_", "0", "_", "Q9")[index % 6],
        "word": ("YOUR_TOKEN_HERE", "<your-token>", "REDACTED", "changeme", "TODO", "***", "your-npm-token",
                 "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")[index % 8],
        "noise": noise(seed, index), "n": str(index),
    }


# ---- the tables ----------------------------------------------------------------------------------------------------

class Shape(NamedTuple):
    """`file`: `*/name` is `name` in some directory of the tree, anything else a path below the root; {n} numbers it."""

    name: str
    kind: str
    found_by: str
    count: int
    file: str
    text: str
    how: str = "text"


AUTH = "//npm.example.test/:_authToken="
TOKENS = [
    Shape("npmrc", NPM, DEFAULT, 24, "*/.npmrc", f"registry=https://npm.example.test/\n{AUTH}<<npm>>\n"),
    Shape("npmrc, home", NPM, DEFAULT, 1, ".npmrc", f"save-exact=true\n{AUTH}<<npm>>\n"),
    Shape("npmrc, quoted", NPM, DEFAULT, 5, "*/.npmrc", f'{AUTH}"<<npm>>"\n'),
    Shape("npmrc, spaces", NPM, DEFAULT, 5, "*/.npmrc", "  //npm.example.test/:_authToken = <<npm>>  \n"),
    Shape("npmrc, commented out", NPM, DEFAULT, 6, "*/.npmrc", f"package-lock=false\n; {AUTH}<<npm>>\n"),
    Shape("npmrc, comment behind", NPM, DEFAULT, 2, "*/.npmrc", f"{AUTH}<<npm>> ; rotate me\n"),
    Shape("npmrc, CRLF", NPM, DEFAULT, 2, "*/.npmrc", f"fund=false\r\n{AUTH}<<npm>>\r\naudit=false\r\n"),
    Shape("npmrc, byte-order mark", NPM, DEFAULT, 2, "*/.npmrc", f"\ufeff{AUTH}<<npm>>\n"),
    Shape("npmrc, NUL", NPM, DEFAULT, 2, "*/.npmrc", f"tag=\0latest\n{AUTH}<<npm>>\n"),
    Shape("npmrc, unbound", NPM, DEFAULT, 3, "*/.npmrc", "_authToken=<<npm>>\n"),
    Shape("npmrc, userinfo", NPM, DEFAULT, 4, "*/.npmrc", "registry=https://ci:<<npm>>@npm.example.test/\n"),
    Shape("npmrc, pnpm scope", NPM, DEFAULT, 4, "*/.npmrc", "//npm.example.test/:@acme:_authToken=<<npm>>\n"),
    Shape("npmrc, uuid", LEGACY, DEFAULT, 14, "*/.npmrc", f"{AUTH}<<uuid>>\n"),
    Shape("npmrc, uuid commented", LEGACY, DEFAULT, 3, "*/.npmrc", f"# {AUTH}<<uuid>>\n"),
    Shape("npmrc, _auth", BASIC, DEFAULT, 8, "*/.npmrc", "//registry.corp.example/npm/:_auth=<<basic>>\n"),
    Shape("npmrc, _auth unbound", BASIC, DEFAULT, 3, "*/.npmrc", "_auth = <<basic>>\nemail = ci@corp.example\n"),
    Shape("npmrc, _password", BASIC, DEFAULT, 8, "*/.npmrc",
          "//registry.corp.example/npm/:username=<<user>>\n//registry.corp.example/npm/:_password=<<pw64>>\n"),
    Shape("npmrc, NpmToken", OTHER, DEFAULT, 4, "*/.npmrc", "//nexus.corp.example/repository/npm/:_authToken=NpmToken.<<uuid>>\n"),
    Shape("npmrc, jwt", OTHER, DEFAULT, 3, "*/.npmrc", "//artifacts.corp.example/api/npm/npm/:_authToken=<<jwt>>\n"),
    Shape("npmrc, api key", OTHER, DEFAULT, 2, "*/.npmrc", "//artifacts.corp.example/api/npm/npm/:_authToken=<<af>>\n"),
    Shape("npmrc, gh", OTHER, DEFAULT, 2, "*/.npmrc", "@acme:registry=https://packages.corp.example\n//packages.corp.example/:_authToken=<<gh>>\n"),
    Shape("npmrc, gl", OTHER, DEFAULT, 2, "*/.npmrc", "//git.corp.example/api/v4/packages/npm/:_authToken=<<gl>>\n"),
    Shape("npmrc, link to a dotfile", NPM, DEFAULT, 2, "dotfiles-{n}/npm-config", f"{AUTH}<<npm>>\n", "linked"),
    Shape("npmrc, beyond PATH_MAX", NPM, DEFAULT, 1, "beyond-path-max", f"{AUTH}<<npm>>\n", "deep-path"),
    Shape("yarnrc.yml", NPM, DEFAULT, 5, "*/.yarnrc.yml", 'nodeLinker: node-modules\nnpmAuthToken: "<<npm>>"\n'),
    Shape("yarnrc.yml, scope", NPM, DEFAULT, 3, "*/.yarnrc.yml",
          "npmScopes:\n  acme:\n    npmRegistryServer: https://npm.example.test\n    npmAuthToken: <<npm>>\n"),
    Shape("yarnrc.yml, registry", NPM, DEFAULT, 3, "*/.yarnrc.yml",
          'npmRegistries:\n  "//npm.example.test":\n    npmAlwaysAuth: true\n    npmAuthToken: <<npm>>\n'),
    Shape("yarnrc.yml, ident", BASIC, DEFAULT, 3, "*/.yarnrc.yml", 'npmRegistryServer: https://registry.corp.example\nnpmAuthIdent: "<<user>>:<<pw>>"\n'),
    Shape("yarnrc.yml, ident base64", BASIC, DEFAULT, 2, "*/.yarnrc.yml", 'npmAuthIdent: "<<basic>>"\n'),
    Shape("yarnrc", NPM, DEFAULT, 3, "*/.yarnrc", 'registry "https://npm.example.test/"\n"//npm.example.test/:_authToken" "<<npm>>"\n'),
    Shape("pnpm rc", NPM, DEFAULT, 2, "backup/pnpm-{n}/.config/pnpm/rc", f"{AUTH}<<npm>>\n"),
    Shape("pnpm auth.ini", NPM, DEFAULT, 2, "backup/pnpm-{n}/.config/pnpm/auth.ini", f"{AUTH}<<npm>>\n"),
    Shape("pnpm config.yaml", NPM, DEFAULT, 2, "backup/pnpm-{n}/.config/pnpm/config.yaml",
          "_auth:\n  https://npm.example.test/:\n    '@':\n      authToken: <<npm>>\n"),
    Shape("bunfig", NPM, DEFAULT, 3, "*/bunfig.toml", '[install]\nregistry = { url = "https://npm.example.test", token = "<<npm>>" }\n'),
    Shape("bunfig, scope", NPM, DEFAULT, 2, "*/bunfig.toml", '[install.scopes]\n"@acme" = { token = "<<npm>>", url = "https://npm.example.test" }\n'),
    Shape("env", NPM, DEFAULT, 6, "*/.env", "NODE_ENV=production\nNPM_TOKEN=<<npm>>\nPORT=8080\n"),
    Shape("env.local", NPM, DEFAULT, 3, "*/.env.local", 'export NODE_AUTH_TOKEN="<<npm>>"\n'),
    Shape("env, npm_config", NPM, DEFAULT, 2, "*/.env.production", "npm_config_//npm.example.test/:_authToken=<<npm>>\n"),
    Shape("env, uuid", LEGACY, DEFAULT, 6, "*/.env", "REGION=eu\nNPM_TOKEN=<<uuid>>\n"),
    Shape("bash history", NPM, DEFAULT, 3, "backup/laptop-{n}/.bash_history", f"<<noise>>\nnpm config set {AUTH}<<npm>>\n<<noise>>\n"),
    Shape("bash history, invalid UTF-8", NPM, DEFAULT, 1, "backup/laptop-{n}/.bash_history", "echo \udcff\udcfe\nexport NPM_TOKEN=<<npm>>\n"),
    Shape("zsh history", NPM, DEFAULT, 3, "backup/laptop-{n}/.zsh_history", ": 1767600000:0;NPM_TOKEN=<<npm>> npm publish\n<<noise>>\n"),
    Shape("bash history, uuid", LEGACY, DEFAULT, 2, "backup/laptop-{n}/.bash_history", "<<noise>>\nexport NPM_TOKEN=<<uuid>>\n"),
    Shape("profile", NPM, DEFAULT, 1, "backup/laptop-{n}/.profile", "umask 022\nexport NPM_TOKEN=<<npm>>\n"),
    Shape("bashrc", NPM, DEFAULT, 1, "backup/laptop-{n}/.bashrc", "alias ll='ls -l'\nexport NPM_TOKEN='<<npm>>'\n"),
    Shape("zshrc", NPM, DEFAULT, 2, "backup/laptop-{n}/.zshrc", "setopt autocd\nexport NODE_AUTH_TOKEN=<<npm>>\n"),
    Shape("npm debug log", NPM, DEFAULT, 3, ".npm/_logs/2026-11-0{n}T10_00_00_000Z-debug-0.log",
          '0 verbose cli node npm\n1 verbose argv "config" "set" "//npm.example.test/:_authToken=<<npm>>"\n2 timing npm:load\n'),
    Shape("netrc", NPM, DEFAULT, 2, "backup/laptop-{n}/.netrc", "machine npm.example.test\nlogin ci\npassword <<npm>>\n"),
    Shape("workflow", NPM, DEFAULT, 5, "*/.github/workflows/release.yml",
          "on: push\njobs:\n  release:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: <<npm>>\n"),
    Shape("circleci", NPM, DEFAULT, 3, "*/.circleci/config.yml", f'version: 2.1\njobs:\n  build:\n    steps:\n      - run: echo "{AUTH}<<npm>>" > ~/.npmrc\n'),
    Shape("gitlab-ci", NPM, DEFAULT, 3, "*/.gitlab-ci.yml", "variables:\n  NPM_TOKEN: '<<npm>>'\nbuild:\n  script: [npm ci]\n"),
    Shape("Jenkinsfile", NPM, DEFAULT, 2, "*/Jenkinsfile", "pipeline {\n  environment { NPM_TOKEN = '<<npm>>' }\n}\n"),
    Shape("Dockerfile, ENV", NPM, DEFAULT, 3, "*/Dockerfile", "FROM node:22\nENV NPM_TOKEN=<<npm>>\nRUN npm ci\n"),
    Shape("Dockerfile, RUN", NPM, DEFAULT, 2, "*/Dockerfile", f"FROM node:22\nRUN echo '{AUTH}<<npm>>' > .npmrc && npm ci\n"),
    Shape("Dockerfile, uuid", LEGACY, DEFAULT, 3, "*/Dockerfile", "FROM node:22\nARG NPM_TOKEN=<<uuid>>\n"),
    Shape("tfstate", NPM, DEFAULT, 2, "*/terraform.tfstate", '{"version": 4, "outputs": {"npm_token": {"value": "<<npm>>", "type": "string"}}}\n'),
    Shape("tfstate, escaped npmrc", NPM, DEFAULT, 1, "*/terraform.tfstate", '{"version": 4, "resources": [{"content": "<<npmrcjson>>"}]}\n'),
    Shape("tfvars", NPM, DEFAULT, 3, "*/prod.tfvars", 'region = "eu"\nnpm_token = "<<npm>>"\n'),

    Shape("JavaScript", NPM, DEEP, 5, "*/publish-{n}.js", 'const token = "<<npm>>";\nmodule.exports = { token };\n'),
    Shape("Python", NPM, DEEP, 3, "*/release_{n}.py", "TOKEN = '<<npm>>'\n"),
    Shape("Markdown", NPM, DEEP, 3, "*/NOTES-{n}.md", "# Release\n\nUse `<<npm>>` until March.\n"),
    Shape("JSON", NPM, DEEP, 4, "*/settings-{n}.json", '{"registry": {"token": "<<npm>>", "retries": 3}}\n'),
    Shape("lock file, userinfo", NPM, DEEP, 3, "*/lock-{n}/package-lock.json", '{"packages": {"a": {"resolved": "https://ci:<<npm>>@npm.example.test/a.tgz"}}}\n'),
    Shape("git remote", NPM, DEEP, 2, "backup/repo-{n}/.git/config", '[remote "origin"]\n\turl = https://ci:<<npm>>@git.corp.example/acme/site.git\n'),
    Shape("UTF-16 LE", NPM, DEEP, 4, "*/export-{n}.txt", "Registry\tToken\r\nnpm\t<<npm>>\r\n", "utf-16-le"),
    Shape("UTF-16 BE", NPM, DEEP, 2, "*/export-{n}.reg", "NPM_TOKEN=<<npm>>\r\n", "utf-16-be"),
    Shape("one NUL", NPM, DEEP, 2, "*/notes-{n}.txt", "first\0line\n<<noise>>\ntoken: <<npm>>\n"),
    Shape("binary", NPM, DEEP, 2, "*/state-{n}.vscdb", "SQLite format 3\0\1\2\0\udc80\udcff\0\0<<noise>>\0\0\udcf0NPM_TOKEN=<<npm>>\0\0\0\3"),
    Shape("invalid UTF-8", NPM, DEEP, 2, "*/latin-{n}.txt", "caf\udce9 \udcff\nnpm token <<npm>>\n"),
    Shape("sparse 64 MiB", NPM, DEEP, 1, "backup/disk.img", "\nNPM_TOKEN=<<npm>>\n", "sparse"),
    Shape("over 64 KiB", NPM, DEEP, 1, "*/trace-{n}.log", "<<npm>>", f"at:{64 * 1024}"),
    Shape("over 128 KiB", NPM, DEEP, 1, "*/trace-{n}.log", "<<npm>>", f"at:{128 * 1024}"),
    Shape("over 256 KiB", NPM, DEEP, 1, "*/trace-{n}.log", "<<npm>>", f"at:{256 * 1024}"),
    Shape("over 1 MiB", NPM, DEEP, 1, "*/trace-{n}.log", "<<npm>>", f"at:{1024 * 1024}"),
    Shape("8 MiB line", NPM, DEEP, 1, "*/bundle-{n}.min.js", 'a="<<npm>>";', "long-line"),
    Shape("Secret, npmrc", NPM, DEEP, 4, "*/secret-{n}.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: npmrc\ndata:\n  .npmrc: <<npmrc64>>\n"),
    Shape("Secret, stringData", NPM, DEEP, 2, "*/secret-{n}.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  NPM_TOKEN: <<npm>>\n"),
    Shape("Secret, token", NPM, DEEP, 3, "*/secret-{n}.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  NPM_TOKEN: <<npm64>>\n"),
    Shape("base64, url safe", NPM, DEEP, 2, "*/jobs-{n}.json", '{"auth": "<<npm64url>>"}\n'),
    Shape("base64 twice", NPM, DEEP, 2, "*/values-{n}.yaml", "npmrc: <<npmrc64x2>>\n"),
    Shape("JSON in JSON", NPM, DEEP, 2, "*/event-{n}.json", '{"body": "<<npmrcjson2>>"}\n'),
    Shape("env, base64", NPM, DEEP, 2, "*/.env.ci", "NPMRC_BASE64=<<npmrc64>>\n"),
    Shape("docker config", NPM, DEEP, 2, "backup/laptop-{n}/.docker/config.json", '{"auths": {"registry.corp.example": {"auth": "<<user64>>"}}}\n'),
]

# A decoy's `kind` is what is wrong with it. The scan that reads its file does not matter: none may call it live.
DECOYS = [
    Shape("wrong checksum", "wrong-checksum", DEFAULT, 14, "*/.npmrc", f"{AUTH}<<bad>>\n"),
    Shape("wrong checksum", "wrong-checksum", DEFAULT, 8, "*/.env.example", "NPM_TOKEN=<<bad>>\n"),
    Shape("wrong checksum", "wrong-checksum", DEEP, 9, "*/GUIDE-{n}.md", "Set it to `<<bad>>`.\n"),
    Shape("wrong checksum", "wrong-checksum", DEEP, 9, "*/fixture-{n}.js", 'expect(token).toBe("<<bad>>");\n'),
    Shape("one character repeated", "placeholder", DEFAULT, 10, "*/.npmrc", f"{AUTH}<<x>>\n"),
    Shape("one character repeated", "placeholder", DEFAULT, 6, "*/.env.sample", "NPM_TOKEN=<<x>>\n"),
    Shape("one character repeated", "placeholder", DEEP, 6, "*/SETUP-{n}.md", "    npm config set token <<x>>\n"),
    Shape("a sequence", "placeholder", DEEP, 6, "*/example-{n}.json", '{"token": "<<sequence>>"}\n'),
    Shape("a word", "placeholder", DEFAULT, 16, "*/.npmrc", f"{AUTH}<<word>>\n"),
    Shape("a word", "placeholder", DEFAULT, 8, "*/.env.template", "NPM_TOKEN=<<word>>\n"),
    Shape("a word", "placeholder", DEFAULT, 4, "*/.yarnrc.yml", "npmAuthToken: '<<word>>'\n"),
    Shape("${NPM_TOKEN}", "reference", DEFAULT, 14, "*/.npmrc", AUTH + "${NPM_TOKEN}\n"),
    Shape("${NPM_TOKEN?}", "reference", DEFAULT, 3, "*/.npmrc", AUTH + "${NPM_TOKEN?}\n"),
    Shape("${NPM_TOKEN-x}", "reference", DEFAULT, 3, "*/.yarnrc.yml", 'npmAuthToken: "${NPM_TOKEN-}"\n'),
    Shape("_auth=${…}", "reference", DEFAULT, 3, "*/.npmrc", "//registry.corp.example/:_auth=${NPM_AUTH}\n"),
    Shape("_password=${…}", "reference", DEFAULT, 2, "*/.npmrc",
          "//registry.corp.example/:username=ci\n//registry.corp.example/:_password=${NPM_PASSWORD}\n"),
    Shape("$NPM_TOKEN", "reference", DEFAULT, 3, "*/bunfig.toml", '[install]\nregistry = { url = "https://npm.example.test", token = "$NPM_TOKEN" }\n'),
    Shape("secrets.NPM_TOKEN", "reference", DEFAULT, 5, "*/.github/workflows/publish.yml",
          "jobs:\n  p:\n    steps:\n      - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n"),
    Shape("${NPM_TOKEN}", "reference", DEFAULT, 4, "*/Dockerfile", f"FROM node:22\nARG NPM_TOKEN\nRUN echo '{AUTH}" + "${NPM_TOKEN}' > .npmrc\n"),
    Shape("$(cat …)", "reference", DEFAULT, 3, "backup/shell-{n}/.bash_history", "<<noise>>\nexport NPM_TOKEN=$(cat /run/token)\n"),
    Shape("nil uuid", "uuid", DEFAULT, 3, "*/.npmrc", AUTH + "00000000-0000-0000-0000-000000000000\n"),
    Shape("uuid, request", "uuid", DEFAULT, 8, "*/.env.test", "REQUEST_ID=<<uuid>>\nTENANT=<<uuid>>\n"),
    Shape("uuid, comment", "uuid", DEFAULT, 4, "*/.npmrc", "; generated by job <<uuid>>\nfund=false\n"),
    Shape("uuid, JSON", "uuid", DEEP, 9, "*/objects-{n}.json", '{"id": "<<uuid>>", "npm": {"package": "left"}}\n'),
    Shape("uuid, YAML", "uuid", DEEP, 6, "*/pod-{n}.yaml", "metadata:\n  uid: <<uuid>>\n"),
    Shape("hash, integrity", "hash", DEEP, 8, "*/npm-{n}/package-lock.json", '{"packages": {"a": {"integrity": "sha512-<<sha512>>"}}}\n'),
    Shape("hash, digest", "hash", DEFAULT, 6, "*/Dockerfile", "FROM node@sha256:<<hex64>>\n"),
    Shape("hash, commit", "hash", DEFAULT, 6, "*/.gitlab-ci.yml", "variables:\n  NPM_CACHE_KEY: '<<hex40>>'\n"),
    Shape("hash, sums", "hash", DEEP, 4, "*/SHA256SUMS-{n}", "<<hex64>>  npm.tgz\n"),
    Shape("too long", "too-long", DEFAULT, 8, "*/.env.cache", "CACHE_KEY=<<npm>><<tail>>\n"),
    Shape("too long", "too-long", DEEP, 12, "*/blob-{n}.js", 'const blob = "<<npm>><<tail>>";\n'),
    Shape("glued to the left", "glued", DEFAULT, 8, "*/.env.build", "BUILD_ID=<<glue>><<npm>>\n"),
    Shape("glued to the left", "glued", DEEP, 12, "*/ids-{n}.py", "NAME = '<<glue>><<npm>>'\n"),
]


# ---- planting ------------------------------------------------------------------------------------------------------

def candidate_directories(home: Path) -> list[str]:
    """Where a file may be dropped, sorted so that the same tree and seed give the same places."""
    found = []
    for top in ("work", "go", "src"):
        for path, names, _ in os.walk(home / top):
            names[:] = sorted(name for name in names if name not in (".git", "__pycache__"))
            found.append(os.path.relpath(path, home))
    return sorted(found)


def render(text: str, names: dict[str, str]) -> bytes:
    for name, value in names.items():
        text = text.replace(f"<<{name}>>", value)
    return text.encode("utf-8", "surrogateescape")


def write_deep(home: Path, top: str, data: bytes) -> str:
    """A path of more than 5,000 bytes can only be made step by step, relative to a descriptor."""
    steps = [top] + [f"{level:02d}-" + "d" * 200 for level in range(25)]
    fd = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    for step in steps:
        os.mkdir(step, 0o755, dir_fd=fd)
        inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = inner
    with open(os.open(".npmrc", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=fd), "wb") as file:
        file.write(data)
    os.close(fd)
    return "/".join([*steps, ".npmrc"])


def bytes_of(how: str, data: bytes) -> bytes:
    """The file's bytes, from the text that the table gives."""
    if how.startswith("utf-16"):
        return ("\ufeff" + data.decode()).encode(how)
    if how.startswith("at:"):  # the token lies over the end of a likely read buffer
        line = b"2026-11-22 10:00:00 INFO request served in 12 ms\n"
        before = line * (int(how[3:]) // len(line) + 1)
        return before[:int(how[3:]) - 18] + b" " + data + b"\n" + line * 4000
    if how == "long-line":
        return b"var f=function(a,b){return a+b};" * 131072 + data + b"var g=function(c){return c*c};" * 131072
    return data


class Planter:
    def __init__(self, home: Path, seed: int):
        self.home, self.seed = home, seed
        self.pick = random.Random(seed)
        self.directories = candidate_directories(home)
        self.truth: list[dict] = []

    def place(self, file: str, number: int) -> str:
        """A path that does not exist yet: nothing real is overwritten."""
        while True:
            path = file.replace("{n}", str(number))
            if path.startswith("*/"):
                path = f"{self.pick.choice(self.directories)}/{path[2:]}"
            if not os.path.lexists(self.home / path):
                return path
            if not file.startswith("*/"):
                number += 10

    def one(self, shape: Shape, number: int, decoy: bool) -> None:
        index = len(self.truth)
        data = bytes_of(shape.how, render(shape.text, values(self.seed, index)))
        row = {"index": index, "shape": shape.name, "kind": shape.kind, "found_by": shape.found_by, "decoy": decoy}
        if shape.how == "deep-path":
            row["path"] = write_deep(self.home, shape.file, data)
        else:
            row["path"] = self.place(shape.file, number)
            target = self.home / row["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            if shape.how == "sparse":
                with target.open("r+b") as file:
                    file.truncate(0)
                    file.seek(64 * 1024**2 - len(data))
                    file.write(data)
            if shape.how == "linked":
                row["link"] = self.place("*/.npmrc", 0)
                (self.home / row["link"]).symlink_to(os.path.relpath(target, (self.home / row["link"]).parent))
            written = 1_770_000_000 - self.pick.randrange(700 * 86_400)
            os.utime(target, (written, written))
        self.truth.append(row)

    def all(self) -> list[dict]:
        for shapes, decoy in ((TOKENS, False), (DECOYS, True)):
            for shape in shapes:
                for number in range(1, shape.count + 1):
                    self.one(shape, number, decoy)
        return self.truth


def remove_earlier(home: Path, truth: Path) -> None:
    """Takes out what an earlier run planted, and the directories that it made for that."""
    if not truth.exists():
        return
    for row in map(json.loads, truth.read_text().splitlines()):
        for name in filter(None, (row["path"], row.get("link"))):
            if len(name) > 4000:
                shutil.rmtree(home / name.split("/")[0], ignore_errors=True)
                continue
            path = home / name
            path.unlink(missing_ok=True)
            try:
                os.removedirs(path.parent)
            except OSError:
                pass  # not empty: it was there before
    truth.unlink()


def plant(home: Path, truth: Path, seed: int) -> None:
    """The truth is written first to a name of its own: a half-planted home never has a truth file that looks whole."""
    remove_earlier(home, truth)
    rows = Planter(home, seed).all()
    partial = truth.with_suffix(".partial")
    partial.write_text("".join(json.dumps(row) + "\n" for row in rows))
    partial.replace(truth)
