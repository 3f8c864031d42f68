#!/usr/bin/env python3
"""Turns a file into a C++ source that defines it as a string_view: embed.py NAME INPUT OUTPUT

Declare it where it is used: namespace tokensweep { extern const std::string_view NAME; }
"""

import sys
from pathlib import Path

BYTES_PER_LINE = 32


def literal(data: bytes) -> str:
    # Octal escapes have at most three digits, so what follows one cannot run into it; "?" would begin a trigraph.
    return "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in data)


def main() -> None:
    name, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    data = source.read_bytes()
    pieces = [data[at:at + BYTES_PER_LINE] for at in range(0, len(data), BYTES_PER_LINE)] or [b""]
    lines = [f'    "{literal(piece)}"' for piece in pieces]
    target.write_text(
        f"// Made from {source.name} by tools/embed.py.\n"
        "#include <string_view>\n\n"
        '#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n'
        "namespace tokensweep {\n"
        f"extern const std::string_view {name};\n"
        f"const std::string_view {name}(\n" + "\n".join(lines) + f",\n    {len(data)});\n"
        "}  // namespace tokensweep\n")


if __name__ == "__main__":
    main()
