"""An operator at night, docs/operations.md in hand, in front of a registry with a few images."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from .cluster import Cluster
from .images import Image, random_image
from .pod import Pod
from .registry import PROJECT
from .runbook import Block, Operator, operator_of, sections
from .unable import need_mounts, need_root

SECTIONS = sections((PROJECT / "docs/operations.md").read_text())
OFFLINE = "The volume without the daemon"
MEGABYTE = 1_000_000


@dataclass
class Night:
    """An operator in front of a registry that has myproject:latest and a few other images."""

    pod: Pod
    cluster: Cluster
    operator: Operator
    images: dict[str, Image]  # by repository:tag
    folder: Path

    def follow(self, title: str, part: slice = slice(None)) -> list[str]:
        """Runs the commands of a section; what each block printed."""
        blocks = SECTIONS[title].blocks("sh")[part]
        assert blocks, f"{title} has no commands"
        return self.operator.do(blocks)

    def push(self, name: str, image: Image) -> None:
        layout = self.folder / f"layout-{len(list(self.folder.iterdir()))}"
        image.write(layout)
        self.pod.push(layout, name)
        self.images[name] = image

    def tags(self, name: str = "myproject") -> list[str]:
        return sorted(self.pod.json(f"/v2/{name}/tags/list")["tags"] or [])

    def status(self, reference: str, name: str = "myproject") -> int:
        return self.pod.get(f"/v2/{name}/manifests/{reference}")[0]

    def stored(self) -> set[str]:
        """The digests of all blobs that there are bytes of."""
        blobs = self.pod.volume / "docker/registry/v2/blobs/sha256"
        return {f"sha256:{data.parent.name}" for data in blobs.rglob("data")}

    def begin_upload(self, size: int = 1) -> Path:
        """One that nobody will end; its folder."""
        content = self.folder / "half"
        content.write_bytes(os.urandom(size))
        script = f"""
            url=$(curl -fsSi -X POST http://localhost:5000/v2/myproject/blobs/uploads/ |
                  tr -d '\\r' | sed -n 's/^Location: //p')
            curl -fsS -X PATCH -H 'Content-Type: application/octet-stream' -T {content} "$url"
        """
        self.operator.do([Block("sh", script)])
        [upload] = self.uploads().iterdir()
        return upload

    def uploads(self) -> Path:
        return self.pod.volume / "docker/registry/v2/repositories/myproject/_uploads"


def some_images() -> dict[str, Image]:
    shared = random_image(200_000)
    return {
        "myproject:latest": shared,
        "myproject:v1": shared,
        "myproject:old": random_image(2 * MEGABYTE),
        "team/app:v1": random_image(10_000),
    }


@contextmanager
def a_night(
    folder: Path, images: dict[str, Image], *, with_registry_2: bool = False
) -> Iterator[Night]:
    """With these images pushed to a new volume."""
    need_root("a pod's namespaces")
    need_mounts()
    config = yaml.safe_load((PROJECT / "deploy/kubernetes/configmap.yaml").read_text())
    pod = Pod(folder, config["data"]["config.yml"])
    try:
        cluster = Cluster(pod)
        if with_registry_2:
            cluster.begin_with_registry_2()
        cluster.restart()
        with operator_of(cluster, folder / "operator") as operator:
            night = Night(pod, cluster, operator, {}, folder)
            cluster.become_ready()
            for name, image in images.items():
                night.push(name, image)
            yield night
    finally:
        pod.close()
