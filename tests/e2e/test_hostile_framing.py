"""Requests that two servers could cut differently: what hides behind one is never answered."""

import pytest

from support.images import digest_of, random_repository
from support.wire import BEHIND, assert_refused, assert_served, converse, get, post, short

CONTENT = b"abc"
DIGEST = digest_of(CONTENT)
CHUNKS = b"3\r\nabc\r\n0\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
CUT_REQUEST = b"GET /v2/_catalog HTTP/1.1\r\nHost: test\r\nX: "


@pytest.fixture
def name() -> str:
    return random_repository("framing")


def upload_to(name: str) -> str:
    return f"/v2/{name}/blobs/uploads/?digest={DIGEST}"


def is_stored(registry, name: str) -> bool:
    return registry.get(f"/v2/{name}/blobs/{DIGEST}").status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (f"Content-Length: 3\r\n{CHUNKED}", 400),
        (f"{CHUNKED}Content-Length: 3\r\n", 400),
        (f"{CHUNKED}Content-Length: 0\r\n", 400),
        (f"{CHUNKED}{CHUNKED}", 400),
        (f"{CHUNKED}Transfer-Encoding: identity\r\n", 400),
        (f"Transfer-Encoding: identity\r\n{CHUNKED}", 501),
        ("Transfer-Encoding: gzip\r\n", 400),
        ("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n", 400),
        ("Transfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: chunked, chunked\r\n", 501),
        ("Transfer-Encoding: chunked, gzip\r\n", 400),
        ("Transfer-Encoding: chunked,\r\n", 400),
        ("Transfer-Encoding: ,chunked\r\n", 501),
        ("Transfer-Encoding: chunked;q=1\r\n", 400),
        ("Transfer-Encoding: xchunked\r\n", 400),
        ('Transfer-Encoding: "chunked"\r\n', 400),
        ("Transfer-Encoding: \r\n", 400),
        ("Transfer-Encoding: \x0bchunked\r\n", 400),
        ("Transfer-Encoding: chunked\x00\r\n", 400),
        ("Transfer-Encoding : chunked\r\n", 400),
        ("Transfer-Encoding\r\n: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\n gzip\r\n", 400),
        ("X: y\rTransfer-Encoding: chunked\r\n", 400),
        ("X: y\nTransfer-Encoding: chunked\r\n", 400),
        (" Transfer-Encoding: chunked\r\n", 400),  # Host goes on in it
        ("\x00Transfer-Encoding: chunked\r\n", 400),
    ],
)
def test_a_coding_that_leaves_the_end_in_doubt_is_refused(assailed, name, headers, status):
    answers = converse(assailed.address, post(upload_to(name), CHUNKS, headers) + BEHIND)
    assert_refused(answers, status)
    assert not is_stored(assailed, name)


@pytest.mark.parametrize(
    "headers",
    [
        CHUNKED,
        "transfer-encoding:Chunked\r\n",
        "Transfer-Encoding:\tchunked \r\n",
        "Transfer-Encoding:\r\n chunked\r\n",  # a fold is a space (RFC 9112 5.2)
        f"X: y\r\n Content-Length: 5\r\n{CHUNKED}",
    ],
)
def test_a_chunked_body_ends_where_its_chunks_say(assailed, name, headers):
    answers = converse(assailed.address, post(upload_to(name), CHUNKS, headers) + BEHIND)
    assert_served(answers, 201)
    assert is_stored(assailed, name)


def test_http_1_0_has_no_chunks(assailed, name):
    request = get(upload_to(name), CHUNKED, "POST", "1.0") + CHUNKS
    assert_refused(converse(assailed.address, request + BEHIND), 400)


@pytest.mark.parametrize(
    "length",
    ["+3", "-3", "-0", "0x3", "3.0", "3e0", "3 3", "3;", "3,", "", '"3"', "three", "\xb3"]
    + ["3_0", "3, 4", "3,+3", "3\r\n 4", "3\r\nContent-Length: 4", "4\r\nContent-Length: 3"]
    + ["99999999999999999999999", "18446744073709551616", "18446744073709551619"],
)
def test_a_length_that_is_none_is_refused(assailed, name, length):
    headers = f"Content-Length: {length}\r\n"
    answers = converse(assailed.address, post(upload_to(name), CONTENT, headers) + BEHIND)
    assert_refused(answers, 400)
    assert not is_stored(assailed, name)


def test_a_length_with_space_before_its_colon_is_refused(assailed, name):
    request = post(upload_to(name), CONTENT, "Content-Length : 3\r\n")
    assert_refused(converse(assailed.address, request + BEHIND), 400)


@pytest.mark.parametrize("length", ["3", "03", " 3 ", "\t3", "3, 3", "3\r\nContent-Length: 3"])
def test_a_length_may_be_said_twice_if_it_is_the_same(assailed, name, length):
    headers = f"Content-Length: {length}\r\n"
    answers = converse(assailed.address, post(upload_to(name), CONTENT, headers) + BEHIND)
    assert_served(answers, 201)
    assert is_stored(assailed, name)


@pytest.mark.parametrize(
    "chunks",
    [b"0x3\r\nabc\r\n0\r\n\r\n", b"-1\r\n", b" 3\r\nabc\r\n0\r\n\r\n"]
    + [b"+3\r\nabc\r\n0\r\n\r\n", b"3 \r\nabc\r\n0\r\n\r\n", b"3_0\r\nabc\r\n0\r\n\r\n"]
    + [b"3 3\r\nabc\r\n0\r\n\r\n", b"3\nabc\r\n0\r\n\r\n", b"3\nabc\n0\n\n"]
    + [b"3\r\nabc\n0\r\n\r\n", b"3\r\nabc\r\n0\n\n", b"3\r\nabc0\r\n\r\n", b"3\r\nabcXX0\r\n\r\n"]
    + [b"3\r\nabcd\r\n0\r\n\r\n", b"2\r\nabc\r\n", b"\r\n3\r\nabc\r\n0\r\n\r\n"]
    + [b"3\r\nabc\r\n\r\n0\r\n\r\n", b";x\r\nabc\r\n0\r\n\r\n"]
    + [b"0" * 16 + CHUNKS, b"0" * 300 + CHUNKS]
    + [b"10000000000000003\r\nabc\r\n0\r\n\r\n", b"\xef\xbc\x93\r\nabc\r\n0\r\n\r\n"]
    + [b"3;a\nX\r\nabc\r\n0\r\n\r\n", b"3;\nabc\r\n0\r\n\r\n", b"3;a\rX\r\nabc\r\n0\r\n\r\n"]
    + [b"3;\x00\r\nabc\r\n0\r\n\r\n", b"3;;;\r\nabc\r\n0\r\n\r\n", b"3;=\r\nabc\r\n0\r\n\r\n"]
    + [b"3\r\nabc\r\n-0\r\n\r\n", b"3\r\nabc\r\n0 x\r\n\r\n", b"3\r\nabc\r\n0x0\r\n\r\n"]
    + [b'3;a="\r\nabc\r\n0\r\n\r\n' + CUT_REQUEST + b'"\r\n\r\n']
    + [b'3\r\nabc\r\n0;a="\r\n\r\n' + CUT_REQUEST + b'"\r\n\r\n'],
    ids=short,
)
def test_chunks_that_are_malformed_are_refused(assailed, name, chunks):
    answers = converse(assailed.address, post(upload_to(name), chunks, CHUNKED) + BEHIND)
    assert_refused(answers, 400)
    assert answers[0].error_codes() == ["SIZE_INVALID"]
    assert not is_stored(assailed, name)


@pytest.mark.parametrize(
    "trailers",
    [b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"X : y\r\n", b"X: y\n"]
    + [b"X\r\n", b" folded\r\n", b"X: \x00\r\n", b"GET /v2/_catalog HTTP/1.1\r\nHost: test\r\n"]
    + [b"X: y\r\n" * 20_000, b"X: " + b"y" * 100_000 + b"\r\n"],
    ids=short,
)
def test_trailers_that_are_malformed_or_too_many_are_refused(assailed, name, trailers):
    request = post(upload_to(name), b"3\r\nabc\r\n0\r\n" + trailers + b"\r\n", CHUNKED)
    assert_refused(converse(assailed.address, request + BEHIND), 400)
    assert not is_stored(assailed, name)


@pytest.mark.parametrize(
    "chunks",
    [b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", b"003\r\nabc\r\n000\r\n\r\n", b"0" * 15 + CHUNKS]
    + [b"3;x\r\nabc\r\n0;x\r\n\r\n", b"3 ;x\r\nabc\r\n0\r\n\r\n", b"3;a=b;c\r\nabc\r\n0\r\n\r\n"]
    + [b'3;a="\\";\xff"\r\nabc\r\n0\r\n\r\n', b"3\r\nabc\r\n0\r\nX: y\r\nHost: other\r\n\r\n"],
    ids=short,
)
def test_chunks_may_have_zeros_extensions_and_trailers(assailed, name, chunks):
    answers = converse(assailed.address, post(upload_to(name), chunks, CHUNKED) + BEHIND)
    assert_served(answers, 201)
    assert answers[0].headers["Location"] == f"http://test/v2/{name}/blobs/{DIGEST}"


@pytest.mark.parametrize("headers", ["X: y\r\n", "Transfer_Encoding: chunked\r\n"])
def test_a_request_that_announces_no_body_has_none(assailed, name, headers):
    # Its chunks are the next request, and not one: nothing behind them is answered.
    answers = converse(assailed.address, post(upload_to(name), CHUNKS, headers) + BEHIND)
    assert [answer.status for answer in answers] == [202, 400]
    assert not is_stored(assailed, name)


@pytest.mark.parametrize("body", [CHUNKS, b"0\r\n\r\n", b"zz\r\n"])
def test_a_chunked_body_that_nobody_reads_is_no_request(assailed, body):
    # Nor is what follows it: the connection ends instead.
    answers = converse(assailed.address, get("/v2/", CHUNKED) + body + BEHIND)
    assert answers[0].status == 200
    assert len(answers) == 1 or body == b"0\r\n\r\n"


def test_a_body_of_a_get_is_no_request(assailed):
    hidden = get("/v2/_catalog")
    request = get("/v2/", f"Content-Length: {len(hidden)}\r\n") + hidden
    assert_served(converse(assailed.address, request + BEHIND), 200)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("known", [True, False])
def test_a_body_of_an_upload_that_is_refused_is_no_request(assailed, name, method, known):
    path = f"/v2/{name}/blobs/uploads/nobody-began-this"
    if known:
        path = assailed.request("POST", f"/v2/{name}/blobs/uploads/").location.split("?")[0]
    hidden = get("/v2/_catalog")
    headers = f"Content-Length: {len(hidden)}\r\nContent-Range: 7-9\r\n"
    request = get(f"{path}?digest={DIGEST}", headers, method) + hidden
    answers = converse(assailed.address, request + BEHIND)
    assert [answer.status for answer in answers] == [416 if known else 404, 200]
    assert answers[1].body == b"ok\n"


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_whose_digest_is_another_is_no_request(assailed, name, framing):
    hidden = get("/v2/_catalog")
    request = post(upload_to(name), hidden)
    if framing == "chunks":
        request = post(upload_to(name), b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden), CHUNKED)
    answers = converse(assailed.address, request + BEHIND)
    assert [answer.status for answer in answers] == [400, 200]
    assert answers[1].body == b"ok\n"


def test_requests_in_a_row_are_answered_in_order(assailed, name):
    chunked = post(upload_to(name), CHUNKS, CHUNKED)
    asked = chunked + get("/v2/nothing/tags/list") + chunked + get("/v2/") + BEHIND
    answers = converse(assailed.address, asked)
    assert [answer.status for answer in answers] == [201, 404, 201, 200, 200]


@pytest.mark.parametrize("length", ["9223372036854775808", "18446744073709551615"])
def test_a_manifest_of_an_absurd_length_is_refused_unread(assailed, name, length):
    headers = f"Content-Length: {length}\r\n"
    request = get(f"/v2/{name}/manifests/v1", headers, "PUT") + CONTENT
    assert_refused(converse(assailed.address, request + BEHIND), 413)
