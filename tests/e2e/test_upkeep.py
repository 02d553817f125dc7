"""/api/v1: what it says would be freed is freed, and what it deletes is gone and nothing else."""

import threading

import pytest

from support.images import random_image, random_index, random_repository
from support.process import wait_until
from support.push import delete, push_blob, push_image, push_index, put_manifest
from support.registry import Registry

# Nothing goes but where a test asks for it.
BY_HAND = {"GARBAGECOLLECTION": "{enabled: false, grace: 1h, mingrace: 1s}"}
SECONDS = 60


def on_disk(registry: Registry) -> int:
    blobs = registry.files() / "blobs"
    return sum(file.stat().st_size for file in blobs.glob("sha256/*/*/data"))


def number_of_last(registry: Registry) -> int:
    last = registry.get("/api/v1/gc").json()["last"]
    return last["number"] if last else 0


def collect_once(registry: Registry, query: str) -> dict:
    before = number_of_last(registry)
    asked = registry.request("POST", f"/api/v1/gc{query}")
    assert (asked.status, asked.headers["Location"]) == (202, "/api/v1/gc")

    def has_ended() -> bool:
        seen = registry.get("/api/v1/gc").json()
        return seen["state"] == "idle" and number_of_last(registry) > before

    wait_until(has_ended, "the collection ends", SECONDS)
    last = registry.get("/api/v1/gc").json()["last"]
    assert (last["error"], last["phase"], last["damaged"]) == (None, "ended", 0)
    return last


def collect(registry: Registry, query: str = "") -> dict:
    """Collects until nothing was used too lately; what all of that did."""
    last = collect_once(registry, query)
    freed = last["bytes"]
    while last["kept"] > 0:
        last = collect_once(registry, query)
        freed = last["bytes"] if last["dryrun"] else freed + last["bytes"]
    return last | {"bytes": freed}


def images(registry: Registry, name: str, query: str = "") -> list[dict]:
    return registry.get(f"/api/v1/repositories/{name}{query}").json()["images"]


@pytest.fixture
def by_hand(ours, tmp_path) -> Registry:
    return ours(tmp_path / "data", variables=BY_HAND)


def test_a_tag_frees_what_it_says(by_hand):
    shared, own, index = random_image(30_000), random_image(50_000), random_index()
    push_image(by_hand, "app", "shared", shared)
    push_image(by_hand, "fork", "shared", shared)
    push_image(by_hand, "app", "own", own)
    push_image(by_hand, "app", "twin", own)
    push_index(by_hand, "app", "index", index)
    collect(by_hand)
    for tag in ("shared", "own", "index", "twin"):
        [image] = [each for each in images(by_hand, "app") if each["tag"] == tag]
        before = on_disk(by_hand)
        delete(by_hand, f"/v2/app/manifests/{tag}")
        collected = collect(by_hand, "?untagged=true")
        assert before - on_disk(by_hand) == image["frees"] == collected["bytes"], tag
        assert (image["frees"] > 0) == (tag in ("index", "twin"))


def test_an_untagged_manifest_frees_what_it_says(by_hand):
    old, new = random_image(20_000), random_image(10_000)
    push_image(by_hand, "app", "v1", old)
    push_image(by_hand, "app", "v1", new)
    collect(by_hand)
    [untagged] = images(by_hand, "app", "?untagged=true")
    assert (untagged["tag"], untagged["digest"]) == (None, old.digest)
    before = on_disk(by_hand)
    collect(by_hand, "?untagged=true")
    assert before - on_disk(by_hand) == untagged["frees"]
    assert images(by_hand, "app", "?untagged=true") == []


def test_a_repository_frees_what_only_it_has(by_hand):
    shared, own = random_image(30_000), random_image(50_000)
    for name in ("team/app", "team/fork"):
        push_image(by_hand, name, "v1", shared)
    push_image(by_hand, "team/app", "v2", own)
    push_index(by_hand, "team/app", "all", random_index())
    collect(by_hand)
    path = "/api/v1/repositories/team/app"
    wait_until(lambda: by_hand.get(path).json()["repository"]["tags"] == 3, "it is counted")
    unique = by_hand.get(path).json()["repository"]["unique"]
    before = on_disk(by_hand)
    answer = by_hand.request("DELETE", path)
    assert answer.status == 202
    assert (answer.json()["tags"], answer.json()["kept"]) == (3, 0)
    assert by_hand.get("/v2/team/app/tags/list").json()["tags"] == []
    assert by_hand.get(f"/v2/team/app/manifests/{own.digest}").status == 404
    assert collect(by_hand)["bytes"] == before - on_disk(by_hand) == unique
    assert by_hand.get("/v2/_catalog").json() == {"repositories": ["team/fork"]}
    assert by_hand.request("DELETE", path).error_codes() == ["NAME_UNKNOWN"]
    assert by_hand.get("/v2/team/fork/manifests/v1").status == 200


def test_pushes_into_a_repository_that_is_deleted_are_whole(by_hand):
    ends = threading.Event()
    pushed: list[str] = []
    faults: list[BaseException] = []

    def push_for_ever(number: int) -> None:
        try:
            while not ends.is_set():
                image = random_image(500)
                for blob in image.blobs:
                    push_blob(by_hand, "app", blob)
                put_manifest(by_hand, "app", f"tag{number}", image.manifest)
                pushed.append(image.digest)
        except BaseException as fault:  # noqa: BLE001 - for the thread of the test
            faults.append(fault)

    pushers = [threading.Thread(target=push_for_ever, args=(n,)) for n in range(3)]
    for pusher in pushers:
        pusher.start()
    wait_until(lambda: len(pushed) > 10 or faults, "images are pushed")
    for _ in range(5):
        assert by_hand.request("DELETE", "/api/v1/repositories/app").status == 202
    ends.set()
    for pusher in pushers:
        pusher.join()
    assert faults == []
    last = random_image(500)
    push_image(by_hand, "app", "last", last)
    collect(by_hand)
    for digest in [*pushed, last.digest]:
        manifest = by_hand.get(f"/v2/app/manifests/{digest}")
        if manifest.status == 404:
            continue
        for layer in manifest.json()["layers"]:
            assert by_hand.get(f"/v2/app/blobs/{layer['digest']}").status == 200
    assert by_hand.get(f"/v2/app/manifests/{last.digest}").status == 200


def test_a_dry_run_counts_and_takes_nothing(by_hand):
    push_image(by_hand, "app", "v1", random_image(1000))
    push_blob(by_hand, "app", b"x" * 5000)
    before = on_disk(by_hand)
    dry = collect(by_hand, "?dryrun=true")
    assert (dry["dryrun"], dry["blobs"], dry["bytes"]) == (True, 1, 5000)
    assert on_disk(by_hand) == before
    # Whatever the client means by it.
    assert collect(by_hand, "?dryrun=1")["dryrun"] is True
    assert collect(by_hand)["bytes"] == 5000 == before - on_disk(by_hand)


def test_retention_says_what_would_go_and_nothing_goes(ours, tmp_path):
    rules = "{interval: 1h, rules: [{repositories: ['team/*'], keep: {newest: 1}}]}"
    registry = ours(tmp_path / "data", variables={"RETENTION": rules})
    old, new = random_image(9000), random_image(100)
    push_image(registry, "team/app", "old", old)
    push_image(registry, "team/app", "new", new)
    push_image(registry, "other", "old", random_image(100))
    document = registry.get("/api/v1/retention").json()
    assert document["removals"][0] == {
        "repository": "team/app",
        "tag": "old",
        "digest": old.digest,
        "why": "nothing in the rule keeps it",
    }
    # The manifest was promised when it was pushed: it stays for the grace period.
    assert (document["rules"], document["tags"], document["unreadable"]) == (1, 1, 0)
    assert registry.get("/v2/team/app/manifests/old").status == 200


def test_without_rules_retention_takes_nothing(registry):
    document = registry.get("/api/v1/retention").json()
    assert document == {
        "rules": 0, "tags": 0, "manifests": 0, "unreadable": 0, "frees": 0, "removals": [],
    }  # fmt: skip


def test_deletes_that_are_off_are_off_here_too(ours, tmp_path):
    registry = ours(tmp_path / "data", delete=False)
    push_image(registry, "app", "v1", random_image(100))
    for method, path in (
        ("DELETE", "/api/v1/repositories/app"),
        ("POST", "/api/v1/gc?untagged=true"),
    ):
        answer = registry.request(method, path)
        assert (answer.status, answer.error_codes()) == (405, ["UNSUPPORTED"])
    assert registry.request("POST", "/api/v1/gc?untagged=true&dryrun=true").status == 202
    assert registry.get("/v2/app/manifests/v1").status == 200


def test_pages_have_each_repository_and_each_tag_once(registry):
    name = random_repository("paged")
    for number in range(5):
        push_image(registry, f"{name}/{number}", "v1", random_image(10))
        push_image(registry, name, f"tag{number}", random_image(10))
    seen = list(pages(registry, f"/api/v1/repositories/{name}?n=2", "images"))
    assert [each["tag"] for each in seen] == [f"tag{number}" for number in range(5)]
    listed = [each["name"] for each in pages(registry, "/api/v1/repositories?n=3", "repositories")]
    assert listed == sorted(set(listed), key=lambda each: each.split("/"))
    assert {name, *(f"{name}/{number}" for number in range(5))} <= set(listed)


def pages(registry: Registry, path: str, key: str):
    while path:
        answer = registry.get(path)
        yield from answer.json()[key]
        link = answer.headers["Link"]
        path = link[1 : link.index(">")] if link else ""


@pytest.mark.parametrize(
    "path",
    [
        "a%2F..%2F..%2Fetc",
        "%00",
        "_layers",
        "a/_manifests",
        "A/B",
        "a" * 256,
        "a%20b",
        "%F0%9F%98%80",
        "-",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_no_name_is_refused(registry, method, path):
    answer = registry.request(method, f"/api/v1/repositories/{path}")
    assert answer.status in (301, 400)
    if answer.status == 400 and answer.body.startswith(b"{"):
        assert answer.error_codes() == ["NAME_INVALID"]


@pytest.mark.parametrize("query", ["n=x", "n=-1", "n=501", "n=99999999999999999999999", "n=1.5"])
def test_what_is_no_number_is_refused(registry, query):
    for path in ("/api/v1/repositories", "/api/v1/repositories/absent"):
        answer = registry.get(f"{path}?{query}")
        assert (answer.status, answer.error_codes()) == (400, ["PAGINATION_NUMBER_INVALID"])


def test_any_last_is_a_place_in_the_list(registry):
    name = random_repository("hostile")
    push_image(registry, name, "v1", random_image(10))
    for last in ("", "zz", "../..", "x" * 4000, "sha256:", "sha256:zz", "sha256:" + "f" * 64):
        for path in ("/api/v1/repositories", f"/api/v1/repositories/{name}"):
            assert registry.get(f"{path}?last={last}").status == 200, last


def test_a_delete_of_nothing_leaves_nothing_behind(registry):
    name = random_repository("nothing")
    assert registry.request("DELETE", f"/api/v1/repositories/{name}").status == 404
    assert not (registry.files() / "repositories" / name).exists()
