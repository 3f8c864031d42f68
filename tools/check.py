#!/usr/bin/env python3
"""Runs every test, and ends with one line: `N passed, N failed`. `./check` calls it, after installing what is missing.

    ./check                       everything
    ./check --list                what there is
    ./check --only unit,house     these stages, in the order of the list
    ./check --fix                 reformats the sources instead of testing anything

A stage counts what its own programs count; one that crashes, is missing, or finds nothing to run counts as one failure.
What failed shows the last lines that it printed. Builds are incremental, and clang-tidy looks again only at what changed.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Callable, NamedTuple

import toolchains

ROOT = Path(__file__).resolve().parent.parent
CORES = os.cpu_count() or 1
SHOWN_LINES = 40
PROGRAM_SECONDS = 1800  # what a build with a sanitizer takes where other work is running, and half as much again

# Folder -> its meson options. The first one is what ./sweep builds, too, but for -Werror, which is ours to satisfy and
# not the user's. It is off again below: the compiler's warnings are unreliable once sanitizers rewrite the code.
SANITIZED = {"optimization": "1", "debug": "true", "werror": "false"}
BUILDS = {
    "build": {"tests": "true", "werror": "true"},
    "build-asan": {"tests": "true", "b_sanitize": "address,undefined", **SANITIZED},
    "build-tsan": {"tests": "true", "b_sanitize": "thread", **SANITIZED},
}
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1",
}
# Where threads meet.
THREADED = ["connectors", "scanner"]

CLANG_FORMAT = "clang-format-14"
CLANG_TIDY = "clang-tidy-14"
SOURCE_FOLDERS = [
    "base", "model", "identity", "formats", "rules", "net", "db", "report", "merge", "connectors", "scanner",
    "tests"]


class Count(NamedTuple):
    passed: int
    failed: int

    def __add__(self, other: "Count") -> "Count":  # type: ignore[override]
        return Count(self.passed + other.passed, self.failed + other.failed)


PASSED, FAILED = Count(1, 0), Count(0, 1)


def total(counts: list[Count]) -> Count:
    return sum(counts, Count(0, 0)) if counts else FAILED


# Programs and what they print.


def count_in(output: str) -> Count | None:
    """What a program counted: doctest's, a script's, or unittest's last summary."""
    if found := re.findall(r"^\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed", output, re.MULTILINE):
        return Count(int(found[-1][0]), int(found[-1][1]))
    if found := re.findall(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE):
        return Count(int(found[-1][0]), int(found[-1][1]))
    if found := re.findall(r"^Ran (\d+) tests? in .*\n\n(.*)$", output, re.MULTILINE):
        ran, verdict = int(found[-1][0]), found[-1][1]
        # A skipped test proved nothing, so it is no success.
        failed = sum(int(number) for number in re.findall(r"(?:failures|errors|skipped|unexpected successes)=(\d+)", verdict))
        return Count(max(ran - failed, 0), failed) if ran else FAILED
    return None


def show_failure(what: str, output: str) -> None:
    lines = output.rstrip().splitlines()[-SHOWN_LINES:]
    print("\n".join([f"-- {what}", *(f"   {line}" for line in lines)]), flush=True)


def run_program(command: list[str | Path], name: str = "", environment: dict[str, str] | None = None) -> Count:
    """Runs a program to its end. One that counts nothing is one test, which passes with exit code 0."""
    name = name or str(command[0]).removeprefix(f"{ROOT}/")
    try:
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PROGRAM_SECONDS)
        output, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as expired:
        output, code = (expired.stdout or b"").decode(errors="replace") + f"\nno end after {PROGRAM_SECONDS} s", 1
    except OSError as error:
        output, code = f"{error.strerror}: {error.filename}", 1
    count = count_in(output) or (PASSED if code == 0 else FAILED)
    if code != 0 and count.failed == 0:
        count += FAILED
    if count.failed:
        show_failure(f"{name}: exit code {code}", output)
    return count


def run_all(jobs: list[Callable[[], Count]]) -> Count:
    """Runs jobs on all cores. None at all is a failure."""
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        return total([future.result() for future in [pool.submit(job) for job in jobs]])


# Builds.


def configured_options(folder: Path) -> dict[str, str]:
    try:
        options = json.loads((folder / "meson-info/intro-buildoptions.json").read_text())
    except OSError:
        return {}
    return {option["name"]: str(option["value"]).lower() for option in options}


def configure(name: str) -> Count:
    folder, options = ROOT / name, [f"-D{key}={value}" for key, value in BUILDS[name].items()]
    there = configured_options(folder)
    if not (folder / "build.ninja").exists():
        return run_program(["meson", "setup", *options, folder, ROOT], f"meson setup {name}")
    if any(there.get(key) != value for key, value in BUILDS[name].items()):
        return run_program(["meson", "configure", *options, folder], f"meson configure {name}")
    return PASSED


def build(name: str, test_folders: list[str] | None = None) -> Count:
    """Brings a build folder up to date: all of it, or the test programs of some folders."""
    if configure(name).failed:
        return FAILED
    targets: list[str] = []
    if test_folders:
        command = ["ninja", "-C", ROOT / name, "-t", "targets", "all"]
        listing = subprocess.run(command, capture_output=True, text=True).stdout
        targets = re.findall(rf"^(tests/(?:{'|'.join(test_folders)})/\w+_test): ", listing, re.MULTILINE)
    return run_program(["ninja", "-C", ROOT / name, *targets], f"ninja -C {name}")


def unit_tests(name: str, folders: list[str] | None = None) -> Count:
    """The doctest programs of a build, of all folders or of some."""
    programs = [path for folder in folders or ["*"] for path in sorted((ROOT / name).glob(f"tests/{folder}/*_test"))]
    prefix = without_address_randomisation(name)
    return run_all([lambda path=path: run_program([*prefix, path], str(path.relative_to(ROOT)), SANITIZER_OPTIONS)
                    for path in programs])


def without_address_randomisation(name: str) -> list[str]:
    """What to put before a program of this build: GCC 12's ThreadSanitizer fails under newer kernels' randomisation."""
    command = ["setarch", os.uname().machine, "-R"]
    if BUILDS[name].get("b_sanitize") != "thread":
        return []
    return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []


def replay_corpora(name: str) -> Count:
    """Each fuzz target on its corpus (see tests/fuzz/replay_main.cpp)."""
    targets = sorted((ROOT / "tests/fuzz").glob("fuzz_*.cpp"))
    return run_all([lambda target=target: run_program(
        [ROOT / name / "tests/fuzz" / target.stem, ROOT / "tests/fuzz/corpus" / target.stem.removeprefix("fuzz_")],
        f"{name} {target.stem}", SANITIZER_OPTIONS) for target in targets])


def sanitized(name: str, folders: list[str] | None = None) -> Count:
    built = build(name, folders)
    return built if built.failed else built + unit_tests(name, folders)


# The sources' looks.


def source_files(*suffixes: str) -> list[Path]:
    return sorted(path for folder in SOURCE_FOLDERS for suffix in suffixes for path in (ROOT / folder).rglob(f"*{suffix}"))


def formatted() -> Count:
    chunks = [files for start in range(CORES) if (files := source_files(".hpp", ".cpp")[start::CORES])]
    command = [CLANG_FORMAT, "--dry-run", "-Werror"]
    counts = run_all([lambda files=files: run_program([*command, *files], CLANG_FORMAT) for files in chunks])
    if counts.failed:
        print("   ./check --fix reformats")
    return FAILED if counts.failed else PASSED


def reformat() -> int:
    return subprocess.run([CLANG_FORMAT, "-i", *source_files(".hpp", ".cpp")]).returncode


def headers_of(folder: Path) -> dict[str, list[Path]]:
    """Object file -> the project's own headers that it depends on, as the compiler told ninja."""
    listing = subprocess.run(["ninja", "-C", folder, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    headers: dict[str, list[Path]] = defaultdict(list)
    target = ""
    for line in listing.splitlines():
        if line.startswith("    "):
            path = (folder / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                headers[target].append(path)
        else:
            target = line.split(":")[0]
    return headers


class TidyCommand(NamedTuple):
    file: Path
    arguments: list[str]
    stamp: Path  # exists where exactly this text was found clean


def tidy_commands(name: str, stamps: Path) -> list[TidyCommand]:
    """One command for each of the program's own sources; the tests would double the time, and fail where they are wrong."""
    folder = ROOT / name
    headers = headers_of(folder)
    settings = b"".join(path.read_bytes() for path in [ROOT / ".clang-tidy", *sorted(ROOT.glob("*/.clang-tidy"))])
    commands = []
    for entry in json.loads((folder / "compile_commands.json").read_text()):
        file = (folder / entry["file"]).resolve()
        if not any(file.is_relative_to(ROOT / own) for own in SOURCE_FOLDERS if own != "tests"):
            continue
        digest = hashlib.sha256(settings + entry["command"].encode())
        for path in sorted({file, *headers[entry["output"]]}):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
        # Only clang 14 wants to be told that it knows this option.
        arguments = [CLANG_TIDY, "--quiet", "-p", folder, "--extra-arg=-Wno-unknown-warning-option",
                     "--extra-arg=-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang", file]
        commands.append(TidyCommand(file, arguments, stamps / digest.hexdigest()))
    return commands


def tidy() -> Count:
    stamps = toolchains.CACHE / "tidy"
    stamps.mkdir(parents=True, exist_ok=True)

    def one(command: TidyCommand) -> Count:
        if command.stamp.exists():
            return PASSED
        count = run_program(command.arguments, f"clang-tidy {command.file.relative_to(ROOT)}")
        if not count.failed:
            command.stamp.touch()
        return count

    return run_all([lambda command=command: one(command) for command in tidy_commands("build", stamps)])


def kube_apiserver() -> Count:
    """Builds the server that the tests of Kubernetes run against, where that was not done yet."""
    try:
        toolchains.kube_apiserver()
    except (OSError, subprocess.CalledProcessError) as error:
        show_failure("kube-apiserver", str(error))
        return FAILED
    return PASSED


# The list. What fails soon and often comes first, what takes long last.


class Stage(NamedTuple):
    name: str
    what: str
    run: Callable[[], Count]


def script(*command: str) -> Callable[[], Count]:
    return lambda: run_program([sys.executable, *command], command[0] if command[0] != "-m" else " ".join(command))


def comparison(*command: str) -> Callable[[], Count]:
    def run() -> Count:
        toolchains.put_on_path()
        return script(*command)()
    return run


STAGES = [
    Stage("house", "house rules: layers, what may be printed, revealed, named", script("tools/layers.py")),
    Stage("format", "clang-format", formatted),
    Stage("build", "the optimised build, warnings as errors", lambda: build("build")),
    Stage("unit", "the tables of each folder", lambda: unit_tests("build")),
    Stage("fuzz", "fuzz targets on their corpora", lambda: replay_corpora("build")),
    Stage("apiserver", "the real kube-apiserver for the stage system, built once", kube_apiserver),
    Stage("system", "the program as users run it", script("-m", "unittest", "discover", "-s", "tests/system")),
    Stage("crash", "a kill and a failure at every call that changes the disk",
          script("tests/crash/kill_points.py", "build/tests/crash/sweep_driver")),
    Stage("crash-net", "a kill at every such call of a sweep of a service", script("tests/crash/kill_service_sweeps.py")),
    Stage("npm", "our .npmrc reader against npm's own",
          comparison("tests/npm_oracle/run.py", "build/tests/formats/npmrc_dump")),
    Stage("npm-lists", "our readers of npm's lists against npm 6 to 12",
          comparison("tests/npm_oracle/token_lists.py", "build/tests/formats/npm_list_dump")),
    Stage("gitleaks", "our rules against gitleaks' own",
          comparison("tests/gitleaks_oracle/run.py", "build/tests/rules/rules_dump")),
    Stage("aws", "our readers of AWS' files against botocore's",
          script("tests/aws_oracle/run.py", "build/tests/connectors/aws_config_dump")),
    Stage("servers", "our fake GitHub, CircleCI and AWS against GitHub's description and real clients; our signatures against AWS",
          lambda: script("tests/servers/test_fakes.py")() + script("tests/servers/test_aws.py")() +
          script("tests/servers/test_aws_keys.py", "build/tests/connectors/aws_keys_dump")()),
    Stage("browser", "the report's page in a browser",
          comparison("-m", "unittest", "discover", "-s", "tests/browser")),
    Stage("asan", "the tables under AddressSanitizer and UBSan", lambda: sanitized("build-asan")),
    Stage("fuzz-asan", "the corpora under AddressSanitizer and UBSan", lambda: replay_corpora("build-asan")),
    Stage("tsan", "the tables of what has threads under ThreadSanitizer", lambda: sanitized("build-tsan", THREADED)),
    Stage("tidy", "clang-tidy, on what changed", tidy),
]


def chosen(names: str | None) -> list[Stage]:
    if names is None:
        return STAGES
    wanted = names.split(",")
    if unknown := set(wanted) - {stage.name for stage in STAGES}:
        raise SystemExit(f"no such stage: {', '.join(sorted(unknown))}; see ./check --list")
    return [stage for stage in STAGES if stage.name in wanted]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./check", description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="show the stages")
    parser.add_argument("--only", metavar="STAGE,…", help="run these alone")
    parser.add_argument("--fix", action="store_true", help="reformat the sources")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{stage.name:10} {stage.what}" for stage in STAGES))
        return 0
    if options.fix:
        return reformat()

    counts = []
    for stage in chosen(options.only):
        began = time.monotonic()
        print(f"{stage.name}: {stage.what} ...", flush=True)
        count = stage.run()
        counts.append(count)
        seconds = time.monotonic() - began
        print(f"{stage.name}: {count.passed} passed, {count.failed} failed ({seconds:.0f} s)", flush=True)
    result = total(counts)
    print(f"{result.passed} passed, {result.failed} failed")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
