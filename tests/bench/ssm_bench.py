#!/usr/bin/env python3
"""Measures how fast the parameters of one AWS account and region are read, beside boto3, against moto in tests/servers.

    ssm_bench.py                                  10,000 parameters: 40 calls a second allowed, then 50 ms a call; four minutes
    ssm_bench.py --parameters 1000 --only tokensweep

Under a limit, "ideal" is what it allows: (calls that were taken - a second's worth) / calls a second. Under a latency, it is calls x
latency / calls in flight. The ratio to it is what counts. tokensweep is measured twice, the second time with the inventory of the
first: then nothing has been written, so no value is fetched. CPU seconds and peak memory are the client's; where other work is
running, CPU is the figure to trust. The server checks no signature here, so that it is not what is measured.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/bench"
sys.path[:0] = [str(HERE), str(ROOT / "tests/servers")]

import aws_process  # noqa: E402
from github_bench import run  # noqa: E402

THREADS = 8
IN_FLIGHT = 6  # tokensweep's own
CONFIG = """
[[source]]
name = "acme"
type = "ssm"
rate = {rate}
"""


class World(NamedTuple):
    """What the server does: so many calls a second allowed (0: all), seconds before each answer."""
    name: str
    limit: int
    latency: float


class Row(NamedTuple):
    name: str
    in_flight: int
    command: list[str | Path]
    environment: dict[str, str]


def rows_of(options: argparse.Namespace, server: aws_process.AwsProcess, world: World, scratch: Path) -> Iterator[Row]:
    aws = server.environment
    if "tokensweep" in options.only:
        home = scratch / world.name.replace(" ", "-")
        home.mkdir(mode=0o700)
        config = home / "tokensweep.toml"
        config.write_text(CONFIG.format(rate=world.limit or 1_000_000))
        for name in ("tokensweep, first", "tokensweep, again"):
            yield Row(name, IN_FLIGHT, [options.binary, "scan", "--config", config, "--format", "none"], {"HOME": str(home), **aws})
    if "boto3" in options.only:
        yield Row(f"boto3, {THREADS} threads", THREADS, [aws_process.python(), HERE / "ssm_boto3.py", server.url, str(THREADS)],
                  {**aws, "AWS_DEFAULT_REGION": aws["AWS_REGION"]})


def cells_of(row: Row, world: World, server: aws_process.AwsProcess, cost: Any) -> list[str]:
    statuses, operations = server.summary()["statuses"], server.operations()
    taken, refused = statuses.get("200", 0), statuses.get("400", 0)
    ideal = max(taken - world.limit, 1) / world.limit if world.limit else taken * world.latency / row.in_flight
    return [row.name, world.name, f"{operations.get('DescribeParameters', 0):,}", f"{operations.get('GetParameters', 0):,}",
            f"{refused / max(taken, 1):.1%}", f"{cost.wall:.1f}", f"{ideal:.1f}", f"{cost.wall / ideal:.2f}", f"{cost.cpu:.2f}",
            f"{cost.mib:.0f}", str(cost.code)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--parameters", type=int, default=10_000)
    parser.add_argument("--limit", type=int, default=40, help="calls a second")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds")
    parser.add_argument("--only", default="tokensweep,boto3")
    parser.add_argument("--binary", type=Path, default=ROOT / "build/tokensweep")
    options = parser.parse_args()
    options.binary = options.binary.absolute()
    worlds = [World(f"{options.limit} calls a second", options.limit, 0.0),
              World(f"{options.latency * 1000:.0f} ms a call", 0, options.latency)]
    columns = ["client", "server", "lists", "reads", "refused", "wall s", "ideal s", "ratio", "CPU s", "MiB", "exit"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    with aws_process.AwsProcess(7, options.parameters, keep_answers=True, verify=False) as server, tempfile.TemporaryDirectory(prefix="tokensweep-bench-") as folder:
        # The first crawl makes the answers, which the server then keeps: it is nobody's to pay.
        run([aws_process.python(), HERE / "ssm_boto3.py", server.url, str(THREADS)], Path(folder),
            {**server.environment, "AWS_DEFAULT_REGION": server.environment["AWS_REGION"]})
        for world in worlds:
            server.set(latency=world.latency, limits={"all": world.limit} if world.limit else {})
            for row in rows_of(options, server, world, Path(folder)):
                server.forget()
                server.set(limits={"all": world.limit} if world.limit else {})  # a full bucket
                cost = run(row.command, Path(folder), row.environment)
                print(f"| {' | '.join(cells_of(row, world, server, cost))} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
