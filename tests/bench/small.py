"""Small requests, whole images, and both beside large transfers."""

import os

from bench import SMALL, Bench, Store
from model import NGINX, REFERENCE, REGISTRIES, SERVERS
from model import Figures, Row, Workload, at_least, at_most

KINDS = {
    "manifest by tag": ("tag", "GET {small}/manifests/latest"),
    "manifest by digest": ("digest", "GET {small}/manifests/{manifest}"),
    "HEAD manifest": ("head_manifest", "HEAD {small}/manifests/latest"),
    "HEAD blob": ("head_blob", "HEAD {small}/blobs/{blob}"),
    "blob of 1 KiB": ("blob", "GET {small}/blobs/{blob}"),
    "GET /v2/": ("base", "GET /v2/"),
}


def request_of(form: str, store: Store) -> str:
    return form.format(small=SMALL, manifest=store.manifest, blob=store.blob)


def requests(close: bool):
    def measure(bench: Bench, kind: str) -> Figures:
        store = bench.store(bench.memory)
        close_each = ("--close",) if close else ()
        words = ("--connections", 32, "--seconds", bench.pick(3, 1), *close_each)
        figures: Figures = {}
        with bench.serve_store(kind, store) as server:
            for key, form in KINDS.values():
                done = server.load("requests", *words, request_of(form, store))
                figures[key] = done["per_s"]
                figures[f"{key}_p99"] = done["p99_ms"]
                figures[f"{key}_cpu"] = done["server_cpu_s"] / max(done["done"], 1) * 1e6
        return figures

    return measure


def kept_rows(_: Bench) -> list[Row]:
    rows = []
    for title, (key, _) in KINDS.items():
        beside_nginx = {"blob": (at_least(0.8, NGINX),), "head_blob": ()}
        targets = beside_nginx.get(key, (at_least(1.0, NGINX),)) + (at_least(30, REFERENCE),)
        rows.append(Row(key, f"{title}, 32 connections", "1/s", targets))
        rows.append(Row(f"{key}_cpu", "– CPU of each", "µs"))
    return rows


def closed_rows(_: Bench) -> list[Row]:
    targets = (at_least(0.9, NGINX),)
    return [
        Row(key, f"{title}, a new connection each", "1/s", targets)
        for title, (key, _) in KINDS.items()
    ]


def images(disk: bool):
    def measure(bench: Bench, kind: str) -> Figures:
        with bench.fresh_root(bench.disk if disk else bench.memory) as root:
            with bench.serve(kind, root) as server:
                done = server.load("images", "--pushers", 8, "--images", bench.pick(20, 3))
        figures: Figures = {}
        for way in ("push", "pull"):
            figures[f"{way}_rate"] = done[way]["per_s"]
            figures[f"{way}_cpu"] = done[way]["server_cpu_s"] / done[way]["done"] * 1e3
        return figures

    return measure


def image_rows(disk: bool):
    def rows(_: Bench) -> list[Row]:
        place = "disk" if disk else "tmpfs"
        rate = (at_least(4, REFERENCE),) if disk else ()
        cpu = () if disk else (at_most(0.1, REFERENCE),)
        return [
            Row("push_rate", f"pushes of images of 11 × 16 KiB, 8 at once, {place}", "1/s", rate),
            Row("push_cpu", "– CPU of each", "ms", cpu),
            Row("pull_rate", f"pulls of the same, {place}", "1/s"),
            Row("pull_cpu", "– CPU of each", "ms"),
        ]

    return rows


# Beside what the small requests are timed: fast and slow clients, warm and cold, and pushes.
SLOW_RATE = 4 << 20
BACKGROUNDS = {
    "fast": "16 downloads by fast clients",
    "slow": "16 downloads at 4 MiB/s each",
    "cold_fast": "the same by fast clients, cold, disk",
    "cold_slow": "the same at 4 MiB/s each, cold, disk",
}


def drop_from_cache(store: Store) -> None:
    for digest in store.big:
        with store.data(digest).open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def fairness(bench: Bench, kind: str) -> Figures:
    figures: Figures = {}
    for key in BACKGROUNDS:
        cold = key.startswith("cold")
        place = bench.disk if cold else bench.memory
        size = bench.pick("256MiB", "8MiB")
        store = bench.store(place, big=16, size=size)
        asked = ("GET /v2/", f"GET {SMALL}/manifests/latest")
        downloads = [word for path in store.big_paths() for word in ("--path", path)]
        slow = ("--slow", SLOW_RATE) if key.endswith("slow") else ()
        seconds = bench.pick(4, 1)
        with bench.serve_store(kind, store) as server:
            server.load("requests", "--connections", 4, "--seconds", 0.2, *asked)
            if cold:
                drop_from_cache(store)
            once = ("--once",) if cold else ()
            done = server.load("mixed", "--seconds", seconds, *once, *slow, *downloads, *asked)
        figures[f"{key}_p50"] = done["p50_ms"]
        figures[f"{key}_p99"] = done["p99_ms"]
        figures[f"{key}_rate"] = done["background_gib_per_s"]
    return figures


def fairness_rows(_: Bench) -> list[Row]:
    rows = []
    for key, title in BACKGROUNDS.items():
        targets = (at_most(1, NGINX),)
        rows.append(Row(f"{key}_p99", f"small requests beside {title}: p99", "ms", targets))
        rows.append(Row(f"{key}_p50", "– p50", "ms"))
        rows.append(Row(f"{key}_rate", "– the downloads meanwhile", "GiB/s"))
    return rows


def storm(bench: Bench, kind: str) -> Figures:
    """Pulls from one repository while others are pushed to."""
    with bench.fresh_root(bench.memory) as root:
        store = bench.make_store(root)
        blob = f"GET {SMALL}/blobs/{store.blob}"
        with bench.serve(kind, root) as server:
            background = ("--background", "push", "--at-once", 8, "--seconds", bench.pick(4, 1))
            done = server.load("mixed", *background, f"GET {SMALL}/manifests/latest", blob)
    pushed = done["background_images"] / done["seconds"]
    return {"p50": done["p50_ms"], "p99": done["p99_ms"], "pushed": pushed}


def storm_rows(_: Bench) -> list[Row]:
    title = "pulls of one repository beside 8 pushers to others"
    return [
        Row("p99", f"{title}: p99", "ms"),
        Row("p50", "– p50", "ms"),
        Row("pushed", "– images pushed meanwhile", "1/s"),
    ]


WORKLOADS = [
    Workload("requests", SERVERS, requests(False), kept_rows),
    Workload("connections", SERVERS, requests(True), closed_rows),
    Workload("images", REGISTRIES, images(False), image_rows(False)),
    Workload("images-disk", REGISTRIES, images(True), image_rows(True)),
    Workload("fairness", SERVERS, fairness, fairness_rows),
    Workload("storm", REGISTRIES, storm, storm_rows),
]
