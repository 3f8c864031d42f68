#!/usr/bin/env python3
"""Records a sweep as a picture that moves: docs/sweep.svg, for the README.

    tools/record_sweep.py            needs a build in build/

The program runs in a terminal of its own, against the fakes of tests/servers and a home with tokens that are made at run time.
What it writes is interpreted by pyte, a terminal emulator; each look of the screen becomes a group of the picture, shown for as long
as it stood. Whoever asks for less motion sees the last one.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests/servers"), str(ROOT / "tests/system")]
import toolchains  # noqa: E402

PYTE = "pyte==0.8.2"
WIDTH, HEIGHT = 110, 31
COLUMN, LINE, MARGIN = 8.4, 18, 14  # pixels
LAST_STANDS = 6.0  # seconds
COLOURS = {"default": "#d8dee9", "red": "#e06c75", "green": "#98c379", "yellow": "#e5c07b", "brown": "#e5c07b", "blue": "#61afef",
           "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#ffffff", "black": "#7f848e"}
COMMAND = "tokensweep scan --config tokensweep.toml"
CONFIG = """
[[source]]
name = "laptop"
type = "filesystem"
path = "."

[[source]]
name = "acme"
type = "github"
org = "acme"
api_url = "{github}/api/v3"
token_env = "GITHUB_TOKEN"

[[source]]
name = "ci"
type = "circleci"
org = "{circleci_org}"
host = "{circleci}"
token_env = "CIRCLE_TOKEN"
"""


class Frame(NamedTuple):
    at: float
    rows: tuple[tuple[tuple[str, str, bool], ...], ...]  # of each row, its stretches: text, colour, whether bold


def rows_of(screen) -> tuple:  # type: ignore[no-untyped-def]
    rows = []
    for y in range(HEIGHT):
        stretches: list[tuple[str, str, bool]] = []
        line = screen.buffer[y]
        for x in range(WIDTH):
            cell = line[x]
            if stretches and stretches[-1][1:] == (cell.fg, cell.bold):
                stretches[-1] = (stretches[-1][0] + cell.data, cell.fg, cell.bold)
            else:
                stretches.append((cell.data, cell.fg, cell.bold))
        rows.append(tuple(stretches))
    return tuple(rows)


def record(command: list[str], folder: Path, environment: dict[str, str]) -> list[Frame]:
    """Runs a command in a terminal of its own; each look of the screen and when it came."""
    import pyte
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)
    stream.feed(f"$ {COMMAND}\r\n".encode())
    frames = [Frame(0, rows_of(screen))]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(command[0], command, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    began = time.monotonic()
    while True:
        select.select([terminal], [], [], 60)
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the terminal's way to say that nobody is there any more
            data = b""
        if not data:
            break
        stream.feed(data)
        rows = rows_of(screen)
        if rows != frames[-1].rows:
            frames.append(Frame(time.monotonic() - began + 0.8, rows))
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 3):
        sys.exit(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}\n" + "\n".join(screen.display))
    return frames


def drawn(frame: Frame) -> str:
    lines = []
    for y, row in enumerate(frame.rows):
        if not "".join(text for text, _, _ in row).strip():
            continue
        spans = "".join(f'<tspan fill="{COLOURS.get(colour, COLOURS["default"])}"{" font-weight=" + chr(34) + "bold" + chr(34) if bold else ""}>'
                        f"{escape(text)}</tspan>" for text, colour, bold in row)
        lines.append(f'<text x="{MARGIN}" y="{MARGIN + 30 + y * LINE}" xml:space="preserve">{spans}</text>')
    return "".join(lines)


def picture(frames: list[Frame]) -> str:
    whole = frames[-1].at + LAST_STANDS
    width, height = round(WIDTH * COLUMN + 2 * MARGIN), HEIGHT * LINE + 2 * MARGIN + 24
    styles, groups = [], []
    for number, frame in enumerate(frames):
        ends = frames[number + 1].at if number + 1 < len(frames) else whole
        start, end = 100 * frame.at / whole, 100 * ends / whole
        is_last = number + 1 == len(frames)
        styles.append(f"@keyframes f{number}{{0%{{visibility:{'visible' if number == 0 else 'hidden'}}}{start:.3f}%{{visibility:visible}}"
                      + ("" if is_last else f"{end:.3f}%{{visibility:hidden}}") + f"100%{{visibility:{'visible' if is_last else 'hidden'}}}}}"
                      f"#f{number}{{animation:f{number} {whole:.2f}s step-end infinite}}")
        groups.append(f'<g id="f{number}" class="frame{" last" if is_last else ""}">{drawn(frame)}</g>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'aria-label="A terminal: {escape(COMMAND)}, its progress and its table">'
            f"<style>text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}}.frame{{visibility:hidden}}{''.join(styles)}"
            f"@media (prefers-reduced-motion:reduce){{.frame{{animation:none!important}}.last{{visibility:visible}}}}</style>"
            f'<rect width="{width}" height="{height}" rx="8" fill="#1e2127"/>'
            + "".join(f'<circle cx="{20 + 20 * i}" cy="18" r="6" fill="{colour}"/>' for i, colour in enumerate(("#e06c75", "#e5c07b", "#98c379")))
            + f"{''.join(groups)}</svg>\n")


def main() -> None:
    python = toolchains.python_with(PYTE)
    if Path(sys.executable) != python:
        sys.exit(subprocess.run([python, __file__]).returncode)
    import support
    from circleci_server import CircleCI
    from github_server import GitHub
    from organisation import Organisation, Shape
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "ann"
        for name, text in {"ann/.npmrc": f"//registry.corp.example/:_authToken={support.npm('picture-1')}\n",
                           "ann/work/site/.env": f"NPM_TOKEN={support.npm('picture-2')}\n",
                           "ann/work/site/package.json": '{"name": "site"}\n'}.items():
            path = Path(scratch) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o600)
        home.chmod(0o700)
        shape = Shape(repositories=80)
        with GitHub(organisation=Organisation(7, shape), latency=0.05) as github, CircleCI(latency=0.05) as circleci:
            token = github.classic().token
            (home / "tokensweep.toml").write_text(CONFIG.format(github=github.url, circleci=circleci.url, circleci_org=circleci.slug))
            environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": str(WIDTH),
                           "GITHUB_TOKEN": token, "CIRCLE_TOKEN": circleci.token, "no_proxy": "127.0.0.1"}
            program = str(ROOT / "build/tokensweep")
            frames = record([program, *COMMAND.split()[1:]], home, environment)
    text = picture(frames)
    text = re.sub(re.escape(scratch), "/home", text)
    (ROOT / "docs/sweep.svg").write_text(text)
    print(f"docs/sweep.svg: {len(frames)} looks, {frames[-1].at:.1f} s, {len(text) // 1024} KiB")


if __name__ == "__main__":
    main()
