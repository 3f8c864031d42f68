#!/usr/bin/env python3
"""Measures the inventory (writing, refreshing, reading) beside the floor, and prints the tables in Markdown.

One run, interleaved rounds, medians. CPU seconds (user + system) are the figures to trust where other work is running,
and the ratios to the floor where the processor is another. The figures to reach are for a million hits:

    inventory.py                                    50,000 hits in 5,000 scopes: a minute
    inventory.py --hits 1000000 --scopes 100000     a million: 2 GB in the scratch folder, half an hour
"""

import argparse
import csv
import shutil
import tempfile
from pathlib import Path

from run import Bench, Row, compile_tools, table

BARE, FIRST, REFRESH = "bare inserts, one table", "first sweep", "sweep, nothing changed"
SHELL, EXPORT, SHOW, PAGE = "sqlite3 -csv, view `hits`", "export --format csv", "show", "report --html"
FLOOR = {FIRST: BARE, REFRESH: BARE, EXPORT: SHELL}
# In rows a CPU second, as far as that can be said: 10 s for a refresh of a million, 5 s for a page of 100,000.
RATES = {FIRST: 60_000, REFRESH: 100_000, EXPORT: 150_000, PAGE: 20_000}


class InventoryBench(Bench):
    def __init__(self, options: argparse.Namespace, scratch: Path):
        super().__init__(options, scratch)
        self.programs = self.binary.parent / "tests/db"
        self.size = [str(options.hits), str(options.scopes)]
        self.inventory = scratch / "kept/inventory.db"
        self.inventory.parent.mkdir(mode=0o700)

    def fresh(self) -> Path:
        """A place for one file more; the one of the run before is removed."""
        folder = self.scratch / "fresh"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder / "inventory.db"

    def sweep(self, name: str, program: str, keep: bool = False) -> Row:
        return Row(name, lambda: [str(self.programs / program), str(self.inventory if keep else self.fresh()),
                                  *self.size])

    def reading(self, name: str, *arguments: str) -> Row:
        return Row(name, lambda: [str(self.binary), "--db", str(self.inventory), *arguments])

    def some_token(self) -> str:
        """The token of an exported row."""
        self.once(self.reading(EXPORT, "export", "--format", "csv"))
        with open(self.output(EXPORT), newline="") as rows:
            return next(csv.DictReader(rows))["token"]


def print_tables(bench: InventoryBench, hits: int, growth: float) -> None:
    rows = []
    for name, cost in bench.costs.items():
        rate = "" if name == SHOW else f"{hits / cost.cpu:,.0f}"
        goal = f"{RATES[name]:,}" if name in RATES else ""
        floor = FLOOR.get(name)
        ratio = f"{cost.cpu / bench.costs[floor].cpu:.2f} of {floor}" if floor else ""
        rows.append([name, f"{cost.wall:.3f}", f"{cost.cpu:.3f}", rate, goal, ratio, f"{cost.mib:.1f}"])
    table(["what", "wall s", "CPU s", "rows a CPU second", "to reach", "CPU ratio", "MiB"], rows)
    print(f"The first sweep that found nothing changed let the file grow by {growth:.1%} (to reach: 5 % at most).")
    print("To reach besides: 32 MiB for an export, 20 ms for show.")


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hits", type=int, default=50_000)
    parser.add_argument("--scopes", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--binary", type=Path, default=root / "build/tokensweep",
                        help="beside it, in tests/db, are the programs that write")
    parser.add_argument("--scratch", type=Path, help="on the disk that is to be measured; default: $TMPDIR")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as name:
        scratch = Path(name)
        options.home = scratch
        bench = InventoryBench(options, scratch)
        compile_tools(bench.tools)
        refresh = bench.sweep(REFRESH, "inventory_bench", keep=True)
        bench.once(refresh)
        size = bench.inventory.stat().st_size
        bench.once(refresh)
        growth = bench.inventory.stat().st_size / size - 1
        view = [shutil.which("sqlite3") or "sqlite3", "-readonly", "-csv", str(bench.inventory), "SELECT * FROM hits"]
        bench.measure([
            bench.sweep(BARE, "bare_insert"),
            bench.sweep(FIRST, "inventory_bench"),
            refresh,
            Row(SHELL, lambda: view),
            bench.reading(EXPORT, "export", "--format", "csv"),
            bench.reading(SHOW, "show", bench.some_token()),
            bench.reading(PAGE, "report", "--html", str(scratch / "report.html")),
        ])
        print_tables(bench, options.hits, growth)


if __name__ == "__main__":
    main()
