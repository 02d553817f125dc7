"""What a workload needs: stores, servers on them, and the load generator."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cgroups import Cgroup
from model import NGINX, Failed
from servers import (
    Served,
    Server,
    command_of,
    free_port,
    generate,
    make_certificate,
    wait_for_port,
    write_config,
    write_nginx_config,
)
from support.process import Daemon, environment

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
SMALL = "/v2/bench/small"


@dataclass(frozen=True)
class Store:
    """Made as files by the generator. Has bench/small with an image, and whatever was asked for."""

    root: Path
    manifest: str
    config: str
    blob: str
    big: list[str]

    def data(self, digest: str) -> Path:
        value = digest.removeprefix("sha256:")
        blobs = self.root / "docker/registry/v2/blobs/sha256"
        return blobs / value[:2] / value / "data"

    def big_paths(self) -> list[str]:
        return [f"/v2/bench/big/blobs/{digest}" for digest in self.big]

    def served(self, work: Path) -> dict[str, Served]:
        """For nginx: every path that workloads ask for."""
        base = work / "base.json"
        base.write_text("{}")
        manifest = Served(self.data(self.manifest), MANIFEST_TYPE)
        blob = "application/octet-stream"
        paths = {
            "/v2/": Served(base, "application/json"),
            f"{SMALL}/manifests/latest": manifest,
            f"{SMALL}/manifests/{self.manifest}": manifest,
            f"{SMALL}/blobs/{self.blob}": Served(self.data(self.blob), blob),
        }
        big = {f"/v2/bench/big/blobs/{digest}": self.data(digest) for digest in self.big}
        return paths | {path: Served(file, blob) for path, file in big.items()}


class Bench:
    """`memory` and `disk` are folders on a tmpfs and on a disk, of this run alone."""

    def __init__(self, ours: Path, generator: Path, memory: Path, disk: Path, quick: bool):
        self.ours = ours
        self.generator = generator
        self.memory = memory
        self.disk = disk
        self.quick = quick
        self.work = Path(tempfile.mkdtemp(prefix="work-", dir=memory))
        self._stores: dict[tuple, Store] = {}
        self._others = self._cpus = 0.0

    def note(self, done: dict) -> None:
        """What the machine was busy with during a load, or during each of its parts."""
        for part in filter(lambda value: isinstance(value, dict), done.values()):
            self.note(part)
        self._others += done.get("others_cpu_s", 0)
        self._cpus += done.get("seconds", 0) * (os.cpu_count() or 1)

    def share_of_others(self) -> float:
        """Of the CPUs, that other programs took during the loads since this was asked last."""
        share = self._others / self._cpus if self._cpus else 0
        self._others = self._cpus = 0.0
        return share

    def pick(self, full, quick):
        return quick if self.quick else full

    def store(self, place: Path, **options: object) -> Store:
        """The same one for the same options, until forget_stores()."""
        key = (place, *options.items())
        if key not in self._stores:
            root = Path(tempfile.mkdtemp(prefix="store-", dir=place))
            self._stores[key] = self.make_store(root, **options)
        return self._stores[key]

    def make_store(self, root: Path, **options: object) -> Store:
        """By options of make-store: big=8, without_index=True."""
        words = []
        for name, value in options.items():
            option = f"--{name.replace('_', '-')}"
            words += [option] if value is True else [option, value]
        made = generate(self.generator, "make-store", "--root", root, *words)
        made.pop("seconds")
        return Store(root=root, **made)

    def forget_stores(self) -> None:
        for store in self._stores.values():
            shutil.rmtree(store.root)
        self._stores.clear()

    @contextmanager
    def fresh_root(self, place: Path) -> Iterator[Path]:
        root = Path(tempfile.mkdtemp(prefix="root-", dir=place))
        try:
            yield root
        finally:
            shutil.rmtree(root)

    @contextmanager
    def serve(
        self,
        kind: str,
        root: Path,
        *,
        tls: bool = False,
        store: Store | None = None,
        cgroup: Cgroup | None = None,
    ) -> Iterator[Server]:
        port = free_port()
        certificate = make_certificate(self.work) if tls else None
        if kind == NGINX:
            served = store.served(self.work) if store else {}
            config = write_nginx_config(self.work, port, certificate, served)
        else:
            config = write_config(self.work, root, port, certificate)
        command = command_of(kind, self.ours, config)
        log = self.work / f"{kind}-{port}.log"
        daemon = Daemon(cgroup.around(command) if cgroup else command, log, environment())
        try:
            wait_for_port(port, daemon)
            yield Server(kind, self.generator, port, daemon, tls, self.note)
            if not daemon.runs():
                raise Failed(f"{kind} ended by itself:\n{daemon.said()[-2000:]}")
        finally:
            daemon.stop()
            log.unlink(missing_ok=True)  # 2.8.2 writes a line for each 404, at any level

    def serve_store(self, kind: str, store: Store, **options):
        return self.serve(kind, store.root, store=store, **options)

    def command(self, *words: object) -> dict:
        """A command of the generator that talks to no server that runs."""
        return generate(self.generator, *words)

    def registry_command(self, kind: str, verb: str, root: Path, port: int) -> list[object]:
        config = write_config(self.work, root, port, None)
        binary = command_of(kind, self.ours, config)[0]
        return [binary, verb, config]


def save(file: Path, what: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(what, indent=1))
