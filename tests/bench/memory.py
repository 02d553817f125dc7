"""How much memory the server has at its peak, while many clients are half way."""

from bench import Bench
from cgroups import Cgroup
from model import NGINX, REGISTRIES, SERVERS
from model import Figures, Row, Workload, at_least, at_most

MIB = 1 << 20

HELD = {
    "idle": ("idle", 10, ("idle", "--connections", 0, "--seconds", 0.5)),
    "uploads": ("64 uploads at once, half way", 36, ("uploads", "--connections", 64)),
    "downloads": ("64 slow downloads", 28, ("downloads", "--connections", 64)),
    "connections": ("2,000 idle connections", 32, ("idle", "--connections", 2000)),
    "manifests": (
        "16 hostile manifests of 4 MiB at once",
        150,
        ("manifests", "--connections", 16, "--size", "4MiB"),
    ),
}
NGINX_CANNOT = ("uploads", "manifests")


def held(bench: Bench, kind: str) -> Figures:
    """Each on a server that has just started."""
    figures: Figures = {}
    for key, (_, _, words) in HELD.items():
        if kind == NGINX and key in NGINX_CANNOT:
            continue
        with bench.fresh_root(bench.memory) as root:
            store = bench.store(bench.memory, big=1, size="64MiB")
            path = ("--path", store.big_paths()[0]) if key == "downloads" else ()
            size = ("--size", bench.pick("8MiB", "2MiB")) if key == "uploads" else ()
            served = store.root if key == "downloads" else root
            with bench.serve(kind, served, store=store) as server:
                done = server.load("hold", *words, *path, *size)
        figures[key] = done["peak_rss_bytes"] / MIB
        figures[f"{key}_accepted"] = done["accepted"]
    return figures


def held_rows(_: Bench) -> list[Row]:
    return [
        Row(key, f"memory: {title}", "MiB", (at_most(limit),))
        for key, (title, limit, _) in HELD.items()
    ]


def in_little_memory(bench: Bench, kind: str) -> Figures:
    """Uploads in a group with less memory than they have bytes; raises where the server dies."""
    group = Cgroup(64 * MIB)
    try:
        with bench.fresh_root(bench.disk) as root, bench.serve(kind, root, cgroup=group) as server:
            blobs = bench.pick(64, 8)
            words = ("--blobs", blobs, "--at-once", blobs, "--size", "32MiB")
            done = server.load("upload", *words)
            return {"done": blobs - done["failures"], "rate": done["gib_per_s"]}
    finally:
        group.close()


def in_little_memory_rows(bench: Bench) -> list[Row]:
    blobs = bench.pick(64, 8)
    title = f"{blobs} uploads of 32 MiB at once in a cgroup of 64 MiB, disk"
    return [
        Row("done", f"{title}: done", "", (at_least(blobs),)),
        Row("rate", "– rate", "GiB/s"),
    ]


WORKLOADS = [
    Workload("memory", SERVERS, held, held_rows),
    Workload("little-memory", REGISTRIES, in_little_memory, in_little_memory_rows, rounds=1),
]
