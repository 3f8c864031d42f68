#!/usr/bin/env python3
"""The house rules that a compiler cannot see, as a test. Each message says what to do instead.

    tools/layers.py

Meson cannot see includes, so which folder may use which is checked here, and a few habits with it. Looks at every file that
git tracks or would track. Prints a line for each breach, then `N passed, N failed`, where each rule counts as one.
"""

import re
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).resolve().parent.parent

# A folder -> what it may include besides itself: folders, or single headers of them. Lowest first.
LAYERS = {
    "base": [],
    "model": ["base"],
    "identity": ["base", "model"],
    "formats": ["base", "model"],
    "rules": ["base", "model", "formats"],
    "net": ["base", "model"],
    "db": ["base", "model", "identity/private_path.hpp"],
    "connectors": ["base", "model", "net", "formats/build_commands.hpp", "formats/package_json.hpp", "formats/yaml_tree.hpp",
                   "identity/encoding.hpp", "identity/private_path.hpp", "identity/without_values.hpp"],
    "report": ["base", "model", "db/inventory.hpp", "db/coverage.hpp", "db/event.hpp"],
    "merge": ["base", "model", "identity", "db/inventory.hpp", "db/last_visits.hpp", "db/place_range.hpp", "report/json_text.hpp", "report/output.hpp"],
    "scanner": ["base", "model", "identity", "formats", "rules", "net", "db", "connectors", "report", "merge"],
}

# Folders of connectors/ that are no connector: what the services of one company have in common.
SHARED_BY_CONNECTORS = ["aws"]

# Libraries that only these folders know, and no header that others include: headers stay cheap, and a library replaceable.
PRIVATE_LIBRARIES = {
    "sqlite3.h": ["db"],
    "re2/": ["rules"],
    "hs/": ["rules"],
    "openssl/": ["identity", "rules", "net", "connectors"],
    "sodium.h": ["identity"],
    "yaml-cpp/": ["formats", "connectors", "scanner"],
    "toml++/": ["formats", "rules", "scanner"],
    "boost/beast": ["net"],
    "CLI/": ["scanner"],
}

# The one file that knows Boost.Beast.
BEAST_FILE = "net/answer_reader.cpp"

# Where a secret's bytes may be looked at. Whoever adds a file here has read mission.md, "What must never happen".
REVEALERS = {
    "base/process.cpp",
    "base/secret.hpp",
    "connectors/aws/chain.cpp",
    "connectors/aws/config_files.cpp",
    "connectors/aws/config_text.cpp",
    "connectors/aws/error_code.cpp",
    "connectors/aws/keys.cpp",
    "connectors/aws/parse.cpp",
    "connectors/aws/sigv4.cpp",
    "connectors/aws/sso.cpp",
    "connectors/circleci/credentials.cpp",
    "connectors/github/app.cpp",
    "connectors/github/crawl.cpp",
    "connectors/github/credentials.cpp",
    "connectors/github/sightings.cpp",
    "connectors/github/workflow.cpp",
    "connectors/kubernetes/context_access.cpp",
    "connectors/kubernetes/exec_plugin.cpp",
    "connectors/kubernetes/helm_manifest.cpp",
    "connectors/kubernetes/helm_sightings.cpp",
    "connectors/kubernetes/kubeconfig.cpp",
    "connectors/kubernetes/proof.cpp",
    "connectors/kubernetes/yaml_json.cpp",
    "connectors/ssm/crawl.cpp",
    "formats/auth_value.cpp",
    "formats/ini.cpp",
    "formats/npmrc.cpp",
    "formats/pnpm_config.cpp",
    "formats/yaml_tree.cpp",
    "formats/yaml_tree.hpp",
    "formats/yarnrc_yml.cpp",
    "identity/fingerprint.cpp",
    "identity/key_file.cpp",
    "identity/sealing.cpp",
    "identity/signing.cpp",
    "net/authorizer.cpp",
    "net/condition_layer.cpp",
    "net/request_head.cpp",
    "net/socks.cpp",
    "net/tls.cpp",
    "scanner/located.cpp",
    "scanner/package_settings.cpp",
    "scanner/sighting_matcher.cpp",
}

# The folders that write to the user.
WRITERS = ["report", "scanner"]

REGISTRY_HOST_FILE = "base/registry_host.hpp"

Texts = dict[str, str]


def tracked_texts() -> Texts:
    """Every file that is, or would be, in the repository, by its path. Bytes that are no UTF-8 are replaced."""
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = sorted(path for path in listing.split("\0") if (ROOT / path).is_file())
    return {path: (ROOT / path).read_bytes().decode(errors="replace") for path in paths}


def sources(texts: Texts, suffixes: tuple[str, ...] = (".hpp", ".cpp")) -> Iterator[tuple[str, str, str]]:
    """The program's own sources, without its tests: (path, folder, text)."""
    for path, text in texts.items():
        folder = path.split("/")[0]
        if folder in LAYERS and path.endswith(suffixes):
            yield path, folder, text


def lines_matching(pattern: str, text: str) -> Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        for match in re.finditer(pattern, line):
            yield number, match


def folders_include_lower_ones_only(texts: Texts) -> Iterator[str]:
    for path, folder, text in sources(texts):
        for number, match in lines_matching(r'^\s*#\s*include\s+"([^"]+)"', text):
            header = match[1]
            target = header.split("/")[0]
            if target in (folder, *LAYERS[folder]) or header in LAYERS[folder]:
                continue
            if target not in LAYERS:
                yield f'{path}:{number}: "{header}" is no header of ours: spell the path from the top, or use <…>'
            else:
                yield (f"{path}:{number}: {folder}/ may not include {header}: move what both need down to base/ or model/, "
                       "or hand it in from scanner/")


def connectors_know_no_other_connector(texts: Texts) -> Iterator[str]:
    for path, folder, text in sources(texts):
        parts = path.split("/")
        if folder != "connectors" or len(parts) < 3:
            continue
        for number, match in lines_matching(r'^\s*#\s*include\s+"connectors/(\w+)/', text):
            if match[1] not in (parts[1], *SHARED_BY_CONNECTORS):
                yield f"{path}:{number}: a connector may not include another one: move what both need to net/ or base/"


def libraries_stay_private(texts: Texts) -> Iterator[str]:
    users: dict[str, set[str]] = {}
    for _, folder, text in sources(texts):
        for _, match in lines_matching(r'^\s*#\s*include\s+"([^"]+)"', text):
            users.setdefault(match[1], set()).add(folder)
    for path, folder, text in sources(texts):
        for number, match in lines_matching(r"^\s*#\s*include\s+<([^>]+)>", text):
            for library, homes in PRIVATE_LIBRARIES.items():
                if match[1].startswith(library) and not {folder, *users.get(path, ())} <= set(homes):
                    yield (f"{path}:{number}: <{match[1]}> is for {', '.join(homes)} alone, and not for headers that other folders "
                           "include: hide it behind a type of ours")


def beast_is_compiled_once(texts: Texts) -> Iterator[str]:
    for path, _, text in sources(texts):
        for number, _ in lines_matching(r"^\s*#\s*include\s+<boost/beast", text):
            if path != BEAST_FILE:
                yield f"{path}:{number}: Beast is slow to compile: use {BEAST_FILE.replace('.cpp', '.hpp')}, which hides it"


def headers_are_guarded(texts: Texts) -> Iterator[str]:
    for path, text in texts.items():
        if path.endswith(".hpp") and "#pragma once" not in text:
            yield f"{path}:1: no include guard: begin the header with #pragma once"


def nothing_is_left_for_later(texts: Texts) -> Iterator[str]:
    for path, text in texts.items():
        for number, _ in lines_matching(r"(//|/\*|#|;|<!--)\s*(TODO|FIXME|XXX|HACK)\b", text):
            yield f"{path}:{number}: a note to do something later: do it, or open an issue"


def the_registry_is_named_once(texts: Texts) -> Iterator[str]:
    host = re.search(r'kPublicRegistryHost = "([^"]+)"', texts[REGISTRY_HOST_FILE])[1]
    domain = ".".join(host.split(".")[-2:])
    for path, text in texts.items():
        for number, _ in lines_matching(re.escape(domain), text):
            if path != REGISTRY_HOST_FILE:
                yield (f"{path}:{number}: names the public registry's domain: use kPublicRegistryHost of {REGISTRY_HOST_FILE}, "
                       "and npm.example.test or registry.corp.example in tests and docs")


def looks_random(body: str) -> bool:
    """Whether letters of both cases and digits alternate as they do in a token, and do not in `xxxx`, words, the alphabet."""
    kinds = ["digit" if c.isdigit() else "upper" if c.isupper() else "lower" for c in body]
    return sum(a != b for a, b in zip(kinds, kinds[1:])) >= 10


def checksum_fits(body: str) -> bool:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    rest, digits = zlib.crc32(body[:30].encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = alphabet[digit] + digits
    return digits == body[30:]


def no_file_looks_like_a_leak(texts: Texts) -> Iterator[str]:
    for path, text in texts.items():
        for number, match in lines_matching(r"npm_([A-Za-z0-9]{36})(?![A-Za-z0-9])", text):
            if looks_random(match[1]) or checksum_fits(match[1]):
                yield (f"{path}:{number}: looks like a token: put it together at run time (tests/support/tokens.hpp), so that no "
                       "scanner, ours included, stumbles over this repository")


def only_reports_print(texts: Texts) -> Iterator[str]:
    printing = r"\bstd::(cout|cerr|clog)\b|\bfmt::print\b|(?<![\w:.>])(?:std::)?(printf|fprintf|puts|fputs|perror)\s*\("
    for path, folder, text in sources(texts):
        if folder in WRITERS:
            continue
        for number, match in lines_matching(printing, text):
            yield f"{path}:{number}: prints: return a Result or fill a string, and let {' or '.join(WRITERS)} write it"


def secrets_are_revealed_in_few_places(texts: Texts) -> Iterator[str]:
    for path, _, text in sources(texts):
        for number, _ in lines_matching(r"\breveal\(", text):
            if path not in REVEALERS:
                yield (f"{path}:{number}: reads a secret's bytes: pass the Secret on, or take its fingerprint; if it has to be here, "
                       "add the file to REVEALERS in tools/layers.py")
    for path in sorted(REVEALERS):
        if "reveal(" not in texts.get(path, ""):
            yield f"{path}: reveals nothing any more: remove it from REVEALERS in tools/layers.py"


CPP_COMMENT_OR_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def code_only(text: str) -> str:
    """C++ with comments, strings and characters blanked: what is left stands where it stood."""
    return CPP_COMMENT_OR_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def awaited(code: str) -> Iterator[tuple[int, str]]:
    """What each `co_await` waits for, to the end of its statement or of the parentheses around it, with its line."""
    for match in re.finditer(r"\bco_await\b", code):
        depth, end = 0, match.end()
        while end < len(code) and code[end] != ";" and depth >= 0:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        yield code.count("\n", 0, match.start()) + 1, code[match.end():end]


def nothing_is_made_inside_co_await(texts: Texts) -> Iterator[str]:
    for path, text in texts.items():
        if not path.endswith((".hpp", ".cpp")) or "co_await" not in text:
            continue
        for number, expression in awaited(code_only(text)):
            if "{" in expression:
                yield (f"{path}:{number}: braces or a lambda inside a co_await, which g++ 12 may destroy twice: name it on the line "
                       "above, and std::move it in")


def results_of_tasks_are_looked_at(texts: Texts) -> Iterator[str]:
    """`[[nodiscard]]` says nothing of what a co_await gives. Goes by the names of functions that only ever give Results."""
    with_result: dict[str, bool] = {}
    for _, _, text in sources(texts):
        for _, match in lines_matching(r"\bTask<(Result<)?[^;(]*>\s+(?:\w+::)*(\w+)\(", text):
            with_result[match[2]] = with_result.get(match[2], True) and match[1] is not None
    for path, _, text in sources(texts):
        for number, match in lines_matching(r"^\s*co_await\s+(?:[\w>*-]+(?:\.|->|::))*(\w+)\(", code_only(text)):
            if with_result.get(match[1]):
                yield f"{path}:{number}: drops the Result of {match[1]}(): look at it, or pass it up with CO_TRY_VOID"


def each_folder_has_tests(texts: Texts) -> Iterator[str]:
    for folder in sorted({folder for _, folder, _ in sources(texts, (".cpp",))}):
        if not any(re.fullmatch(rf"tests/{folder}/.*_test\.cpp", path) for path in texts) and folder != "scanner":
            yield f"{folder}/: has no tests: add tests/{folder}/*_test.cpp"


RULES = [
    folders_include_lower_ones_only,
    connectors_know_no_other_connector,
    libraries_stay_private,
    beast_is_compiled_once,
    headers_are_guarded,
    nothing_is_left_for_later,
    the_registry_is_named_once,
    no_file_looks_like_a_leak,
    only_reports_print,
    secrets_are_revealed_in_few_places,
    nothing_is_made_inside_co_await,
    results_of_tasks_are_looked_at,
    each_folder_has_tests,
]


def main() -> int:
    texts = tracked_texts()
    failed = 0
    for rule in RULES:
        breaches = list(rule(texts))
        failed += bool(breaches)
        print("".join(f"{breach}\n" for breach in breaches), end="")
    print(f"{len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
