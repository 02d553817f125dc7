"""What can happen to one image in a store: crashes, hands, backups, other users."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .images import Image, digest_of, random_image

TMP = ".0d0a6d1e-5b1c-4a4e-8d0a-0123456789ab.tmp"  # as v3 names what it is about to rename
BEGINNING = 50
SHELF = "00"  # of the layers of all victims, and of nothing else


@dataclass(frozen=True)
class Victim:
    """An image under one tag of a repository, and where its parts are."""

    files: Path  # docker/registry/v2
    name: str
    tag: str
    image: Image

    def repository(self) -> Path:
        return self.files / "repositories" / self.name

    @property
    def layer(self) -> str:
        return digest_of(self.image.blobs[1])

    def layer_link(self) -> Path:
        return self.repository() / "_layers/sha256" / hexadecimal(self.layer) / "link"

    def revision_link(self) -> Path:
        revisions = self.repository() / "_manifests/revisions/sha256"
        return revisions / hexadecimal(self.image.digest) / "link"

    def tag_folder(self) -> Path:
        return self.repository() / "_manifests/tags" / self.tag

    def tag_link(self) -> Path:
        return self.tag_folder() / "current/link"

    def index_link(self) -> Path:
        index = self.tag_folder() / "index/sha256"
        return index / hexadecimal(self.image.digest) / "link"

    def data(self, digest: str) -> Path:
        digits = hexadecimal(digest)
        return self.files / "blobs/sha256" / digits[:2] / digits / "data"

    def layer_data(self) -> Path:
        return self.data(self.layer)

    def manifest_data(self) -> Path:
        return self.data(self.image.digest)

    def layers(self) -> Path:
        return self.repository() / "_layers"

    def tags(self) -> Path:
        return self.repository() / "_manifests/tags"

    def revisions(self) -> Path:
        return self.repository() / "_manifests/revisions"

    def manifests(self) -> Path:
        return self.repository() / "_manifests"

    def shelf(self) -> Path:
        return self.layer_data().parent.parent

    def folder_of_layer(self) -> Path:
        return self.layer_data().parent

    def folder_of_layer_link(self) -> Path:
        return self.layer_link().parent

    def current(self) -> Path:
        return self.tag_link().parent


def image_for(shelf_of_layer: str | None = None) -> Image:
    """One whose layer alone is on that shelf; or nothing of it on the shelf of the victims."""
    while True:
        image = random_image(1_000)
        config, layer = (shelf_of(digest_of(blob)) for blob in image.blobs)
        others = {config, shelf_of(image.digest)}
        if SHELF not in others and (layer == shelf_of_layer or layer != SHELF != shelf_of_layer):
            return image


def shelf_of(digest: str) -> str:
    return hexadecimal(digest)[:2]


def hexadecimal(digest: str) -> str:
    return digest.removeprefix("sha256:")


# What is done to a path.


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def garbled(path: Path) -> None:
    path.write_bytes(b"\xff\x00garbage\n")


def truncated(path: Path) -> None:
    os.truncate(path, BEGINNING)


def missing(path: Path) -> None:
    path.unlink()


def replaced_by_a_folder(path: Path) -> None:
    owner = path.stat().st_uid
    path.unlink()
    path.mkdir()
    (path / "stray").write_bytes(b"")
    os.chown(path, owner, owner)  # else only root could move it away


def replaced_by_a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"")


def looped(path: Path) -> None:
    """Whoever follows it fails."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(path.name)


def locked_away(path: Path) -> None:
    """Root's alone."""
    os.chown(path, 0, 0)
    path.chmod(0o700 if path.is_dir() else 0o600)


def root_made(path: Path) -> None:
    """With all below it; to be read by all."""
    for one in (path, *path.rglob("*")):
        os.chown(one, 0, 0)


@dataclass(frozen=True)
class Damage:
    """The same to several parts, each of an image of its own."""

    how: Callable[[Path], None]
    parts: tuple[Callable[[Victim], Path], ...]
    hides_manifests: bool = False  # nobody can know which there are

    def __str__(self) -> str:
        return f"{self.parts[0].__name__} and others {self.how.__name__}"


LINKS = (Victim.layer_link, Victim.revision_link, Victim.tag_link, Victim.index_link)
DATA = (Victim.layer_data, Victim.manifest_data)

# The folders around are the daemon's own: the next push of the same image mends it.
MENDABLE = [
    *(Damage(how, (*LINKS, *DATA))
      for how in (emptied, garbled, missing, replaced_by_a_folder, looped, locked_away)),
    Damage(truncated, DATA),
    Damage(replaced_by_a_file, (
        Victim.layers, Victim.tags, Victim.tag_folder, Victim.current, Victim.shelf,
        Victim.folder_of_layer, Victim.folder_of_layer_link)),
    Damage(replaced_by_a_file, (Victim.manifests,), hides_manifests=True),
]  # fmt: skip

# Nobody but root can mend these.
LASTING = [
    Damage(locked_away, (
        Victim.layers, Victim.tags, Victim.tag_folder, Victim.current, Victim.shelf,
        Victim.folder_of_layer, Victim.folder_of_layer_link)),
    Damage(locked_away, (
        Victim.revisions, Victim.manifests, Victim.repository), hides_manifests=True),
    Damage(looped, (Victim.repository,), hides_manifests=True),
]  # fmt: skip


def strew(victim: Victim) -> list[Path]:
    """Files that belong to nobody, at every level."""
    root = victim.files.parents[2]
    levels = {root, *victim.files.parents, victim.files, victim.files / "blobs"}
    levels = {level for level in levels if level.is_relative_to(root)}
    for path in (*(link(victim) for link in LINKS), *(data(victim) for data in DATA)):
        while path != victim.files:
            path = path.parent
            levels.add(path)
    strewn = []
    for level in levels:
        for name in ("readme", f"link{TMP}", f"data{TMP}", ".nfs000000000000000100000001"):
            strewn.append(level / name)
    strewn += [victim.tags() / "crashed/current" / f"link{TMP}",
               victim.revisions() / "sha256" / ("0" * 64) / f"link{TMP}",
               victim.layers() / "sha256" / ("0" * 64) / f"link{TMP}",
               victim.files / "blobs/sha256/00" / ("0" * 64) / f"data{TMP}",
               victim.repository() / "_uploads/readme",
               victim.repository() / "_unknown/readme"]  # fmt: skip
    for path in strewn:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return strewn
