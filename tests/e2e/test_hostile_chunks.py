"""Chunks of an upload out of order, twice, with gaps, and of another length than they say."""

import pytest

from support.images import digest_of, random_repository
from support.push import patch
from support.uploads import FIRST, SECOND, WHOLE, assert_has, assert_out_of_order, begin, put, send
from support.uploads import without_state
from support.web import with_query
from support.wire import short


@pytest.fixture
def name() -> str:
    return random_repository("uploads")


@pytest.fixture
def begun(assailed, name) -> str:
    return begin(assailed, name)


def test_the_same_chunk_twice_is_out_of_order(assailed, name, begun):
    once = patch(assailed, begun, SECOND)
    assert_out_of_order(send(assailed, "PATCH", begun, SECOND), WHOLE)
    chunk = f"{len(FIRST)}-{len(WHOLE) - 1}"
    for target in (once, begun, without_state(begun)):
        assert_out_of_order(send(assailed, "PATCH", target, SECOND, chunk), WHOLE)
    assert_out_of_order(put(assailed, begun, SECOND, WHOLE), WHOLE)
    assert_has(assailed, name, once, WHOLE, b"")


@pytest.mark.parametrize("first", [0, 1, len(FIRST) - 1, len(FIRST) + 1, len(FIRST) + 5000, 2**62])
@pytest.mark.parametrize("signed", [True, False])
def test_a_chunk_elsewhere_is_out_of_order(assailed, name, begun, first, signed):
    location = begun if signed else without_state(begun)
    chunk = f"{first}-{first + len(SECOND) - 1}"
    assert_out_of_order(send(assailed, "PATCH", location, SECOND, chunk), FIRST)
    assert_out_of_order(put(assailed, location, SECOND, WHOLE, chunk), FIRST)
    assert_has(assailed, name, begun, FIRST)


@pytest.mark.parametrize(
    "chunk",
    ["", "-", "x", "a-b", "13", "13-", "-13", "14-13", "13-26-30", "+13-26", "13 - 26"]
    + ["0x0d-0x1a", "bytes", "items 13-26", "13.0-26", "13-18446744073709551616"]
    + ["13-9223372036854775807", "18446744073709551616-18446744073709551617"]
    + ["9" * 40 + "-" + "9" * 41, "*/27", "bytes */27", "13,26", "13-26,30-40", "\xb2-\xb3"]
    + ["13-26\xff"],
    ids=short,
)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_content_range_that_is_none_is_refused(assailed, name, begun, method, chunk):
    target = with_query(begun, f"digest={digest_of(WHOLE)}") if method == "PUT" else begun
    answer = send(assailed, method, target, SECOND, chunk)
    if chunk == "":  # no header at all, for who reads it
        assert answer.status in (201, 202)
        return
    assert answer.status == 400
    assert answer.error_codes() == ["SIZE_INVALID"]
    assert_has(assailed, name, begun, FIRST)


@pytest.mark.parametrize("length", [1, len(SECOND) - 1, len(SECOND) + 1, 10**6, 2**62])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_content_range_of_another_length_is_refused(
    assailed, name, begun, method, length, chunked
):
    chunk = f"{len(FIRST)}-{len(FIRST) + length - 1}"
    target = with_query(begun, f"digest={digest_of(WHOLE)}") if method == "PUT" else begun
    answer = send(assailed, method, target, iter([SECOND]) if chunked else SECOND, chunk)
    assert answer.status == 400
    assert answer.error_codes() == ["SIZE_INVALID"]
    assert_has(assailed, name, begun, FIRST)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_content_range_of_bytes_that_are_not_sent_is_refused(assailed, name, begun, chunked):
    chunk = f"{len(FIRST)}-{len(WHOLE) - 1}"
    answer = send(assailed, "PATCH", begun, iter([]) if chunked else b"", chunk)
    assert answer.status == 400
    assert answer.error_codes() == ["SIZE_INVALID"]
    assert_has(assailed, name, begun, FIRST)


@pytest.mark.parametrize("chunked", [False, True])
def test_an_empty_chunk_may_say_that_it_has_one_byte(assailed, name, begun, chunked):
    # A Content-Range has no other way to say it.
    chunk = f"{len(FIRST)}-{len(FIRST)}"
    assert send(assailed, "PATCH", begun, iter([]) if chunked else b"", chunk).status == 202
    assert_has(assailed, name, begun, FIRST)
