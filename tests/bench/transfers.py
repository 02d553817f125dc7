"""Large blobs: down, up, and with TLS."""

import os
import subprocess
import time
from pathlib import Path

from bench import Bench
from cgroups import Cgroup
from model import DD, NGINX, OURS, REFERENCE, REGISTRIES, SERVERS
from model import Figures, Row, Unable, Workload, at_least, at_most

MIB = 1 << 20


def transfer_figures(done: dict) -> Figures:
    return {
        "rate": done["gib_per_s"],
        "cpu": done["server_cpu_s"] / done["gib"],
        "peak": done["peak_rss_bytes"] / MIB,
    }


def download(tls: bool):
    def measure(bench: Bench, kind: str) -> Figures:
        store = bench.store(bench.memory, big=bench.pick(8, 4), size=bench.pick("256MiB", "16MiB"))
        times = bench.pick(1 if tls else 4, 2)
        with bench.serve_store(kind, store, tls=tls) as server:
            server.load("download", "--at-once", 4, *store.big_paths())  # warm
            return transfer_figures(
                server.load("download", "--at-once", 4, "--times", times, *store.big_paths())
            )

    return measure


def upload(way: str, *, disk: bool = False, tls: bool = False):
    def measure(bench: Bench, kind: str) -> Figures:
        place = bench.disk if disk else bench.memory
        blobs, size = bench.pick((8, 128), (4, 16))
        if kind == DD:
            return {"rate": dd_rate(bench, blobs, size)}
        words = ("--way", way, "--blobs", blobs, "--size", f"{size}MiB", "--at-once", 4)
        with bench.fresh_root(place) as root:
            if not disk:
                with bench.serve(kind, root, tls=tls) as server:
                    return transfer_figures(server.load("upload", *words))
            return upload_in_group(bench, kind, root, words)

    return measure


def upload_in_group(bench: Bench, kind: str, root: Path, words: tuple) -> Figures:
    """And how much page cache is charged to the server's group at the end."""
    try:
        group = Cgroup()
    except Unable:
        group = None
    try:
        with bench.serve(kind, root, cgroup=group) as server:
            figures = transfer_figures(server.load("upload", *words))
            if group:
                figures["cache"] = group.file_bytes() / MIB
            return figures
    finally:
        if group:
            group.close()


def dd_rate(bench: Bench, blobs: int, mib: int) -> float:
    """The same bytes written by dd, four at once, each synced at its end."""
    source = bench.work / "random"
    source.write_bytes(os.urandom(mib * MIB))
    form = ("dd", f"if={source}", "bs=1M", "conv=fsync", "status=none")
    with bench.fresh_root(bench.disk) as root:
        begin = time.monotonic()
        for first in range(0, blobs, 4):
            targets = [f"of={root / str(i)}" for i in range(first, min(first + 4, blobs))]
            for process in [subprocess.Popen([*form, target]) for target in targets]:
                process.wait()
        seconds = time.monotonic() - begin
    source.unlink()
    return blobs * mib / 1024 / seconds


def download_rows(bench: Bench) -> list[Row]:
    what = bench.pick("8 × 256 MiB", "4 × 16 MiB")
    return [
        Row("rate", f"download, {what}, 4 at once, warm", "GiB/s", (at_least(1.2, NGINX),)),
        Row("cpu", "– CPU", "s/GiB", (at_most(0.85, NGINX),)),
    ]


def tls_download_rows(bench: Bench) -> list[Row]:
    return [
        Row("rate", "download by TLS, 4 at once, warm", "GiB/s"),
        Row("cpu", "– CPU", "s/GiB"),
    ]


WAYS = {"patch": "PATCH in chunks", "put": "PUT with length"}


def upload_rows(way: str, place: str, targets: bool = True):
    def rows(bench: Bench) -> list[Row]:
        what = bench.pick("8 × 128 MiB", "4 × 16 MiB")
        rate = (at_least(1.9, REFERENCE),) if targets else ()
        cpu = (at_most(0.48, REFERENCE),) if targets else ()
        return [
            Row("rate", f"upload, {what}, 4 at once, {WAYS[way]}, {place}", "GiB/s", rate),
            Row("cpu", "– CPU", "s/GiB", cpu),
            Row("peak", "– peak memory", "MiB"),
        ]

    return rows


def disk_upload_rows(way: str):
    def rows(bench: Bench) -> list[Row]:
        cache = Row("cache", "– page cache charged to its cgroup", "MiB")
        return [*upload_rows(way, "disk", False)(bench), cache]

    return rows


WORKLOADS = [
    Workload("download", SERVERS, download(False), download_rows),
    Workload("upload-patch", REGISTRIES, upload("patch"), upload_rows("patch", "tmpfs")),
    Workload("upload-put", REGISTRIES, upload("put"), upload_rows("put", "tmpfs")),
    Workload(
        "upload-patch-disk",
        (REFERENCE, DD, OURS),
        upload("patch", disk=True),
        disk_upload_rows("patch"),
    ),
    Workload(
        "upload-put-disk",
        (REFERENCE, DD, OURS),
        upload("put", disk=True),
        disk_upload_rows("put"),
    ),
    Workload("download-tls", SERVERS, download(True), tls_download_rows),
    Workload(
        "upload-tls",
        REGISTRIES,
        upload("patch", tls=True),
        upload_rows("patch", "tmpfs, TLS", False),
    ),
]
