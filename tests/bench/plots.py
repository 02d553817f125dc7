"""Plots of the results, as SVG by gnuplot."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import growth
import small
from model import NGINX, OURS, REFERENCE, Outcome
from table import value_of

COLOURS = {REFERENCE: "#8c8c8c", NGINX: "#3b7dd8", OURS: "#d9622b"}
SETTINGS = """\
set terminal svg size 860,{height} font "sans-serif,13" background "#ffffff"
set output "{file}"
set title "{title}"
set ylabel "{unit}"
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
"""
BARS = """\
set style data histogram
set style histogram clustered gap 1
set style fill solid border -1
set yrange [0:*]
set key top right
set xtics rotate by -20
"""
LOGARITHMIC = "set logscale y\nset yrange [0.1:*]\n"
LINES = """\
set logscale xy
set key outside right Left reverse
set xlabel "how much there is"
set xtics ("1 ×" 1, "10 ×" 10, "100 ×" 100)
set xrange [0.8:125]
"""
Columns = Mapping[str, list[float | None]]  # by server


def gnuplot(script: str) -> None:
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def point(value: float | None) -> str:
    return "NaN" if value is None else f"{value:.6g}"


def bars(
    file: Path, title: str, unit: str, labels: list[str], columns: Columns, more: str = ""
) -> None:
    columns = {server: values for server, values in columns.items() if any(values)}
    if not columns:
        return
    rows = [
        " ".join([f'"{label}"', *(point(values[i]) for values in columns.values())])
        for i, label in enumerate(labels)
    ]
    plots = [
        f'$data using {i + 2}:xtic(1) title "{server}" linecolor rgb "{COLOURS[server]}"'
        for i, server in enumerate(columns)
    ]
    data = "\n".join(["$data << END", *rows, "END", ""])
    head = SETTINGS.format(file=file, title=title, unit=unit, height=420)
    gnuplot(f"{data}{head}{BARS}{more}plot {', '.join(plots)}\n")


def growing(file: Path, outcome: Outcome) -> None:
    """A colour for each operation; 2.8.2 is dashed."""
    blocks, plots = [], []
    for server in (OURS, REFERENCE):
        for colour, (key, title) in enumerate(growth.OPERATIONS.items(), 1):
            values = column(outcome, server, [f"{key}_{scale}" for scale in growth.SCALES])
            points = [f"{x} {y:.6g}" for x, y in zip(growth.SCALES, values) if y is not None]
            if not points:
                continue
            name = f"$line{len(plots)}"
            blocks += [f"{name} << END", *points, "END"]
            shown = f'title "{title}"' if server == OURS else "dashtype 2 notitle"
            style = f"linecolor {colour} linewidth 2 pointtype 7 pointsize 0.6"
            plots.append(f"{name} with linespoints {style} {shown}")
    if not plots:
        return
    title = "A store that grows: a flat line costs the same; dashed: 2.8.2"
    head = SETTINGS.format(file=file, title=title, unit="ms", height=440)
    data = "\n".join([*blocks, ""])
    gnuplot(f"{data}{head}{LINES}plot {', '.join(plots)}\n")


def column(outcome: Outcome, server: str, figures: list[str]) -> list[float | None]:
    return [value_of(outcome, server, figure) for figure in figures]


def write(folder: Path, outcomes: Mapping[str, Outcome], say: Callable[[str], None]) -> list[str]:
    """The names of the files, of those whose workloads have run."""
    if not shutil.which("gnuplot"):
        say("no plots: there is no gnuplot")
        return []
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, title in (("requests", "kept connections"), ("connections", "a new one each")):
        if name in outcomes:
            keys = {label: key for label, (key, _) in small.KINDS.items()}
            of = {server: column(outcomes[name], server, [*keys.values()]) for server in COLOURS}
            bars(folder / f"{name}.svg", f"Small requests, {title}", "1/s", [*keys], of)
    names = [name for name in ("download", "upload-patch", "upload-put") if name in outcomes]
    for figure, unit, title in (("rate", "GiB/s", "rate"), ("cpu", "s/GiB", "CPU")):
        of = {
            server: [value_of(outcomes[name], server, figure) for name in names]
            for server in COLOURS
        }
        bars(folder / f"transfers-{figure}.svg", f"Large blobs: {title}", unit, names, of)
    if "fairness" in outcomes:
        figures = [f"{key}_p99" for key in small.BACKGROUNDS]
        labels = [key.replace("_", " ") for key in small.BACKGROUNDS]
        of = {server: column(outcomes["fairness"], server, figures) for server in COLOURS}
        title = "Small requests beside 16 large downloads: p99"
        bars(folder / "fairness.svg", title, "ms", labels, of, LOGARITHMIC)
    if "growth" in outcomes:
        growing(folder / "growth.svg", outcomes["growth"])
    return sorted(file.name for file in folder.glob("*.svg"))
