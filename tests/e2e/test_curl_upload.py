"""The shapes of an upload, each sent by curl as some client in the field sends it."""

import os
import re

import pytest

from support.curl import OCTETS
from support.images import digest_of
from support.web import path_of, with_query

CHUNKED = ("-H", "Transfer-Encoding: chunked", *OCTETS)


@pytest.fixture
def content() -> bytes:
    return os.urandom(300_000)


def assert_stored(curl, repository_url: str, content: bytes) -> None:
    stored = curl(f"{repository_url}/blobs/{digest_of(content)}")
    assert stored.status == 200
    assert stored.body == content


def assert_created(answer, repository_url: str, content: bytes) -> None:
    digest = digest_of(content)
    assert answer.status == 201
    assert answer.headers["Docker-Content-Digest"] == digest
    assert path_of(answer.headers["Location"]) == f"{path_of(repository_url)}/blobs/{digest}"


def test_a_post_opens_an_upload_with_an_id_and_a_location(curl, repository_url):
    answer = curl("-X", "POST", f"{repository_url}/blobs/uploads/")
    assert answer.status == 202
    upload = answer.headers["Docker-Upload-UUID"]
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", upload)
    assert path_of(answer.headers["Location"]).startswith(
        f"{path_of(repository_url)}/blobs/uploads/{upload}"
    )
    assert answer.headers["Range"] == "0-0"
    assert answer.headers["Content-Length"] == "0"


def test_a_chunked_patch_and_an_empty_put_store_a_blob(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    patched = curl("-X", "PATCH", *CHUNKED, "-T", curl.file(content), upload)
    assert patched.status == 202
    assert patched.headers["Range"] == f"0-{len(content) - 1}"

    target = with_query(patched.headers["Location"], f"digest={digest_of(content)}")
    assert_created(curl("-X", "PUT", target), repository_url, content)
    assert_stored(curl, repository_url, content)


def test_a_patch_with_a_length_and_an_empty_put_store_a_blob(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    patched = curl("-X", "PATCH", *OCTETS, "-T", curl.file(content), upload)
    assert patched.status == 202

    target = with_query(patched.headers["Location"], f"digest={digest_of(content)}")
    assert_created(curl("-X", "PUT", target), repository_url, content)
    assert_stored(curl, repository_url, content)


def test_several_patches_with_content_range_store_a_blob(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    for start in range(0, len(content), 100_000):
        piece = content[start : start + 100_000]
        where = f"Content-Range: {start}-{start + len(piece) - 1}"
        patched = curl("-X", "PATCH", *OCTETS, "-H", where, "-T", curl.file(piece), upload)
        assert patched.status == 202
        assert patched.headers["Range"] == f"0-{start + len(piece) - 1}"
        upload = patched.headers["Location"]

    target = with_query(upload, f"digest={digest_of(content)}")
    assert_created(curl("-X", "PUT", target), repository_url, content)
    assert_stored(curl, repository_url, content)


def test_one_put_with_the_whole_body_stores_a_blob(curl, repository_url, content):
    target = with_query(curl.begin_upload(repository_url), f"digest={digest_of(content)}")
    assert_created(curl(*OCTETS, "-T", curl.file(content), target), repository_url, content)
    assert_stored(curl, repository_url, content)


def test_the_last_piece_may_come_with_the_put(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    first, last = content[:200_000], content[200_000:]
    patched = curl("-X", "PATCH", *OCTETS, "-T", curl.file(first), upload)

    target = with_query(patched.headers["Location"], f"digest={digest_of(content)}")
    assert_created(curl(*OCTETS, "-T", curl.file(last), target), repository_url, content)
    assert_stored(curl, repository_url, content)


def test_a_single_post_with_the_digest_stores_a_blob(curl, repository_url, content):
    target = f"{repository_url}/blobs/uploads/?digest={digest_of(content)}"
    # Not -T, which adds the name of the file to a path that ends in a slash.
    answer = curl(*OCTETS, "--data-binary", f"@{curl.file(content)}", target)
    assert_created(answer, repository_url, content)
    assert_stored(curl, repository_url, content)


def test_a_percent_encoded_digest_is_understood(curl, repository_url, content):
    encoded = digest_of(content).replace(":", "%3A")
    target = with_query(curl.begin_upload(repository_url), f"digest={encoded}")
    assert_created(curl(*OCTETS, "-T", curl.file(content), target), repository_url, content)


def test_a_big_body_that_expects_100_continue_is_told_to_come(curl, repository_url):
    content = os.urandom(8_000_000)
    target = with_query(curl.begin_upload(repository_url), f"digest={digest_of(content)}")
    # Without a 100 curl would wait here until its --max-time, and not only its usual second.
    patience = ("--expect100-timeout", "600")
    expect = ("-H", "Expect: 100-continue")
    answer = curl(*OCTETS, *expect, *patience, "-T", curl.file(content), target)
    assert answer.seen == (100, 201)
    assert_stored(curl, repository_url, content)


def test_an_empty_blob_is_stored(curl, repository_url):
    target = with_query(curl.begin_upload(repository_url), f"digest={digest_of(b'')}")
    assert_created(curl("-X", "PUT", target), repository_url, b"")
    assert_stored(curl, repository_url, b"")


def test_the_status_says_how_far_an_upload_is(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    patched = curl("-X", "PATCH", *OCTETS, "-T", curl.file(content), upload)
    status = curl(patched.headers["Location"])
    assert status.status == 204
    assert status.headers["Range"] == f"0-{len(content) - 1}"
    assert status.headers["Docker-Upload-UUID"] == patched.headers["Docker-Upload-UUID"]

    target = with_query(status.headers["Location"], f"digest={digest_of(content)}")
    assert_created(curl("-X", "PUT", target), repository_url, content)


def test_the_status_needs_nothing_but_the_id_of_the_upload(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    curl("-X", "PATCH", *OCTETS, "-T", curl.file(content), upload)
    status = curl(upload.partition("?")[0])
    assert status.status == 204
    assert status.headers["Range"] == f"0-{len(content) - 1}"


def test_a_cancelled_upload_is_unknown_afterwards(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    patched = curl("-X", "PATCH", *OCTETS, "-T", curl.file(content), upload)
    location = patched.headers["Location"]
    assert curl("-X", "DELETE", location).status == 204

    gone = curl(location)
    assert gone.status == 404
    assert gone.error_codes() == ["BLOB_UPLOAD_UNKNOWN"]
    assert curl("-X", "PUT", with_query(location, f"digest={digest_of(content)}")).status == 404


def test_a_finished_upload_is_unknown_afterwards(curl, repository_url, content):
    upload = curl.begin_upload(repository_url)
    target = with_query(upload, f"digest={digest_of(content)}")
    assert curl(*OCTETS, "-T", curl.file(content), target).status == 201
    assert curl(upload).status == 404
