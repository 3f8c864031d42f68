#!/usr/bin/env python3
"""Holds our readers of AWS' files and of `credential_process` against botocore's and shlex: `run.py AWS_CONFIG_DUMP [--seed N]`.

Files and commands are put together of pieces at random, the same ones for the same seed; each has to be read alike, or refused
by both. One difference is meant: of a line of sub-keys that has no `=`, ours is silent, where botocore refuses the whole file.
Differences are printed; the last line is "N passed, N failed".
"""

import argparse
import json
import random
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "servers")]

import aws_process  # noqa: E402

PYTHON = aws_process.python()
if Path(sys.prefix).resolve() != PYTHON.parents[1].resolve():
    sys.exit(subprocess.run([PYTHON, __file__, *sys.argv[1:]]).returncode)

import botocore.configloader  # noqa: E402
import botocore.exceptions  # noqa: E402

COUNT = 10_000
SECONDS = 60
SHOWN = 10
LINES = ["[a]\n", "[profile b]\n", "[b] # x\n", "[ ]\n", "[c\n", "k = v\n", "K2: v2\n", "  x = y\n", "\tz\n", "\n", "   \n", "# c\n",
         "; c\n", "  # c\n", "s3 =\n", "  addr = path\n", "  other=1=2\n", "k3=  spaced  \n", "long = a\n", "   b\n", "=v\n", "nokey\n",
         "u = http://h:1/?a=b#c ; d\n", "\r\n", "e =\r\n", "  f = g\r\n", "q = \"x\"\n", "kk : a = b\n", "    deeper = 1\n",
         "  shallower = 2\n"]
WORDS = ["a", "b", " ", "  ", "\"", "'", "\\", "$x", "\t", "\\\"", "\\\\", "''"]


def sub_keys(text: str) -> dict[str, str]:
    """In place of botocore's, which refuses lines without a sign, and keeps the case of keys."""
    pairs = [line.split("=", 1) for line in text.splitlines() if "=" in line]
    return {key.strip().lower(): value.strip() for key, value in pairs if key.strip()}


botocore.configloader._parse_nested = sub_keys


def botocore_reads(text: str) -> Any:
    with tempfile.NamedTemporaryFile("wb") as file:
        file.write(text.encode())
        file.flush()
        try:
            return botocore.configloader.raw_config_parse(file.name)
        except botocore.exceptions.ConfigParseError:
            return None


def shlex_splits(text: str) -> Any:
    try:
        return shlex.split(text)
    except ValueError:
        return None


def differences(dump: str, kind: str, texts: list[str], theirs: Callable[[str], Any]) -> int:
    done = subprocess.run([dump, kind], input=json.dumps(texts), capture_output=True, text=True, timeout=SECONDS, check=True)
    differing = [(text, expected, ours) for text, ours in zip(texts, json.loads(done.stdout), strict=True)
                 if (expected := theirs(text)) != ours]
    for text, expected, ours in differing[:SHOWN]:
        print(f"{kind}: {text!r}\n   theirs: {expected}\n   ours:   {ours}")
    return len(differing)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("dump")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    files = [chance.choice(["[a]\n", "[a]\n", "[a]\n", ""]) + "".join(chance.choices(LINES, k=chance.randrange(1, 9))) for _ in range(COUNT)]
    commands = ["".join(chance.choices(WORDS, k=chance.randrange(1, 10))) for _ in range(COUNT)]
    failed = (differences(options.dump, "files", files, botocore_reads) +
              differences(options.dump, "commands", commands, shlex_splits))
    print(f"{2 * COUNT - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
