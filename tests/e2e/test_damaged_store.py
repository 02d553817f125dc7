"""Damage stays where it is: all else is served and pushed, and a push of the same mends it."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.collect import Collector
from support.damage import (
    BEGINNING,
    LASTING,
    MENDABLE,
    SHELF,
    Damage,
    Victim,
    image_for,
    missing,
    root_made,
    strew,
    truncated,
)
from support.images import OCI_MANIFEST, Image, digest_of
from support.process import run, wait_until
from support.push import OCTETS, push_blob, push_image
from support.registry import OURS, Factory, Registry
from support.snapshot import Snapshot, add_manifest, tags_of
from support.unable import need_root
from support.volume import as_the_pod, give_to_user
from support.web import ACCEPT, Response, with_query

ROUNDS = 20
KIND = {"Content-Type": OCI_MANIFEST}


@pytest.fixture
def folder(short_folder) -> Path:
    """Open to every user, unlike pytest's own."""
    need_root("a store with parts that the daemon may not read")
    short_folder.chmod(0o755)
    return short_folder


@pytest.fixture
def registry(folder) -> Iterator[Registry]:
    """One that is not root, which may read everything; it has "whole"."""
    root = folder / "volume"
    root.mkdir()
    give_to_user(root)
    factory = Factory(as_the_pod(OURS, folder), folder)
    registry = factory(root)
    push_image(registry, "whole", "v1", image_for())
    yield registry
    factory.close()


def push_victim(registry: Registry, name: str, on_shelf: bool) -> Victim:
    image = image_for(SHELF if on_shelf else None)
    for tag in ("v1", "v2"):
        push_image(registry, name, tag, image)
    return Victim(registry.files(), name, "v1", image)


@pytest.fixture
def victim(registry) -> Victim:
    """The registry has stopped."""
    victim = push_victim(registry, "damaged", on_shelf=False)
    registry.stop()
    return victim


@pytest.fixture
def victims(registry) -> Callable[[Damage], list[Victim]]:
    """victims(damage): each damaged in one part; the registry has stopped."""

    def make(damage: Damage) -> list[Victim]:
        parts = enumerate(damage.parts)
        victims = [push_victim(registry, f"damaged/{i}", part is Victim.shelf) for i, part in parts]
        registry.stop()
        for victim, part in zip(victims, damage.parts):
            damage.how(part(victim))
        return victims

    return make


def whole_of(registry: Registry, *names: str) -> Snapshot:
    seen: Snapshot = {}
    for name in names:
        for tag in tags_of(registry.address, name):
            add_manifest(registry.address, name, tag, seen)
    assert seen
    return seen


def read_all(registry: Registry, victim: Victim) -> set[int]:
    """The statuses; none of them says that the registry has failed."""
    base, image = f"/v2/{victim.name}", victim.image
    paths = [f"{base}/manifests/{reference}" for reference in (victim.tag, image.digest)]
    paths += [f"{base}/blobs/{digest_of(blob)}" for blob in image.blobs]
    paths += [f"{base}/referrers/{image.digest}"]
    asked = [("HEAD", path) for path in paths] + [("GET", path) for path in paths]
    statuses = set()
    for method, path in [*asked, ("GET", f"{base}/tags/list")]:
        answer = registry.request(method, path, headers=ACCEPT)
        assert answer.status in (200, 404, 503), f"{method} {path}: {answer.status}"
        statuses.add(answer.status)
    return statuses


def assert_all_else_works(registry: Registry) -> None:
    assert "whole" in registry.get("/v2/_catalog").json()["repositories"]
    push_image(registry, "whole", "another", image_for())
    push_image(registry, "new", "v1", image_for())
    assert tags_of(registry.address, "new") == {"v1"}


def assert_logged_once(registry: Registry) -> None:
    counts = warnings_of(registry).values()
    assert max(counts, default=1) == 1


def warnings_of(registry: Registry) -> Counter:
    lines = (re.sub(r'^time="[^"]*" ', "", line) for line in registry.daemon.said().splitlines())
    return Counter(line for line in lines if line.startswith("level=warning"))


def push_again(registry: Registry, victim: Victim) -> None:
    push_image(registry, victim.name, victim.tag, victim.image)


def assert_mended(registry: Registry, victim: Victim) -> None:
    assert read_all(registry, victim) == {200}
    base = f"/v2/{victim.name}"
    assert registry.get(f"{base}/manifests/v1", ACCEPT).body == victim.image.manifest
    for blob in victim.image.blobs:
        assert registry.get(f"{base}/blobs/{digest_of(blob)}").body == blob
    assert "v1" in tags_of(registry.address, victim.name)


@pytest.mark.parametrize("damage", MENDABLE, ids=str)
def test_damage_is_no_failure_of_anything_else_and_mended_by_a_push(registry, victims, damage):
    before = whole_of(registry, "whole")
    damaged = victims(damage)
    registry.start()
    for victim in damaged * ROUNDS:
        read_all(registry, victim)
    assert whole_of(registry, "whole") == before
    assert_all_else_works(registry)
    assert_logged_once(registry)
    assert "level=error" not in registry.daemon.said()

    for victim in damaged:
        push_again(registry, victim)
        assert_mended(registry, victim)
    registry.stop()
    registry.start()
    for victim in damaged:
        assert_mended(registry, victim)


@pytest.mark.parametrize("damage", LASTING, ids=str)
def test_what_only_root_can_mend_is_no_failure_of_anything_else(registry, victims, damage):
    before = whole_of(registry, "whole")
    damaged = victims(damage)
    registry.start()
    for victim in damaged * ROUNDS:
        read_all(registry, victim)
    assert whole_of(registry, "whole") == before
    assert_all_else_works(registry)
    assert_logged_once(registry)
    for victim in damaged:
        assert_useful(registry, refusal_of(registry, victim))


def refusal_of(registry: Registry, victim: Victim) -> Response:
    """Of a push of the same image, or of another under the same tag."""
    others = image_for(SHELF) if victim.layer_data().parent.parent.name == SHELF else image_for()
    for image in (victim.image, others):
        for answer in push_steps(registry, victim, image):
            if answer.status not in (201, 202):
                return answer
    raise AssertionError(f"the push to {victim.name} went through")


def push_steps(registry: Registry, victim: Victim, image: Image) -> Iterator[Response]:
    for blob in image.blobs:
        answer = registry.request("POST", f"/v2/{victim.name}/blobs/uploads/")
        yield answer
        target = with_query(answer.location, f"digest={digest_of(blob)}")
        yield registry.request("PUT", target, blob, OCTETS)
    path = f"/v2/{victim.name}/manifests/{victim.tag}"
    yield registry.request("PUT", path, image.manifest, KIND)


def assert_useful(registry: Registry, answer: Response) -> None:
    """The client learns whom to ask, and they what to do."""
    assert answer.status == 503, answer.body
    assert answer.error_codes() == ["UNAVAILABLE"]
    detail = answer.json()["errors"][0]["detail"]
    assert "may not read or write a part of its store" in detail
    assert str(registry.root) not in detail
    [request_id] = re.findall(r"http\.request\.id (\S+?),", detail)
    wait_until(lambda: request_id in registry.daemon.said(), "the log tells of the refusal")
    [line] = [line for line in registry.daemon.said().splitlines() if request_id in line]
    assert "level=error" in line and str(registry.files()) in line
    assert "check the owner of the volume, which user 1000" in line or "symbolic links" in line


def test_what_root_made_is_served_and_its_neighbours_are_pushed_to(registry, victim):
    root_made(victim.repository())
    registry.start()
    assert read_all(registry, victim) == {200}
    assert_all_else_works(registry)
    assert_useful(registry, refusal_of(registry, victim))
    give_to_user(victim.repository())  # while the daemon runs
    push_again(registry, victim)


def test_blobs_that_root_made_are_served_and_relied_on(registry, victim):
    root_made(victim.folder_of_layer())
    registry.start()
    assert read_all(registry, victim) == {200}
    push_again(registry, victim)
    assert push_blob(registry, "whole", victim.image.blobs[1]) == victim.layer


def test_a_store_that_the_daemon_may_not_write_to_ends_the_start_with_the_reason(registry):
    registry.stop()
    root_made(registry.root / ".registry")
    done = run(registry.binary, "serve", registry.config, check=False, timeout=20)
    assert done.returncode == 1
    said = done.stderr.decode()
    assert f"{registry.root}/.registry" in said and "Permission denied" in said


def test_stray_files_are_nobodys_business(registry, victim):
    registry.start()
    before = whole_of(registry, "whole", "damaged")
    registry.stop()
    strewn = strew(victim)
    give_to_user(registry.root)

    registry.start()
    assert whole_of(registry, "whole", "damaged") == before
    assert tags_of(registry.address, "damaged") == {"v1", "v2"}
    assert registry.get("/v2/_catalog").json()["repositories"] == ["damaged", "whole"]
    assert_all_else_works(registry)
    push_image(registry, "damaged", "crashed", image_for())
    push_again(registry, victim)
    assert warnings_of(registry) == Counter()
    assert "level=error" not in registry.daemon.said()
    registry.stop()
    assert all(path.exists() for path in strewn)


def test_a_link_that_leads_nowhere_among_the_repositories_hides_none(registry, victim):
    (victim.files / "repositories/nowhere").symlink_to("/nonexistent")
    (victim.files / "repositories/round").symlink_to("round")
    registry.start()
    for _ in range(ROUNDS):
        assert registry.get("/v2/_catalog").json()["repositories"] == ["damaged", "whole"]
    assert list(warnings_of(registry).values()) == [1, 1]


def test_a_truncated_layer_is_found_out_by_a_push_that_skips_it(registry, victim):
    """As clients do that were told by a HEAD that the layer is there."""
    truncated(victim.layer_data())
    registry.start()
    answer = registry.request("PUT", "/v2/damaged/manifests/v1", victim.image.manifest, KIND)
    assert answer.error_codes() == ["MANIFEST_BLOB_UNKNOWN"]
    kept = list((registry.root / ".registry/quarantine").iterdir())
    assert [file.stat().st_size for file in kept] == [BEGINNING]
    push_again(registry, victim)
    assert_mended(registry, victim)


@pytest.mark.parametrize("damage", [*MENDABLE, *LASTING], ids=str)
def test_the_collector_takes_nothing_that_damage_hides(registry, victims, folder, damage):
    before = whole_of(registry, "whole")
    garbage = push_blob(registry, "whole", b"garbage")
    damaged = victims(damage)
    kept = [path for victim, part in zip(damaged, damage.parts)
            if (damage.how, part) != (missing, Victim.revision_link)  # as a delete leaves it
            for path in (victim.layer_data(), victim.manifest_data()) if os.path.lexists(path)
            ]  # fmt: skip

    done = Collector(as_the_pod(OURS, folder), folder).run(registry.root, "-m")
    said = done.stderr.decode()
    assert done.returncode == int(damage.hides_manifests), said
    assert (f"blob eligible for deletion: {garbage}" in done.stdout.decode()) == (
        not damage.hides_manifests
    )
    assert [path for path in kept if not os.path.lexists(path)] == []
    registry.start()
    assert whole_of(registry, "whole") == before
    for victim in damaged if damage in MENDABLE else []:
        push_again(registry, victim)
        assert_mended(registry, victim)
