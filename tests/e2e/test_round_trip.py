"""The way there and the way back: what one registry writes, the other serves byte for byte."""

from pathlib import Path

import pytest

from support.images import digest_of, random_image, random_index
from support.process import environment, run
from support.push import delete, mount, push_blob, push_image, push_index, put_manifest
from support.registry import REFERENCE, Factory, Registry, write_config
from support.snapshot import Snapshot, snapshot
from support.web import ACCEPT


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "data"


@pytest.fixture(params=["ours to reference", "reference to ours"])
def two(request, ours, reference) -> tuple[Factory, Factory]:
    """The registry that writes, and the one that reads."""
    return (ours, reference) if request.param.startswith("ours") else (reference, ours)


class Written:
    """A store with all that clients do to one, and what must be served of it afterwards."""

    def __init__(self, registry: Registry, skopeo, work: Path):
        self.moved_from, self.deleted = random_image(5_000), random_image(5_000)
        self._push(registry)
        self._push_with_a_client(registry, skopeo, work)
        self.untagged = {"moved": [self.moved_from.digest]}
        self.served: Snapshot = snapshot(registry.address, self.untagged)

    def _push(self, registry: Registry) -> None:
        first = random_image(300_000, 10)
        push_image(registry, "plain/image", "v1", first)
        push_image(registry, "plain", "latest", random_image(1_000))
        push_index(registry, "multi", "all", random_index())
        push_image(registry, "moved", "stays", random_image(1_000))
        push_image(registry, "moved", "tag", self.moved_from)
        push_image(registry, "moved", "tag", random_image(1_000))
        push_image(registry, "deleted", "gone", self.deleted)
        push_image(registry, "deleted", "kept", random_image(1_000))
        delete(registry, f"/v2/deleted/manifests/{self.deleted.digest}")
        self._mount(registry, first)

    def _mount(self, registry: Registry, image) -> None:
        for blob in image.blobs:
            mount(registry, "mounted", digest_of(blob), "plain/image")
        put_manifest(registry, "mounted", "v1", image.manifest)

    def _push_with_a_client(self, registry: Registry, skopeo, work: Path) -> None:
        source = random_image(20_000).write(work / "layout")
        for kind in ("oci", "v2s2"):
            skopeo.push(source, f"{registry.address}/by/skopeo:{kind}", "--format", kind)

    def assert_served_by(self, registry: Registry) -> None:
        assert snapshot(registry.address, self.untagged) == self.served
        for reference in ("gone", self.deleted.digest):
            answer = registry.get(f"/v2/deleted/manifests/{reference}", ACCEPT)
            assert answer.status == 404


def test_what_one_registry_wrote_the_other_serves_and_the_first_again(two, root, skopeo, tmp_path):
    write, read = two
    writer = write(root)
    written = Written(writer, skopeo, tmp_path)
    assert {"plain", "plain/image", "mounted", "by/skopeo"} < set(written.served)
    writer.stop()

    reader = read(root)
    written.assert_served_by(reader)
    push_image(reader, "plain", "more", random_image(1_000))
    written.served = snapshot(reader.address, written.untagged)
    reader.stop()

    writer.start()
    written.assert_served_by(writer)


def test_the_collector_of_the_reference_leaves_all_that_is_needed(two, root, skopeo, tmp_path):
    write, read = two
    writer = write(root)
    written = Written(writer, skopeo, tmp_path)
    writer.stop()
    collect(root, tmp_path, "--dry-run")
    collect(root, tmp_path)

    reader = read(root)
    written.assert_served_by(reader)
    reader.stop()
    writer.start()
    written.assert_served_by(writer)


def collect(root: Path, work: Path, *options: str) -> str:
    config = write_config(work / "collect.yml", root, "127.0.0.1:0")
    done = run(REFERENCE, "garbage-collect", *options, config, env=environment())
    return done.stdout.decode()


def test_a_blob_that_the_collector_of_the_reference_took_can_be_pushed_again(ours, root, tmp_path):
    registry = ours(root)
    push_image(registry, "kept", "v1", random_image(1_000))
    digest = push_blob(registry, "kept", b"nobody names this")
    registry.stop()
    assert f"blob eligible for deletion: {digest}" in collect(root, tmp_path)

    registry.start()
    path = f"/v2/kept/blobs/{digest}"
    assert registry.request("HEAD", path).status == 404  # its link is there, its data is not
    push_blob(registry, "kept", b"nobody names this")
    assert registry.get(path).body == b"nobody names this"


def test_the_reference_deletes_what_ours_wrote_and_ours_sees_it(ours, reference, root):
    registry = ours(root)
    image = random_image(1_000)
    push_image(registry, "name", "v1", image)
    registry.stop()
    other = reference(root)
    delete(other, f"/v2/name/manifests/{image.digest}")
    other.stop()

    registry.start()
    for gone in ("v1", image.digest):
        assert registry.get(f"/v2/name/manifests/{gone}", ACCEPT).status == 404
