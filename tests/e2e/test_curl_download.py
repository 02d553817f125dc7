"""Downloads by curl: whole, in ranges, resumed, and only the head."""

import os

import pytest

from support.images import OCI_MANIFEST, digest_of, random_image

CONTENT = os.urandom(2_500_000)
DIGEST = digest_of(CONTENT)


@pytest.fixture
def blob_url(curl, repository_url) -> str:
    curl.push_blob(repository_url, CONTENT, DIGEST)
    return f"{repository_url}/blobs/{DIGEST}"


def assert_describes_the_blob(answer) -> None:
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Docker-Content-Digest"] == DIGEST
    assert answer.headers["Etag"] == f'"{DIGEST}"'
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_blob_comes_with_its_length_digest_and_etag(curl, blob_url):
    answer = curl(blob_url)
    assert answer.status == 200
    assert answer.body == CONTENT
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert_describes_the_blob(answer)


def test_the_head_of_a_blob_comes_without_its_body(curl, blob_url):
    answer = curl("-I", blob_url)
    assert answer.status == 200
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert_describes_the_blob(answer)


def test_the_head_of_v2_is_answered(curl, registry):
    answer = curl("-I", f"{registry.url}/v2/")
    assert answer.status == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_the_body_is_never_encoded(curl, blob_url):
    answer = curl("-H", "Accept-Encoding: gzip, br, zstd", blob_url)
    assert "Content-Encoding" not in answer.headers
    assert answer.body == CONTENT


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-0", 0, 0),
        ("0-99", 0, 99),
        ("1000000-1999999", 1_000_000, 1_999_999),
        ("2499999-", 2_499_999, 2_499_999),
        ("-500", 2_499_500, 2_499_999),
        ("2000000-99999999", 2_000_000, 2_499_999),
    ],
)
def test_a_range_of_a_blob_is_answered_with_206(curl, blob_url, asked, first, last):
    answer = curl("-r", asked, blob_url)
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert answer.body == CONTENT[first : last + 1]


def test_a_range_past_the_end_is_answered_with_416(curl, blob_url):
    # HEAD, since 2.8.2 built with an old Go announces a body that it never sends.
    answer = curl("-I", "-r", "2500000-", blob_url)
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_a_download_that_was_cut_is_resumed(curl, blob_url, tmp_path):
    target = tmp_path / "resumed"
    target.write_bytes(CONTENT[:1_234_567])
    answer = curl("-C", "-", blob_url, into=target)
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes 1234567-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert target.read_bytes() == CONTENT


def test_a_blob_that_the_client_has_is_not_sent_again(curl, blob_url):
    answer = curl("-H", f'If-None-Match: "{DIGEST}"', blob_url)
    assert answer.status == 304
    assert answer.body == b""


def test_a_manifest_that_the_client_has_is_not_sent_again(curl, repository_url):
    image = random_image(100)
    curl.push_manifest(repository_url, "v1", image)
    accept = ("-H", f"Accept: {OCI_MANIFEST}")
    known = ("-H", f'If-None-Match: "{image.digest}"')
    answer = curl(*accept, *known, f"{repository_url}/manifests/v1")
    assert answer.status == 304
    assert answer.body == b""


def test_accept_may_come_in_several_lines(curl, repository_url):
    image = random_image(100)
    curl.push_manifest(repository_url, "v1", image)
    lines = ("-H", "Accept: text/plain", "-H", f"Accept: application/json, {OCI_MANIFEST}")
    answer = curl(*lines, f"{repository_url}/manifests/v1")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == OCI_MANIFEST
    assert answer.headers["Docker-Content-Digest"] == image.digest
    assert answer.body == image.manifest


def test_an_unknown_tag_is_answered_with_the_code_that_clients_look_for(curl, repository_url):
    answer = curl(f"{repository_url}/manifests/none")
    assert answer.status == 404
    assert answer.error_codes() == ["MANIFEST_UNKNOWN"]
