"""Targets of requests in every form that they have, and in many that they have not."""

import pytest

from support.wire import BEHIND, assert_refused, assert_served, converse, get

MOST_BYTES = 8 * 1024


@pytest.mark.parametrize(
    "target",
    ["/v2/%", "/v2/%0", "/v2/%g0", "/v2/%0g", "/v2/%%", "/v2/%u0041", "/v2/?x=%zz", "/v2/?%"]
    + ["/v2/%00", "/v2/%0a", "/v2/%0d%0aX:%20y", "/v2/%1b", "/v2/%7f", "/v2/?x=%00", "/v2/?%0a=x"]
    + ["/v2/\x00", "/v2/\x01", "/v2/\t", "/v2/\x7f", "/v2/\x0b", "/v2/\rx", "/v2/\nx", "/v2/a b"]
    + ["/v2/\xff", "/v2/\xc3\xbc/tags/list", "/v2/?x=\xff", "/v2/?x=\xe2\x82\xac", "/v2/\\"]
    + ['/v2/"', "/v2/<x>", "/v2/^", "/v2/`", "/v2/{x}", "/v2/|", "/v2/[x]", "/v2/?a[b]=c"]
    + ["/v2/#x", "/v2/?#x", "#", "", "?x", "v2/", "\\v2\\", "./v2/", "../v2/", "test/v2/"]
    + ["test:80", "test", "user@test:80", ":80", "*", "**", "*/v2/", "http://", "http:///v2/"]
    + ["http:/v2/", "http:v2/", "http://test?x", "http://test#x", "http://u:p@test/v2/"]
    + ["http://u@test/v2/", "http://[::1/v2/", "http://<x>/v2/", "http://te st/v2/"]
    + ["http://test:port/v2/", "http://test\\@other/v2/", "http://%zz/v2/", "ftp://test/v2/"]
    + ["file:///etc/passwd", "javascript:x", "//test\x00/v2/"],
)
def test_a_target_that_is_malformed_is_refused(assailed, target):
    assert_refused(converse(assailed.address, get(target) + BEHIND), 400)


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("//v2/", "/v2/"),
        ("/v2//", "/v2/"),
        ("///v2///", "/v2/"),
        ("/v2/./", "/v2/"),
        ("/v2/x/..", "/v2"),
        ("/v2/../v2/", "/v2/"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/v2/%2e%2e/", "/"),
        ("/v2/..%2f..%2f", "/"),
        ("/v2/%2e%2e%2f%2e%2e%2fetc", "/etc"),
        ("//other.example/%2e%2e", "/"),
        ("///other.example", "/other.example"),
        ("/v2/a//b/tags/list", "/v2/a/b/tags/list"),
        ("/v2/a/./b/tags/list?n=1&x=%20", "/v2/a/b/tags/list?n=1&x=%20"),
        ("/v2/a/%2E/b/tags/list", "/v2/a/b/tags/list"),
        ("/v2", "/v2/"),
        ("/v2?x=%2f", "/v2/?x=%2f"),
        ("/v2/_catalog/", "/v2/_catalog"),
        ("/v2/a/tags/list/", "/v2/a/tags/list"),
        ("/v2/a/blobs/uploads?x", "/v2/a/blobs/uploads/?x"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_slashes_and_dot_segments_are_mended_by_a_redirect(assailed, target, location, method):
    answers = converse(assailed.address, get(target, method=method) + BEHIND)
    assert_served(answers, 301)
    assert answers[0].headers["Location"] == location
    assert bool(answers[0].body) == (method == "GET")


@pytest.mark.parametrize(
    "target", ["/v2/.../tags/list", "/v2/..a/tags/list", "/v2/%252e%252e/tags/list"]
)
def test_dots_that_are_no_segment_are_part_of_a_name(assailed, target):
    answers = converse(assailed.address, get(target) + BEHIND)
    assert_served(answers, 400)
    assert answers[0].error_codes() == ["NAME_INVALID"]


@pytest.mark.parametrize(
    ("target", "status"),
    [("/v2/;x", 404), ("/v2/%3f", 404), ("/v2/%23", 404), ("/v2/?", 200), ("/v2/??", 200)]
    + [("/v2/?&&=&x", 200), ("/%76%32/", 200), ("/v2%2f", 200), ("/v2/%80", 404), ("/v3/", 404)],
)
def test_odd_targets_mean_what_they_say(assailed, target, status):
    assert_served(converse(assailed.address, get(target) + BEHIND), status)


@pytest.mark.parametrize(
    ("target", "base"),
    [
        ("http://other/v2/a/blobs/uploads/", "http://other/v2/a/"),
        ("http://other:81/v2/a/blobs/uploads/", "http://other:81/v2/a/"),
        ("HTTP://Other/v2/a/blobs/uploads/", "http://Other/v2/a/"),
        ("http://[::1]:81/v2/a/blobs/uploads/", "http://[::1]:81/v2/a/"),
        ("https://other/v2/a/blobs/uploads/", "http://other/v2/a/"),  # the connection is no TLS
        ("/v2/a/blobs/uploads/", "http://test/v2/a/"),
    ],
)
def test_an_absolute_target_says_which_host_is_meant(assailed, target, base):
    answers = converse(assailed.address, get(target, method="POST") + BEHIND)
    assert_served(answers, 202)
    assert answers[0].headers["Location"].startswith(f"{base}blobs/uploads/")


def test_an_absolute_target_without_a_path_is_the_root(assailed):
    assert_served(converse(assailed.address, get("http://other") + BEHIND), 200)


def test_options_of_the_server_itself_is_answered(assailed):
    answers = converse(assailed.address, get("*", method="OPTIONS") + BEHIND)
    assert_served(answers, 200)
    assert answers[0].body == b""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "TRACE", "CONNECT", "BREW"])
def test_the_server_itself_takes_no_other_method(assailed, method):
    said = converse(assailed.address, get("*", method=method) + BEHIND, bodiless=method == "HEAD")
    assert_refused(said, 400)


@pytest.mark.parametrize("target", ["test:80", "/v2/", "http://test/v2/", "*"])
def test_there_are_no_tunnels(assailed, target):
    # An answer of 200 would make whatever follows it the tunnel's.
    assert_refused(converse(assailed.address, get(target, method="CONNECT") + BEHIND), 400)


@pytest.mark.parametrize(
    ("start", "status"),
    [("/", 404), ("/v2/?", 200), ("/v2/a/tags/list?last=", 404), ("/v2/", 404)],
)
def test_a_target_may_have_8_kib_and_no_more(assailed, start, status):
    longest = start + "x" * (MOST_BYTES - len(start))
    assert_served(converse(assailed.address, get(longest) + BEHIND), status)
    assert_refused(converse(assailed.address, get(longest + "x") + BEHIND), 414)


@pytest.mark.parametrize("size", [16 * 1024, 64 * 1024, 1024 * 1024])
def test_a_flood_in_a_target_is_refused(assailed, size):
    assert_refused(converse(assailed.address, get("/v2/" + "x" * size) + BEHIND), 414)
    assert_refused(converse(assailed.address, b"GET /" + b"x" * size), 414)
    assert_refused(converse(assailed.address, get("/v2/" + "%2f" * (size // 3)) + BEHIND), 414)
