"""containerd's ctr: no probe, HEAD then POST and one PUT for each blob, several at once."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.images import random_image, random_index, random_repository
from support.process import Daemon, environment, output, run, wait_until
from support.unable import need_mounts, need_root
from support.web import ACCEPT

CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/sock"
"""


@dataclass(frozen=True)
class Ctr:
    folder: Path

    def __call__(self, *arguments: object, **options):
        return run("ctr", "--address", self.folder / "sock", *arguments, **options)

    def output(self, *arguments: object) -> str:
        return output("ctr", "--address", self.folder / "sock", *arguments)

    def answers(self) -> bool:
        return self("version", check=False).returncode == 0

    def has(self, digest: str) -> bool:
        return digest in self.output("content", "ls", "--quiet").split()

    def digest_of(self, image: str) -> str:
        for line in self.output("images", "ls", f"name=={image}").splitlines()[1:]:
            return line.split()[2]
        raise AssertionError(f"containerd has no image {image}")


@pytest.fixture(scope="module")
def daemon_folder() -> Iterator[Path]:
    """One containerd for the module, by its folder."""
    need_root("containerd")
    folder = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))  # a socket's path must be short
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder))
    command = ["containerd", "--config", str(config)]
    daemon = Daemon(command, folder / "containerd.log", environment())
    wait_until(Ctr(folder).answers, "containerd answers")
    yield folder
    daemon.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ctr(daemon_folder) -> Iterator[Ctr]:
    """containerd without any content, so that a pull has to fetch."""
    ctr = Ctr(daemon_folder)
    yield ctr
    for image in ctr.output("images", "ls", "--quiet").split():
        ctr("images", "rm", "--sync", image)
    for digest in ctr.output("content", "ls", "--quiet").split():
        ctr("content", "rm", digest)


@pytest.fixture
def name(registry) -> str:
    return f"{registry.address}/{random_repository('ctr')}"


def test_an_image_pushed_by_skopeo_is_fetched_by_ctr(ctr, skopeo, name, tmp_path):
    image = random_image(1_000_000, 10)
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1")
    ctr("content", "fetch", "--plain-http", f"{name}:v1")
    assert ctr.digest_of(f"{name}:v1") == image.digest
    assert ctr("content", "get", image.digest).stdout == image.manifest
    for part in layers_of(image.manifest):
        assert ctr.has(part)


def layers_of(manifest: bytes) -> list[str]:
    return [layer["digest"] for layer in json.loads(manifest)["layers"]]


def test_an_image_pushed_by_skopeo_is_pulled_and_unpacked_by_ctr(ctr, skopeo, name, tmp_path):
    need_mounts()
    image = random_image()
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1")
    # The native snapshotter copies: it works where overlays do not.
    ctr("images", "pull", "--plain-http", "--snapshotter", "native", f"{name}:v1")
    assert ctr.digest_of(f"{name}:v1") == image.digest


def test_an_oci_archive_imported_by_ctr_is_pushed_as_it_is(ctr, skopeo, registry, name, tmp_path):
    image = random_image()
    archive = tmp_path / "image.tar"
    skopeo("copy", image.write(tmp_path / "layout"), f"oci-archive:{archive}:{name}:v1")
    ctr("images", "import", "--no-unpack", archive)
    ctr("images", "push", "--plain-http", f"{name}:v1")
    assert manifest_at(registry, name, "v1") == image.manifest
    assert skopeo.pull(f"{name}:v1", tmp_path / "back").blobs() == list(image.blobs)


def manifest_at(registry, name: str, tag: str) -> bytes:
    repository = name.partition("/")[2]
    return registry.get(f"/v2/{repository}/manifests/{tag}", ACCEPT).body


def test_a_docker_archive_imported_by_ctr_is_pushed_and_pulled(ctr, skopeo, name, tmp_path):
    image = random_image()
    archive = tmp_path / "image.tar"
    skopeo("copy", image.write(tmp_path / "layout"), f"docker-archive:{archive}:{name}:v1")
    ctr("images", "import", "--no-unpack", archive)
    ctr("images", "push", "--plain-http", f"{name}:v1")
    config = skopeo.pull(f"{name}:v1", tmp_path / "back").blobs()[0]
    assert json.loads(config) == json.loads(image.blobs[0])


def test_an_index_is_fetched_and_pushed_by_ctr_with_all_platforms(
    ctr, skopeo, registry, name, tmp_path
):
    index = random_index()
    skopeo.push(index.write(tmp_path / "layout"), f"{name}:multi", "--all")
    ctr("content", "fetch", "--plain-http", "--all-platforms", f"{name}:multi")
    other = f"{name}/other"
    ctr("images", "tag", f"{name}:multi", f"{other}:multi")
    ctr("images", "push", "--plain-http", f"{other}:multi")
    assert manifest_at(registry, other, "multi") == index.manifest
    for child in index.children:
        assert manifest_at(registry, other, child.digest) == child.manifest


def test_a_second_push_by_ctr_finds_everything_there(ctr, skopeo, registry, name, tmp_path):
    image = random_image()
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1")
    ctr("content", "fetch", "--plain-http", f"{name}:v1")
    ctr("images", "push", "--plain-http", f"{name}:v1")
    assert manifest_at(registry, name, "v1") == image.manifest
