#!/usr/bin/env python3
"""Compares our rules with gitleaks' own: run.py RULES_DUMP [SEED]

Builds the program in this folder, which has gitleaks as a Go module, lets it make texts for each of gitleaks' 222
default rules and say what gitleaks finds in them, then asks RULES_DUMP for what we find with the same rule file. A text
counts as passed when rule, line and secret of all findings agree, but for EXCEPTIONS.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

VERSION = "8.30.1"
RULES = 222
SHOWN = 20
HERE = Path(__file__).resolve().parent
INSTALL_GO = "no go: install it from https://go.dev/dl (1.24.11 or later)"


def on_unterminated_last_line(text: bytes, line: int) -> bool:
    return 0 < line == text.count(b"\n")


class Exempt(NamedTuple):
    """A finding that we report and gitleaks does not, on purpose."""

    rules: set[str]
    applies: Callable[[bytes, int], bool]
    reason: str


EXCEPTIONS = [
    Exempt({"generic-api-key"}, on_unterminated_last_line,
           "where the last line has no line break, gitleaks takes the whole text for the match's line (location.go "
           "leaves startLineIndex at 0), so an allow list for lines silences a secret because of what stands above it"),
]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokensweep" / f"gitleaks-oracle-{VERSION}"


def build() -> Path:
    """The oracle, built outside the checkout: Go writes go.sum beside go.mod."""
    if not shutil.which("go"):
        sys.exit(INSTALL_GO)
    source = CACHE / "source"
    source.mkdir(parents=True, exist_ok=True)
    for file in [*HERE.glob("*.go"), HERE / "go.mod"]:
        target = source / file.name
        if not target.exists() or target.read_bytes() != file.read_bytes():
            shutil.copyfile(file, target)
    environment = {**os.environ, "GOFLAGS": "-mod=mod -buildvcs=false"}
    subprocess.run(["go", "build", "-o", str(CACHE / "oracle"), "."], cwd=source, env=environment, check=True)
    return CACHE / "oracle"


def expected_in(folder: Path) -> dict[str, Counter]:
    answer = json.loads((folder / "expected.json").read_text())
    if answer["rules"] != RULES:
        sys.exit(f"gitleaks {VERSION} should have {RULES} rules, it has {answer['rules']}")
    found = defaultdict(Counter)
    for one in answer["findings"]:
        found[one["file"]][(one["rule"], one["line"], one["sha256"])] += 1
    return found


def ours_in(folder: Path, rules_dump: str) -> dict[str, Counter]:
    command = [rules_dump, str(folder / "gitleaks.toml"), str(folder / "manifest.tsv")]
    found = defaultdict(Counter)
    for line in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        file, rule, number, digest = line.split("\t")
        found[file][(rule, int(number), digest)] += 1
    return found


def without_exempt(file: str, ours: Counter, expected: Counter) -> Counter:
    text = Path(file).read_bytes()

    def exempt(rule: str, line: int, _digest: str) -> bool:
        return any(rule in one.rules and one.applies(text, line) for one in EXCEPTIONS)

    return Counter({one: count for one, count in ours.items() if one in expected or not exempt(*one)})


def main() -> int:
    rules_dump, seed = sys.argv[1], (sys.argv[2:] or ["1"])[0]
    oracle = build()
    with tempfile.TemporaryDirectory(prefix="gitleaks-oracle-") as name:
        folder = Path(name)
        subprocess.run([str(oracle), name, seed], check=True)
        expected, ours = expected_in(folder), ours_in(folder, rules_dump)
        files = [line.split("\t")[0] for line in (folder / "manifest.tsv").read_text().splitlines()]
        exempt = 0
        for file in files:
            kept = without_exempt(file, ours[file], expected[file])
            exempt += ours[file].total() - kept.total()
            ours[file] = kept
    different = [file for file in files if expected[file] != ours[file]]
    for file in different[:SHOWN]:
        for side, more, less in (("gitleaks", expected, ours), ("tokensweep", ours, expected)):
            for rule, line, digest in sorted(more[file] - less[file]):
                print(f"{Path(file).name}: only {side} finds {rule} on line {line}, secret {digest[:12]}")
    rules = {rule for found in expected.values() for rule, _, _ in found}
    findings = sum(map(Counter.total, expected.values()))
    print(f"seed {seed}: {findings} findings of {len(rules)} rules in {len(files)} texts, {exempt} exempt")
    print(f"{len(files) - len(different)} passed, {len(different)} failed")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
