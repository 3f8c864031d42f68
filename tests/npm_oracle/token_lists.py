#!/usr/bin/env python3
"""Holds our readers of npm's lists against npm itself: `token_lists.py NPM_LIST_DUMP [--seed N] [--keep]`.

The newest npm of each major version from 6 to 12 (clients/package.json, installed on first use into the cache directory)
asks a registry on 127.0.0.1 (registry.py) for tokens and packages. What it prints goes through
tests/formats/npm_list_dump, with and without its messages, and has to come out as what the registry served: each field of
each token, the writable packages, and an error where npm failed or printed a table. One check a list; a client that does
not run is a failure. Differences are printed; the last line is "N passed, N failed".
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from registry import Registry, make_packages, make_tokens, text

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))
from toolchains import install_packages  # noqa: E402
MAJORS = range(6, 13)
SECONDS = 60
SIZES = {"none": 0, "one": 1, "pages": 57}
MASKS_UUIDS = 11  # the first npm that does

# Entity -> where a registry has its list. npm asks for an organisation first, and for a user where there is none.
ENTITIES = {"acme": "-/org/acme/package", "acme:devs": "-/team/acme/devs/package", "ann": "-/user/ann/package",
            "empty": "-/org/empty/package"}


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def note(self, what, problem):
        self.passed += not problem
        self.failed += bool(problem)
        if problem:
            print(f"{what}: {problem}")


class Client:
    """One npm, in a home of its own, with nothing of the machine's settings."""

    def __init__(self, major, modules, directory):
        self.major = major
        self.program = os.path.join(modules, "node_modules", f"npm{major}", "bin", "npm-cli.js")
        self.home = os.path.join(directory, f"home-{major}")
        os.makedirs(self.home)
        self.environment = {name: value for name, value in os.environ.items() if not name.lower().startswith("npm_")}
        self.environment |= {"HOME": self.home, "npm_config_update_notifier": "false"}

    def log_in(self, url, password):
        with open(os.path.join(self.home, ".npmrc"), "w") as out:
            out.write(f"{url.removeprefix('http:')}:_authToken={password}\n")

    def run(self, *arguments, merged=False):
        """What it printed, and its exit code; `merged`: with what went to the errors' channel."""
        done = subprocess.run(["node", self.program, *arguments], cwd=self.home, env=self.environment, timeout=SECONDS,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT if merged else subprocess.PIPE)
        return done.stdout, done.returncode


class Reader:
    def __init__(self, dump, directory):
        self.dump = dump
        self.file = os.path.join(directory, "list")

    def read(self, kind, account, printed):
        with open(self.file, "wb") as out:
            out.write(printed)
        done = subprocess.run([self.dump, kind, account, self.file], check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)


def printed_key(key, keys, major):
    """What is left of a key: npm's generateTokenIds gives the beginning that no other key shares, of 6 characters or more."""
    if major < MASKS_UUIDS or len(key) != 36:
        return key
    lengths = (n for n in range(6, len(key)) if not any(other != key and other.startswith(key[:n]) for other in keys))
    return key[:next(lengths)]


def difference(ours, expected):
    if isinstance(ours, dict):
        return ours["error"]
    if len(ours) != len(expected):
        return f"{len(ours)} instead of {len(expected)}"
    wrong = [f"element {number}: {field} is {mine[field]!r} instead of {theirs[field]!r}"
             for number, (mine, theirs) in enumerate(zip(ours, expected), 1) for field in theirs
             if mine.keys() != theirs.keys() or mine[field] != theirs[field]]
    return "; ".join(wrong[:3])


def refusal(ours, words):
    error = ours["error"] if isinstance(ours, dict) else f"a list of {len(ours)}"
    return "" if words in error else f"{error!r} instead of {words!r}"


def check_tokens(client, registry, truth, reader, checks):
    for account, tokens in truth.items():
        keys = [token["key"] for token in tokens]
        expected = [token | {"key": printed_key(token["key"], keys, client.major)} for token in tokens]
        client.log_in(registry.url(account), registry.password)
        for command, merged in (("list", False), ("ls", True))[:2 if account == "pages" else 1]:
            printed, code = client.run("token", command, "--json", "--registry", registry.url(account), merged=merged)
            problem = f"exit code {code}" if code else difference(reader.read("tokens", account, printed), expected)
            checks.note(f"npm {client.major}: token {command} of {account}{', with messages' * merged}", problem)


def check_refusals(client, registry, reader, checks):
    url = registry.url("pages")
    client.log_in(url, registry.password)
    printed, _ = client.run("token", "list", "--registry", url)
    checks.note(f"npm {client.major}: its table", refusal(reader.read("tokens", "pages", printed), "add --json"))
    packages = ("ls-packages", "nobody") if client.major < 9 else ("list", "packages", "nobody")
    printed, _ = client.run("access", *packages, "--json", "--registry", url, merged=True)
    checks.note(f"npm {client.major}: nobody's packages", refusal(reader.read("packages", "nobody", printed), "E404"))
    client.log_in(url, "nonsense")
    printed, _ = client.run("token", "list", "--json", "--registry", url, merged=True)
    checks.note(f"npm {client.major}: not logged in", refusal(reader.read("tokens", "pages", printed), "E401"))


def check_packages(client, registry, served, reader, checks):
    account = "old" if client.major < 9 else "new"
    client.log_in(registry.url(account), registry.password)
    for entity, path in ENTITIES.items():
        writable = [name for name, right in served[account][path].items() if right in ("write", "read-write")]
        command = ("ls-packages", entity) if client.major < 9 else ("list", "packages", entity)
        for options, merged in (((), True), (("--json",), False)):
            printed, code = client.run("access", *command, *options, "--registry", registry.url(account), merged=merged)
            is_empty_table = client.major >= 9 and not options and not served[account][path]
            ours = reader.read("packages", entity, printed)
            expected = [{"account": entity, "name": name} for name in sorted(writable)]
            if is_empty_table:  # npm prints nothing at all, which is no list
                problem = refusal(ours, "no list in it")
            else:
                problem = difference(sorted(ours, key=lambda one: one["name"]) if isinstance(ours, list) else ours, expected)
            checks.note(f"npm {client.major}: access {' '.join((*command, *options))}", f"exit code {code}" if code else problem)


def check_answers(registry, truth, reader, checks):
    """The registry's own answers, as curl gets them."""
    for query, whole in (("?perPage=9999", True), ("", False), ("?page=2", False)):
        request = urllib.request.Request(f"{registry.url('pages')}-/npm/v1/tokens{query}",
                                         headers={"Authorization": f"Bearer {registry.password}"})
        ours = reader.read("tokens", "pages", urllib.request.urlopen(request, timeout=SECONDS).read())
        problem = difference(ours, truth["pages"]) if whole else refusal(ours, "one page of a longer list")
        checks.note(f"the answer to {query or 'no query'}", problem)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the directory of the last list")
    options = parser.parse_args()

    modules = str(install_packages(Path(HERE, "clients", "package.json")))
    directory = tempfile.mkdtemp(prefix="npm-lists-")
    rng = random.Random(options.seed)
    made = {account: make_tokens(rng, account, size) for account, size in SIZES.items()}
    truth = {account: [read for _, read in tokens] for account, tokens in made.items()}
    served = {account: {path: {} if "empty" in path else make_packages(rng, 12, words) for path in ENTITIES.values()}
              for account, words in (("old", ["write", "read"]), ("new", ["read-write", "read-only", "write", "read"]))}
    reader = Reader(options.dump, directory)
    checks = Checks()
    with Registry({account: [element for element, _ in tokens] for account, tokens in made.items()}, served,
                  text(rng, 20)) as registry:
        check_answers(registry, truth, reader, checks)
        for major in MAJORS:
            client = Client(major, modules, directory)
            version, code = client.run("--version")
            checks.note(f"npm {major} runs", code and f"npm {major} DOES NOT RUN HERE: exit code {code}")
            if code:
                continue
            print(f"npm {version.decode().strip()}")
            check_tokens(client, registry, truth, reader, checks)
            check_packages(client, registry, served, reader, checks)
            check_refusals(client, registry, reader, checks)
    if not options.keep:
        shutil.rmtree(directory)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
