"""The same operations on a store that grows tenfold, twice."""

from bench import SMALL, Bench
from model import OURS, REGISTRIES
from model import Figures, Row, Workload
from servers import free_port

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
    options = {"repositories": count, "tags": count, "blobs": count, "without_index": True}
    one = ("--connections", 1, "--seconds", bench.pick(2, 0.3))
    port = free_port()
    with bench.fresh_root(bench.memory) as root:
        words = [word for name, value in options.items() for word in option(name, value)]
        bench.command("make-store", "--root", root, *words)
        command = bench.registry_command(kind, "serve", root, port)
        begun = bench.command("first-answer", "--server", f"127.0.0.1:{port}", "--", *command)
        with bench.serve(kind, root) as server:
            manifest = f"GET {SMALL}/manifests/latest"
            last = f"r/{count * 9 // 10:07}"
            many = ("--connections", 10 * scale, "--seconds", bench.pick(2, 0.3))
            pushes = ("--pushers", 1, "--images", bench.pick(20, 3))
            return {
                "catalog": server.load("requests", *one, f"GET /v2/_catalog?n=100&last={last}")["p50_ms"],
                "tags": server.load("requests", *one, "GET /v2/bench/tags/tags/list?n=100")["p50_ms"],
                "manifest": server.load("requests", *one, manifest)["p50_ms"],
                "connections": 1e3 / server.load("requests", *many, manifest)["per_s"],
                "push": server.load("images", *pushes)["push"]["p50_ms"],
                "start": begun["ms"],
            }


def option(name: str, value: object) -> list[object]:
    word = f"--{name.replace('_', '-')}"
    return [word] if value is True else [word, value]


def growth_rows(bench: Bench) -> list[Row]:
    rows = []
    for operation, title in OPERATIONS.items():
        for scale in SCALES:
            count = (10 if operation == "connections" else base(bench)) * scale
            what = "connections" if operation == "connections" else "of each"
            rows.append(Row(f"{operation}_{scale}", f"{title}, {count:,} {what}", "ms"))
    return rows


WORKLOADS = [Workload("growth", REGISTRIES, growth, growth_rows, rounds=1)]
