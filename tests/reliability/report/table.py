"""Writes the figures of the last long run into docs/reliability.md: table.py FIGURES DOCUMENT."""

import json
import os
import platform
import sys
from datetime import date
from pathlib import Path

BEGIN = "<!-- figures: written by tests/long.sh -->"
END = "<!-- end of figures -->"
HEAD = "| proof | figure | value |\n|---|---|---:|\n"


def shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def rows(file: Path) -> str:
    proof = file.stem.replace("_", " ")
    figures = json.loads(file.read_text())
    names = [proof, *[""] * (len(figures) - 1)]
    return "".join(
        f"| {name} | {figure} | {shown(value)} |\n"
        for name, (figure, value) in zip(names, figures.items())
    )


def results(folder: Path) -> str:
    machine = f"{os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"
    said = f"Of {date.today().isoformat()}, on {machine}. Clients and daemon share the machine.\n\n"
    return said + HEAD + "".join(rows(file) for file in sorted(folder.glob("*.json")))


def write(folder: Path, document: Path) -> None:
    """What stands around the marks stays."""
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document} has no place for the figures: {BEGIN} and {END}")
    document.write_text(f"{before}{BEGIN}\n\n{results(folder)}\n{END}{after}")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
