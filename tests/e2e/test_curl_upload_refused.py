"""Uploads that go wrong: what is refused, with which words, and how the upload goes on."""

import os

import pytest

from support.curl import OCTETS
from support.images import digest_of, random_repository
from support.web import with_query

CONTENT = os.urandom(50_000)
FIRST, SECOND = CONTENT[:20_000], CONTENT[20_000:]


@pytest.fixture
def begun(curl, repository_url) -> str:
    """The Location of an upload that has FIRST."""
    upload = curl.begin_upload(repository_url)
    patched = curl("-X", "PATCH", *OCTETS, "-T", curl.file(FIRST), upload)
    assert patched.status == 202
    return patched.headers["Location"]


def out_of_order(start: int, body: bytes) -> tuple[str, str]:
    return ("-H", f"Content-Range: {start}-{start + len(body) - 1}")


def assert_range_refused(answer) -> None:
    assert answer.status == 416
    assert answer.headers["Range"] == f"0-{len(FIRST) - 1}"
    assert answer.headers["Location"]


@pytest.mark.parametrize("start", [0, len(FIRST) - 1, len(FIRST) + 1])
def test_a_patch_out_of_order_is_refused_and_the_upload_goes_on(curl, repository_url, begun, start):
    where = out_of_order(start, SECOND)
    refused = curl("-X", "PATCH", *OCTETS, *where, "-T", curl.file(SECOND), begun)
    assert_range_refused(refused)

    target = with_query(refused.headers["Location"], f"digest={digest_of(CONTENT)}")
    assert curl(*OCTETS, "-T", curl.file(SECOND), target).status == 201
    assert curl(f"{repository_url}/blobs/{digest_of(CONTENT)}").body == CONTENT


@pytest.mark.parametrize("start", [0, len(FIRST) + 1])
def test_a_put_out_of_order_is_refused_and_the_upload_goes_on(curl, begun, start):
    target = with_query(begun, f"digest={digest_of(CONTENT)}")
    where = out_of_order(start, SECOND)
    assert_range_refused(curl(*OCTETS, *where, "-T", curl.file(SECOND), target))

    in_order = out_of_order(len(FIRST), SECOND)
    assert curl(*OCTETS, *in_order, "-T", curl.file(SECOND), target).status == 201


def test_a_wrong_digest_is_refused_and_nothing_is_stored(curl, repository_url):
    wrong = digest_of(b"something else")
    target = with_query(curl.begin_upload(repository_url), f"digest={wrong}")
    refused = curl(*OCTETS, "-T", curl.file(CONTENT), target)
    assert refused.status == 400
    assert refused.error_codes() == ["DIGEST_INVALID"]
    for digest in (wrong, digest_of(CONTENT)):
        assert curl("-I", f"{repository_url}/blobs/{digest}").status == 404


def test_after_a_failed_put_the_same_url_takes_the_whole_body_again(curl, repository_url):
    """BuildKit's way: it sends everything again to the URL it has, after any failure."""
    upload = curl.begin_upload(repository_url)
    body = curl.file(CONTENT)
    wrong = with_query(upload, f"digest={digest_of(b'something else')}")
    assert curl(*OCTETS, "-T", body, wrong).status == 400

    right = with_query(upload, f"digest={digest_of(CONTENT)}")
    assert curl(*OCTETS, "-T", body, right).status == 201
    assert curl(f"{repository_url}/blobs/{digest_of(CONTENT)}").body == CONTENT


def test_after_a_failed_put_an_upload_is_where_it_was_before(curl, begun):
    wrong = with_query(begun, f"digest={digest_of(b'something else')}")
    assert curl(*OCTETS, "-T", curl.file(SECOND), wrong).status == 400
    assert curl(begun).headers["Range"] == f"0-{len(FIRST) - 1}"

    right = with_query(begun, f"digest={digest_of(CONTENT)}")
    assert curl(*OCTETS, "-T", curl.file(SECOND), right).status == 201


@pytest.mark.parametrize("query", ["", "digest=", "digest=sha256:abc", "digest=md5:abcdef"])
def test_a_put_without_a_usable_digest_is_refused_and_the_upload_survives(curl, begun, query):
    refused = curl("-X", "PUT", with_query(begun, query) if query else begun)
    assert refused.status == 400
    assert refused.error_codes() == ["DIGEST_INVALID"]

    target = with_query(begun, f"digest={digest_of(FIRST)}")
    assert curl("-X", "PUT", target).status == 201


def test_an_upload_of_another_repository_is_not_found(curl, begun):
    name = begun.split("/v2/")[1].split("/blobs/")[0]
    elsewhere = begun.replace(name, random_repository("curl"), 1)
    assert curl("-X", "PATCH", *OCTETS, "-T", curl.file(SECOND), elsewhere).status == 404


def test_an_upload_that_never_was_is_unknown(curl, repository_url):
    answer = curl(f"{repository_url}/blobs/uploads/0e7f8d3c-0000-4000-8000-000000000000")
    assert answer.status == 404
    assert answer.error_codes() == ["BLOB_UPLOAD_UNKNOWN"]
