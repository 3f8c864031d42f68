#!/usr/bin/env python3
"""Puts a page together from its parts: bundle_page.py HTML CSS JS OUTPUT

`@STYLE@` and `@SCRIPT@` in the HTML become the style and the script, `@STYLE_HASH@` and `@SCRIPT_HASH@` what a
Content-Security-Policy calls them by, so that the page runs these two and nothing else.
"""

import base64
import hashlib
import sys
from pathlib import Path


def policy_hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def main() -> None:
    html, style, script = (Path(path).read_text(encoding="utf-8") for path in sys.argv[1:4])
    if "</style" in style or "</script" in script or "<!--" in script:
        raise SystemExit("the style or the script would end its own element: spell that another way")
    parts = {"@STYLE_HASH@": policy_hash(style), "@SCRIPT_HASH@": policy_hash(script), "@STYLE@": style, "@SCRIPT@": script}
    for mark, text in parts.items():
        if html.count(mark) != 1:
            raise SystemExit(f"{sys.argv[1]}: has to name {mark} once")
        html = html.replace(mark, text)
    Path(sys.argv[4]).write_text(html, encoding="utf-8")


if __name__ == "__main__":
    main()
