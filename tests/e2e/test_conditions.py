"""Conditions and ranges (RFC 9110 13 and 14), on manifests and blobs."""

import os
from concurrent.futures import ThreadPoolExecutor
from email.parser import BytesParser

import pytest

from support.images import OCI_MANIFEST, digest_of, random_image, random_repository
from support.push import push_blob, push_image

TYPE = {"Content-Type": OCI_MANIFEST}


@pytest.fixture
def name() -> str:
    return random_repository("conditions")


@pytest.fixture
def images(registry, name):
    """Three images of which the first is tagged, and the blobs of the others are there."""
    images = [random_image(1_000) for _ in range(3)]
    for image in images:
        push_image(registry, name, image.digest, image)
    push_image(registry, name, "tag", images[0])
    return images


def put(registry, name: str, image, **conditions):
    headers = {**TYPE, **{key.replace("_", "-"): value for key, value in conditions.items()}}
    return registry.request("PUT", f"/v2/{name}/manifests/tag", image.manifest, headers)


def tagged(registry, name: str) -> str:
    return registry.request("HEAD", f"/v2/{name}/manifests/tag").headers["ETag"]


def test_a_tag_is_moved_only_from_what_the_client_has_seen(registry, name, images):
    seen = tagged(registry, name)
    assert put(registry, name, images[1], If_Match=seen).status == 201
    refused = put(registry, name, images[2], If_Match=seen)
    assert refused.status == 412
    assert refused.error_codes() == ["DENIED"]
    assert tagged(registry, name) == f'"{images[1].digest}"'


def test_a_tag_is_deleted_only_where_it_is_what_the_client_has_seen(registry, name, images):
    path = f"/v2/{name}/manifests/tag"
    refused = registry.request("DELETE", path, headers={"If-Match": f'"{images[1].digest}"'})
    assert refused.status == 412
    seen = tagged(registry, name)
    assert registry.request("DELETE", path, headers={"If-Match": seen}).status == 202
    assert registry.get(path).status == 404


def test_a_tag_is_made_only_where_there_is_none(registry, name, images):
    assert put(registry, name, images[1], If_None_Match="*").status == 412
    path = f"/v2/{name}/manifests/new"
    headers = {**TYPE, "If-None-Match": "*"}
    assert registry.request("PUT", path, images[1].manifest, headers).status == 201
    assert registry.request("PUT", path, images[1].manifest, headers).status == 412


def test_of_many_at_once_one_wins(registry, name, images):
    seen = tagged(registry, name)

    def move(number: int):
        return put(registry, name, images[1 + number % 2], If_Match=seen)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(move, range(8)))
    assert sorted(answer.status for answer in answers) == [201] + 7 * [412]


def test_a_manifest_that_the_client_has_is_not_sent_again(registry, name, images):
    path, etag = f"/v2/{name}/manifests/tag", f'"{images[0].digest}"'
    for value in (etag, images[0].digest, f'"x", {etag}', "*"):
        answer = registry.get(path, {"If-None-Match": value})
        assert (answer.status, answer.body) == (304, b""), value
    assert registry.get(path, {"If-None-Match": '"x"'}).status == 200
    assert registry.get(path, {"If-Match": '"x"'}).status == 412
    assert registry.get(path, {"If-Match": etag}).status == 200


def test_a_digest_that_is_not_there_is_not_unchanged(registry, name, images):
    unknown = digest_of(b"unknown")
    answer = registry.get(f"/v2/{name}/manifests/{unknown}", {"If-None-Match": f'"{unknown}"'})
    assert answer.status == 404


@pytest.fixture
def blob(registry, name) -> bytes:
    content = os.urandom(1_000)
    push_blob(registry, name, content)
    return content


def get(registry, name: str, blob: bytes, headers: dict[str, str]):
    return registry.get(f"/v2/{name}/blobs/{digest_of(blob)}", headers)


def test_conditions_hold_for_blobs(registry, name, blob):
    etag = f'"{digest_of(blob)}"'
    assert get(registry, name, blob, {"If-Match": '"x"'}).status == 412
    assert get(registry, name, blob, {"If-Match": etag}).status == 200
    assert get(registry, name, blob, {"If-None-Match": etag}).status == 304


def test_several_ranges_come_as_parts(registry, name, blob):
    answer = get(registry, name, blob, {"Range": "bytes=0-9, 500-599,-1"})
    assert answer.status == 206
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    kind = answer.headers["Content-Type"]
    assert kind.startswith("multipart/byteranges; boundary=")
    parsed = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + answer.body)
    parts = [(p["Content-Range"], p.get_payload(decode=True)) for p in parsed.get_payload()]
    assert parts == [
        ("bytes 0-9/1000", blob[:10]),
        ("bytes 500-599/1000", blob[500:600]),
        ("bytes 999-999/1000", blob[-1:]),
    ]
    assert all(p["Content-Type"] == "application/octet-stream" for p in parsed.get_payload())


def test_a_head_has_the_length_of_the_parts(registry, name, blob):
    path, ranges = f"/v2/{name}/blobs/{digest_of(blob)}", {"Range": "bytes=0-9,20-29"}
    head = registry.request("HEAD", path, headers=ranges)
    assert head.status == 206
    assert head.headers["Content-Length"] == registry.get(path, ranges).headers["Content-Length"]


def test_one_range_that_is_left_of_several_is_a_plain_part(registry, name, blob):
    answer = get(registry, name, blob, {"Range": "bytes=5000-6000,10-19"})
    assert (answer.status, answer.body) == (206, blob[10:20])
    assert answer.headers["Content-Range"] == "bytes 10-19/1000"


def test_ranges_that_are_more_than_the_blob_bring_all_of_it(registry, name, blob):
    answer = get(registry, name, blob, {"Range": "bytes=0-,0-"})
    assert (answer.status, answer.body) == (200, blob)


def test_a_range_behind_the_end_says_how_long_the_blob_is(registry, name, blob):
    answer = get(registry, name, blob, {"Range": "bytes=1000-"})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */1000"
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_a_range_of_other_content_is_not_taken(registry, name, blob):
    etag = f'"{digest_of(blob)}"'
    assert get(registry, name, blob, {"Range": "bytes=1-2", "If-Range": etag}).status == 206
    other = get(registry, name, blob, {"Range": "bytes=1-2", "If-Range": '"x"'})
    assert (other.status, other.body) == (200, blob)
