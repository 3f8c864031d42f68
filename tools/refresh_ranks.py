#!/usr/bin/env python3
"""Makes rules/data/top-1000.tsv anew: the packages whose tokens are class A.

    tools/refresh_ranks.py

The counts come from the npm package `download-counts`, which carries the monthly downloads of every public package. Its
version names the day on which the counting began (2.20260301.0: 2026-03-01): the list's date. Needs npm; the
package's 28 MB are fetched into a temporary directory, and none of its code is run. Look at the difference before you
commit it: a package that enters or leaves the list changes how often a token must be rotated.
"""

import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

SOURCE = "download-counts"
TARGET = Path(__file__).resolve().parent.parent / "rules/data/top-1000.tsv"
LENGTH = 1000


def fetch() -> tuple[str, dict[str, int]]:
    """The published version, and its monthly downloads by package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", SOURCE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        archive = next(Path(folder).glob("*.tgz"))
        version = archive.stem.removeprefix(SOURCE + "-")
        with tarfile.open(archive) as files:
            return version, json.load(files.extractfile("package/counts.json"))


def day_of(version: str) -> str:
    match = re.fullmatch(r"\d+\.(\d{4})(\d{2})(\d{2})\.\d+", version)
    if not match:
        raise SystemExit(f"{SOURCE} {version}: this version does not name a day; has its numbering changed?")
    return "-".join(match.groups())


def main() -> None:
    version, counts = fetch()
    top = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:LENGTH]
    if len(top) < LENGTH:
        raise SystemExit(f"{SOURCE} {version} has {len(top)} packages only; nothing was written")
    lines = [f"# date: {day_of(version)}  source: npm package {SOURCE} {version}, monthly downloads, counted from that day on"]
    lines += [f"{rank}\t{name}\t{downloads}" for rank, (name, downloads) in enumerate(top, start=1)]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"{TARGET.name}: {len(top)} packages, from {top[0][0]} to {top[-1][0]}, date {day_of(version)}")


if __name__ == "__main__":
    main()
