#!/usr/bin/env python3
"""Builds the home directory that the benchmark scans, outside the checkout, and keeps it between runs.

The files are real ones, fetched by the ordinary clients as they are configured on this machine (npm, pip, go, cargo),
because a scanner's speed depends on how real trees are shaped: many tiny files, deep node_modules, packs, wheels.
Nothing that was fetched is run. Tokens and decoys are planted last (plants.py), with a truth file beside the home.

    build_home.py                 at least 300,000 files, about 3.5 GB; some ten minutes once, then instant
    build_home.py --files 5000    a small one, for trying things out
    build_home.py --replant       new plants in the tree that is there
"""

import argparse
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

import plants

TREE_VERSION = 1
DEFAULT_FILES = 300_000
DEFAULT_SEED = 20261122
MAX_BYTES = 6 * 1000**3
BINARIES_BYTES = 300 * 1000**2

NPM_PROJECTS = {
    "work/cli": ["express@4", "commander@12", "chalk@5", "ws@8", "zod@3", "axios@1"],
    "work/shop-web": [
        "next@15", "react@19", "react-dom@19", "@mui/material@6", "antd@5", "lodash@4",
        "date-fns@4", "rxjs@7", "core-js@3", "typescript@5", "eslint@9", "jest@29", "webpack@5", "@babel/core@7",
        "@babel/preset-env@7", "tailwindcss@3", "storybook@8", "vite@6", "rollup@4", "sass@1",
    ],
    "work/api": [
        "@nestjs/core@10", "@nestjs/common@10", "@nestjs/platform-express@10", "aws-sdk@2", "@aws-sdk/client-s3@3",
        "@aws-sdk/client-ec2@3", "@aws-sdk/client-dynamodb@3", "@aws-sdk/client-iam@3", "googleapis@144", "typeorm@0.3",
        "mongoose@8", "firebase-admin@13", "fastify@5", "graphql@16", "apollo-server-express@3", "@types/node@22",
    ],
    "work/toolbox": [
        "aws-cdk-lib@2", "@angular/core@19", "@angular/common@19", "@angular/cli@19", "@angular/material@19",
        "monaco-editor@0.52", "three@0.170", "d3@7", "echarts@5", "highlight.js@11", "gulp@5",
        "puppeteer-core@23", "playwright-core@1", "ethers@6", "ramda@0.30", "moment@2",
        "mathjs@14", "pdfjs-dist@4",
    ],
}
PIP_PACKAGES = [
    "numpy", "scipy", "pandas", "sympy", "django", "botocore", "boto3", "sqlalchemy", "matplotlib", "networkx", "babel",
    "jedi", "twisted", "ansible-core", "sphinx", "pylint", "mypy", "jupyterlab",
]
GO_MODULES = [
    "k8s.io/kubernetes@v1.31.0", "github.com/aws/aws-sdk-go@v1.55.5", "k8s.io/client-go@v0.31.0",
    "k8s.io/api@v0.31.0", "golang.org/x/tools@v0.26.0", "github.com/hashicorp/consul/api@v1.29.4",
    "google.golang.org/grpc@v1.67.1", "github.com/docker/docker@v27.3.1+incompatible",
]
CRATES = {
    "tokio": "1", "serde_json": "1", "regex": "1", "clap": "4", "reqwest": "0.12", "hyper": "1", "rayon": "1",
    "chrono": "0.4", "diesel": "2", "axum": "0.7", "tracing-subscriber": "0.3", "image": "0.25", "nalgebra": "0.33",
}


@dataclass
class Part:
    """One fetched tree. `files` is a rough size: it decides which parts a smaller home does without."""

    where: str
    files: int
    fetch: Callable[[Path], None]
    copied: bool = False


def cache_root() -> Path:
    """Where everything that the benchmark keeps lies; run.py and install_peers.sh use the same folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokensweep"


def beside(home: Path, suffix: str) -> Path:
    """The truth and the stamp lie beside the home, never in it: a scan must not find its own answers."""
    return home.with_name(home.name + suffix)


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def run(command: list[str], cwd: Path, env: dict[str, str] | None = None) -> None:
    """Runs a client; its output is shown only when it fails, because it is the explanation then."""
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode != 0:
        raise SystemExit(f"build_home: {' '.join(command[:3])} in {cwd} failed:\n{done.stdout[-3000:]}")


def measure(top: Path) -> tuple[int, int, int]:
    """Files, directories and bytes below `top`. By descriptors, because one planted path is longer than PATH_MAX."""
    files = size = 0
    dirs = -1  # `top` itself is not below it
    for _, _, names, fd in os.fwalk(top):
        dirs += 1
        for name in names:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                files += 1
                size += status.st_size
    return files, dirs, size


# ---- the parts -----------------------------------------------------------------------------------------------------

def fetch_npm(packages: list[str]) -> Callable[[Path], None]:
    def fetch(where: Path) -> None:
        manifest = {"name": f"@acme/{where.name}", "version": "1.0.0", "private": True}
        (where / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
        run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps",
             "--omit=optional", "--omit-lockfile-registry-resolved", "--loglevel=error", *packages], cwd=where)
        # npm keeps a hidden lock file in spite of --no-package-lock; nothing here needs it.
        (where / "node_modules/.package-lock.json").unlink(missing_ok=True)
    return fetch


def fetch_pip(where: Path) -> None:
    run([sys.executable, "-m", "venv", str(where / ".venv")], cwd=where)
    run([str(where / ".venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-input", "--no-compile",
         "--only-binary", ":all:", *PIP_PACKAGES], cwd=where)


def fetch_go(where: Path) -> None:
    """The module cache itself, as `go` lays it out in every Go developer's home: sources, and the zips beside them."""
    run(["go", "mod", "download", "-modcacherw", *GO_MODULES], cwd=where, env={"GOMODCACHE": str(where / "mod")})


def fetch_cargo(where: Path) -> None:
    needs = "".join(f'{name} = "{version}"\n' for name, version in CRATES.items())
    (where / "src").mkdir()
    (where / "src/main.rs").write_text("fn main() {}\n")
    (where / "Cargo.toml").write_text(f'[package]\nname = "ledger"\nversion = "0.1.0"\nedition = "2021"\n\n'
                                      f"[dependencies]\n{needs}")
    run(["cargo", "vendor", "--quiet", "vendor"], cwd=where)
    (where / "Cargo.lock").unlink(missing_ok=True)  # it records where each crate came from


def parts() -> list[Part]:
    """In the order in which a home grows: a small one takes the first few."""
    npm = [Part(name, files, fetch_npm(packages), copied=True)
           for (name, packages), files in zip(NPM_PROJECTS.items(), (1_500, 53_000, 26_000, 36_000))]
    return [npm[0], Part("work/model", 30_000, fetch_pip), npm[1], Part("go/pkg", 22_000, fetch_go),
            Part("work/ledger", 16_000, fetch_cargo), *npm[2:]]


def chosen_parts(files: int) -> list[Part]:
    chosen: list[Part] = []
    for part in parts():
        if sum(p.files for p in chosen) < files:
            chosen.append(part)
    return chosen


def fetch_parts(home: Path, chosen: list[Part]) -> None:
    """Two at a time: one waits for the network while the other unpacks. Each is kept when a later one fails."""
    def one(part: Part) -> None:
        where, done = home / part.where, home / (part.where + ".fetched")
        if done.exists():
            return
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        say(f"fetching {part.where}")
        part.fetch(where)
        done.touch()
        say(f"fetched  {part.where}: {measure(where)[0]:,} files")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, chosen))


# ---- what is made of the parts -------------------------------------------------------------------------------------

def add_copies(home: Path, chosen: list[Part], files: int) -> None:
    """Real copies, no hard links, as ten checkouts of one monorepo would be: the bytes must be read again."""
    originals = [part for part in chosen if part.copied and (part.files > 5_000 or len(chosen) == 1)]
    for original in originals:  # those of a build that was cut short
        for earlier in home.glob(f"{original.where}-[0-9]*"):
            shutil.rmtree(earlier)
    have, _, size = measure(home)
    number = 1
    while have < files:
        for original in originals:
            target = home / f"{original.where}-{number}"
            count, _, more = measure(home / original.where)
            if size + more > MAX_BYTES:
                raise SystemExit(f"build_home: {files} files would need more than {MAX_BYTES / 1e9:.0f} GB")
            run(["cp", "-r", "-P", "--reflink=never", str(home / original.where), str(target)], cwd=home)
            have, size = have + count, size + more
            say(f"copied   {target.relative_to(home)}: {have:,} files, {size / 1e9:.2f} GB")
            if have >= files:
                return
        number += 1


def directories(top: Path, pattern: str) -> list[Path]:
    return sorted(path for path in top.glob(pattern) if path.is_dir() and not path.is_symlink())


def add_history(home: Path, name: str, sources: list[Path], packed: bool) -> None:
    """A repository whose history is in the tree twice: as files, and as objects, loose or in a pack."""
    where = home / "src" / name
    where.mkdir(parents=True)
    env = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "2026-01-05T10:00:00Z",
           "GIT_COMMITTER_DATE": "2026-01-05T10:00:00Z"}
    git = ["git", "-c", "gc.auto=0", "-c", "user.name=A Developer", "-c", "user.email=dev@corp.example"]
    run([*git, "init", "--quiet", "--initial-branch=main"], cwd=where, env=env)
    for number in range(10):
        for source in sources[number::10]:
            shutil.copytree(source, where / source.name, symlinks=True)
        with (where / "CHANGES.md").open("a") as changes:
            changes.write(f"- step {number}\n")
        run([*git, "add", "--all", "--force"], cwd=where, env=env)
        run([*git, "commit", "--quiet", "--no-verify", "-m", f"Step {number}"], cwd=where, env=env)
    if packed:
        run([*git, "gc", "--quiet"], cwd=where, env=env)
    say(f"history  src/{name}: {measure(where)[0]:,} files")


def add_histories(home: Path) -> None:
    shutil.rmtree(home / "src", ignore_errors=True)
    add_history(home, "widgets", directories(home, "work/cli/node_modules/*"), packed=False)
    if python := directories(home, "work/model/.venv/lib/python3*/site-packages/[dnst]*"):
        add_history(home, "analysis", [path for path in python if path.name.isidentifier()], packed=False)
    if crates := directories(home, "work/ledger/vendor/*"):
        add_history(home, "ledger-fork", crates, packed=True)
    if client := directories(home, "go/pkg/mod/k8s.io/client-go@*/*"):
        add_history(home, "client", client, packed=True)


def binaries() -> Iterator[Path]:
    """Large programs that are installed here: bytes without tokens, which every deep scanner has to get through."""
    for name in ("node", "go", "gofmt", "git", "python3", "cmake", "docker", "kubectl"):
        if found := shutil.which(name):
            yield Path(found).resolve()
    for folder in (cache_root() / "peers/bin", Path.home() / ".rustup/toolchains"):
        yield from sorted(path for path in folder.glob("**/*")
                          if path.is_file() and (path.suffix in ("", ".so") or ".so." in path.name)
                          and path.stat().st_size > 8_000_000)


def add_binaries(home: Path) -> None:
    target = home / ".local/bin"
    target.mkdir(parents=True, exist_ok=True)
    left = BINARIES_BYTES
    for source in binaries():
        size = source.stat().st_size
        if 1_000_000 < size <= left and not (target / source.name).exists():
            shutil.copyfile(source, target / source.name)
            left -= size


# ---- the whole -----------------------------------------------------------------------------------------------------

def check_room(home: Path, files: int) -> None:
    need = files * 20_000 + 1_500_000_000
    free = shutil.disk_usage(home.parent).free
    if free < need:
        raise SystemExit(f"build_home: {free / 1e9:.1f} GB free below {home.parent}, about {need / 1e9:.1f} GB needed")


def build_tree(home: Path, files: int) -> None:
    home.mkdir(parents=True, exist_ok=True)
    check_room(home, files)
    chosen = chosen_parts(files)
    fetch_parts(home, chosen)
    add_histories(home)
    if files >= 20_000:
        add_binaries(home)
    add_copies(home, chosen, files)
    for part in chosen:
        (home / (part.where + ".fetched")).unlink()


def stamp_of(home: Path) -> dict:
    try:
        return json.loads(beside(home, ".stamp.json").read_text())
    except (OSError, ValueError):
        return {}


def write_stamp(home: Path, stamp: dict) -> None:
    beside(home, ".stamp.json").write_text(json.dumps(stamp, indent=2) + "\n")


def ensure_home(home: Path, files: int, seed: int, rebuild: bool = False, replant: bool = False) -> dict:
    """The stamp of a home that is complete; builds what is missing or was built by another version."""
    stamp = stamp_of(home)
    if rebuild or not home.is_dir() or stamp.get("tree") != TREE_VERSION or stamp.get("asked") != files:
        beside(home, ".stamp.json").unlink(missing_ok=True)
        if rebuild or stamp:  # without a stamp an earlier build was cut short, and its parts can be used
            shutil.rmtree(home, ignore_errors=True)
        build_tree(home, files)
        stamp = {"tree": TREE_VERSION, "asked": files}
        write_stamp(home, stamp)
    if replant or stamp.get("plants") != plants.VERSION or stamp.get("seed") != seed:
        plants.plant(home, beside(home, ".truth.jsonl"), seed)
        counts = dict(zip(("files", "directories", "bytes"), measure(home)))
        stamp |= {"plants": plants.VERSION, "seed": seed, **counts}
        write_stamp(home, stamp)
    return stamp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=cache_root() / "bench-home", help="default: %(default)s")
    parser.add_argument("--files", type=int, default=DEFAULT_FILES, help="at least so many files")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of the planted tokens")
    parser.add_argument("--rebuild", action="store_true", help="from nothing")
    parser.add_argument("--replant", action="store_true", help="plant again in the tree that is there")
    options = parser.parse_args()
    stamp = ensure_home(options.home.absolute(), options.files, options.seed, options.rebuild, options.replant)
    print(f"{options.home}: {stamp['files']:,} files, {stamp['directories']:,} directories, "
          f"{stamp['bytes'] / 1e9:.2f} GB; truth in {beside(options.home, '.truth.jsonl')}")


if __name__ == "__main__":
    main()
