"""The catalog and the tags, whole and page by page, by following Link as a script would."""

import re

import pytest

from support.curl import Curl
from support.images import digest_of, random_image

# Names that are prefixes of each other, with the characters that sort around "/".
# By path component: what is below a name comes before the names that merely begin with it.
REPOSITORIES = ["p", "p/1", "p/a", "p-1", "p.b/c", "q"]
TAGS = ["1", "1.0", "V1", "_", "a", "latest", "v1", "v10", "v2"]


@pytest.fixture(scope="module")
def filled(module_registry, client_env, tmp_path_factory) -> str:
    """The URL of a registry that has REPOSITORIES, and TAGS in the first of them."""
    curl = Curl(tmp_path_factory.mktemp("curl"), client_env)
    image = random_image(100)
    for name in reversed(REPOSITORIES):
        curl.push_manifest(f"{module_registry.url}/v2/{name}", "latest", image)
    for tag in reversed(TAGS):
        curl.push_manifest(f"{module_registry.url}/v2/{REPOSITORIES[0]}", tag, image)
    return module_registry.url


def next_page(answer, base: str) -> str | None:
    """Where Link: <...>; rel="next" leads, if the answer has one."""
    link = answer.headers["Link"]
    if link is None:
        return None
    target = re.fullmatch('<(.*)>; *rel="next"', link)
    assert target, f"not a Link to the next page: {link}"
    return target[1] if target[1].startswith("http") else base + target[1]


def pages(curl, base: str, path: str, key: str) -> list[list[str]]:
    """All pages, from the first to the one without a Link."""
    found: list[list[str]] = []
    url: str | None = base + path
    while url:
        answer = curl(url)
        assert answer.status == 200
        found.append(answer.json()[key])
        assert len(found) < 50, f"Link leads on and on: {found}"
        url = next_page(answer, base)
    return found


def joined(lists: list[list[str]]) -> list[str]:
    return [item for page in lists for item in page]


def test_the_catalog_lists_every_repository_once(curl, filled):
    assert sorted(curl(f"{filled}/v2/_catalog").json()["repositories"]) == sorted(REPOSITORIES)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_the_catalog_are_the_whole_catalog_in_its_order(curl, filled, size):
    whole = curl(f"{filled}/v2/_catalog").json()["repositories"]
    found = pages(curl, filled, f"/v2/_catalog?n={size}", "repositories")
    assert joined(found) == whole
    assert all(len(page) == size for page in found[:-1])


def test_the_catalog_is_in_order(curl, filled):
    assert curl(f"{filled}/v2/_catalog").json()["repositories"] == REPOSITORIES


@pytest.mark.parametrize("last", REPOSITORIES)
def test_the_catalog_goes_on_after_the_repository_named_by_last(curl, filled, last):
    whole = curl(f"{filled}/v2/_catalog").json()["repositories"]
    rest = curl(f"{filled}/v2/_catalog?n=100&last={last.replace('/', '%2F')}")
    assert rest.json()["repositories"] == whole[whole.index(last) + 1 :]


def test_a_last_page_that_is_exactly_full_links_to_nothing(curl, filled):
    answer = curl(f"{filled}/v2/_catalog?n={len(REPOSITORIES)}")
    assert len(answer.json()["repositories"]) == len(REPOSITORIES)
    assert "Link" not in answer.headers


def test_tags_are_listed_in_order(curl, filled):
    listed = curl(f"{filled}/v2/p/tags/list").json()
    assert listed == {"name": "p", "tags": TAGS}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_tags_are_all_tags_in_order(curl, filled, size):
    found = pages(curl, filled, f"/v2/p/tags/list?n={size}", "tags")
    assert joined(found) == TAGS
    assert all(len(page) == size for page in found[:-1])


@pytest.mark.parametrize(("last", "rest"), [("a", TAGS[5:]), ("b", TAGS[5:]), ("v2", [])])
def test_tags_go_on_after_the_tag_named_by_last_even_if_it_is_gone(curl, filled, last, rest):
    assert curl(f"{filled}/v2/p/tags/list?last={last}").json()["tags"] == rest


def test_the_tags_of_an_unknown_repository_are_unknown(curl, filled):
    answer = curl(f"{filled}/v2/p/unknown/tags/list")
    assert answer.status == 404
    assert answer.error_codes() == ["NAME_UNKNOWN"]


def test_a_repository_with_nothing_but_a_blob_is_in_the_catalog(curl, ours, tmp_path):
    registry = ours(tmp_path / "data")
    assert curl(f"{registry.url}/v2/_catalog").json() == {"repositories": []}
    curl.push_blob(f"{registry.url}/v2/only/blob", b"content", digest_of(b"content"))
    assert curl(f"{registry.url}/v2/_catalog").json() == {"repositories": ["only/blob"]}
