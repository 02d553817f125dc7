"""docs/api.md: its endpoints, codes and limits are those of the daemon."""

import re
from dataclasses import dataclass

import pytest

from support.images import OCI_MANIFEST, digest_of, random_image
from support.push import open_upload, push_image
from support.registry import PROJECT, Registry
from support.runbook import sections
from support.web import Response, path_of

SECTIONS = sections((PROJECT / "docs/api.md").read_text())
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ALWAYS = {500, 503, 507}  # what the document says of every endpoint


@dataclass(frozen=True)
class Endpoint:
    path: str
    methods: tuple[str, ...]
    answers: frozenset[int]


def table_of(title: str) -> list[list[str]]:
    rows = [line for line in SECTIONS[title].text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


ENDPOINTS = [
    Endpoint(path.strip("`"), tuple(methods.split(", ")), frozenset(map(int, answers.split(", "))))
    for path, methods, answers in table_of("Endpoints")
]
PATHS = list(dict.fromkeys(endpoint.path for endpoint in ENDPOINTS))


def documented(path: str) -> set[str]:
    methods = {method for each in ENDPOINTS if each.path == path for method in each.methods}
    return set(METHODS) if methods == {"any"} else methods


def answers_of(path: str, method: str) -> set[int]:
    rows = [each for each in ENDPOINTS if each.path == path]
    [answers] = [each.answers for each in rows if {method, "any"} & set(each.methods)]
    return set(answers)


@pytest.fixture
def place(module_registry: Registry) -> dict[str, str]:
    """What can stand in a path, all of it there."""
    image = random_image(100)
    push_image(module_registry, "document/test", "tag", image)
    upload = path_of(open_upload(module_registry, "document/test")).partition("?")[0]
    return {
        "<name>": "document/test",
        "<reference>": "tag",
        "<digest>": digest_of(image.blobs[0]),
        "<id>": upload.rpartition("/")[2],
    }


def filled(path: str, place: dict[str, str]) -> str:
    return re.sub(r"<\w+>", lambda match: place[match.group()], path)


def ask(registry: Registry, method: str, path: str) -> Response:
    body = b"" if method in ("POST", "PUT", "PATCH") else None
    return registry.request(method, path, body, {"Content-Type": OCI_MANIFEST})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_the_documented_methods_are_served_and_no_others(module_registry, place, path, method):
    answer = ask(module_registry, method, filled(path, place))
    if method in documented(path):
        assert answer.status in answers_of(path, method) | ALWAYS
        assert answer.headers["Allow"] is None
    else:
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(", ")) == documented(path)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_there_is_answered_as_documented(module_registry, path):
    absent = {
        "<name>": "document/absent",
        "<reference>": digest_of(b"absent"),
        "<digest>": digest_of(b"absent"),
        "<id>": "00000000-0000-4000-8000-000000000000",
    }
    for method in documented(path):
        answer = ask(module_registry, method, filled(path, absent))
        assert answer.status in answers_of(path, method), method


@pytest.mark.parametrize("path", PATHS)
def test_what_is_malformed_is_answered_as_documented(module_registry, path):
    wrong = {"<name>": "Document", "<reference>": "-", "<digest>": "sha256:x", "<id>": "x"}
    if "<" not in path:
        return
    for method in documented(path):
        answer = ask(module_registry, method, filled(path, wrong))
        assert answer.status == 400 and 400 in answers_of(path, method), method


def test_options_lists_the_documented_methods(module_registry, place):
    for path in PATHS:
        answer = module_registry.request("OPTIONS", filled(path, place))
        assert answer.status == 200
        if documented(path) != set(METHODS):
            assert set(answer.headers["Allow"].split(", ")) == documented(path)


def test_the_errors_are_those_of_the_daemon():
    source = (PROJECT / "src/oci/error.cpp").read_text()
    rows = re.findall(r'ErrorRow\{ErrorCode::\w+,\s*"(\w+)",\s*(\d+),', source)
    assert len(rows) > 15
    listed = [(code.strip("`"), status) for code, status, _ in table_of("Errors")]
    assert sorted(listed) == sorted(rows)


def test_every_code_in_the_text_is_in_the_table():
    text = (PROJECT / "docs/api.md").read_text()
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text))
    assert named <= {code.strip("`") for code, _, _ in table_of("Errors")}


def limit(what: str) -> tuple[str, int]:
    [row] = [row for row in table_of("Limits") if row[0] == what]
    return row[1], int(row[2].split(",")[0])


def test_the_limits_of_a_request_are_where_the_document_has_them(module_registry):
    size, status = limit("head of a request")
    assert size == "16 KiB"
    fits, too_large = "x" * (16 * 1024 - 500), "x" * (16 * 1024)
    assert module_registry.get("/v2/", {"X-Long": fits}).status == 200
    assert module_registry.get("/v2/", {"X-Long": too_large}).status == status
    size, status = limit("its target")
    assert size == "8 KiB"
    assert module_registry.get("/v2/?x=" + "x" * (8 * 1024 - 7)).status == 200
    assert module_registry.get("/v2/?x=" + "x" * (8 * 1024 - 6)).status == status
    size, status = limit("a manifest")
    assert size == "4 MiB"
    too_large = b" " * (4 * 1024 * 1024 + 1)
    answer = module_registry.request(
        "PUT", "/v2/a/manifests/b", too_large, {"Content-Type": OCI_MANIFEST}
    )
    assert (answer.status, answer.error_codes()) == (status, ["MANIFEST_INVALID"])


def test_the_other_numbers_are_those_of_the_source():
    source = "".join(
        file.read_text()
        for folder in ("src", "include")
        for file in sorted((PROJECT / folder).rglob("*.[ch]pp"))
    )
    for line in (
        "kMaxReferences = 10'000",
        "kMostRanges = 16",
        "kMaxDepth = 64",
        "kReferrersPage = 1000",
        "head_timeout{30}",
        "silence_timeout{300}",
        "slow_body_credit{900}",
        "min_body_bytes_per_second = 1024",
        "idle_timeout{180}",
        "max_connections = 8192",
    ):
        assert line in source, line
