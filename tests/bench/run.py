#!/usr/bin/env python3
"""Measures tokensweep beside the peers and the floor, and prints the tables of the README in Markdown.

One run, warm cache, interleaved rounds (each runs every row once), medians. CPU seconds (user + system) are the figures
to trust where other work is running. Needs install_peers.sh; builds the home on its first run (build_home.py).

    run.py                              everything; gitleaks alone takes minutes
    run.py --only baselines             the peers and the floor, without a tokensweep
    run.py --only gitleaks --gitleaks-sample work/api
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Callable, NamedTuple

import build_home
import plants

HERE = Path(__file__).resolve().parent
PATTERN = "npm_[A-Za-z0-9]{36}"
LIVE = {plants.NPM, plants.LEGACY, plants.BASIC, plants.OTHER}
GITLEAKS_RULES = f"""title = "one rule"

[[rules]]
id = "npm-token"
description = "an npm token"
regex = '''\\b{PATTERN}\\b'''
keywords = ["npm_"]
"""


class Cost(NamedTuple):
    wall: float
    cpu: float
    mib: float


class Row(NamedTuple):
    """A command under measurement. `command` makes it anew for each run: ours needs a fresh inventory each time."""

    name: str
    command: Callable[[], list[str]]
    codes: tuple[int, ...] = (0,)


class Target(NamedTuple):
    """A line of the issue's table: `ours` against `peer`, each ratio at most its limit (None: not asked for)."""

    job: str
    ours: str
    peer: str
    wall: float | None
    cpu: float | None


# ---- running -------------------------------------------------------------------------------------------------------

class Bench:
    def __init__(self, options: argparse.Namespace, scratch: Path):
        self.home = options.home.absolute()
        self.rounds = options.rounds
        self.scratch = scratch
        self.binary = Path(options.binary).absolute()
        self.peers = build_home.cache_root() / "peers/bin"
        self.tools = build_home.cache_root() / "bench-bin"
        self.costs: dict[str, Cost] = {}
        self.number = 0

    def output(self, name: str) -> Path:
        """Where a row's standard output of the last round is: in a private folder that is removed at the end."""
        return self.scratch / (re.sub(r"[^a-z0-9]+", "-", name.lower()) + ".out")

    def once(self, row: Row) -> Cost:
        cost_file = self.scratch / "cost"
        command = [str(self.tools / "measured"), str(cost_file), str(self.output(row.name)), *row.command()]
        subprocess.run(command, check=True, cwd=self.scratch)
        wall, user, system, kib, code = cost_file.read_text().split()
        if int(code) not in row.codes:
            raise SystemExit(f"run: {row.name} ended with exit code {code}: {' '.join(row.command())}")
        return Cost(float(wall), float(user) + float(system), int(kib) / 1024)

    def measure(self, rows: list[Row], rounds: int | None = None, warm: bool = True) -> None:
        """Every row once a round, each second round backwards, so that no row always follows the same neighbour."""
        costs: dict[str, list[Cost]] = {row.name: [] for row in rows}
        for row in rows if warm else ():
            self.once(row)
        for number in range(rounds or self.rounds):
            for row in rows[::-1] if number % 2 else rows:
                costs[row.name].append(self.once(row))
                print(".", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        for name, seen in costs.items():
            self.costs[name] = Cost(*(median(column) for column in zip(*seen)))

    # -- the rows

    def ours(self, name: str, *arguments: str, root: Path | None = None) -> Row:
        def command() -> list[str]:
            self.number += 1
            inventory = self.scratch / f"inventory-{self.number}"
            inventory.mkdir(mode=0o700)
            return [str(self.binary), "scan", "--path", str(root or self.home), *arguments, "--format", "jsonl",
                    "--db", str(inventory / "inventory.db"), "--quiet"]
        return Row(name, command)

    def ripgrep(self, name: str, *arguments: str) -> Row:
        # 2: a planted path is longer than PATH_MAX, which ripgrep cannot open.
        command = [str(self.peers / "rg"), "-uu", *arguments, "-onH", PATTERN, str(self.home)]
        return Row(name, lambda: command, codes=(0, 2))

    def floor(self, name: str, program: str, threads: int) -> Row:
        command = [str(self.tools / program), str(self.home), str(threads)]
        return Row(name, lambda: command)

    def gitleaks(self, name: str, root: Path) -> Row:
        rules = self.scratch / "gitleaks.toml"
        rules.write_text(GITLEAKS_RULES)
        command = [str(self.peers / "gitleaks"), "dir", str(root), "--config", str(rules), "--max-decode-depth", "0",
                   "--no-banner", "--exit-code", "0", "--redact", "--report-format", "json", "--report-path",
                   str(self.scratch / "gitleaks.json")]
        return Row(name, lambda: command)


def compile_tools(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    newest = max(path.stat().st_mtime for path in HERE.glob("*.?pp"))
    for source in HERE.glob("*.cpp"):
        target = folder / source.stem
        if not target.exists() or target.stat().st_mtime < newest:
            subprocess.run([os.environ.get("CXX", "g++"), "-O2", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-pthread",
                            str(source), "-o", str(target)], check=True)


# ---- printing ------------------------------------------------------------------------------------------------------

def table(header: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    print()


def print_costs(bench: Bench, title: str, names: list[str]) -> None:
    rows = [[name, f"{cost.wall:.3f}", f"{cost.cpu:.3f}", f"{cost.mib:.1f}"]
            for name in names if (cost := bench.costs.get(name))]
    if rows:
        print(f"### {title}\n")
        table(["row", "wall s", "CPU s", "MiB"], rows)


def ratio_cells(have: float, limit: float | None) -> str:
    if limit is None:
        return f"{have:.2f}"
    return f"{have:.2f} (≤ {limit:g}: {'reached' if have <= limit else 'MISSED'})"


def print_targets(bench: Bench, targets: list[Target]) -> None:
    """The issue's table, with what was measured beside what is to be reached."""
    print("### Ratios\n")
    rows = []
    for target in targets:
        if target.ours in bench.costs and target.peer in bench.costs:
            ours, peer = bench.costs[target.ours], bench.costs[target.peer]
            rows.append([target.job, target.peer, ratio_cells(ours.wall / peer.wall, target.wall),
                         ratio_cells(ours.cpu / peer.cpu, target.cpu)])
    table(["job", "against", "wall ratio", "CPU ratio"], rows)


def print_limits(bench: Bench) -> None:
    limits = [("memory, default scan", DEFAULT, "mib", 32.0, "MiB", 1), ("memory, `--deep`", DEEP, "mib", 64.0, "MiB", 1),
              ("start, `tokensweep --version`", START, "wall", 10.0, "ms", 1000)]
    rows = [[job, f"≤ {limit:g} {unit}", f"{(have := getattr(bench.costs[name], field) * scale):.1f} {unit}",
             "reached" if have <= limit else "MISSED"]
            for job, name, field, limit, unit, scale in limits if name in bench.costs]
    if rows:
        print("### Limits\n")
        table(["what", "to reach", "measured", ""], rows)


# ---- recall --------------------------------------------------------------------------------------------------------

def hits_by_path(output: Path, home: Path) -> dict[str, list[dict]]:
    """Our hits by the file they are in. A locator is `path:line`, with what was opened inside the file behind `!`."""
    found: dict[str, list[dict]] = {}
    for line in output.read_text(errors="surrogateescape").splitlines():
        hit = json.loads(line)
        if not (parsed := re.match(r"(.*?):\d+(?::\d+)?(?:!.*)?$", hit["locator"], re.DOTALL)):
            raise SystemExit(f"run: a locator that is no path:line: {hit['locator']!r}")
        found.setdefault(parsed[1].removeprefix(f"{home}/").removeprefix("./"), []).append(hit)
    return found


def is_live(hit: dict) -> bool:
    """Whether a hit says: here is a credential that may work."""
    return hit["kind"] in LIVE and not (hit["kind"] == plants.NPM and hit["checksum"] != "valid")


def is_exact(row: dict, hits: list[dict], seed: int) -> bool:
    """The right kind and, where a preview may show it, the right token and not merely the right file."""
    return any(hit["kind"] == row["kind"] and
               (row["kind"] != plants.NPM or hit["preview"] == plants.preview(seed, row["index"])) for hit in hits)


def print_recall(name: str, truth: list[dict], hits: dict[str, list[dict]], seed: int) -> None:
    print(f"### Found by {name}\n")
    tokens = [row for row in truth if not row["decoy"] and (DEEP in name or row["found_by"] == plants.DEFAULT)]
    rows, missed = [], []
    for kind in (*sorted(LIVE), "all"):
        wanted = [row for row in tokens if kind in (row["kind"], "all")]
        found = [row for row in wanted if any(map(is_live, hits.get(row["path"], [])))]
        exact = sum(is_exact(row, hits.get(row["path"], []), seed) for row in found)
        rows.append([kind, str(len(wanted)), str(len(found)), str(exact), f"{100 * len(found) / len(wanted):.1f} %"])
        if kind == "all":
            missed = [row for row in wanted if row not in found]
    table(["kind", "planted", "found", "with kind and token right", "recall"], rows)
    if missed:
        print("Missed: " + "; ".join(f"{row['shape']}: `{row['path'][-60:]}`" for row in missed) + "\n")


def print_decoys(name: str, truth: list[dict], hits: dict[str, list[dict]]) -> None:
    print(f"### Decoys, {name}\n")
    decoys = [row for row in truth if row["decoy"]]
    rows, wrong = [], []
    for kind in (*sorted({row["kind"] for row in decoys}), "all"):
        planted = [row for row in decoys if kind in (row["kind"], "all")]
        seen = Counter()
        for row in planted:
            here = hits.get(row["path"], [])
            said = ("live" if any(map(is_live, here)) else "invalid" if any(hit["checksum"] == "invalid" for hit in here)
                    else "reference" if any(hit["kind"] == "reference" for hit in here) else "other" if here else "silent")
            seen[said] += 1
            if said == "live" and kind == "all":
                wrong.append(row)
        rows.append([kind, str(len(planted)), *(str(seen[said]) for said in ("live", "invalid", "reference", "other", "silent"))])
    table(["decoy", "planted", "called live", "checksum invalid", "reference", "otherwise", "silent"], rows)
    if wrong:
        print("Called live: " + "; ".join(f"{row['shape']}: `{row['path'][-60:]}`" for row in wrong) + "\n")


def print_peer_recall(title: str, truth: list[dict], paths: set[str]) -> None:
    tokens = [row for row in truth if not row["decoy"]]
    decoys = [row for row in truth if row["decoy"]]
    found = sum(row["path"] in paths or row.get("link") in paths for row in tokens)
    print(f"{title}: {found} of {len(tokens)} planted, {sum(row['path'] in paths for row in decoys)} of {len(decoys)} decoys reported.\n")


def ripgrep_paths(output: Path, home: Path) -> set[str]:
    lines = output.read_text(errors="surrogateescape").splitlines()
    return {line.rsplit(":", 2)[0].removeprefix(f"{home}/") for line in lines if line.count(":") >= 2}


def gitleaks_paths(report: Path, home: Path) -> set[str]:
    return {finding["File"].removeprefix(f"{home}/") for finding in json.loads(report.read_text() or "[]")}


# ---- the jobs ------------------------------------------------------------------------------------------------------

CORES = len(os.sched_getaffinity(0))
DEFAULT, DEEP, SAMPLE, START = "tokensweep scan", "tokensweep scan --deep", "tokensweep scan --deep, sample", "tokensweep --version"
RG_NAME, RG_DEEP = f"ripgrep -uu -g .npmrc -onH '{PATTERN}'", f"ripgrep -uu -onH '{PATTERN}'"
WALK, WALK_ONE = f"bare walk, {CORES} threads", "bare walk, 1 thread"
READ, READ_ONE = f"read once, {CORES} threads", "read once, 1 thread"
GITLEAKS, GITLEAKS_SAMPLE = "gitleaks, npm rule, no decoding", "gitleaks, npm rule, no decoding, sample"
TARGETS = [
    Target("default scan", DEFAULT, RG_NAME, 1.0, 1.0),
    Target("default scan", DEFAULT, WALK, None, 1.3),
    Target("`--deep`", DEEP, RG_DEEP, 1.0, 1.0),
    Target("`--deep`", DEEP, READ, None, 1.5),
    Target("`--deep`", DEEP, GITLEAKS, None, 1 / 25),
    Target("`--deep`, sample", SAMPLE, GITLEAKS_SAMPLE, None, 1 / 25),
]


def job_baselines(bench: Bench) -> None:
    bench.measure([bench.floor(WALK_ONE, "bare_walk", 1), bench.floor(WALK, "bare_walk", CORES),
                   bench.ripgrep(RG_NAME, "-g", ".npmrc")])
    bench.measure([bench.floor(READ_ONE, "read_once", 1), bench.floor(READ, "read_once", CORES), bench.ripgrep(RG_DEEP)])


def job_default(bench: Bench) -> None:
    bench.measure([bench.ours(DEFAULT), bench.ripgrep(RG_NAME, "-g", ".npmrc"), bench.floor(WALK, "bare_walk", CORES)])


def job_deep(bench: Bench) -> None:
    bench.measure([bench.ours(DEEP, "--deep"), bench.ripgrep(RG_DEEP), bench.floor(READ, "read_once", CORES)])


def job_gitleaks(bench: Bench, sample: str | None) -> None:
    """Once: it takes minutes, and the factor is so large that the noise does not matter."""
    if sample:
        bench.measure([bench.ours(SAMPLE, "--deep", root=bench.home / sample)])
        bench.measure([bench.gitleaks(GITLEAKS_SAMPLE, bench.home / sample)], rounds=1, warm=False)
        return
    if DEEP not in bench.costs:
        bench.measure([bench.ours(DEEP, "--deep")])
    bench.measure([bench.gitleaks(GITLEAKS, bench.home)], rounds=1, warm=False)


def job_start(bench: Bench) -> None:
    bench.measure([Row(START, lambda: [str(bench.binary), "--version"])], rounds=50)


def job_recall(bench: Bench, truth: list[dict], seed: int) -> None:
    for name, arguments in ((DEFAULT, ()), (DEEP, ("--deep",))):
        if name not in bench.costs:
            bench.once(bench.ours(name, *arguments))
        hits = hits_by_path(bench.output(name), bench.home)
        print_recall(name, truth, hits, seed)
        print_decoys(name, truth, hits)


JOBS = ("baselines", "default", "deep", "gitleaks", "start", "recall")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/tokensweep", help="default: %(default)s")
    parser.add_argument("--home", type=Path, default=build_home.cache_root() / "bench-home", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=JOBS, action="append", help="repeatable; default: all but baselines")
    parser.add_argument("--gitleaks-sample", metavar="DIR", help="gitleaks, and ours beside it, on this part of the home")
    return parser.parse_args()


def check_needs(bench: Bench, jobs: set[str]) -> None:
    if jobs - {"baselines"} and not os.access(bench.binary, os.X_OK):
        raise SystemExit(f"run: no program at {bench.binary}: build it first (meson compile -C build), or name it with --binary")
    needed = {"rg"} if jobs & {"baselines", "default", "deep"} else set()
    for name in needed | ({"gitleaks"} if "gitleaks" in jobs else set()):
        if not (bench.peers / name).exists():
            raise SystemExit(f"run: no {name} in {bench.peers}: run {HERE / 'install_peers.sh'} first")


def print_heading(stamp: dict, rounds: int) -> None:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    print(f"{time.strftime('%Y-%m-%d')}, {CORES} cores, {model[1] if model else platform.machine()}, Linux {platform.release()}; "
          f"{stamp['files']:,} files, {stamp['directories']:,} directories, {stamp['bytes'] / 1e9:.2f} GB; warm cache, "
          f"median of {rounds}, load {os.getloadavg()[0]:.1f} at the start.\n")


def print_all(bench: Bench, truth: list[dict]) -> None:
    print_costs(bench, "Default scan", [DEFAULT, RG_NAME, WALK, WALK_ONE])
    print_costs(bench, "`--deep`", [DEEP, RG_DEEP, READ, READ_ONE, GITLEAKS, SAMPLE, GITLEAKS_SAMPLE])
    if any(target.ours in bench.costs and target.peer in bench.costs for target in TARGETS):
        print_targets(bench, TARGETS)
    print_limits(bench)
    for name in (RG_NAME, RG_DEEP):
        if name in bench.costs:
            print_peer_recall(name, truth, ripgrep_paths(bench.output(name), bench.home))
    if GITLEAKS in bench.costs:
        print_peer_recall(GITLEAKS, truth, gitleaks_paths(bench.scratch / "gitleaks.json", bench.home))


def main() -> None:
    options = arguments()
    jobs = set(options.only or JOBS[1:])
    build_home.cache_root().mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="bench-run-", dir=build_home.cache_root()))
    try:
        bench = Bench(options, scratch)
        check_needs(bench, jobs)
        stamp = build_home.stamp_of(bench.home)
        if "files" not in stamp:
            stamp = build_home.ensure_home(bench.home, build_home.DEFAULT_FILES, build_home.DEFAULT_SEED)
        truth = [json.loads(line) for line in build_home.beside(bench.home, ".truth.jsonl").read_text().splitlines()]
        compile_tools(bench.tools)
        print_heading(stamp, options.rounds)
        if "baselines" in jobs:
            job_baselines(bench)
        if "default" in jobs:
            job_default(bench)
        if "deep" in jobs:
            job_deep(bench)
        if "gitleaks" in jobs:
            job_gitleaks(bench, options.gitleaks_sample)
        if "start" in jobs:
            job_start(bench)
        print_all(bench, truth)
        if "recall" in jobs:
            job_recall(bench, truth, stamp["seed"])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
