#!/usr/bin/env python3
"""Kills tokensweep's inventory at every moment at which it could matter, and fails every call that could fail.

    kill_points.py SWEEP_DRIVER

The driver makes two sweeps. Under strace it is killed at its first, second, ... call that changes the disk, until a run gets
through; after each kill the inventory has to open, pass SQLite's integrity_check, hold whole batches only and call nothing gone
that is not; a run after it has to end with what an undisturbed one has. Then each of these calls fails once (I/O error, disk
full): the driver has to say so by its exit code, unless the sweep is complete in the file.
"""

import concurrent.futures
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

CALLS = ["pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "openat", "fchmod"]
ERRORS = {"EIO": ["pwrite64", "fdatasync", "fsync", "ftruncate", "rename"], "ENOSPC": ["pwrite64", "fsync", "rename"]}
BATCH = 4
HITS = 16
SWEEPS = 2
STORAGE_FAILURE = 4
# A run has a few hundred such calls; more means that injection does not work and the loop would not end.
MOST_CALLS = 2000
# Of openat, only the calls that come after the libraries are loaded can matter; the kill points before them change nothing.
STRIDE = {"openat": 3}


class Failed(Exception):
    pass


def check(condition: bool, message: str) -> None:
    if not condition:
        raise Failed(message)


def run(driver: str, command: str, file: Path, inject: str | None = None) -> subprocess.CompletedProcess:
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={inject.split(':')[0]}", "-e", f"inject={inject}"] if inject else []
    return subprocess.run([*strace, driver, command, str(file)], capture_output=True, text=True, timeout=60)


def calls_of(driver: str, file: Path) -> dict[str, int]:
    """How often an undisturbed run makes each call."""
    log = file.with_suffix(".strace")
    subprocess.run(["strace", "-f", "-qq", "-o", str(log), "-e", "trace=" + ",".join(CALLS), driver, "sweep", str(file)], check=True)
    names = re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE)
    return {call: names.count(call) for call in CALLS}


def examine(file: Path) -> None:
    """What has to be true of an inventory at any moment."""
    if not file.exists():
        return  # not yet made; what lies beside it is thrown away by the next run
    # As a copy, with its log: the inventory itself is left as the kill left it for the next run.
    with tempfile.TemporaryDirectory() as copy:
        for suffix in ["", "-wal", "-journal"]:
            source = Path(f"{file}{suffix}")
            if source.exists():
                shutil.copy(source, Path(copy) / f"inventory.db{suffix}")
        with sqlite3.connect(Path(copy) / "inventory.db") as database:
            check(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity_check failed")
            check(database.execute("PRAGMA foreign_key_check").fetchall() == [], "a foreign key leads nowhere")
            examine_rows(database)
        database.close()


def examine_rows(database: sqlite3.Connection) -> None:
    seen = database.execute("SELECT first_sweep, count(*) FROM hit GROUP BY first_sweep").fetchall()
    for sweep, hits in seen:
        check(hits % BATCH == 0, f"sweep {sweep} left half a batch: {hits} hits")
    gone = database.execute("SELECT count(*) FROM hit WHERE state = 'gone'").fetchone()[0]
    proofs = database.execute("SELECT count(*) FROM coverage WHERE state = 'complete' AND sweep > 1").fetchone()[0]
    check(gone == 0 or proofs > 0, f"{gone} hits are gone although no sweep after the first was complete")
    check(gone <= HITS, "more is gone than ever was missing")


def is_done(file: Path) -> bool:
    """Whether both sweeps of the last run are finished in the file alone, without its log."""
    with tempfile.TemporaryDirectory() as copy:
        if not file.exists():
            return False
        target = Path(shutil.copy(file, copy))
        with sqlite3.connect(target) as database:
            rows = database.execute("SELECT state FROM sweep ORDER BY id DESC LIMIT ?", (SWEEPS,)).fetchall()
        database.close()
        return rows == [("incomplete",)] * SWEEPS


def one_point(driver: str, expected: str, inject: str, killed: bool) -> str:
    """One injection; what went wrong, or nothing."""
    with tempfile.TemporaryDirectory(prefix="tokensweep-crash-") as directory:
        file = Path(directory) / "inventory.db"
        try:
            disturbed = run(driver, "sweep", file, inject)
            if not killed:
                check(disturbed.returncode in (0, STORAGE_FAILURE), f"exit code {disturbed.returncode}")
                check(disturbed.returncode == STORAGE_FAILURE or is_done(file), "exit code 0, but the sweeps are not in the file")
                lines = disturbed.stderr.splitlines()
                check(len(lines) == (1 if disturbed.returncode else 0), f"not one line of explanation: {disturbed.stderr!r}")
            examine(file)
            again = run(driver, "sweep", file)
            check(again.returncode == 0, f"the run after it failed: {again.stderr.strip()}")
            examine(file)
            check(is_done(file), "the run after it is not in the file")
            check(run(driver, "dump", file).stdout == expected, "the run after it ended with another inventory")
            left = sorted(path.name for path in Path(directory).iterdir())
            check(left == ["inventory.db", "inventory.db.lock"], f"files are left over: {left}")
        except (Failed, sqlite3.Error, subprocess.SubprocessError) as failure:
            return f"{inject}: {failure}"
    return ""


def points(counts: dict[str, int]) -> list[tuple[str, bool]]:
    kills = [(f"{call}:signal=SIGKILL:when={n}", True)
             for call, count in counts.items() for n in range(1, count + 1, STRIDE.get(call, 1))]
    errors = [(f"{call}:error={error}:when={n}", False)
              for error, calls in ERRORS.items() for call in calls for n in range(1, counts[call] + 1)]
    return kills + errors


def main() -> int:
    driver = sys.argv[1]
    if shutil.which("strace") is None:
        print("strace is missing: apt-get install strace")
        return 1
    with tempfile.TemporaryDirectory(prefix="tokensweep-crash-") as directory:
        counts = calls_of(driver, Path(directory) / "counted.db")
        check(all(0 < counts[call] < MOST_CALLS for call in ["pwrite64", "fdatasync", "fsync", "rename"]), f"strange: {counts}")
        undisturbed = Path(directory) / "inventory.db"
        # Interrupted runs sweep twice more: what the first two left has to be the same then.
        for _ in range(2):
            check(run(driver, "sweep", undisturbed).returncode == 0, "an undisturbed run failed")
        expected = run(driver, "dump", undisturbed).stdout
        check(len(expected.splitlines()) == HITS + BATCH, "the dump is not what the driver writes")
    todo = points(counts)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda point: one_point(driver, expected, *point), todo))
    failures = [result for result in results if result]
    for failure in failures[:20]:
        print(failure)
    print(f"{sum(killed for _, killed in todo)} kill points, {sum(not killed for _, killed in todo)} failing calls")
    print(f"{len(todo) - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
