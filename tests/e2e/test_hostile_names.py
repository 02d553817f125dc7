"""Names that are none, wherever a URL takes one: refused, and nothing is stored."""

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


def requests_to(name: str) -> list[tuple[str, str, bytes]]:
    """All that can be asked of a repository."""
    content = b"content of nobody"
    return [
        ("GET", f"/v2/{name}/tags/list", b""),
        ("GET", f"/v2/{name}/referrers/{BLOB}", b""),
        ("GET", f"/v2/{name}/blobs/{BLOB}", b""),
        ("HEAD", f"/v2/{name}/blobs/{BLOB}", b""),
        ("DELETE", f"/v2/{name}/blobs/{BLOB}", b""),
        ("GET", f"/v2/{name}/manifests/v1", b""),
        ("PUT", f"/v2/{name}/manifests/v1", IMAGE.manifest),
        ("PUT", f"/v2/{name}/manifests/{IMAGE.digest}?tag=v1", IMAGE.manifest),
        ("DELETE", f"/v2/{name}/manifests/{IMAGE.digest}", b""),
        ("POST", f"/v2/{name}/blobs/uploads/", b""),
        ("POST", f"/v2/{name}/blobs/uploads/?digest={digest_of(content)}", content),
        ("POST", f"/v2/{name}/blobs/uploads/?mount={BLOB}&from={HOME}", b""),
        ("PATCH", f"/v2/{name}/blobs/uploads/{UPLOAD_ID}", content),
        ("PUT", f"/v2/{name}/blobs/uploads/{UPLOAD_ID}?digest={digest_of(content)}", content),
        ("DELETE", f"/v2/{name}/blobs/uploads/{UPLOAD_ID}", b""),
    ]


@pytest.mark.parametrize(
    "name",
    ["A", "a..b", "a___b", "_a", "a_", "a-", "-a", ".a", "a.", "a--.b", "a%20b", "a+b", "a=b"]
    + ["a&b", "a;b", "a,b", "a@b", "a*", "~", "-", "a%5cb", "a%25b", "%ff", "%c3%bc", "%e2%80%ae"]
    + ["a%3fb", "x" * 256, "x/" * 127 + "xx", "a/B", "host:5000/a", "host%3a5000/a", "a/b:c"]
    + ["a%23b", "a%3cb", "_catalog", "_layers", "a/_layers", "a/_manifests/tags", "a/_uploads/b"]
    + [".registry", "...", "a/...", "%252e%252e", "%252e%252e%252fa", "a%252fb"],
    ids=short,
)
def test_a_repository_whose_name_is_none_is_refused(served, name):
    before = stored(served)
    for method, target, body in requests_to(name):
        answer = ask(served, method, target, body)
        assert answer.status == 400, (method, target)
        assert method == "HEAD" or answer.error_codes() == ["NAME_INVALID"]
    assert stored(served) == before


@pytest.mark.parametrize(
    "name",
    ["..", "../..", "../../etc", "%2e%2e", "..%2f..%2f..%2fetc"]
    + ["%2e%2e%2f%2e%2e%2f%2e%2e%2fetc", "a/../../../b", "a%2f..%2f..%2f..%2fb"]
    + ["a/%2E%2E/%2E%2E", "%2fetc", "%2f%2fetc", "./a", "a//b", "a/.", "a/..", "a/", "/a", "a%2f"]
    + ["a%2f%2e%2e%2f"],
)
def test_a_path_that_climbs_leads_elsewhere_and_nowhere(served, name):
    before = stored(served)
    for method, target, body in requests_to(name):
        answer = ask(served, method, target, body)
        assert answer.status == 301, (method, target)
        location = answer.headers["Location"]
        assert location.startswith("/") and ".." not in location and "//" not in location
    assert stored(served) == before


@pytest.mark.parametrize(
    "name", ["%00", "a%00", "a%0ab", "%0d%0aX:y", "a%", "a%2", "a%zz", "%7f", "a\xff"]
)
def test_a_name_of_characters_that_are_none_is_refused(served, name):
    before = stored(served)
    for method, target, body in requests_to(name):
        assert ask(served, method, target, body).status == 400, (method, target)
    assert stored(served) == before
