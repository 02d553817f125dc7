"""Ranges of blobs past every edge: what comes is exactly what was asked for, or all of it."""

import os
from email.message import Message
from email.parser import BytesParser

import pytest

from support.images import digest_of
from support.push import push_blob
from support.wire import answers_in, connect, get, heard, short

SIZE = 1_000_003
CONTENT = os.urandom(SIZE)
NAME = "ranges/blob"
MANY_DIGITS = "9" * 30
TWO_64 = 2**64


@pytest.fixture(scope="module")
def path(assailed) -> str:
    return f"/v2/{NAME}/blobs/{push_blob(assailed, NAME, CONTENT)}"


@pytest.fixture(scope="module")
def empty_path(assailed) -> str:
    return f"/v2/{NAME}/blobs/{push_blob(assailed, NAME, b'')}"


def assert_whole(answer) -> None:
    assert answer.status == 200
    assert "Content-Range" not in answer.headers
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.body == CONTENT


def assert_part(answer, first: int, last: int) -> None:
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert answer.headers["Docker-Content-Digest"] == digest_of(CONTENT)
    assert answer.body == CONTENT[first : last + 1]


def parts_of(answer) -> list[Message]:
    """The parts of multipart/byteranges, taken apart by a parser of mail."""
    kind = answer.headers["Content-Type"]
    assert kind.startswith("multipart/byteranges; boundary=")
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + answer.body)
    assert message.is_multipart() and not message.defects
    return message.get_payload()


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-0", 0, 0), ("0-", 0, SIZE - 1), (f"0-{SIZE - 1}", 0, SIZE - 1)]
    + [(f"0-{SIZE}", 0, SIZE - 1), (f"{SIZE - 1}-", SIZE - 1, SIZE - 1)]
    + [(f"{SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE - 1), ("-1", SIZE - 1, SIZE - 1)]
    + [(f"-{SIZE}", 0, SIZE - 1), (f"-{SIZE + 1}", 0, SIZE - 1), (f"5-{TWO_64 - 1}", 5, SIZE - 1)]
    + [(f"-{TWO_64 - 1}", 0, SIZE - 1), ("00005-0006", 5, 6), (" 5-6", 5, 6), ("5-6 ", 5, 6)]
    + [(",5-6", 5, 6), ("5-6,", 5, 6), (" , ,5-6, ,", 5, 6), (f"5-6,{SIZE}-", 5, 6)]
    + [(f"{SIZE}-{SIZE + 5},5-6", 5, 6), ("-0,5-6", 5, 6)],
)
def test_a_range_is_answered_with_its_bytes(assailed, path, asked, first, last):
    assert_part(assailed.get(path, {"Range": f"bytes={asked}"}), first, last)


@pytest.mark.parametrize(
    "asked",
    [f"{SIZE}-", f"{SIZE}-{SIZE}", f"{SIZE + 1}-{SIZE + 9}", f"{TWO_64 - 1}-", "-0", "-000"]
    + ["-0,-0", f"{SIZE}-,{SIZE + 5}-", f"{TWO_64 - 1}-{TWO_64 - 1}", f"{2**63}-"]
    + [f"{2**63 - 1}-{2**63}"],
)
def test_a_range_behind_the_end_is_not_satisfiable(assailed, path, asked):
    for method in ("GET", "HEAD"):
        answer = assailed.request(method, path, headers={"Range": f"bytes={asked}"})
        assert answer.status == 416
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
        assert int(answer.headers["Content-Length"]) < 200


@pytest.mark.parametrize(
    "header",
    ["bytes=5-2", "bytes=", "bytes=,", "bytes= , ,", "bytes=-", "bytes=--1", "bytes=1"]
    + ["bytes=1-2-3", "bytes=a-b", "bytes=0x1-0x2", "bytes=+1-2", "bytes=1-+2", "bytes=1 - 2"]
    + ["bytes=1- 2", "bytes", "bytes=1.0-2", "bytes=1e1-99", "bytes=0-1;2-3", "bytes=0-1 2-3"]
    + ["bytes:0-1", "bytes 0-1", "=", f"bytes={MANY_DIGITS}-", f"bytes=0-{MANY_DIGITS}"]
    + [f"bytes=-{MANY_DIGITS}", "bytes=0-1,x", f"bytes={TWO_64}-", f"bytes=0-{TWO_64}"]
    + ["bytes=0-1,5-2", "bytes=\xb2-\xb3", "0-1", "", " ", "items=0-1", "seconds=0-1", "none"]
    + ["bytesx=0-1", "xbytes=0-1", "bytes=0-1, items=2-3"],
    ids=short,
)
def test_what_is_no_range_is_ignored(assailed, path, header):
    assert_whole(assailed.get(path, {"Range": header}))


@pytest.mark.parametrize(
    "ranges",
    [[(0, 0), (SIZE - 1, SIZE - 1)], [(0, 9), (20, 29)], [(20, 29), (0, 9)], [(0, 9), (10, 19)]]
    + [[(0, 9), (5, 14)], [(5, 5), (5, 5)], [(0, 499_999), (500_000, SIZE - 1)]]
    + [[(at * 1000, at * 1000 + 9) for at in range(16)], [(7, 7)] * 16],
    ids=short,
)
def test_some_ranges_come_in_parts(assailed, path, ranges):
    asked = ",".join(f"{first}-{last}" for first, last in ranges)
    answer = assailed.get(path, {"Range": f"bytes={asked}"})
    assert answer.status == 206
    assert "Content-Range" not in answer.headers
    parts = parts_of(answer)
    assert len(parts) == len(ranges)
    for part, (first, last) in zip(parts, ranges):
        assert part["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
        assert part["Content-Type"] == "application/octet-stream"
        assert part.get_payload(decode=True) == CONTENT[first : last + 1]


@pytest.mark.parametrize(
    "asked",
    [",".join(["7-7"] * 17), ",".join(f"{at}-{at}" for at in range(17)), "0-,0-"]
    + [f"0-{SIZE - 1},5-5", "0-600000,400000-", "-1,-1000003"]
    + ["," * 3000 + ",".join(["0-0"] * 1000), "0-0," * 3000],
    ids=short,
)
def test_too_many_ranges_or_more_than_the_blob_are_ignored(assailed, path, asked):
    # RFC 9110 14.2 lets them be ignored: one answer costs no more than the blob.
    assert_whole(assailed.get(path, {"Range": f"bytes={asked}"}))


@pytest.mark.parametrize(
    "asked", ["0-", "0-0", "-0", "-1", "-5", "1-", "0-1,3-4", f"{TWO_64 - 1}-"]
)
def test_of_an_empty_blob_there_is_no_range(assailed, empty_path, asked):
    answer = assailed.get(empty_path, {"Range": f"bytes={asked}"})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */0"


@pytest.mark.parametrize("header", ["bytes=5-2", "items=0-1", "bytes=", "nonsense"])
def test_of_an_empty_blob_what_is_no_range_is_ignored(assailed, empty_path, header):
    answer = assailed.get(empty_path, {"Range": header})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == "0"


@pytest.mark.parametrize("asked", ["0-0", "5-", "-7", "0-0,5-9", f"{SIZE}-", "5-2"])
def test_a_head_says_what_a_get_would(assailed, path, asked):
    with connect(assailed.address) as connection:
        lines = f"Range: bytes={asked}\r\nConnection: close\r\n"
        connection.sendall(get(path, lines, "HEAD"))
        (head,) = answers_in(heard(connection), bodiless=True)
    whole = assailed.get(path, {"Range": f"bytes={asked}"})
    assert head.status == whole.status
    for field in ("Content-Length", "Content-Range", "Accept-Ranges", "Etag"):
        assert head.headers[field] == whole.headers[field]


@pytest.mark.parametrize("header", ["bytes=0-9", "bytes=-9", f"bytes={SIZE}-", "bytes=0-0,2-2"])
@pytest.mark.parametrize(
    "condition",
    ['"other"', "other", "*", "W/@", "@x", "Tue, 24 Nov 2026 08:00:00 GMT", '""', '"', "@, @"]
    + ["unquoted"],
)
def test_a_range_of_other_content_is_ignored(assailed, path, header, condition):
    tag = f'"{digest_of(CONTENT)}"'
    condition = digest_of(CONTENT) if condition == "unquoted" else condition.replace("@", tag)
    assert_whole(assailed.get(path, {"Range": header, "If-Range": condition}))


def test_a_range_of_the_same_content_is_answered(assailed, path):
    condition = {"If-Range": f'"{digest_of(CONTENT)}"'}
    assert_part(assailed.get(path, {"Range": "bytes=3-9", **condition}), 3, 9)
    answer = assailed.get(path, {"Range": f"bytes={SIZE}-", **condition})
    assert answer.status == 416


def test_the_first_of_two_range_headers_counts_or_none_does(assailed, path):
    with connect(assailed.address) as connection:
        lines = "Range: bytes=0-1\r\nRange: bytes=5-6\r\nConnection: close\r\n"
        connection.sendall(get(path, lines))
        (answer,) = answers_in(heard(connection))
    assert answer.status in (200, 206)
    assert answer.body in (CONTENT, CONTENT[:2])
