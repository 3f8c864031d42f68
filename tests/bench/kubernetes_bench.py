#!/usr/bin/env python3
"""Measures how fast a cluster is swept, beside the floor, against the real kube-apiserver and etcd on this machine.

    kubernetes_bench.py                           50,000 secrets in 50 namespaces, 428 MB of JSON: some ten minutes
    kubernetes_bench.py --secrets 5000 --namespaces 10 --rounds 1

Nine in ten secrets are passwords and keys of a hundred bytes, most others some kilobytes, one in a hundred half a
megabyte; one in two hundred holds an npm token. The floor (kubernetes_bare.py) takes pages of JSON one after the other. Each
round runs every row once, on a new inventory but for the second sweep; the medians are shown, with the targets. CPU seconds
and peak memory are the client's. Server and client share the machine's cores: ratios of one run are what counts.
"""

import argparse
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Iterator, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/bench"
sys.path[:0] = [str(HERE), str(ROOT / "tests/servers"), str(ROOT / "tests/system")]

from github_bench import run  # noqa: E402
from kubernetes_server import Json, Kubernetes, secret  # noqa: E402
from support import npm  # noqa: E402

LARGE, MIDDLE = 500_000, 6_000
TOKEN_EVERY = 200
LIMITS = {500: "bare client", 1000: "bare client, pages of 1,000"}  # what kubectl asks for, which is the floor; what we do
TARGETS = {"tokensweep, one list": 0.8, "tokensweep, four lists": 0.45}
CPU_SECONDS, MIB, FIRST_HIT_SECONDS = 2.0, 96, 2.0


def secrets(count: int, namespaces: int) -> Iterator[tuple[str, Json]]:
    source = random.Random("kubernetes bench")
    for i in range(count):
        kind = source.random()
        data = {"user": b"app", "password": source.randbytes(24).hex().encode()}
        if kind < 0.01:
            data["archive"] = source.randbytes(LARGE)
        elif kind < 0.1:
            data["file"] = source.randbytes(MIDDLE)
        if i % TOKEN_EVERY == 0:
            data["NPM_TOKEN"] = npm(f"bench {i}").encode()
        yield f"team-{i % namespaces:03}", secret(f"app-{i:06}", data)


class Row(NamedTuple):
    name: str
    wall: float
    cpu: float
    mib: float
    first_hit: float | None
    hits: int | None


class FirstHit(threading.Thread):
    """Looks at an inventory while it is written: when its first hit came."""

    def __init__(self, inventory: Path) -> None:
        super().__init__(daemon=True)
        self.inventory, self.began, self.seconds, self.over = inventory, time.monotonic(), None, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05) and self.seconds is None:
            try:
                with sqlite3.connect(f"file:{self.inventory}?mode=ro", uri=True) as connection:
                    if connection.execute("SELECT 1 FROM hit LIMIT 1").fetchone():
                        self.seconds = time.monotonic() - self.began
            except sqlite3.Error:
                continue  # not there yet


def sweep(name: str, binary: Path, home: Path, kubeconfig: Path, keys: str) -> Row:
    config = home / "tokensweep.toml"
    config.write_text(f'[inventory]\nfile = "bench.db"\n[[source]]\nname = "bench"\ntype = "kubernetes"\nkubeconfig = "{kubeconfig}"\n{keys}\n')
    watch = FirstHit(home / "bench.db")
    watch.start()
    cost = run([binary, "scan", "--config", config, "--format", "none"], home, {"HOME": str(home)})
    watch.over.set()
    watch.join()
    if cost.code != 0:
        raise SystemExit(f"{name}: exit code {cost.code}: {(home / 'output').read_text()}")
    with sqlite3.connect(home / "bench.db") as connection:
        hits = connection.execute("SELECT count(*) FROM hit WHERE gone_at IS NULL").fetchone()[0]
    return Row(name, cost.wall, cost.cpu, cost.mib, watch.seconds, hits)


def measure(cluster: Kubernetes, binary: Path, scratch: Path) -> Iterator[Row]:
    kubeconfig = cluster.kubeconfig({"admin": cluster.tokens["admin"]})
    for limit, name in LIMITS.items():
        bare = [sys.executable, HERE / "kubernetes_bare.py", str(cluster.port), cluster.folder / "ca.pem", cluster.tokens["admin"], str(limit)]
        cost = run(bare, scratch)
        yield Row(name, cost.wall, cost.cpu, cost.mib, None, None)
    for name, keys in (("tokensweep, one list", ""), ("tokensweep, four lists", "concurrency = 4")):
        home = Path(tempfile.mkdtemp(dir=scratch))
        yield sweep(name, binary, home, kubeconfig, keys)
        if not keys:
            yield sweep("tokensweep, again", binary, home, kubeconfig, keys)
        shutil.rmtree(home)


def show(rows: dict[str, list[Row]], expected: int) -> bool:
    floor = statistics.median(row.wall for row in rows[LIMITS[500]])
    fine = True
    print("| client | wall s | of the floor | target | CPU s | MiB | first hit s | hits |\n|---|---|---|---|---|---|---|---|")
    for name, all_of_them in rows.items():
        wall, cpu = (statistics.median(getattr(row, what) for row in all_of_them) for what in ("wall", "cpu"))
        mib = max(row.mib for row in all_of_them)
        first = [row.first_hit for row in all_of_them if row.first_hit is not None]
        target = TARGETS.get(name)
        print(f"| {name} | {wall:.2f} | {wall / floor:.2f} | {target or ''} | {cpu:.2f} | {mib:.0f} | "
              f"{f'{statistics.median(first):.1f}' if first else ''} | {all_of_them[-1].hits or ''} |")
        if target:
            fine &= wall / floor <= target and cpu <= CPU_SECONDS and mib <= MIB and bool(first) and statistics.median(first) <= FIRST_HIT_SECONDS
            fine &= all(row.hits == expected for row in all_of_them)
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--secrets", type=int, default=50_000)
    parser.add_argument("--namespaces", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/tokensweep")
    options = parser.parse_args()
    options.binary = options.binary.absolute()
    with Kubernetes() as cluster, tempfile.TemporaryDirectory(prefix="tokensweep-bench-") as folder:
        began = time.monotonic()
        cluster.add_namespaces(f"team-{i:03}" for i in range(options.namespaces))
        cluster.add_secrets(secrets(options.secrets, options.namespaces))
        print(f"{options.secrets:,} secrets in {options.namespaces} namespaces, seeded in {time.monotonic() - began:.0f} s\n", flush=True)
        rows: dict[str, list[Row]] = {}
        for _ in range(options.rounds):
            for row in measure(cluster, options.binary, Path(folder)):
                rows.setdefault(row.name, []).append(row)
                print(f"    {row}", flush=True)
        fine = show(rows, -(-options.secrets // TOKEN_EVERY))
    print("\nAll targets are met." if fine else "\nNot all targets are met.")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
