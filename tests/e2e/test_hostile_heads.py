"""Heads of requests that are too long, malformed, of another protocol, or of none."""

import time

import pytest

from support.wire import BEHIND, assert_refused, assert_served, connect, converse, get, heard
from support.wire import answers_in, short

MOST_BYTES = 16 * 1024
LINE = "X: y\r\n"


def with_lines(*lines: bytes) -> bytes:
    return b"\r\n".join((b"GET /v2/ HTTP/1.1", *lines, b"", b""))


@pytest.mark.parametrize(
    "host",
    ["", "a b", "a\tb", "a/b", "a@b", "u:p@a", "<x>", '"a"', "a?b", "a#b", "a\\b", "a:b"]
    + ["a:80:90", "[::1", "::1", "[a]", "a%zz", "\xff", "a, b", ":80", "a\r\n b", "http://a"]
    + ["a|b", "a^b", "[]"],
)
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_a_host_that_is_none_is_refused(assailed, host, version):
    if version == "HTTP/1.0" and not host:
        host = "a\r\nHost: a"  # it may lack one, and not have two
    request = f"GET /v2/ {version}\r\nHost: {host}\r\n\r\n".encode("latin-1")
    assert_refused(converse(assailed.address, request + BEHIND), 400)


@pytest.mark.parametrize(
    "host",
    ["a", "A.b-c_d~e", "a:80", "a:", "127.0.0.1:5000", "[::1]", "[fe80::1]:80", "a%20b", "a,b"],
)
def test_a_host_comes_back_in_a_location(assailed, host):
    request = f"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    answers = converse(assailed.address, request + BEHIND)
    assert_served(answers, 202)
    assert answers[0].headers["Location"].startswith(f"http://{host}/v2/a/blobs/uploads/")


@pytest.mark.parametrize("value", ["a b", "<x>", 'a"', "a/b", "a\\b", "a@b", "\xff", "a?b=", "'a'"])
@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"])
def test_a_forwarded_host_that_is_none_does_not_come_back(assailed, header, value):
    if header == "Forwarded":
        value = 'host="' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    request = get("/v2/a/blobs/uploads/", f"{header}: {value}\r\n", "POST")
    answers = converse(assailed.address, request + BEHIND)
    assert_served(answers, 202)
    assert answers[0].headers["Location"].startswith("http://test/v2/a/")


def test_there_is_one_host(assailed):
    assert_refused(converse(assailed.address, with_lines() + BEHIND), 400)
    assert_refused(converse(assailed.address, with_lines(b"Host: a", b"Host: a") + BEHIND), 400)
    assert_refused(converse(assailed.address, with_lines(b"Host: a", b"host: b") + BEHIND), 400)


@pytest.mark.parametrize(
    "line",
    [b"no colon", b": no name", b"A B: c", b"A\t: c", b"A\x00: c", b"A(: c", b"A\xff: c"]
    + [b"A: \x00", b"A: \x01", b"A: \x7f", b"A: b\rc", b"A: b\nC: d", b"\r\r", b"A: b\r", b"@: x"]
    + [b"\x00"],
)
def test_a_header_that_is_malformed_is_refused(assailed, line):
    request = with_lines(b"Host: test", line)
    assert_refused(converse(assailed.address, request + BEHIND), 400)


@pytest.mark.parametrize("line", [b"A:", b"A: \xff\xfe", b"A:b\r\n\tc", b"!#$%&'*+-.^_`|~1: x"])
def test_a_header_may_be_odd(assailed, line):
    answers = converse(assailed.address, with_lines(b"Host: test", line) + BEHIND)
    assert_served(answers, 200)


@pytest.mark.parametrize(
    "start",
    [b"GET /v2/", b"GET /v2/ ", b"GET", b"GET /v2/ HTTP", b"GET /v2/ HTTP/", b"GET /v2/ HTTP/1"]
    + [b"GET /v2/ http/1.1", b"GET /v2/ HTTP/1.10", b"GET /v2/ HTTP/01.1", b"GET /v2/ HTTP/1,1"]
    + [b"GET /v2/ HTTP/0.9", b"GET /v2/ HTTP/2.0", b"GET /v2/ HTTP/3", b"GET /v2/ HTTP/11.1"]
    + [b"GET  /v2/ HTTP/1.1", b"GET /v2/  HTTP/1.1", b"GET /v2/ HTTP/1.1 ", b" GET /v2/ HTTP/1.1"]
    + [b"GET\t/v2/\tHTTP/1.1", b"GET /v2/ HTTP/1.1\r", b"GET /v2/ HTTP/1.1\n"]
    + [b"G@T /v2/ HTTP/1.1", b" /v2/ HTTP/1.1", b"G\x00T /v2/ HTTP/1.1", b"GET/v2/ HTTP/1.1"]
    + [b"HTTP/1.1 200 OK"],
)
def test_a_request_line_that_is_malformed_is_refused(assailed, start):
    request = start + b"\r\nHost: test\r\n\r\n"
    assert_refused(converse(assailed.address, request + BEHIND), 400, 505)


@pytest.mark.parametrize(
    "sent",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 5000\r\n" + BEHIND,
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x00" * 12 + BEHIND,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
        b"SSH-2.0-client\r\n",
        b"\x00" * 100,
        b"\xff" * 100,
        b"\n\n\n",
        b"\r\n\r\n\r\n",
        b'{"jsonrpc": "2.0"}\r\n\r\n',
        b"EHLO test\r\n",
    ],
)
def test_other_protocols_are_refused(assailed, sent):
    assert_refused(converse(assailed.address, sent), 400)


def test_one_empty_line_before_a_request_is_passed_over(assailed):
    # RFC 9112 2.2. More of them, or a bare LF, are no beginning of a request.
    assert_served(converse(assailed.address, b"\r\n" + get("/v2/") + b"\r\n" + BEHIND), 200)
    assert_refused(converse(assailed.address, b"\r\n\r\n" + get("/v2/") + BEHIND), 400)
    assert_refused(converse(assailed.address, b"\n" + get("/v2/") + BEHIND), 400)


def test_http_1_0_is_served_and_keeps_a_connection_only_when_asked(assailed):
    once = b"GET /v2/ HTTP/1.0\r\n\r\n"
    kept = b"GET /v2/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert [answer.status for answer in converse(assailed.address, once + BEHIND)] == [200]
    assert_served(converse(assailed.address, kept + BEHIND), 200)


@pytest.mark.parametrize(
    "headers",
    [LINE * 3_000, LINE * 20_000, LINE * 200_000, "X: " + "y" * 2**20 + "\r\n"]
    + ["X" * 20_000 + ": y\r\n"]
    + [
        "X: y\r\n" + " z\r\n" * 30_000,
        "Accept: a/b\r\n" * 3_000,
        "Cookie: " + "a=b; " * 5_000 + "\r\n",
    ],
    ids=short,
)
def test_a_flood_of_headers_is_refused(assailed, headers):
    assert_refused(converse(assailed.address, get("/v2/", headers) + BEHIND), 431)


def test_a_flood_of_headers_is_refused_however_it_comes(assailed):
    with connect(assailed.address) as connection:
        connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: test\r\n")
        for _ in range(30):
            connection.sendall(LINE.encode() * 120)
            time.sleep(0.003)  # so that they are read one by one
        connection.sendall(b"Connection: close\r\n\r\n")
        assert_refused(answers_in(heard(connection)), 431)


@pytest.mark.parametrize("line", [LINE, "Accept: " + "a/b, " * 100 + "\r\n"])
def test_a_head_may_have_16_kib_and_no_more(assailed, line):
    room = MOST_BYTES - len(get("/v2/"))
    filling = line * (room // len(line) - 1)
    last = "Z: " + "z" * (room - len(filling) - len("Z: \r\n")) + "\r\n"
    assert len(get("/v2/", filling + last)) == MOST_BYTES
    assert_served(converse(assailed.address, get("/v2/", filling + last) + BEHIND), 200)
    too_long = get("/v2/", filling + "z" + last)
    assert_refused(converse(assailed.address, too_long + BEHIND), 431)


@pytest.mark.parametrize("expectation", ["a-miracle", "100-continue, a-miracle", "200-ok"])
def test_an_expectation_that_nobody_can_meet_is_refused(assailed, expectation):
    request = get("/v2/", f"Expect: {expectation}\r\n")
    assert_refused(converse(assailed.address, request + BEHIND), 417)
