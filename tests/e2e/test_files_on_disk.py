"""The tree on disk, file by file: the one that 2.8 writes, and nothing beside it."""

import re
from pathlib import Path

import pytest

from support.images import Image, digest_of, random_image, random_index
from support.push import (
    delete,
    finish,
    mount,
    open_upload,
    patch,
    push_blob,
    push_image,
    push_index,
)

Files = dict[str, bytes]


@pytest.fixture
def registry(ours, tmp_path):
    return ours(tmp_path / "data")


def files_under(folder: Path) -> Files:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def stored(*contents: bytes) -> Files:
    return {f"blobs/{under(digest_of(blob), 2)}/data": blob for blob in contents}


def under(digest: str, fan_out: int = 0) -> str:
    """A digest as folders."""
    algorithm, _, hexadecimal = digest.partition(":")
    prefix = f"{hexadecimal[:fan_out]}/" if fan_out else ""
    return f"{algorithm}/{prefix}{hexadecimal}"


def links(name: str, folder: str, *digests: str) -> Files:
    base = f"repositories/{name}/{folder}"
    return {f"{base}/{under(digest)}/link": digest.encode() for digest in digests}


def layers(name: str, *contents: bytes) -> Files:
    return links(name, "_layers", *map(digest_of, contents))


def revisions(name: str, *digests: str) -> Files:
    return links(name, "_manifests/revisions", *digests)


def tag(name: str, tag: str, *digests: str) -> Files:
    """A tag that pointed to these, and points to the last."""
    current = f"repositories/{name}/_manifests/tags/{tag}/current/link"
    return {
        current: digests[-1].encode(),
        **links(name, f"_manifests/tags/{tag}/index", *digests),
    }


def whole(name: str, image: Image) -> Files:
    """An image without a tag."""
    return {
        **stored(*image.blobs, image.manifest),
        **layers(name, *image.blobs),
        **revisions(name, image.digest),
    }


def test_an_image_is_links_and_data(registry):
    image = random_image(10_000, 10)
    push_image(registry, "a/b", "v1", image)
    expected = {**whole("a/b", image), **tag("a/b", "v1", image.digest)}
    assert files_under(registry.files()) == expected


def test_an_image_pushed_by_digest_has_no_tag(registry):
    image = random_image(100)
    push_image(registry, "a", image.digest, image)
    assert files_under(registry.files()) == whole("a", image)


def test_a_moved_tag_remembers_where_it_was(registry):
    old, new = random_image(100), random_image(100)
    push_image(registry, "a", "v1", old)
    push_image(registry, "a", "v1", new)
    expected = {**whole("a", old), **whole("a", new), **tag("a", "v1", old.digest, new.digest)}
    assert files_under(registry.files()) == expected


def test_an_index_is_a_manifest_beside_its_children(registry):
    index = random_index()
    push_index(registry, "a", "v1", index)
    expected = {**stored(index.manifest), **tag("a", "v1", index.digest)}
    for child in index.children:
        expected |= whole("a", child)
    expected |= revisions("a", index.digest)
    assert files_under(registry.files()) == expected


def test_a_mount_is_one_link(registry):
    blob = b"content"
    push_blob(registry, "a", blob)
    mount(registry, "b/c", digest_of(blob), "a")
    expected = {**stored(blob), **layers("a", blob), **layers("b/c", blob)}
    assert files_under(registry.files()) == expected


def test_a_deleted_manifest_leaves_its_blobs_to_the_collector(registry):
    image, kept = random_image(100), random_image(100)
    push_image(registry, "a", "v1", image)
    push_image(registry, "a", "v2", image)
    push_image(registry, "a", "v3", kept)
    delete(registry, f"/v2/a/manifests/{image.digest}")
    expected = {**whole("a", image), **whole("a", kept), **tag("a", "v3", kept.digest)}
    for gone in revisions("a", image.digest):
        del expected[gone]
    assert files_under(registry.files()) == expected


def test_a_deleted_tag_leaves_its_manifest(registry):
    image = random_image(100)
    push_image(registry, "a", "v1", image)
    push_image(registry, "a", "v2", image)
    delete(registry, "/v2/a/manifests/v1")
    assert files_under(registry.files()) == {**whole("a", image), **tag("a", "v2", image.digest)}


def test_a_deleted_blob_leaves_its_data_to_the_collector(registry):
    blob = b"content"
    push_blob(registry, "a", blob)
    delete(registry, f"/v2/a/blobs/{digest_of(blob)}")
    assert files_under(registry.files()) == stored(blob)


def test_an_upload_is_its_data_its_start_and_the_state_of_its_hash(registry):
    patch(registry, open_upload(registry, "a"), b"x" * 1_000)
    files = files_under(registry.files() / "repositories/a/_uploads")
    [upload] = {path.split("/")[0] for path in files}
    states = {path: files.pop(path) for path in list(files) if "/hashstates/" in path}
    assert files.pop(f"{upload}/data") == b"x" * 1_000
    started = files.pop(f"{upload}/startedat").decode()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", started)
    assert files == {}

    assert f"{upload}/hashstates/sha256/1000" in states
    for path, state in states.items():
        assert_is_a_state_of_sha256(state, hashed=int(path.rsplit("/", 1)[1]))


def assert_is_a_state_of_sha256(state: bytes, hashed: int) -> None:
    """As Go writes one: magic, eight words, the unfinished block, and the length."""
    assert len(state) == 108
    assert state.startswith(b"sha\x03")
    assert int.from_bytes(state[-8:], "big") == hashed


@pytest.mark.parametrize("end", ["finished", "cancelled"])
def test_an_upload_that_ended_leaves_nothing(registry, end):
    location = patch(registry, open_upload(registry, "a"), b"content")
    if end == "finished":
        finish(registry, location, digest_of(b"content"))
    else:
        assert registry.request("DELETE", location).status == 204
    expected = {**stored(b"content"), **layers("a", b"content")} if end == "finished" else {}
    assert files_under(registry.files()) == expected
