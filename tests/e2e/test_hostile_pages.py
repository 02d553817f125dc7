"""`n` and `last` of every shape: never a failure, and over pages nothing is skipped or repeated."""

import json
import re

import pytest

from support.images import digest_of, random_image
from support.push import push_blob, push_image, put_manifest
from support.wire import BEHIND, assert_served, converse, get, short

HOME = "pages/home"
NAMES = ["a", "a/1", "a/b", "a-b", "a.b", "a_b/c", "a0", "b", "pages/home", "z/z/z"]
TAGS = ["0", "A", "Z", "_", "a", "a-b", "a.b", "a_b", "aa", "b", "x" * 128, "z"]
REFERRERS = 5
KINDS = ("a/b", "a+b/c;d=e&f")
SUBJECT = random_image(50)
CATALOG, LISTED = "/v2/_catalog", f"/v2/{HOME}/tags/list"
REFERRED = f"/v2/{HOME}/referrers/{SUBJECT.digest}"
PATHS = [CATALOG, LISTED, REFERRED]


@pytest.fixture(scope="module")
def filled(assailed):
    for name in NAMES:
        push_blob(assailed, name, b"content")
    for tag in TAGS:
        push_image(assailed, HOME, tag, SUBJECT)
    base = json.loads(SUBJECT.manifest)
    subject = {
        "mediaType": base["mediaType"],
        "digest": SUBJECT.digest,
        "size": len(SUBJECT.manifest),
    }
    for number in range(REFERRERS):
        fields = {
            "subject": subject,
            "artifactType": KINDS[number % 2],
            "annotations": {"n": str(number)},
        }
        body = json.dumps({**base, **fields}).encode()
        put_manifest(assailed, HOME, digest_of(body), body)
    return assailed


def items(answer) -> list[str]:
    document = answer.json()
    listed = document.get("repositories", document.get("tags"))
    return listed if listed is not None else [entry["digest"] for entry in document["manifests"]]


def next_page(answer) -> str | None:
    if (link := answer.headers["Link"]) is None:
        return None
    found = re.fullmatch(r'<(/v2/[!-;=?-~]*)>; rel="next"', link)
    assert found, link
    return found[1]


def pages(registry, path: str) -> list[list[str]]:
    found = []
    while path:
        answer = registry.get(path)
        assert answer.status == 200, path
        found.append(items(answer))
        path = next_page(answer)
        assert len(found) < 100
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13, 999])
@pytest.mark.parametrize("path", PATHS)
def test_pages_are_the_whole_without_gaps(filled, path, size):
    found = pages(filled, f"{path}?n={size}")
    assert [item for page in found for item in page] == items(filled.get(path))
    assert all(len(page) == size for page in found[:-1])
    assert found[-1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_keep_their_filter(filled, kind, size):
    query = "artifactType=" + kind.replace("+", "%2B").replace("&", "%26").replace(";", "%3b")
    whole = filled.get(f"{REFERRED}?{query}")
    found = pages(filled, f"{REFERRED}?n={size}&{query}")
    assert [item for page in found for item in page] == items(whole)
    assert {entry["artifactType"] for entry in whole.json()["manifests"]} == {kind}
    assert whole.headers["OCI-Filters-Applied"] == "artifactType"


@pytest.mark.parametrize(
    "n",
    ["-1", "-0", "abc", "1.5", "1e3", "0x1", "+1", "%2B1", "%201", "1%20", "1,2", "%ff"]
    + ["%c2%b2", "1_0", "18446744073709551616", "9" * 30, "9" * 3000, "NaN", "null", "1%5d"]
    + ["%31x", "--1"],
    ids=short,
)
@pytest.mark.parametrize("path", PATHS)
def test_a_number_that_is_none_is_refused(filled, path, n):
    for query in (f"n={n}", f"n={n}&last=a", f"last=a&n={n}&n=1"):
        answer = filled.get(f"{path}?{query}")
        assert answer.status == 400
        assert answer.error_codes() == ["PAGINATION_NUMBER_INVALID"]


@pytest.mark.parametrize("n", ["1001", "4294967296", "9223372036854775808", "18446744073709551615"])
def test_a_number_that_is_huge_is_the_whole_or_too_much(filled, n):
    assert filled.get(f"{CATALOG}?n={n}").error_codes() == ["PAGINATION_NUMBER_INVALID"]
    for path in (LISTED, REFERRED):
        answer = filled.get(f"{path}?n={n}")
        assert items(answer) == items(filled.get(path))
        assert "Link" not in answer.headers


@pytest.mark.parametrize(
    "query", ["n=", "n", "n=&n=1", "n&last", "last=&n=", "N=1", "m=1", "&&", "=1"]
)
@pytest.mark.parametrize("path", PATHS)
def test_no_number_is_the_whole(filled, path, query):
    assert items(filled.get(f"{path}?{query}")) == items(filled.get(path))


@pytest.mark.parametrize("query", ["n=2&n=5", "n=2&n=abc", "n=002", "%6e=2", "n=%32", "n=2&last="])
@pytest.mark.parametrize("path", PATHS)
def test_the_first_number_counts(filled, path, query):
    assert items(filled.get(f"{path}?{query}")) == items(filled.get(path))[:2]


@pytest.mark.parametrize("query", ["n=0", "n=000", "n=0&last=a", "n=0&last=%ff"])
def test_a_page_of_none_is_empty_and_leads_nowhere(filled, query):
    for path in (CATALOG, LISTED):
        answer = filled.get(f"{path}?{query}")
        assert (answer.status, items(answer)) == (200, [])
        assert "Link" not in answer.headers
    assert filled.get(f"{REFERRED}?{query}").status == 200


LASTS = (
    ["%20", "!", "..", "../..", "%2e%2e%2f", "/", "//", "a/", "a//", "a/../b", "./a", "a%2f"]
    + ["a%2f%2f1", "%ff", "%ff%ff", "%c3%bc", "%e2%82%ac", "_", "_layers", "a/_layers", "~", "A"]
    + ["a:b", "a@b", "%25", "sha256:", "sha256:" + "0" * 64, "sha256:" + "g" * 64]
    + ["sha512:" + "f" * 128, "x" * 300, "a%20b", "a" * 7000, "%2f" * 2000, "a/" * 3000, "nobody"]
    + ["a/2", "a-", "a.", "b/b", "z/z/z/z", "zz", "0"]
)


@pytest.mark.parametrize("last", LASTS, ids=short)
@pytest.mark.parametrize("path", PATHS)
def test_whatever_last_is_what_follows_is_the_end_of_the_whole(filled, path, last):
    whole = items(filled.get(path))
    rest = items(filled.get(f"{path}?last={last}"))
    assert rest == whole[len(whole) - len(rest) :]
    found = pages(filled, f"{path}?n=2&last={last}")
    assert [item for page in found for item in page] == rest


@pytest.mark.parametrize("path", PATHS)
def test_what_follows_each_item_is_the_rest(filled, path):
    whole = items(filled.get(path))
    for place, item in enumerate(whole):
        for last in (item, item.replace("/", "%2F"), item.replace("-", "%2d")):
            assert items(filled.get(f"{path}?last={last}")) == whole[place + 1 :]
            assert items(filled.get(f"{path}?n=1&last={last}")) == whole[place + 1 : place + 2]


@pytest.mark.parametrize(
    "query", ["last=%00", "last=%0a", "last=%0d%0aX:y", "n=%00", "last=%", "n=%zz"]
)
@pytest.mark.parametrize("path", PATHS)
def test_characters_that_are_none_are_refused(filled, path, query):
    assert filled.get(f"{path}?{query}").status == 400


@pytest.mark.parametrize(
    "kind", ["%ff", "a%26b", "%22%3e", "x" * 7000, "a/b%20", "*", "%2f", "a", "A/B"]
)
def test_a_type_that_nobody_has_is_nobodys(filled, kind):
    answer = filled.get(f"{REFERRED}?artifactType={kind}")
    assert (answer.status, items(answer)) == (200, [])
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"


def test_many_parameters_are_as_good_as_the_ones_that_count(filled):
    many = "&".join(f"x{number}=y" for number in range(900))
    for path in PATHS:
        answers = converse(filled.address, get(f"{path}?{many}&n=1") + BEHIND)
        assert_served(answers, 200)
        assert items(answers[0]) == items(filled.get(path))[:1]
