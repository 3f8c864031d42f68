"""No value leaves the process: everything that the program writes is searched for every value that was planted.

Each command runs under strace, so that what is written counts even where it is overwritten or removed afterwards.
"""

import json
import os
import queue
import re
import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Iterable
from urllib.parse import quote

from services import github_source, write_configuration
from support import Home, ProgramTest, alnum, b64, basic, limit_file_size, npm, preview_of, require, uuid
from test_planted_tree import DEEP, DEFAULT

from circleci_server import CircleCI
from github_server import GitHub
from http_server import Request
from organisation import Organisation, Shape

WINDOW = 12  # so many bytes of a value in a row are a leak; a preview shows 8


# The search.


def forms(value: str) -> list[tuple[bytes, float]]:
    """A value in all the shapes that a program may give it, with how long one of its bytes is in each. UTF-16 is not among them:
    the search takes NUL bytes out."""
    raw = value.encode()
    shapes = [(raw, 1), (raw.hex().encode(), 2), (raw.hex().upper().encode(), 2),
              (b"".join(b"%%%02X" % byte for byte in raw), 3), (b"".join(b"\\x%02x" % byte for byte in raw), 4),
              (b"".join(b"\\u%04x" % byte for byte in raw), 6),
              (json.dumps(value)[1:-1].encode(), 1), (quote(value, safe="").encode(), 1), (raw[::-1], 1)]
    for shift in range(3):
        # Without the characters at its ends, which depend on what stands beside it.
        text = b64(b"\0" * shift + raw).encode().rstrip(b"=")[(shift * 8 + 5) // 6:-1]
        shapes += [(text, 4 / 3), (text.replace(b"+", b"-").replace(b"/", b"_"), 4 / 3)]
    return list(dict.fromkeys(shapes))


def halves(value: str) -> dict[bytes, list[tuple[bytes, int]]]:
    """Every window of a value holds one of these: half windows, and the windows around each."""
    found: dict[bytes, list[tuple[bytes, int]]] = {}
    for text, per_byte in forms(value):
        length = min(int(WINDOW * per_byte), len(text))
        half = max(length // 2, 1)
        for start in range(0, len(text) - half + 1, half):
            windows = range(max(0, start - length + half), min(start, len(text) - length) + 1)
            found.setdefault(text[start:start + half], []).extend(text[window:window + length] for window in windows)
    return found


def leaks(texts: Iterable[bytes], values: list[str]) -> list[tuple[str, bytes]]:
    """Which values, in any form, are in which part of some texts: at least a window of them."""
    allowed = "\n".join(preview_of(value) or "" for value in values).encode() + b"\nNpmToken.\nglpat-\n"
    wanted: dict[bytes, list[tuple[str, bytes]]] = {}
    for value in values:
        for half, windows in halves(value).items():
            # The first half of an npm_ token is what its preview shows; the windows that it is in hold the second one, too.
            if half not in allowed:
                wanted.setdefault(half, []).extend((value, window) for window in windows)
    haystack = b"\n--\n".join(texts)
    haystack += b"\n--\n" + haystack.replace(b"\0", b"")
    with tempfile.NamedTemporaryFile() as patterns, tempfile.NamedTemporaryFile() as file:
        patterns.write(b"\n".join(wanted))
        patterns.flush()
        file.write(haystack)
        file.flush()
        candidates = subprocess.run(["grep", "-a", "-o", "-F", "-f", patterns.name, file.name], env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
                                    stdout=subprocess.PIPE).stdout.splitlines()
    found = {}
    for half in set(candidates):
        for value, window in wanted[half]:
            if value not in found and window in haystack:
                found[value] = window
    return list(found.items())


class Search(unittest.TestCase):
    """Of the search itself: that it would notice."""

    def test_all_forms_are_noticed(self):
        value = npm("search")
        part = value[9:9 + WINDOW + 6]
        for leak in [value, value[7:20], value.encode().hex(), b64("x" + value), b64("xx" + value), b64("xxx" + value), json.dumps({"a": value}),
                     "".join(f"%{ord(c):02X}" for c in part), "".join(f"\\u{ord(c):04x}" for c in part)]:
            self.assertNotEqual([], leaks([f"before {leak} after".encode()], [value]), leak)
        self.assertNotEqual([], leaks([b"before" + value.encode("utf-16-le") + b"after"], [value]))
        self.assertNotEqual([], leaks([b"before" + value.encode("utf-16-be") + b"after"], [value]))
        self.assertEqual([], leaks([f"{preview_of(value)} {npm('another')}".encode()], [value]))


# What is planted, beside the tables of test_planted_tree.

SPECIAL = 'qu"ote\\back é ' + alnum(16, "special")
IN_ENVIRONMENT = npm("environment")
IN_RULES = npm("rules file")
PASTED = npm("pasted")
ADJACENT = [npm("adjacent 1"), npm("adjacent 2"), npm("adjacent 3")]
LARGE = [npm(f"large {number}") for number in range(12)]
BEFORE = [npm("word 4") if number == 4 else alnum(24, f"word {number}") for number in range(9)] + [uuid("word 9")]
NAMES = [npm(f"name {number}") for number in range(8)]
OWN_FORM = "corp" + alnum(30, "own form")

EXTRA = {
    "special/.npmrc": f"//special.example.test/:username=ci\n//special.example.test/:_password={b64(SPECIAL)}\n",
    "special/.yarnrc.yml": f"npmAuthIdent: {json.dumps('ci:' + SPECIAL)}\n",
    "environment/.npmrc": "//env.example.test/:_authToken=${CANARY}\nregistry=https://${CANARY}.example.test/\n",
    "adjacent/.npmrc": f"//a.example.test/:_authToken={ADJACENT[0]};{ADJACENT[1]}\n_authToken={ADJACENT[2]}",
    "broken/.yarnrc.yml": f"npmAuthToken: [ {npm('broken yaml')}\n\t: }}\n",
    "broken/bunfig.toml": f'[install\ntoken = "{npm("broken toml")}\n',
    "broken/package.json": f'{{"name": "{npm("broken json")}',
    "broken/.npmrc": f"[//x\n//broken.example.test/:_authToken={npm('broken ini')}\n",
    "broken/.docker/config.json": f'{{"auths": {{"x": {{"auth": "{basic("ci", npm("broken docker"))}"',
    "own/form.txt": f"value {OWN_FORM}\n",
    "large.log": "".join(token + " " + "." * 100_000 + "\n" for token in LARGE),
}
# What stands before a token, or names it, may be a value as well.
AROUND = {
    "before/.env": f"{BEFORE[0]} {npm('before 0')}\nci:{BEFORE[1]}:{npm('before 1')}\n",
    "before/.bash_history": f"npm login --password {BEFORE[2]} {npm('before 2')}\ncurl -u ci:{BEFORE[3]} -H {npm('before 3')}\n",
    "before/.npmrc": f"{BEFORE[4]}={npm('before 4')}\n//ci:{BEFORE[5]}@b.example.test/:_authToken={npm('before 5')}\n",
    "names/.npmrc": f"//r.example.test/:_authToken=${{{NAMES[0]}}}\n//r2.example.test/{NAMES[1]}/:_authToken={npm('path')}\n",
    "names/.yarnrc.yml": f'npmAuthToken: "${{{NAMES[2]}}}"\nnpmScopes:\n  {NAMES[3]}:\n    npmAuthToken: {npm("scope")}\n',
    "names/.env": f"NPM_TOKEN=${{{NAMES[4]}}}\n",
    "names/bunfig.toml": f'[install.scopes."{NAMES[5]}"]\nurl = "https://names.example.test"\ntoken = "{npm("toml scope")}"\n',
    "names/terraform.tfstate": json.dumps({NAMES[6]: {"x": npm("below")}}, indent=1),
    "packages/package.json": json.dumps({"name": NAMES[7]}),
    "packages/.npmrc": f"//r.example.test/:_authToken={npm('beside a package')}\n",
    "address/.yarnrc.yml": f'npmRegistries:\n  "https://ci:{BEFORE[6]}@y.example.test":\n    npmAuthToken: {npm("address")}\n',
    "address/.npmrc": f"registry=https://q.example.test/npm/?token={BEFORE[7]}\n_auth={basic('ci', alnum(24, 'query'))}\n",
    "address/config.yaml": f'_auth:\n  "https://ci:{BEFORE[8]}@p.example.test/":\n    "@":\n      authToken: {npm("pnpm address")}\n',
    "before/.npmrc.old": f"_authToken={BEFORE[9]} {npm('before 9')}",
}
BROKEN = [npm(f"broken {what}") for what in ["yaml", "toml", "json", "ini", "docker"]]
TABLES = [want.value for file in [*DEFAULT, *DEEP] for want in file.wants if want.value]
CANARIES = list(dict.fromkeys([*TABLES, *ADJACENT, *LARGE, *BROKEN, *BEFORE, *NAMES, SPECIAL, IN_ENVIRONMENT, IN_RULES, PASTED, OWN_FORM]))

RULES = f"[[rules]]\nid = \"own-form\"\ndescription = \"d\"\nregex = '''corp[A-Za-z0-9]{{30}}'''\nkeywords = [\"corp\"]\n"
BAD_RULES = f"[[rules]]\nid = \"bad\"\ndescription = \"d\"\nregex = '''{IN_RULES}(?=x)'''\nkeywords = [\"{IN_RULES}\"]\n"

STRACE = ["strace", "-f", "-qq", "-yy", "-e", "trace=write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg", "-e", "signal=none",
          "-s", "2000000", "-xx"]
# Slows the walk down, so that it can be caught in the middle.
SLOW = ["-e", "trace=write,pwrite64,writev,getdents64", "-e", "inject=getdents64:delay_exit=15000"]


def written(trace: Path) -> set[bytes]:
    """The texts in a trace, but for those that went to a service."""
    lines = [line for line in trace.read_bytes().splitlines() if b"<TCP" not in line]
    return {bytes.fromhex(text.replace(b"\\x", b"").decode()) for text in re.findall(rb'"((?:\\x[0-9a-f]{2})+)"', b"\n".join(lines))}


def unlimited_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class CanaryRuns(ProgramTest):
    """Runs of the program, all of whose writes are kept."""

    @classmethod
    def setUpClass(cls) -> None:
        require("strace")

    def setUp(self) -> None:
        self.home = Home(self)
        self.outputs = Home(self)  # the working directory, and what is exported
        self.environment: dict[str, str] = {}
        self.given: set[Path] = set()  # files that were there before
        self.seen: set[bytes] = set()
        self.traces = 0

    def run_traced(self, code: int | tuple[int, ...], *arguments, slow: bool = False, stop=None, started=None, **options):
        """Runs a command, and keeps all that it writes anywhere. `stop` is a signal for it in the middle of its sweep; `started`
        is a queue that gets its process's number."""
        self.traces += 1
        trace = self.outputs.path.with_name(self.outputs.path.name + f".trace{self.traces}")
        self.addCleanup(trace.unlink, missing_ok=True)
        # -D: the traced process is our child, so that it gets the signals and its exit status is seen.
        before = ["strace", "-D", *STRACE[1:], *(SLOW if slow else []), "-o", trace]
        sweeps = self.home.sweeps()
        process = self.home.start(*arguments, before=before, cwd=self.outputs.path, env=self.environment, **options)
        if started is not None:
            started.put(process.pid)
        if stop is not None:
            self.home.wait_for_sweep(process, sweeps)
            process.send_signal(stop)
        out, err = process.communicate(timeout=120)
        self.assertIn(process.returncode, code if isinstance(code, tuple) else (code,), (arguments, out[-500:], err[-500:]))
        deadline = time.monotonic() + 20
        while b"exited" not in trace.read_bytes() and b"killed" not in trace.read_bytes() and time.monotonic() < deadline:
            if not self.tracer_lives(trace):
                break
            time.sleep(0.01)
        self.seen |= written(trace) | {out, err}
        self.collect_files()
        return out, err

    def tracer_lives(self, trace: Path) -> bool:
        """Whether strace still has its file open: it ends a moment after the program."""
        for process in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                if os.readlink(process) == str(trace):
                    return True
            except OSError:
                pass
        return False

    def collect_files(self) -> None:
        for folder in [self.home.at(".local"), self.outputs.path]:
            for path in folder.rglob("*"):
                if path.is_file() and path not in self.given:
                    self.seen.add(path.read_bytes())


class Canary(CanaryRuns):
    def setUp(self) -> None:
        super().setUp()
        self.environment = {"CANARY": IN_ENVIRONMENT}
        for file in [*DEFAULT, *DEEP]:
            self.home.write(file.path, file.content)
        for path, content in EXTRA.items():
            self.home.write(path, content)
        self.rules = self.outputs.write("rules.toml", RULES)
        self.bad_rules = self.outputs.write("bad.toml", BAD_RULES)
        self.given = {self.rules, self.bad_rules}

    def assert_no_canary(self) -> None:
        self.assertGreater(sum(map(len, self.seen)), 50_000, "something was collected")
        self.assertEqual([], leaks(self.seen, CANARIES))

    def test_there_are_enough(self):
        self.assertGreater(len(CANARIES), 120)

    def test_scans(self):
        scan = ["scan", "--path", self.home.path]
        out, _ = self.run_traced(0, *scan, "--format", "table", "--list-unread")
        for format in ["json", "jsonl", "csv", "none"]:
            self.run_traced(0, *scan, "--format", format)
        self.run_traced(0, *scan, "--deep", "--format", "table")
        out, _ = self.run_traced(0, *scan, "--deep", "--format", "jsonl", "--log-format", "json", "--rules", self.rules)
        previews = {json.loads(line)["preview"] for line in out.splitlines()}
        self.assertLess({preview_of(value) for value in [*LARGE, *ADJACENT] if preview_of(value)}, previews, "they are found, and shown as they may be")
        self.run_traced(1, "--quiet", *scan, "--deep", "--fail-on", "any", "--format", "none")
        self.assert_no_canary()

    def test_values_that_stand_in_names(self):
        for path, content in AROUND.items():
            self.home.write(path, content)
        for format in ["table", "json", "csv"]:
            self.run_traced(0, "scan", "--path", self.home.path, "--deep", "--format", format)
        for path in AROUND:
            self.run_traced(0, "rules", "test", self.home.at(path))
        for hit in self.home.export():
            if hit["token"] and hit["locator"].startswith(("before/", "names/", "address/")):
                self.seen.add(self.home.run("show", hit["token"]).out)
        self.assert_no_canary()

    def test_other_commands(self):
        self.assert_run(self.home.scan("--deep", "--rules", self.rules, env={"CANARY": IN_ENVIRONMENT}), 0)
        for format in ["csv", "json", "jsonl"]:
            self.run_traced(0, "export", "--format", format, "--state", "all")
            self.run_traced(0, "export", "--format", format, "--output", f"out.{format}", "--log-format", "json")
        hits = self.home.export()
        for hit in [hit for hit in hits if hit["token"]][::40]:
            self.run_traced(0, "show", hit["token"])
        for path in ["special/.npmrc", "broken/.yarnrc.yml", "adjacent/.npmrc", "large.log", "deep/nested64.json", ".docker/config.json"]:
            self.run_traced(0, "rules", "test", self.home.at(path), "--rules", self.rules)
        self.run_traced(0, "rules", "list", "--rules", self.rules)
        # What somebody pastes by mistake is not repeated.
        for arguments in [["show", PASTED], [PASTED], ["scan", "--token", PASTED], ["scan", f"--token={PASTED}"], [f"--{PASTED}"], ["scan", PASTED],
                          ["scan", "--path", ".", "--format", PASTED], ["scan", "--path", ".", "--fail-on", PASTED], ["scan", "--path", ".", "--threads", PASTED],
                          ["export", "--format", "csv", "--class", PASTED], ["export", "--format", "csv", "--scope", PASTED],
                          ["export", "--format", "csv", "--older-than", PASTED], ["--log-format", PASTED, "rules", "list"]]:
            self.run_traced(2, *arguments)
            self.run_traced(2, "--log-format", "json", *arguments) if not arguments[0].startswith("--log") else None
        self.assert_no_canary()

    def test_failing_runs(self):
        scan = ["scan", "--path", self.home.path, "--deep"]
        for log in ["text", "json"]:
            self.run_traced(2, "--log-format", log, *scan, "--rules", self.bad_rules)
        self.run_traced(4, *scan, preexec_fn=limit_file_size(0))
        self.run_traced(4, *scan, preexec_fn=limit_file_size(80_000))
        self.run_traced(0, *scan, "--format", "none")
        self.run_traced(4, "export", "--format", "json", "--output", "full.json", preexec_fn=limit_file_size(33_000))
        with open("/dev/full", "wb") as full:
            process = self.home.start(*scan, stdout=full)
            self.seen.add(process.communicate()[1])
            self.assertEqual(4, process.returncode)
        whole = self.home.db.read_bytes()
        self.home.db.write_bytes(whole[:len(whole) // 2])
        self.run_traced(4, *scan)
        self.run_traced(4, "export", "--format", "json")
        self.assert_no_canary()

    def test_interrupted_runs(self):
        scan = ["scan", "--path", self.home.path, "--deep", "--threads", "2"]
        self.run_traced(130, *scan, slow=True, stop=signal.SIGTERM)
        self.run_traced(130, *scan, "--log-format", "json", slow=True, stop=signal.SIGINT)
        self.run_traced(-signal.SIGKILL, *scan, slow=True, stop=signal.SIGKILL)
        self.run_traced(0, *scan, "--format", "none")
        self.assert_no_canary()

    def test_no_core_is_dumped(self):
        process = self.home.start("scan", "--path", self.home.path, "--deep", "--threads", "1", cwd=self.outputs.path, preexec_fn=unlimited_core,
                                  before=["strace", "-D", "-f", "-qq", "-o", "/dev/null", *SLOW])
        self.home.wait_for_sweep(process, [])
        process.send_signal(signal.SIGABRT)
        self.seen |= {process.stdout.read(), process.stderr.read()}
        _, status = os.waitpid(process.pid, 0)
        process.stdout.close()
        process.stderr.close()
        process.returncode = -signal.SIGABRT
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertEqual(signal.SIGABRT, os.WTERMSIG(status))
        self.assertFalse(os.WCOREDUMP(status))
        self.assertEqual([], [name for name in os.listdir(self.outputs.path) if "core" in name])

    def test_memory_of_a_running_program_is_closed(self):
        process = self.home.start("scan", "--path", self.home.path, "--deep", "--threads", "1",
                                  before=["strace", "-D", "-f", "-qq", "-o", "/dev/null", *SLOW])
        try:
            self.home.wait_for_sweep(process, [], 0.1)
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size\s+0\s+0\s")
            # Of a process that is not dumpable, these belong to root.
            self.assertEqual(0, os.stat(f"/proc/{process.pid}/environ").st_uid)
        finally:
            process.kill()
            process.communicate()


# Services.


class ServiceCanary(CanaryRuns):
    """The same of sweeps of services: the values of variables, and the credentials, which travel and must not stay. What goes
    into a socket is not looked at here: test_service_faults.py listens there."""

    def setUp(self) -> None:
        super().setUp()
        self.organisation = Organisation(41, Shape(repositories=12))
        self.server = GitHub(self.organisation, latency=0.005)
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.app = self.server.app()
        self.server.install(self.app)
        self.circle = CircleCI(seed=3, contexts=5, projects=4)
        self.circle.__enter__()
        self.addCleanup(self.circle.__exit__)
        self.classic = self.server.classic().token
        self.environment = {"ACME": self.classic, "CIRCLE": self.circle.token}
        own = github_source(self.server, rate=1000, variables=True, stores=["actions", "registries", "agents"], timeout=1)
        app = {key: value for key, value in own.items() if key != "token_env"}
        app |= {"app.id": str(self.app.id), "app.key_file": str(self.app.key_file)}
        circle = {"type": "circleci", "org": "gh/acme", "host": self.circle.url, "token_env": "CIRCLE", "rate": 1000, "timeout": 1}
        self.config = write_configuration(self.outputs, acme=own, app=app, circle=circle)
        self.given = {self.config}

    def values(self) -> list[str]:
        """Of variables, those that hold a token; of credentials, all that there are by now, and the App's key."""
        truth = self.server.truth(self.classic)
        found = {row["value"] for row in truth["variables"] if row["value"].startswith("npm_")}
        found |= {variable.value for one in [*self.circle.projects, *self.circle.contexts] for variable in one.variables
                  if len(variable.value) > WINDOW + 8}
        key = "".join(self.app.key_file.read_text().splitlines()[1:-1])
        signed = {request.headers["authorization"].partition(" ")[2].rpartition(".")[2] for request in self.server.requests("/app/|/installation$")}
        return [*sorted(found), *self.server.credentials, self.circle.token, key, *sorted(signed)]

    def scan(self, code: int, *arguments: str, **options: Any) -> tuple[bytes, bytes]:
        return self.run_traced(code, "scan", "--config", self.config, *arguments, **options)

    def assert_none(self) -> None:
        values = self.values()
        self.assertGreater(len(values), 20)
        self.assertGreater(sum(map(len, self.seen)), 50_000, "something was collected")
        self.assertEqual([], leaks(self.seen, values))

    def test_sweeps_and_what_is_told_of_them(self) -> None:
        out, _ = self.scan(0, "--format", "jsonl")
        rows = [json.loads(line) for line in out.splitlines()]
        shown = {row["preview"] for row in rows if row["preview"]}
        self.assertLessEqual({preview_of(value) for value in self.values() if value.startswith("npm_")}, shown, "they are found")
        self.scan(0, "--format", "table", "--log-format", "json", "--list-unread")
        self.run_traced(0, "sources", "check", "--config", self.config)
        self.run_traced(0, "export", "--format", "json", "--output", "hits.json", "--state", "all")
        self.run_traced(0, "show", next(row["token"] for row in rows if row["token"]))
        self.run_traced(0, "classify", "--explain", rows[0]["id"])
        self.assert_none()

    def test_sweeps_that_are_refused_or_broken(self) -> None:
        self.scan(0, "--format", "none")
        pasted = self.classic
        statuses = [400, 401, 403, 404, 410, 418, 422, 429, 451]
        faults: list[tuple[str, dict[str, Any]]] = [("status", {"code": code, "body": json.dumps({"message": pasted}),
                                                                "headers": {"X-Echo": pasted, "Retry-After": "1"}}) for code in statuses]
        # Answers that hold what they should not, where they are quoted by many.
        faults += [("malformed", {}), ("redirect", {"location": f"https://{pasted}@127.0.0.1/{pasted}"}), ("redirect", {"location": f"https://127.0.0.1/{pasted}"}),
                   ("next_page", {"address": f"/x?page={pasted}"}), ("html", {}), ("broken_gzip", {}), ("hang", {}),
                   ("status", {"code": 503, "body": pasted})]
        for name, arguments in faults:
            with self.subTest(name, **arguments):
                for server in (self.server, self.circle):
                    server.heal()
                    # The second of the lists alone, so that a failure costs no more than its tries.
                    server.fail(name, path="/repos/.*/variables|envvar", skip=1, times=2, **arguments)
                self.scan_any("--format", "none", "--list-unread")
        self.assert_none()

    def scan_any(self, *arguments: str) -> None:
        """A sweep that may be complete or not."""
        self.run_traced((0, 3), "scan", "--config", self.config, *arguments)

    def test_a_credential_that_ends_in_the_middle(self) -> None:
        self.server.fail("bad_credentials", skip=30)
        self.circle.fail("bad_credentials", skip=3)
        self.scan(3, "--format", "none", "--log-format", "json")
        self.assert_none()

    def test_sweeps_that_are_interrupted_or_killed(self) -> None:
        for stop, code in [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)]:
            started: queue.Queue[int] = queue.Queue()
            first = len(self.server.seen)

            def end(request: Request) -> None:
                if len(self.server.seen) == first + 60:
                    os.kill(started.get(timeout=30), stop)

            self.server.on_request = end
            self.scan(code, "--format", "none", started=started)
        self.server.on_request = None
        self.scan(0, "--format", "none", "--resume")
        self.assert_none()


class Modes(ProgramTest):
    def test_all_that_is_made_is_for_its_owner_alone(self):
        for umask in [0o000, 0o022, 0o777]:
            with self.subTest(umask=oct(umask)):
                home = Home(self)
                home.write("work/.npmrc", f"//a.example.test/:_authToken={npm('modes')}\n", 0o644)
                before = set(home.path.rglob("*"))
                loose = lambda: os.umask(umask)
                for command in [["scan", "--path", home.path], ["scan", "--path", home.path, "--deep", "--db", home.at("other/place/i.db")],
                                ["export", "--format", "csv", "--output", "hits.csv"], ["export", "--format", "json", "--output", "hits.json"]]:
                    self.assert_run(home.run(*command, preexec_fn=loose), 0)
                if umask == 0:  # once with what is only there while the file is open
                    reader = sqlite3.connect(home.db)
                    self.addCleanup(reader.close)
                    reader.execute("BEGIN").execute("SELECT count(*) FROM hit").fetchall()
                    self.assert_run(home.run("scan", "--path", home.path, preexec_fn=loose), 0)
                names = {path: path.stat().st_mode & 0o7777 for path in home.path.rglob("*") if path not in before}
                expected = {"inventory.db", "inventory.db.key", "inventory.db.lock", "hits.csv", "hits.json", "i.db"}
                self.assertLessEqual(expected | ({"inventory.db-wal", "inventory.db-shm"} if umask == 0 else set()), {path.name for path in names})
                for path, mode in names.items():
                    self.assertEqual(oct(0o700 if path.is_dir() else 0o600), oct(mode), path)

    def test_modes_while_it_runs(self):
        require("strace")
        home = Home(self)
        home.write("work/.npmrc", f"//a.example.test/:_authToken={npm('modes')}\n")
        trace = home.at("trace")
        self.assert_run(home.run("scan", "--path", home.at("work"), preexec_fn=lambda: os.umask(0),
                                 before=["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,creat,mkdir,mkdirat", "-o", trace]), 0)
        made = re.findall(r"O_CREAT[^)]*?, (0[0-7]+)\)", trace.read_text()) + re.findall(r"mkdir(?:at)?\(.*?, (0[0-7]+)\)", trace.read_text())
        umask_of_its_own = 0o077
        self.assertTrue(made)
        for mode in made:
            self.assertEqual(0, int(mode, 8) & ~umask_of_its_own & 0o077)


if __name__ == "__main__":
    unittest.main()
