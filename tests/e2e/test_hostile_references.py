"""Tags and digests that are none, wherever a URL takes one: refused, and nothing is stored."""

import pytest

from support.images import OCI_MANIFEST, digest_of, random_image
from support.push import push_image
from support.vitals import stored
from support.web import Response
from support.wire import short
from support import wire

IMAGE = random_image(100)
BLOB = digest_of(IMAGE.blobs[0])
UPLOAD_ID = "0e7f8d3c-0000-4000-8000-000000000000"
HOME = "names/home"


@pytest.fixture(scope="module")
def served(assailed):
    push_image(assailed, HOME, "v1", IMAGE)
    return assailed


def ask(registry, method: str, target: str, body: bytes = b"") -> Response:
    return wire.ask(registry.address, method, target, body, OCI_MANIFEST)


BAD_DIGESTS = (
    ["sha256:", "sha256:abc", BLOB.upper(), BLOB[:-1], BLOB + "0"]
    + [BLOB.replace("sha256", "SHA256"), "md5:" + "0" * 32, "sha384:" + "0" * 96]
    + ["sha512:" + "0" * 64, "sha256:" + "g" * 64, ":", "::", "sha256:..", "sha256:."]
    + ["sha256%3A", "sha256:%ff", "sha256%2bb64:" + "0" * 64, BLOB + "%20", "%20" + BLOB]
    + [BLOB + "@x", BLOB + ":", "x" * 3000 + ":", "sha256:" + "%25" * 64, "a:b", "..:.."]
)


@pytest.mark.parametrize("digest", BAD_DIGESTS, ids=short)
def test_a_digest_that_is_none_is_refused_in_a_path(served, digest):
    before = stored(served)
    for kind in ("blobs", "manifests", "referrers"):
        for method in ("GET", "HEAD", "DELETE", "PUT"):
            target = f"/v2/{HOME}/{kind}/{digest}"
            answer = ask(served, method, target, IMAGE.manifest if method == "PUT" else b"")
            if answer.status != 405:
                assert answer.status == 400, (method, target)
                assert method == "HEAD" or answer.error_codes() == ["DIGEST_INVALID"]
    assert stored(served) == before


CLIMBING = ["../../x", "%2e%2e%2f%2e%2e%2fx", "sha256:%2e%2e%2f%2e%2e%2fx", "%2e%2e", "/", "%2f"]
PARAMETERS = [*BAD_DIGESTS, *CLIMBING, "", "sha256", BLOB + "%2f"]


@pytest.mark.parametrize("digest", PARAMETERS, ids=short)
def test_a_digest_that_is_none_is_refused_as_a_parameter(served, digest):
    before = stored(served)
    uploads = f"/v2/{HOME}/blobs/uploads/"
    for query in (
        f"digest={digest}",
        f"digest-algorithm=x{digest}",
        f"digest={digest}&digest={BLOB}",
    ):
        answer = ask(served, "POST", f"{uploads}?{query}", b"content")
        assert answer.status == 400, query
        assert answer.error_codes() == ["DIGEST_INVALID"]
    begun = ask(served, "POST", uploads).location
    answer = ask(served, "PUT", f"{begun}&digest={digest}", b"content")
    assert answer.status == 400
    assert answer.error_codes() == ["DIGEST_INVALID"]
    assert ask(served, "DELETE", begun).status == 204
    assert stored(served) == before


@pytest.mark.parametrize("digest", PARAMETERS, ids=short)
@pytest.mark.parametrize("source", ["", "&from=", f"&from={HOME}"])
def test_what_is_no_digest_is_not_mounted(served, digest, source):
    before = stored(served)
    answer = ask(served, "POST", f"/v2/{HOME}/blobs/uploads/?mount={digest}{source}")
    assert answer.status == 202  # an upload begins instead, for whatever reason (end-11)
    assert ask(served, "DELETE", answer.location).status == 204
    assert stored(served) == before


@pytest.mark.parametrize(
    "source", ["A", "..", "%2e%2e%2f", f"{HOME}%2f..%2fhome", f"{HOME}/", "%ff", "/"]
)
def test_nothing_is_mounted_from_what_is_no_repository(served, source):
    before = stored(served)
    path = f"/v2/names/other/blobs/uploads/?mount={BLOB}&from={source}"
    answer = ask(served, "POST", path)
    assert answer.status == 202
    assert ask(served, "DELETE", answer.location).status == 204
    assert ask(served, "GET", f"/v2/names/other/blobs/{BLOB}").status == 404
    assert not {path for path in stored(served) - before if "_layers" in path}


@pytest.mark.parametrize(
    "tag",
    ["-x", ".x", "..x", "x" * 129, "x%20y", "%20x", "x@y", "x+y", "*", "x%23", "x%3fy", "x%25y"]
    + ["~x", "%ff", "%c3%bc", "x,y", "x;y", "x=y", "%7bx%7d", "x%5cy", "..."],
    ids=short,
)
def test_a_tag_that_is_none_is_refused(served, tag):
    before = stored(served)
    for method in ("GET", "HEAD", "DELETE", "PUT"):
        answer = ask(served, method, f"/v2/{HOME}/manifests/{tag}", IMAGE.manifest)
        assert answer.status == 400
        assert method == "HEAD" or answer.error_codes() == ["TAG_INVALID"]
    assert stored(served) == before


@pytest.mark.parametrize(
    "tag", ["", "-x", "..", "../x", "%2e%2e%2fx", "x/y", "x:y", "x" * 129, "%ff", BLOB]
)
def test_a_tag_that_is_none_is_refused_as_a_parameter(served, tag):
    before = stored(served)
    target = f"/v2/{HOME}/manifests/{IMAGE.digest}?tag=good&tag={tag}"
    answer = ask(served, "PUT", target, IMAGE.manifest)
    assert answer.status == 400
    assert answer.error_codes() == ["TAG_INVALID"]
    assert stored(served) == before


@pytest.mark.parametrize(
    "upload", ["x", UPLOAD_ID[:-1], UPLOAD_ID.upper(), UPLOAD_ID, "x" * 4000, "-", "*", "%ff"]
)
def test_an_upload_that_never_was_is_unknown(served, upload):
    before = stored(served)
    for method, query in (
        ("GET", ""),
        ("HEAD", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("PUT", f"?digest={BLOB}"),
    ):
        answer = ask(served, method, f"/v2/{HOME}/blobs/uploads/{upload}{query}", b"x")
        assert answer.status == 404
        assert method == "HEAD" or answer.error_codes() == ["BLOB_UPLOAD_UNKNOWN"]
    assert stored(served) == before


@pytest.mark.parametrize(
    "state", ["", "x", "AAAA", "A" * 4000, "%ff", "====", "..", "%2e%2e%2f", "%7b%7d"]
)
def test_a_state_that_was_not_signed_here_is_refused(served, state):
    begun = ask(served, "POST", f"/v2/{HOME}/blobs/uploads/").location
    url = begun.split("?")[0]
    for method, query in (("PATCH", ""), ("DELETE", ""), ("PUT", f"&digest={BLOB}")):
        answer = ask(served, method, f"{url}?_state={state}{query}", IMAGE.blobs[0])
        assert answer.status == 404
        assert answer.error_codes() == ["BLOB_UPLOAD_INVALID"]
    assert ask(served, "DELETE", begun).status == 204
