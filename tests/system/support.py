"""What the tests of the program share: homes to sweep, values to plant, and a way to run it as users do.

Values are made at run time, from names: `npm("home")` is the same token in each run and in no file of the repository.
"""

import base64
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import string
import subprocess
import tempfile
import time
import unittest
import uuid as uuids
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("TOKENSWEEP", ROOT / "build/tokensweep")).absolute()
SECONDS = 60
ELLIPSIS = "…"

# The contract's columns, in the contract's order.
COLUMNS = ["id", "class", "confidence", "reason", "rule", "kind", "source", "store", "locator", "registry", "token",
           "preview", "checksum", "created_at", "updated_at", "age_days", "age_days_max", "age_basis", "first_seen",
           "last_seen", "gone_at", "state", "scope", "expires_at", "rotate_by", "overdue"]


# Values.


def _random(what: str, name: str) -> random.Random:
    return random.Random(f"tokensweep {what} {name}")


def alnum(length: int, name: str) -> str:
    return "".join(_random(f"alnum{length}", name).choices(string.ascii_letters + string.digits, k=length))


def hexadecimal(length: int, name: str) -> str:
    return "".join(_random(f"hex{length}", name).choices("0123456789abcdef", k=length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit] + digits
    return digits


def npm(name: str) -> str:
    """An npm token with the right checksum."""
    body = alnum(30, name)
    return "npm_" + body + _checksum(body)


def npm_bad(name: str) -> str:
    """The same with a checksum that is wrong."""
    token = npm("bad " + name)
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def uuid(name: str) -> str:
    return str(uuids.UUID(int=_random("uuid", name).getrandbits(128), version=4))


def b64(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def basic(user: str, password: str) -> str:
    return b64(f"{user}:{password}")


def jwt(name: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return ".".join([head, alnum(80, name), alnum(43, name)])


def preview_of(value: str) -> str | None:
    """What an export may show of an npm_ token."""
    return value[:8] + ELLIPSIS + value[-4:] if re.fullmatch("npm_[A-Za-z0-9]{36}", value) else None


def public_registry() -> str:
    """The public registry's host, from the only file that spells it."""
    return re.search(r'kPublicRegistryHost = "([^"]+)"', (ROOT / "base/registry_host.hpp").read_text()).group(1)


# Runs.


@dataclass
class Run:
    """A run that has ended."""
    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def error(self) -> str:
        return self.err.decode()

    @property
    def error_lines(self) -> list[str]:
        return self.error.splitlines()

    def json(self) -> Any:
        return json.loads(self.out)

    def jsonl(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def limit_file_size(size: int) -> Callable[[], None]:
    """A full disk for a child: no file of its own grows beyond this."""
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


class Home:
    """A home directory of its own, and the program in it. Removed at the end of the test."""

    def __init__(self, test: unittest.TestCase, mode: int = 0o700) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="tokensweep-")).resolve()
        self.path.chmod(mode)
        test.addCleanup(self.remove)

    def remove(self) -> None:
        if os.geteuid() != 0:  # root needs no permission
            subprocess.run(["chmod", "-R", "u+rwX", str(self.path)], stderr=subprocess.DEVNULL)
        # rm and not shutil: it copes with any depth, and with files that come while it works.
        subprocess.run(["rm", "-rf", str(self.path)], check=True)

    @property
    def db(self) -> Path:
        return self.path / ".local/share/tokensweep/inventory.db"

    def at(self, path: str) -> Path:
        return self.path / path

    def write(self, path: str, content: str | bytes, mode: int = 0o600) -> Path:
        file = self.at(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(mode)
        return file

    def link(self, path: str, target: str | Path) -> Path:
        link = self.at(path)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
        return link

    def environment(self, **more: str) -> dict[str, str]:
        return {"HOME": str(self.path), "TZ": "UTC", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", **more}

    def start(self, *arguments: str | Path | bytes, env: dict[str, str] | None = None, before: list[str | Path] | None = None,
              **options: Any) -> subprocess.Popen:
        """Starts the program in an empty environment, behind the words of `before`."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.path, **options}
        return subprocess.Popen([*(before or []), BINARY, *arguments], env=self.environment(**(env or {})), **options)

    def run(self, *arguments: str | Path | bytes, timeout: float = SECONDS, **options: Any) -> Run:
        """Runs the program to its end; one that hangs is killed, and fails the test."""
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"no end after {timeout} s of {arguments}: {err.decode(errors='replace')}") from None
        return Run(process.returncode, out or b"", err or b"")

    def scan(self, *arguments: str | Path | bytes, **options: Any) -> Run:
        """Sweeps the whole home, and prints one hit a line."""
        return self.run("scan", "--path", self.path, "--format", "jsonl", "--quiet", *arguments, **options)

    def export(self, *arguments: str) -> list[dict[str, Any]]:
        return self.run("export", "--format", "jsonl", *arguments).jsonl()

    def sweeps(self) -> list[tuple[int, str]]:
        """Number and state of each sweep so far."""
        try:
            return self.sql("SELECT id, state FROM sweep ORDER BY id")
        except sqlite3.Error:  # not there yet
            return []

    def wait_for_sweep(self, process: subprocess.Popen, before: list[tuple[int, str]], more_seconds: float = 0.5) -> None:
        """Returns when a sweep is under way that was not among those before, and a little later."""
        deadline = time.monotonic() + SECONDS
        while len(self.sweeps()) <= len(before):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"no sweep began: {process.communicate()}")
            time.sleep(0.02)
        time.sleep(more_seconds)

    def sql(self, query: str, *values: Any, db: Path | None = None) -> list[tuple]:
        connection = sqlite3.connect(f"file:{db or self.db}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


class ProgramTest(unittest.TestCase):
    """A test of the program, with the checks that many need."""
    maxDiff = None

    def assert_run(self, run: Run, code: int) -> Run:
        self.assertEqual(code, run.code, f"stdout: {run.out[-2000:]!r}\nstderr: {run.err[-2000:]!r}")
        return run

    def assert_one_clear_line(self, run: Run, *words: str) -> None:
        """One message on standard error, which a person understands: no trace, no control characters, and these words."""
        self.assertEqual(1, len(run.error_lines), run.error)
        self.assertTrue(run.error.endswith("\n"), run.error)
        self.assertTrue(run.error.startswith("tokensweep: "), run.error)
        self.assert_printable(run.err)
        for bug in ["terminate called", "internal error", "std::", "exception", "Assertion", "errno"]:
            self.assertNotIn(bug, run.error)
        for word in words:
            self.assertIn(word.lower(), run.error.lower())

    def assert_printable(self, output: bytes) -> None:
        """Only text and line breaks: no control characters, no terminal escapes, no invalid UTF-8, nothing that turns text round."""
        text = output.decode("utf-8")
        bad = [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) <= 0x9F or c in "\u2028\u2029\u200e\u200f"
               or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"]
        self.assertEqual([], bad)

    def assert_intact(self, db: Path) -> None:
        connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=30)
        try:
            self.assertEqual([("ok",)], connection.execute("PRAGMA integrity_check").fetchall())
            self.assertEqual([], connection.execute("PRAGMA foreign_key_check").fetchall())
        finally:
            connection.close()

    def assert_silent_about(self, run: Run, *values: str) -> None:
        for value in values:
            self.assertNotIn(value.encode(), run.out)
            self.assertNotIn(value.encode(), run.err)


def as_nobody() -> Callable[[], None]:
    """Makes a child somebody without privileges, where the tests run as root."""
    def become() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
    return become


def give_to_nobody(path: Path) -> None:
    if os.geteuid() == 0:
        for folder, _, files in os.walk(path):
            os.lchown(folder, 65534, 65534)
            for file in files:
                os.lchown(os.path.join(folder, file), 65534, 65534)


def require(*programs: str) -> None:
    """What a test cannot do without: missing is a failure, with the command that helps."""
    for program in programs:
        if shutil.which(program) is None:
            raise AssertionError(f"{program} is missing: apt-get install {program}")
