#!/usr/bin/env python3
"""Measures how fast a GitHub organisation is crawled, beside PyGithub and the floor, against the fake of tests/servers.

    github_bench.py                               2,000 repositories x 3 environments, 50 ms a request; two minutes
    github_bench.py --repositories 200 --in-flight 16,64 --only bare,tokensweep
    github_bench.py --repositories 100 --points 90 --points-seconds 6 --in-flight 10 --only tokensweep      # under a secondary limit

Each row starts on a server that has forgotten what it was asked. "Ideal" is requests x latency / in flight; the ratio is what
counts. The floor asks the same requests and throws the answers away (github_bare.py). tokensweep is measured twice, the
second time with the inventory and the answers of the first, when its connector is built in; else the table says so. CPU seconds
and peak memory are the client's. "Refused" has the requests in flight when the first refusal came behind it: whoever stops at once
gets no more than these (and one that was on its way). "Of allowed" is the rate of all requests beside that of --points. Where other work is running, CPU is the figure to trust.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any, Iterator, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/bench"
sys.path[:0] = [str(HERE), str(ROOT / "tools")]

import build_home  # noqa: E402
import toolchains  # noqa: E402

PYGITHUB = "PyGithub==2.10.0"
SECONDS = 600
CONFIG = """
[[source]]
name = "acme"
type = "github"
org = "acme"
api_url = "{url}/api/v3"
token_env = "BENCH_TOKEN"
concurrency = {in_flight}
rate = {rate}
"""
# Of what github.com allows, the part that limits.cpp keeps to: 14.6 of 15 a second.
KEPT_TO = 14.6 / 15
UNBOUNDED = 1_000_000

Json = Any


class Fake:
    """The server, in a process of its own, so that its CPU is not the clients'."""

    def __init__(self, options: argparse.Namespace) -> None:
        command = [sys.executable, ROOT / "tests/servers/github_server.py", "--repositories", str(options.repositories),
                   "--environments", str(options.environments), "--secrets", "2", "--organisation-secrets", "40",
                   "--latency", str(options.latency)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())  # type: ignore[union-attr]
        self.url, self.token = told["url"], told["token"]

    def __enter__(self) -> "Fake":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def control(self, method: str, what: str, body: Json = None) -> Json:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        # No proxy of the environment: it is this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(f"{self.url}/_control/{what}", data=data, method=method), timeout=60) as reply:
            return json.load(reply)


class Cost(NamedTuple):
    wall: float
    cpu: float
    mib: float
    code: int


def measured_program() -> Path:
    """tests/bench/measured.cpp, built on first use."""
    program = build_home.cache_root() / "bench-bin/measured"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["g++", "-O2", "-std=c++20", HERE / "measured.cpp", "-o", program], check=True)
    return program


def run(command: list[str | Path], scratch: Path, environment: dict[str, str] | None = None) -> Cost:
    files = [scratch / "cost", scratch / "output"]
    subprocess.run([measured_program(), *files, *command], check=True, timeout=SECONDS, cwd=scratch,
                   env={**os.environ, "no_proxy": "127.0.0.1", **(environment or {})})
    wall, user, system, kib, code = files[0].read_text().split()
    return Cost(float(wall), float(user) + float(system), int(kib) / 1024, int(code))


class Row(NamedTuple):
    name: str
    in_flight: int
    command: list[str | Path]
    environment: dict[str, str]


def tokensweep_rows(options: argparse.Namespace, fake: Fake, in_flight: int, scratch: Path) -> Iterator[Row]:
    home = scratch / f"home-{in_flight}"
    home.mkdir(mode=0o700)
    config = home / "tokensweep.toml"
    config.write_text(CONFIG.format(url=fake.url, in_flight=in_flight, rate=options.rate))
    environment = {"HOME": str(home), "BENCH_TOKEN": fake.token}
    for name in ("tokensweep, first", "tokensweep, again"):
        yield Row(name, in_flight, [options.binary, "scan", "--config", config], environment)


def knows_github(binary: Path, scratch: Path) -> bool:
    """Whether this build has the connector: one without it says so before it asks anybody."""
    config = scratch / "probe.toml"
    config.write_text(CONFIG.format(url="http://127.0.0.1:1", in_flight=1, rate=UNBOUNDED))
    if not binary.exists():
        return False
    environment = {"HOME": str(scratch), "PATH": os.environ["PATH"], "BENCH_TOKEN": "none"}
    said = subprocess.run([binary, "scan", "--config", config], env=environment, capture_output=True, text=True, timeout=SECONDS).stderr
    return "no connector for github" not in said


def rows_of(options: argparse.Namespace, fake: Fake, scratch: Path) -> Iterator[Row]:
    counts = [int(count) for count in options.in_flight.split(",")]
    if "bare" in options.only:
        for count in counts:
            yield Row("bare client", count, [sys.executable, HERE / "github_bare.py", fake.url, fake.token, str(count)], {})
    if "pygithub" in options.only:
        python = toolchains.python_with(PYGITHUB)
        yield Row("PyGithub, pause off", 64, [python, HERE / "github_pygithub.py", fake.url, fake.token, "64"], {})
    if "tokensweep" in options.only and knows_github(options.binary, scratch):
        for count in counts:
            yield from tokensweep_rows(options, fake, count, scratch)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repositories", type=int, default=2000)
    parser.add_argument("--environments", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--in-flight", default="16,64,100")
    parser.add_argument("--points", type=int, help="requests that GitHub's secondary limit allows; without it, there is none")
    parser.add_argument("--points-seconds", type=float, default=60, help="within so many seconds")
    parser.add_argument("--rate", type=float, help="tokensweep's `rate`; without it, as much of --points as it uses of github.com's")
    parser.add_argument("--only", default="bare,pygithub,tokensweep")
    parser.add_argument("--binary", type=Path, default=ROOT / "build/tokensweep")
    options = parser.parse_args()
    options.binary = options.binary.absolute()
    allowed = options.points / options.points_seconds if options.points else None
    options.rate = options.rate or (round(allowed * KEPT_TO, 3) if allowed else UNBOUNDED)
    with Fake(options) as fake, tempfile.TemporaryDirectory(prefix="tokensweep-bench-") as folder:
        scratch = Path(folder)
        # The first crawl makes the answers, which the server then keeps: it is nobody's to pay.
        fake.control("POST", "set", {"latency": 0})
        run([sys.executable, HERE / "github_bare.py", fake.url, fake.token, "16"], scratch)
        fake.control("POST", "set", {"latency": options.latency, "limits.points": options.points,
                                     "limits.points_seconds": options.points_seconds})
        columns = ["client", "in flight", "wall s", "ideal s", "ratio", "CPU s", "MiB", "requests", "304", "twice", "most in flight",
                   "refused / in flight then", "of allowed", "server CPU s", "exit"]
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
        for row in rows_of(options, fake, scratch):
            fake.control("POST", "forget")
            before = fake.control("GET", "summary")["cpu_seconds"]
            cost = run(row.command, scratch, row.environment)
            seen = fake.control("GET", "summary")
            ideal = seen["requests"] * options.latency / row.in_flight
            cells = [row.name, row.in_flight, f"{cost.wall:.1f}", f"{ideal:.1f}", f"{cost.wall / max(ideal, 1e-9):.2f}",
                     f"{cost.cpu:.2f}", f"{cost.mib:.0f}", f"{seen['requests']:,}", f"{seen['statuses'].get('304', 0):,}",
                     seen["repeats"], seen["most_in_flight"], f"{seen['refused']} / {seen['in_flight_at_first_refusal']}",
                     f"{seen['requests'] / seen['seconds'] / allowed:.1%}" if allowed else "-",
                     f"{seen['cpu_seconds'] - before:.2f}", cost.code]
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
        if "tokensweep" in options.only and not knows_github(options.binary, scratch):
            print(f"\n{options.binary} cannot scan GitHub, or is not built.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
