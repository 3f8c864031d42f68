#!/usr/bin/env python3
"""Kills sweeps of a service at every call with which they change the disk, and lets the next run go on.

    kill_service_sweeps.py [PROGRAM]

The program sweeps the fake GitHub of tests/servers under strace, which kills it at its first, second, ... call that changes the disk,
until a run gets through. What it leaves has to open and to pass SQLite's integrity_check, the inventory and the kept answers alike, and
to call nothing gone; then `scan --resume` has to find all that the fake says is there, and to ask for no scope that was complete.
"""

import concurrent.futures
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/servers"), str(ROOT / "tests/system")]

from services import github_truth  # noqa: E402

from github_server import GitHub  # noqa: E402
from organisation import Organisation, Shape  # noqa: E402

# strace counts them for each thread of the program.
CALLS = ["pwrite64", "fdatasync", "ftruncate", "unlink", "rename", "fsync", "fchmod"]
MOST_CALLS = 400  # of one kind; more means that no run gets through
# What a kill while a file is made may leave for good, and nothing reads: a key that never came into force, the journal of no answers.
DRAFT = re.compile(r"\.key\.\d+\.new$|\.answers-journal$")


class Failed(Exception):
    pass


def check(condition: bool, message: str) -> None:
    if not condition:
        raise Failed(message)


class Home:
    def __init__(self, program: Path, server: GitHub, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.config = folder / "tokensweep.toml"
        self.config.write_text(f'[[source]]\nname = "acme"\ntype = "github"\norg = "acme"\napi_url = "{server.url}/api/v3"\n'
                               'token_env = "ACME"\nrate = 10000\n')
        self.config.chmod(0o600)
        self.token = server.classic().token
        self.inventory = folder / "inventory.db"

    def scan(self, *arguments: str, inject: str | None = None) -> subprocess.CompletedProcess:
        strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={inject.split(':')[0]}", "-e", f"inject={inject}"] if inject else []
        command = [*strace, self.program, "scan", "--config", self.config, "--db", self.inventory, "--format", "none", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60,
                              env={"HOME": str(self.folder), "PATH": os.environ["PATH"], "ACME": self.token})

    def examine(self) -> set[str]:
        """What has to be true of the files at any moment; the scopes that are complete."""
        complete: set[str] = set()
        # As copies, with their logs: the files themselves are left as the kill left them.
        with tempfile.TemporaryDirectory() as copy:
            for file in self.folder.glob("inventory.db*"):
                shutil.copy(file, copy)
            for name in ["inventory.db", "inventory.db.answers"]:
                if not (Path(copy) / name).exists():
                    continue
                database = sqlite3.connect(Path(copy) / name)
                check(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], f"{name}: integrity_check failed")
                if name == "inventory.db" and database.execute("PRAGMA user_version").fetchone() != (0,):
                    check(database.execute("PRAGMA foreign_key_check").fetchall() == [], "a foreign key leads nowhere")
                    check(database.execute("SELECT count(*) FROM hit WHERE state = 'gone'").fetchone() == (0,), "a hit is gone")
                    complete = {store for (store,) in database.execute("SELECT store FROM coverage WHERE state = 'complete'")}
                database.close()
        return complete

    def places(self) -> set[tuple[str, str]]:
        database = sqlite3.connect(f"file:{self.inventory}?mode=ro", uri=True)
        try:
            return set(database.execute("SELECT store, locator FROM hits WHERE state = 'present'"))
        finally:
            database.close()


def one_point(program: Path, call: str, number: int) -> tuple[bool, str]:
    """Whether the run was killed, and what went wrong, or nothing."""
    with tempfile.TemporaryDirectory(prefix="tokensweep-crash-") as folder, \
            GitHub(Organisation(51, Shape(repositories=5, environments=1, repository_secrets=3))) as server:
        killed = False
        try:
            home = Home(program, server, Path(folder))
            # A sweep before it, so that there is something that could get lost.
            if number % 2 == 0:
                check(home.scan().returncode == 0, "an undisturbed sweep failed")
            disturbed = home.scan(inject=f"{call}:signal=SIGKILL:when={number}")
            killed = disturbed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
            check(killed or disturbed.returncode == 0, f"exit code {disturbed.returncode}: {disturbed.stderr}")
            complete = home.examine()
            again_from = len(server.seen)
            again = home.scan("--resume")
            check(again.returncode == 0, f"the run after it ended {again.returncode}: {again.stderr}")
            left = {path.name for path in home.folder.glob("inventory.db*") if not DRAFT.search(path.name)}
            check(left == {"inventory.db", "inventory.db.key", "inventory.db.lock", "inventory.db.answers"}, f"left over: {sorted(left)}")
            home.examine()
            check(home.places() == github_truth(server, home.token), "the run after it found something else")
            resumed = "nothing to resume" not in again.stderr
            asked = {match[1] for request in server.seen[again_from:] if (match := re.search("/repos/(acme/[^/]+)/", request.target))}
            check(not (killed and resumed and number % 2 == 1 and asked & complete), f"asked again: {sorted(asked & complete)}")
        except (Failed, sqlite3.Error, subprocess.SubprocessError) as failure:
            return killed, f"{call} {number}: {failure}"
        return killed, ""


def every_point(program: Path, call: str) -> tuple[int, list[str]]:
    """How many kills one kind of call was good for, and what went wrong."""
    failures: list[str] = []
    for number in range(1, MOST_CALLS + 1):
        killed, failure = one_point(program, call, number)
        failures += [failure] if failure else []
        # A first sweep makes more calls than a second one, so two in a row have to get through.
        if not killed and not one_point(program, call, number + 1)[0]:
            return number - 1, failures
    return MOST_CALLS, [*failures, f"{call}: no run got through"]


def main() -> int:
    program = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/tokensweep").absolute()
    if shutil.which("strace") is None:
        print("strace is missing: apt-get install strace")
        return 1
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = dict(zip(CALLS, pool.map(lambda call: every_point(program, call), CALLS)))
    failures = [failure for _, found in results.values() for failure in found]
    points = sum(count for count, _ in results.values())
    for failure in failures[:20]:
        print(failure)
    print(", ".join(f"{count} {call}" for call, (count, _) in results.items()))
    print(f"{points - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or points == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
