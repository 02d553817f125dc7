"""Content by SHA-512, and tags beside a digest (spec end-4c, end-7b)."""

import hashlib
import os

import pytest

from support.images import OCI_MANIFEST, digest_of, random_image, random_repository
from support.push import OCTETS, delete, open_upload, patch, push_image
from support.web import with_query


def sha512_of(content: bytes) -> str:
    return f"sha512:{hashlib.sha512(content).hexdigest()}"


@pytest.fixture
def name() -> str:
    return random_repository("sha512")


def put_by_digest(registry, name: str, manifest: bytes, query: str = ""):
    path = f"/v2/{name}/manifests/{sha512_of(manifest)}{query}"
    return registry.request("PUT", path, manifest, {"Content-Type": OCI_MANIFEST})


@pytest.fixture
def image(registry, name):
    image = random_image(1_000)
    push_image(registry, name, "by-sha256", image)
    return image


@pytest.mark.parametrize("announced", ["?digest-algorithm=sha512", ""], ids=["announced", "not"])
def test_a_blob_in_chunks_has_the_digest_it_was_pushed_with(registry, name, announced):
    content = os.urandom(400_000)
    digest = sha512_of(content)
    answer = registry.request("POST", f"/v2/{name}/blobs/uploads/{announced}")
    assert answer.status == 202
    location = patch(registry, answer.location, content[:100_001])
    location = patch(registry, location, content[100_001:300_000])
    done = registry.request(
        "PUT", with_query(location, f"digest={digest}"), content[300_000:], OCTETS
    )
    assert done.status == 201
    assert done.headers["Docker-Content-Digest"] == digest
    assert done.location == f"/v2/{name}/blobs/{digest}"
    for asked in (digest, digest_of(content)):
        got = registry.get(f"/v2/{name}/blobs/{asked}")
        assert got.body == content
        assert got.headers["Docker-Content-Digest"] == asked
        assert got.headers["ETag"] == f'"{asked}"'


def test_an_unknown_algorithm_is_refused(registry, name):
    answer = registry.request("POST", f"/v2/{name}/blobs/uploads/?digest-algorithm=md5")
    assert answer.status == 400
    assert answer.error_codes() == ["DIGEST_INVALID"]


def test_an_announced_upload_survives_a_restart(ours, tmp_path, name):
    registry = ours(tmp_path / "data")
    content = os.urandom(50_000)
    answer = registry.request("POST", f"/v2/{name}/blobs/uploads/?digest-algorithm=sha512")
    location = patch(registry, answer.location, content[:20_000])
    registry.kill()
    registry.start()
    target = with_query(location, f"digest={sha512_of(content)}")
    assert registry.request("PUT", target, content[20_000:], OCTETS).status == 201


def test_a_manifest_has_the_digest_it_was_pushed_with(registry, name, image):
    digest = sha512_of(image.manifest)
    assert registry.get(f"/v2/{name}/manifests/{digest}").status == 404
    put = put_by_digest(registry, name, image.manifest)
    assert put.status == 201
    assert put.headers["Docker-Content-Digest"] == digest
    assert put.location == f"/v2/{name}/manifests/{digest}"
    for asked in (digest, image.digest):
        got = registry.get(f"/v2/{name}/manifests/{asked}")
        assert got.body == image.manifest
        assert got.headers["Docker-Content-Digest"] == asked


def test_the_digest_must_be_that_of_the_content(registry, name, image):
    path = f"/v2/{name}/manifests/{sha512_of(b'other')}"
    answer = registry.request("PUT", path, image.manifest, {"Content-Type": OCI_MANIFEST})
    assert answer.status == 400
    assert answer.error_codes() == ["DIGEST_INVALID"]


def test_tags_beside_a_digest_are_all_set_and_remember_it(registry, name, image):
    put = put_by_digest(registry, name, image.manifest, "?tag=1.2.3&tag=1.2&tag=latest&tag=1.2")
    assert put.headers["OCI-Tag"] == "1.2.3, 1.2, latest"
    for tag in ("1.2.3", "1.2", "latest"):
        head = registry.request("HEAD", f"/v2/{name}/manifests/{tag}")
        assert head.headers["Docker-Content-Digest"] == sha512_of(image.manifest)
    head = registry.request("HEAD", f"/v2/{name}/manifests/by-sha256")
    assert head.headers["Docker-Content-Digest"] == image.digest


def test_a_tag_that_is_none_is_refused_with_all(registry, name, image):
    answer = put_by_digest(registry, name, image.manifest, "?tag=fine&tag=-wrong")
    assert answer.status == 400
    assert answer.error_codes() == ["TAG_INVALID"]
    assert registry.get(f"/v2/{name}/manifests/fine").status == 404


def test_more_tags_than_a_request_may_set_are_refused(registry, name, image):
    query = "?" + "&".join(f"tag=t{i}" for i in range(101))
    answer = put_by_digest(registry, name, image.manifest, query)
    assert answer.status == 414
    assert answer.error_codes() == ["TAG_INVALID"]
    assert registry.get(f"/v2/{name}/manifests/t0").status == 404
    fewer = query.removesuffix("&tag=t100")
    assert put_by_digest(registry, name, image.manifest, fewer).status == 201


def test_a_delete_by_either_digest_takes_all(registry, name, image):
    for asked in (sha512_of(image.manifest), image.digest):
        assert put_by_digest(registry, name, image.manifest, "?tag=t").status == 201
        delete(registry, f"/v2/{name}/manifests/{asked}")
        for gone in (sha512_of(image.manifest), image.digest, "t"):
            assert registry.get(f"/v2/{name}/manifests/{gone}").status == 404


def test_the_reference_serves_what_was_pushed_by_sha512(ours, reference, tmp_path, name):
    registry = ours(tmp_path / "data")
    image = random_image(1_000)
    push_image(registry, name, "v1", image)
    assert put_by_digest(registry, name, image.manifest, "?tag=t").status == 201
    registry.stop()
    other = reference(tmp_path / "data")
    for asked in ("t", image.digest):
        got = other.get(f"/v2/{name}/manifests/{asked}", {"Accept": OCI_MANIFEST})
        assert got.body == image.manifest


def test_a_blob_is_mounted_without_a_source(registry, name):
    content = os.urandom(1_000)
    location = open_upload(registry, name)
    assert (
        registry.request("PUT", with_query(location, f"digest={digest_of(content)}"), content)
    ).status == 201
    other = random_repository("anonymous")
    mounted = registry.request("POST", f"/v2/{other}/blobs/uploads/?mount={digest_of(content)}")
    assert mounted.status == 201
    assert registry.get(f"/v2/{other}/blobs/{digest_of(content)}").body == content
    unknown = registry.request("POST", f"/v2/{other}/blobs/uploads/?mount={digest_of(b'x')}")
    assert unknown.status == 202
