"""What depends on how much there is: lists, starts, collections."""

from pathlib import Path
from statistics import median

from bench import Bench
from model import OURS, REFERENCE, REGISTRIES
from model import Figures, Row, Workload, at_most
from servers import free_port

MIB = 1 << 20


def catalog(bench: Bench, kind: str) -> Figures:
    figures: Figures = {}
    for key, repositories, page in catalogs(bench):
        store = bench.store(bench.memory, repositories=repositories)
        with bench.serve_store(kind, store) as server:
            path = f"/v2/_catalog?n={page}"
            done = server.load("pages", "--at-most", bench.pick(60, 5), path)
        figures[key] = done["seconds"] * 1e3
        figures[f"{key}_bounded"] = 0 if done["complete"] else 1
    return figures


def catalogs(bench: Bench) -> list[tuple[str, int, int]]:
    large = bench.pick(100_000, 2_000)
    return [("some", bench.pick(3_000, 300), 100), ("many", large, 1_000)]


def catalog_rows(bench: Bench) -> list[Row]:
    targets = (at_most(1 / 50, REFERENCE),)
    return [
        Row(key, f"catalog of {count:,} repositories, pages of {page:,}", "ms", targets)
        for key, count, page in catalogs(bench)
    ]


def tags(bench: Bench, kind: str) -> Figures:
    """2.8.2 has no pages of tags: its list of the fewer stands beside our page of the more."""
    few, many = bench.pick((20_000, 1_000_000), (2_000, 10_000))
    words = ("--connections", 1, "--seconds", bench.pick(3, 0.5))
    store = bench.store(bench.memory, tags=few)
    with bench.serve_store(kind, store) as server:
        whole = server.load("requests", *words, "GET /v2/bench/tags/tags/list")["p50_ms"]
    if kind != OURS:
        return {"list": whole, "page": whole}
    store = bench.store(bench.memory, tags=many, without_index=True)
    with bench.serve_store(kind, store) as server:
        page = server.load("requests", *words, "GET /v2/bench/tags/tags/list?n=100")["p50_ms"]
    return {"list": whole, "page": page}


def tag_rows(bench: Bench) -> list[Row]:
    few, many = bench.pick((20_000, 1_000_000), (2_000, 10_000))
    targets = (at_most(1 / 3, REFERENCE),)
    page = f"first 100 of {many:,} tags (2.8.2: all of {few:,})"
    return [
        Row("list", f"list of {few:,} tags", "ms", targets),
        Row("page", page, "ms", targets),
    ]


def start(bench: Bench, kind: str) -> Figures:
    figures: Figures = {}
    for key, repositories in starts(bench):
        store = bench.store(bench.memory, repositories=repositories)
        figures[key] = median(first_answer(bench, kind, store.root) for _ in range(5))
    return figures


def first_answer(bench: Bench, kind: str, root: Path) -> float:
    """In ms."""
    port = free_port()
    command = bench.registry_command(kind, "serve", root, port)
    return bench.command("first-answer", "--server", f"127.0.0.1:{port}", "--", *command)["ms"]


def starts(bench: Bench) -> list[tuple[str, int]]:
    return [("some", bench.pick(2_000, 200)), ("many", bench.pick(100_000, 2_000))]


def start_rows(bench: Bench) -> list[Row]:
    return [
        Row(key, f"start to first 200, {count:,} repositories", "ms", (at_most(10),))
        for key, count in starts(bench)
    ]


def collect(full: int, quick: int, **options: bool):
    def measure(bench: Bench, kind: str) -> Figures:
        with bench.fresh_root(bench.memory) as root:
            bench.make_store(root, blobs=bench.pick(full, quick), **options)
            command = bench.registry_command(kind, "garbage-collect", root, free_port())
            done = bench.command("measure", "--", *command)
        return {"time": done["seconds"] * 1e3, "peak": done["peak_rss_bytes"] / MIB}

    return measure


def collect_rows(full: int, quick: int, *, beside: bool):
    def rows(bench: Bench) -> list[Row]:
        count = bench.pick(full, quick)
        time = (at_most(0.1, REFERENCE),) if beside else ()
        peak = () if beside else (at_most(100),)
        return [
            Row("time", f"garbage-collect, {count:,} blobs, half of them garbage", "ms", time),
            Row("peak", "– peak memory", "MiB", peak),
        ]

    return rows


WORKLOADS = [
    Workload("catalog", REGISTRIES, catalog, catalog_rows),
    Workload("tags", REGISTRIES, tags, tag_rows),
    Workload("start", REGISTRIES, start, start_rows),
    Workload(
        "collect", REGISTRIES, collect(20_000, 1_000), collect_rows(20_000, 1_000, beside=True)
    ),
    Workload(
        "collect-million",
        (OURS,),
        collect(1_000_000, 10_000, without_layer_links=True),
        collect_rows(1_000_000, 10_000, beside=False),
        rounds=1,
    ),
]
