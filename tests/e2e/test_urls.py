"""Where answers say that things are: prefix, host, proxies, redirects, and extra headers."""

import pytest

from support.images import digest_of, random_image
from support.push import push_image
from support.web import request, with_query


def location(registry, headers=None, prefix: str = "") -> str:
    answer = registry.request("POST", f"{prefix}/v2/a/b/blobs/uploads/", headers=headers)
    assert answer.status == 202, answer.body
    return answer.headers["Location"].split("/v2/")[0]


def test_a_location_has_the_host_that_the_client_used(registry):
    assert location(registry) == registry.url
    assert location(registry, {"Host": "registry.gitea.svc.cluster.local:5000"}) == (
        "http://registry.gitea.svc.cluster.local:5000"
    )


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hub.example"}, "https://hub.example"),
        ({"Forwarded": 'for=1.2.3.4;proto=https;host="hub.example:84"'}, "https://hub.example:84"),
        ({"Forwarded": "nonsense", "X-Forwarded-Host": "hub.example"}, None),
        ({"X-Forwarded-Host": "first.example, second.example"}, "http://first.example"),
        ({"X-Forwarded-Host": "evil.example/\"><script>"}, None),
    ],
)
def test_a_proxy_in_front_says_what_the_client_used(registry, headers, base):
    assert location(registry, headers) == (base or registry.url)


def test_a_configured_host_wins(ours, tmp_path):
    registry = ours(tmp_path / "data", variables={"HTTP_HOST": "https://hub.example/base/"})
    assert location(registry, {"X-Forwarded-Host": "other"}) == "https://hub.example/base"


def test_locations_may_be_relative(ours, tmp_path):
    variables = {"HTTP_RELATIVEURLS": "true", "HTTP_PREFIX": "/sub/folder"}
    registry = ours(tmp_path / "data", variables=variables)
    assert location(registry, prefix="/sub/folder") == "/sub/folder"


@pytest.fixture
def below(ours, tmp_path):
    return ours(tmp_path / "data", variables={"HTTP_PREFIX": "/sub/"})


def test_all_is_below_the_prefix_and_nothing_beside_it(below):
    assert below.get("/sub/v2/").status == 200
    assert below.get("/v2/").status == 404
    assert below.get("/sub").status == 404
    assert location(below, prefix="/sub") == f"{below.url}/sub"
    assert below.get("/livez").status == 200


def test_links_and_redirects_keep_the_prefix(below):
    for name in ("one", "two"):
        path = f"/sub/v2/{name}/blobs/uploads/?digest={digest_of(b'')}"
        assert below.request("POST", path, b"").status == 201
    answer = below.get("/sub/v2/_catalog?n=1")
    assert answer.headers["Link"] == '</sub/v2/_catalog?last=one&n=1>; rel="next"'
    assert below.get("/sub/v2").headers["Location"] == "/sub/v2/"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/v2", "/v2/"),
        ("/v2/_catalog/", "/v2/_catalog"),
        ("/v2/_catalog/?n=1", "/v2/_catalog?n=1"),
        ("/v2/a/blobs/uploads", "/v2/a/blobs/uploads/"),
        ("/v2/a/tags/list/", "/v2/a/tags/list"),
        ("/v2//a/tags/list", "/v2/a/tags/list"),
        ("/v2/b/../a/./tags/list?n=1&last=%2F", "/v2/a/tags/list?n=1&last=%2F"),
        ("//v2/", "/v2/"),
        ("/v2/a%2F%2Fb/tags/list", "/v2/a/b/tags/list"),
    ],
)
def test_slashes_and_dots_are_mended(registry, path, target):
    answer = request(registry.address, "GET", path)
    assert (answer.status, answer.headers["Location"]) == (301, target)
    assert f'<a href="{target}">'.replace("&", "&amp;").encode() in answer.body
    post = request(registry.address, "POST", path)
    assert (post.status, post.headers["Location"], post.body) == (301, target, b"")


def test_an_absolute_target_says_which_host_was_meant(registry):
    answer = request(registry.address, "POST", "http://other.example:81/v2/a/blobs/uploads/")
    assert answer.status == 202
    assert answer.headers["Location"].startswith("http://other.example:81/v2/a/blobs/uploads/")


def test_options_say_what_is_allowed(registry):
    answer = registry.request("OPTIONS", "/v2/a/manifests/latest")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, PUT"
    assert registry.request("OPTIONS", "*").status == 200


def test_configured_headers_are_on_answers_of_known_routes(ours, tmp_path):
    headers = "{X-Content-Type-Options: [nosniff], X-Two: [a, b]}"
    registry = ours(tmp_path / "data", variables={"HTTP_HEADERS": headers})
    for path, status in (("/v2/", 200), ("/v2/a/tags/list", 404), ("/v2/A/tags/list", 400)):
        answer = registry.get(path)
        assert answer.status == status
        assert answer.headers.get_all("X-Two") == ["a", "b"]
        assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    for path in ("/nowhere", "/v2"):
        assert registry.get(path).headers["X-Two"] is None
    refused = registry.request("PUT", "/v2/a/tags/list")
    assert refused.status == 405
    assert refused.headers.get_all("X-Content-Type-Options") == ["nosniff"]


def test_an_upload_goes_on_where_its_location_says(below):
    content = b"below a prefix"
    answer = below.request("POST", "/sub/v2/a/blobs/uploads/")
    put = below.request("PUT", with_query(answer.location, f"digest={digest_of(content)}"), content)
    assert put.status == 201
    assert below.get(put.location).body == content


def test_pages_of_the_catalog_are_as_large_as_is_configured(ours, tmp_path):
    registry = ours(tmp_path / "data", variables={"CATALOG_MAXENTRIES": "2", "TAGS_MAXTAGS": "2"})
    image = random_image(100)
    for name in ("a", "b", "c"):
        push_image(registry, name, "v1", image)
    for tag in ("v2", "v3"):
        push_image(registry, "a", tag, image)
    assert registry.get("/v2/_catalog").json()["repositories"] == ["a", "b"]
    assert registry.get("/v2/_catalog?n=3").error_codes() == ["PAGINATION_NUMBER_INVALID"]
    tags = registry.get("/v2/a/tags/list?n=100")
    assert tags.json()["tags"] == ["v1", "v2"]
    assert tags.headers["Link"] == '</v2/a/tags/list?last=v2&n=2>; rel="next"'
