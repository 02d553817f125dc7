"""The whole way: 2.8 writes, ours goes on, 2.8 reads and collects, and ours again."""

from pathlib import Path

import pytest

from support.collect import Collector, our_collector, reference_collector
from support.images import OCI_MANIFEST, digest_of, random_image, random_index
from support.push import (
    delete,
    finish,
    mount,
    open_upload,
    patch,
    push_blob,
    push_image,
    push_index,
    put_manifest,
    status_of,
)
from support.registry import Registry
from support.sha512 import (
    image_of_sha512_layers,
    push_image_of_sha512_layers,
    put_by_sha512,
    referrer_to,
    referrers_of,
    sha512_of,
)
from support.snapshot import Snapshot, snapshot
from support.web import ACCEPT

HALF = bytes(range(256)) * 2_000
CUT = 123_457
GARBAGE = b"no manifest names this"


class Store:
    """What clients have done to one store, by way of either registry."""

    def __init__(self, root: Path):
        self.root = root
        self.image, self.moved, self.deleted = (random_image(20_000) for _ in range(3))
        self.kept = random_image(5_000)
        self.index = random_index()
        self.by_sha512 = random_image(5_000)
        self.sha512_layers = image_of_sha512_layers(b"a layer", b"another")
        self.signature = referrer_to(self.image, b"signed")
        self.deleted_signature = referrer_to(self.image, b"signed wrongly")
        self.untagged: dict[str, list[str]] = {"team/image": [self.moved.digest]}

    def write_as_2_8(self, registry: Registry) -> None:
        push_image(registry, "team/image", "v1", self.image)
        push_image(registry, "team/image", "moved", self.moved)
        push_image(registry, "team/image", "moved", self.kept)
        push_image(registry, "team/image", "gone", self.deleted)
        delete(registry, f"/v2/team/image/manifests/{self.deleted.digest}")
        push_index(registry, "team", "all", self.index)
        for blob in self.image.blobs:
            mount(registry, "team/image/mounted", digest_of(blob), "team/image")
        put_manifest(registry, "team/image/mounted", "v1", self.image.manifest)
        push_blob(registry, "team", GARBAGE)
        self.begun = patch(registry, open_upload(registry, "team"), HALF[:CUT])
        self.abandoned = patch(registry, open_upload(registry, "uploads/only"), HALF[:7])
        cancelled = patch(registry, open_upload(registry, "team"), HALF[:7])
        assert registry.request("DELETE", cancelled).status == 204

    def go_on_as_ours(self, registry: Registry) -> None:
        location = patch(registry, self.begun, HALF[CUT:-1])
        finish(registry, location, digest_of(HALF), HALF[-1:])
        push_image(registry, "team", "half", random_image(1_000))
        put_manifest(registry, "team/image", "v2", self.image.manifest)
        for referrer in (self.signature, self.deleted_signature):
            push_image(registry, "team/image", referrer.digest, referrer)
        self.untagged["team/image"].append(self.signature.digest)
        for blob in self.by_sha512.blobs:
            push_blob(registry, "sha512", blob)
        put_by_sha512(registry, "sha512", self.by_sha512.manifest, "one", "two")
        push_image_of_sha512_layers(registry, "sha512/layers", "v1", self.sha512_layers)
        delete(registry, "/v2/team/image/manifests/moved")
        push_image(registry, "team/image", "moved", self.kept)
        push_blob(registry, "team", HALF[::-1])

    def go_on_as_2_8_again(self, registry: Registry) -> None:
        delete(registry, f"/v2/team/image/manifests/{self.deleted_signature.digest}")
        push_image(registry, "team/image", "v2", self.kept)
        push_image(registry, "new", "v1", random_image(1_000))


def seen_by(registry: Registry, store: Store, without: str | None = None) -> Snapshot:
    names = registry.get("/v2/_catalog").json()["repositories"]
    return {"names": sorted(names), **snapshot(registry.address, store.untagged, without)}


def seen_by_both(registry: Registry, store: Store) -> Snapshot:
    """The collector of 2.8 has nothing for a layer that is named by SHA-512 alone."""
    return seen_by(registry, store, without="sha512/layers")


def assert_ours_alone(registry: Registry, store: Store) -> None:
    """What 2.8 knows nothing of, and has to leave alone."""
    assert referrers_of(registry, "team/image", store.image.digest) == {store.signature.digest}
    named = sha512_of(store.by_sha512.manifest)
    for reference in ("one", "two", named):
        answer = registry.get(f"/v2/sha512/manifests/{reference}", ACCEPT)
        assert answer.body == store.by_sha512.manifest
        assert answer.headers["Docker-Content-Digest"] == named


@pytest.fixture
def collect(tmp_path) -> Collector:
    return our_collector(tmp_path)


@pytest.fixture
def collect_as_2_8(tmp_path) -> Collector:
    return reference_collector(tmp_path)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def written(store, reference, ours) -> tuple[Store, Registry, Registry]:
    """Written by 2.8, by ours and by 2.8 again; both have stopped: 2.8 and ours."""
    old = reference(store.root)
    store.write_as_2_8(old)
    seen = seen_by(old, store)
    old.stop()

    new = ours(store.root)
    assert seen_by(new, store) == seen
    assert status_of(new, store.begun).received == CUT
    assert status_of(new, store.abandoned).received == 7
    store.go_on_as_ours(new)
    assert_both_signatures(new, store)
    seen = seen_by(new, store)
    assert new.stop() == 0

    old.start()
    assert seen_by(old, store) == seen
    store.go_on_as_2_8_again(old)
    old.stop()
    return store, old, new


def assert_both_signatures(registry: Registry, store: Store) -> None:
    both = {store.signature.digest, store.deleted_signature.digest}
    assert referrers_of(registry, "team/image", store.image.digest) == both


def test_what_each_wrote_the_other_goes_on_with(written):
    store, old, new = written
    old.start()
    seen = seen_by(old, store)
    old.stop()
    new.start()
    assert seen_by(new, store) == seen
    assert_ours_alone(new, store)
    assert new.get(f"/v2/team/blobs/{digest_of(HALF)}").body == HALF
    for layer in store.sha512_layers.blobs[1:]:
        assert new.get(f"/v2/sha512/layers/blobs/{sha512_of(layer)}").body == layer
    assert status_of(new, store.abandoned).received == 7
    assert "level=warning" not in new.daemon.said() and "level=error" not in new.daemon.said()


def test_the_collector_of_2_8_leaves_what_ours_has_but_layers_named_by_sha512_alone(
    written, collect, collect_as_2_8
):
    store, old, new = written
    new.start()
    seen = seen_by_both(new, store)
    new.stop()
    lost = {digest_of(layer) for layer in store.sha512_layers.blobs[1:]}
    assert collect_as_2_8(store.root, "-d").blobs() == collect(store.root, "-d").blobs() | lost
    assert lost <= collect_as_2_8(store.root).blobs()

    new.start()
    assert seen_by_both(new, store) == seen
    assert_ours_alone(new, store)
    layer = f"/v2/sha512/layers/blobs/{sha512_of(store.sha512_layers.blobs[1])}"
    assert new.get(layer).status == 404
    push_image_of_sha512_layers(new, "sha512/layers", "v1", store.sha512_layers)
    assert new.get(layer).status == 200
    new.stop()
    assert collect(store.root).blobs() == set()
    old.start()
    assert seen_by_both(old, store) == seen


def test_with_untagged_manifests_it_takes_the_children_of_tagged_indexes_and_referrers_as_well(
    written, collect, collect_as_2_8
):
    store, old, new = written
    children = {child.digest for child in store.index.children}
    ours_alone = children | {store.signature.digest}
    theirs = collect_as_2_8(store.root, "-d", "-m").manifests()
    assert theirs == collect(store.root, "-d", "-m").manifests() | ours_alone
    collect_as_2_8(store.root, "-m")

    new.start()
    for reference in ("v1", "v2", "moved"):
        assert new.get(f"/v2/team/image/manifests/{reference}", ACCEPT).status == 200
    assert referrers_of(new, "team/image", store.image.digest) == set()
    assert new.get("/v2/team/manifests/all", ACCEPT).body == store.index.manifest
    for child in children:
        assert new.get(f"/v2/team/manifests/{child}", ACCEPT).status == 404
    push_index(new, "team", "all", store.index)
    push_image(new, "team/image", store.signature.digest, store.signature)
    assert referrers_of(new, "team/image", store.image.digest) == {store.signature.digest}
    new.stop()
    assert collect(store.root, "-m").manifests() == set()
    old.start()
    assert old.get("/v2/team/manifests/all", ACCEPT).body == store.index.manifest


def test_after_our_collector_both_go_on(written, collect, collect_as_2_8):
    store, old, new = written
    new.start()
    seen = seen_by_both(new, store)
    new.stop()
    collected = collect(store.root)
    gone = {digest_of(GARBAGE), digest_of(HALF), store.deleted.digest}
    assert gone <= collected.blobs()
    assert collect(store.root, "-m").manifests() == {store.moved.digest}
    del store.untagged["team/image"][0]
    assert collect_as_2_8(store.root, "-d").manifests() == set()

    for registry in (old, new, old):
        registry.start()
        now = seen_by_both(registry, store)
        assert now.items() <= seen.items()
        dropped = {key for key in seen.keys() - now.keys() if "/manifests/" in key}
        assert dropped == {f"/v2/team/image/manifests/{store.moved.digest}"}
        push_image(registry, "team/image", "v1", store.image)
        registry.stop()
    new.start()
    assert_ours_alone(new, store)
    kind = {"Content-Type": OCI_MANIFEST}
    path = "/v2/sha512/layers/manifests/v1"
    assert new.request("PUT", path, store.sha512_layers.manifest, kind).status == 201
