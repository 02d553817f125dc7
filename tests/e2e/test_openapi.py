"""docs/openapi.yaml: each answer that it has is one of the daemon's, and has its schema."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
QUICK = {"GARBAGECOLLECTION": "{interval: 1s, grace: 1h, mingrace: 1s}"}
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
    status: int = 0  # where the document has it by default

    def target(self) -> str:
        target = self.path
        for name, value in self.places:
            target = target.replace("{" + name + "}", value)
        return target + self.query


ASKS = [
    Ask("GET", "/api/v1/usage", "200"),
]
ASKS += [Ask("HEAD", *ask_of) for ask_of in [
    (each.path, each.answer, each.query, each.places, each.status)
    for each in ASKS if each.method == "GET" and each.answer != BY_DEFAULT
]]  # fmt: skip


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
        for name in ("some/app", "other"):
            push_image(registry, name, "v1", random_image(3000))
        push_blob(registry, "other", b"no manifest names this")
        patch(registry, open_upload(registry, "other"), b"half of it")
        wait_until(lambda: counted(registry) == 2, "the store is counted")
        yield registry


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
    assert str(answer.status) == ask.answer or answer.status == ask.status
    operation = DOCUMENT["paths"][ask.path][ask.method.lower()]
    check(answer, resolved(operation["responses"][ask.answer]), ask.method != "HEAD")


def test_every_answer_of_the_document_is_asked_for():
    asked = {(each.method, each.path, each.answer) for each in ASKS}
    for method, path, operation in operations():
        for answer in set(operation["responses"]) - {BY_DEFAULT}:
            assert (method, path, answer) in asked


def test_every_route_is_in_the_document_and_no_other(served):
    routes = {f"/api/v1/{name}" for name in re.findall(r'\{"(\w+)", Shape::\w+\}', SOURCE)}
    assert len(routes) >= 1
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
