"""The same operations on a store that grows tenfold, twice."""

from statistics import median

from bench import SMALL, Bench
from lists import first_answer
from model import OURS, REFERENCE, REGISTRIES
from model import Figures, Outcome, Row, Workload
from table import cell, value_of

SCALES = (1, 10, 100)
OPERATIONS = {
    "catalog": "page of the catalog",
    "tags": "page of tags (2.8.2: all)",
    "manifest": "GET manifest",
    "connections": "GET manifest, of more connections",
    "push": "push of an image",
    "start": "start",
}


def base(bench: Bench) -> int:
    """Repositories, tags and blobs at 1 ×."""
    return bench.pick(1_000, 20)


def growth(bench: Bench, kind: str) -> Figures:
    figures: Figures = {}
    for scale in SCALES:
        if kind != OURS and scale == SCALES[-1] and not bench.quick:
            break  # minutes for a page of the catalog
        for operation, value in at_scale(bench, kind, scale).items():
            figures[f"{operation}_{scale}"] = value
    return figures


def at_scale(bench: Bench, kind: str, scale: int) -> Figures:
    count = base(bench) * scale
    one = ("--connections", 1, "--seconds", bench.pick(2, 0.3))
    with bench.fresh_root(bench.memory) as root:
        bench.make_store(root, repositories=count, tags=count, blobs=count, without_index=True)
        begun = median(first_answer(bench, kind, root) for _ in range(5))
        with bench.serve(kind, root) as server:
            manifest = f"GET {SMALL}/manifests/latest"
            last = f"r/{count * 9 // 10:07}"
            many = ("--connections", 10 * scale, "--seconds", bench.pick(2, 0.3))
            pushes = ("--pushers", 1, "--images", bench.pick(20, 3))
            page = f"GET /v2/_catalog?n=100&last={last}"
            tags = "GET /v2/bench/tags/tags/list?n=100"
            return {
                "catalog": server.load("requests", *one, page)["p50_ms"],
                "tags": server.load("requests", *one, tags)["p50_ms"],
                "manifest": server.load("requests", *one, manifest)["p50_ms"],
                "connections": 1e3 / server.load("requests", *many, manifest)["per_s"],
                "push": server.load("images", *pushes)["push"]["p50_ms"],
                "start": begun,
            }


def growth_rows(_: Bench) -> list[Row]:
    return [Row(f"{operation}_1", title, "ms") for operation, title in OPERATIONS.items()]


def growth_table(bench: Bench, outcome: Outcome) -> str:
    """A line for each operation; in ms."""
    scales = [f"{scale} ×" for scale in SCALES]
    columns = ["operation", *scales, "grows", *(f"2.8.2, {scale}" for scale in scales)]
    numbers = "---:|" * len(SCALES)
    lines = [f"| {' | '.join(columns)} |", f"|---|{numbers}---|{numbers}"]
    for operation, title in OPERATIONS.items():
        figures = [f"{operation}_{scale}" for scale in SCALES]
        ours = [value_of(outcome, OURS, figure) for figure in figures]
        theirs = [cell(outcome, REFERENCE, figure) for figure in figures]
        shown = [cell(outcome, OURS, figure) for figure in figures]
        lines.append(f"| {' | '.join([title, *shown, shape(ours), *theirs])} |")
    what = f"{base(bench):,} repositories, tags and blobs, and 10 connections"
    return f"ms; 1 × is {what}.\n\n" + "\n".join(lines) + "\n"


def shape(values: list[float | None]) -> str:
    if not values[0] or not values[-1]:
        return ""
    factor = values[-1] / values[0]
    if factor <= 2:
        return "flat"
    return f"{'linear, ' if factor >= 30 else ''}{factor:.0f} ×"


WORKLOADS = [Workload("growth", REGISTRIES, growth, growth_rows, rounds=1)]
