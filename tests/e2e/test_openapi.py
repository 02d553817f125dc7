"""docs/openapi.yaml: each answer that it has is one of the daemon's, and has its schema."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import yaml
from jsonschema import Draft202012Validator, RefResolver

from support.images import random_image
from support.process import wait_until
from support.push import open_upload, patch, push_blob, push_image
from support.registry import OURS, PROJECT, Factory, Registry, until_closed
from support.web import Response

DOCUMENT = yaml.safe_load((PROJECT / "docs/openapi.yaml").read_text())
SOURCE = (PROJECT / "src/api/routes.cpp").read_text()
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
RULES = "{interval: 1h, rules: [{repositories: ['**'], keep: {newest: 1}, untagged: 1s}]}"
QUICK = {"GARBAGECOLLECTION": "{interval: 1s, grace: 1h, mingrace: 1s}", "RETENTION": RULES}
BY_DEFAULT = "default"


def resolved(part: dict) -> dict:
    if "$ref" not in part:
        return part
    found = DOCUMENT
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


@dataclass(frozen=True)
class Ask:
    """What the daemon is asked, and which of the answers in the document it gives then."""

    method: str
    path: str  # of the document
    answer: str
    query: str = ""
    places: tuple[tuple[str, str], ...] = ()

    def target(self) -> str:
        target = self.path
        for name, value in self.places:
            target = target.replace("{" + name + "}", value)
        return target + self.query


ONE = "/api/v1/repositories/{name}"
APP = (("name", "some/app"),)
ASKS = [
    Ask("GET", "/api/v1/usage", "200"),
    Ask("GET", "/api/v1/repositories", "200"),
    Ask("GET", "/api/v1/repositories", "200", "?n=1&last=other"),
    Ask("GET", "/api/v1/repositories", "400", "?n=x"),
    Ask("GET", "/api/v1/repositories", "400", "?n=501"),
    Ask("GET", ONE, "200", places=APP),
    Ask("GET", ONE, "200", "?n=1", places=APP),
    Ask("GET", ONE, "200", "?untagged=true", places=APP),
    Ask("GET", ONE, "400", places=(("name", "Nobody"),)),
    Ask("GET", ONE, "400", "?n=-1", places=APP),
    Ask("GET", ONE, "404", places=(("name", "absent"),)),
    Ask("DELETE", ONE, "400", places=(("name", "Nobody"),)),
    Ask("DELETE", ONE, "404", places=(("name", "absent"),)),
    Ask("DELETE", ONE, "202", places=(("name", "deleted"),)),
    Ask("GET", "/api/v1/gc", "200"),
    Ask("POST", "/api/v1/gc", "202"),
    Ask("POST", "/api/v1/gc", "202", "?dryrun=true&untagged=true"),
    Ask("GET", "/api/v1/retention", "200"),
    Ask("GET", "/api/v1/retention", "200", "?n=0"),
    Ask("GET", "/api/v1/retention", "400", "?n=1001"),
]
REFUSED = [  # in read-only mode
    Ask("POST", "/api/v1/gc", "405"),
    Ask("DELETE", ONE, "405", places=APP),
]
ASKS += [replace(each, method="HEAD") for each in ASKS if each.method == "GET"]


def operations() -> Iterator[tuple[str, str, dict]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method.lower() in item:
                yield method, path, item[method.lower()]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Registry]:
    """A daemon with something of everything, which has counted it."""
    work = tmp_path_factory.mktemp("openapi")
    for factory in until_closed(Factory(OURS, work)):
        registry = factory(work / "data", variables=QUICK)
        for name in ("some/app", "other", "deleted"):
            push_image(registry, name, "v1", random_image(3000))
        push_image(registry, "some/app", "v2", random_image(3000))
        push_image(registry, "some/app", "v1", random_image(3000))
        push_blob(registry, "other", b"no manifest names this")
        patch(registry, open_upload(registry, "other"), b"half of it")
        wait_until(lambda: counted(registry) == 3, "the store is counted")
        yield registry


@pytest.fixture(scope="module")
def read_only(tmp_path_factory) -> Iterator[Registry]:
    work = tmp_path_factory.mktemp("read-only")
    for factory in until_closed(Factory(OURS, work)):
        yield factory(
            work / "data", variables={"STORAGE_MAINTENANCE_READONLY": "{enabled: true}"}
        )


def counted(registry: Registry) -> int:
    store = registry.get("/api/v1/usage").json()["store"]
    return store["repositories"] if store else 0


def schema_of(response: dict) -> dict:
    [(kind, content)] = response["content"].items()
    assert kind == "application/json"
    return content["schema"]


def check(answer: Response, response: dict, has_body: bool) -> None:
    for name, header in response.get("headers", {}).items():
        value = answer.headers[name]
        assert value is not None or not header.get("required"), name
        if value is not None:
            validate(value, header["schema"])
    if "content" not in response:
        assert answer.body == b""
        return
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    if has_body:
        validate(answer.json(), schema_of(response))


def validate(value: object, schema: dict) -> None:
    resolver = RefResolver("", DOCUMENT)
    faults = Draft202012Validator(schema, resolver=resolver).iter_errors(value)
    assert [f"{list(fault.path)}: {fault.message}" for fault in faults] == []


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: f"{ask.method} {ask.target()} {ask.answer}")
def test_an_answer_has_its_schema(served, ask):
    answer = served.request(ask.method, ask.target())
    assert str(answer.status) == ask.answer
    operation = DOCUMENT["paths"][ask.path][ask.method.lower()]
    check(answer, resolved(operation["responses"][ask.answer]), ask.method != "HEAD")


@pytest.mark.parametrize("ask", REFUSED, ids=lambda ask: f"{ask.method} {ask.target()}")
def test_what_changes_something_is_refused_in_read_only_mode(read_only, ask):
    answer = read_only.request(ask.method, ask.target())
    assert (str(answer.status), answer.error_codes()) == (ask.answer, ["UNSUPPORTED"])
    check(answer, resolved(DOCUMENT["paths"][ask.path][ask.method.lower()]["responses"]["405"]), True)


def test_every_answer_of_the_document_is_asked_for():
    asked = {(each.method, each.path, each.answer) for each in ASKS + REFUSED}
    for method, path, operation in operations():
        for answer in set(operation["responses"]) - {BY_DEFAULT}:
            assert (method, path, answer) in asked


def test_every_route_is_in_the_document_and_no_other(served):
    routes = {f"/api/v1/{name}" for name in re.findall(r'\{"(\w+)", Shape::\w+\}', SOURCE)}
    assert len(routes) == 4
    documented = {path.partition("/{")[0] for path in DOCUMENT["paths"]}
    assert documented == routes


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_the_methods_are_those_of_the_document(served, path):
    documented = {method for method, where, _ in operations() if where == path}
    answer = served.request("OPTIONS", path.replace("{name}", "some/app"))
    assert answer.status == 200
    assert set(answer.headers["Allow"].split(", ")) == documented


def test_the_document_is_well_formed():
    assert DOCUMENT["openapi"].startswith("3.1.")
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        if "object" in schema.get("type", ()):
            assert schema["additionalProperties"] is False, name
    for _, _, operation in operations():
        assert operation["summary"]
        assert all(resolved(each)["description"] for each in operation["responses"].values())
        for each in operation.get("parameters", ()):
            Draft202012Validator.check_schema(each["schema"])
            assert each["description"] and each["in"] in ("path", "query")


def test_a_daemon_without_it_has_none_of_it(ours, tmp_path):
    registry = ours(tmp_path / "data", variables={"API_ENABLED": "false"})
    for path in DOCUMENT["paths"]:
        for method in METHODS:
            answer = registry.request(method, path.replace("{name}", "some/app"))
            assert answer.status == 404
        assert registry.get(path.replace("{name}", "some/app") + "/").status == 404
    assert registry.get("/v2/").status == 200


def test_it_lies_below_the_prefix(ours, tmp_path):
    registry = ours(tmp_path / "data", variables={"HTTP_PREFIX": "/deep/"})
    assert registry.get("/deep/api/v1/usage").status == 200
    assert registry.get("/api/v1/usage").status == 404
