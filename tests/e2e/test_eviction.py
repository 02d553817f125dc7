"""With capacity.evict, the tags that are unused for longest make room for what is pushed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.images import Image, digest_of, random_image
from support.measured import metric, start
from support.process import wait_until
from support.push import push_image, put_manifest
from support.registry import Registry
from support.small_volume import mounted

MIB = 1024 * 1024
APP, OTHER = "team/app", "other/app"
NAMES = [APP, OTHER]
MINGRACE = 2
QUICK = {
    "GARBAGECOLLECTION_GRACE": "3s",
    "GARBAGECOLLECTION_MINGRACE": f"{MINGRACE}s",
    "GARBAGECOLLECTION_INTERVAL": "1h",
    "CAPACITY_LIMIT": "20MiB",
}
EVICT = {"CAPACITY_EVICT": "true", "CAPACITY_PROTECT": "[stable-*, v1]"}
FULL = 13  # images are above nine tenths of the limit, and two fewer below eight tenths


def tags_of(registry: Registry, name: str) -> set[str]:
    return set(registry.get(f"/v2/{name}/tags/list").json()["tags"] or [])


def all_tags(registry: Registry) -> set[str]:
    return set().union(*(tags_of(registry, name) for name in NAMES))


def repository_of(number: int) -> str:
    return NAMES[number % len(NAMES)]


def push(registry: Registry, number: int) -> Image:
    image = random_image(14 * MIB // 10)
    push_image(registry, repository_of(number), f"v{number}", image)
    return image


def is_whole(registry: Registry, name: str, image: Image) -> bool:
    return registry.get(f"/v2/{name}/manifests/{image.digest}").body == image.manifest and all(
        registry.get(f"/v2/{name}/blobs/{digest_of(blob)}").body == blob for blob in image.blobs
    )


def evicted(registry: Registry) -> float:
    return metric(registry, "registry_capacity_evicted_tags_total")


def filled(ours, root: Path, **variables: str) -> tuple[Registry, list[Image]]:
    """Too full with the last image; the first was pulled, when the others were old enough to go."""
    registry = start(ours, root, **QUICK, **variables)
    images = [push(registry, number) for number in range(FULL - 1)]
    time.sleep(MINGRACE + 1.1)
    assert registry.get(f"/v2/{APP}/manifests/v0").status == 200
    images.append(push(registry, FULL - 1))
    return registry, images


def test_those_unused_for_longest_go_until_there_is_room(ours, tmp_path):
    registry, images = filled(ours, tmp_path / "data", **EVICT)
    stay = {f"v{number}" for number in range(FULL)} - {"v2", "v3"}
    wait_until(lambda: all_tags(registry) == stay, "two are gone")
    used = "registry_capacity_used_bytes"
    wait_until(lambda: metric(registry, used) < 16 * MIB, "the room comes back")
    wait_until(lambda: evicted(registry) == 2, "they are counted")
    assert all_tags(registry) == stay
    for number, image in enumerate(images):
        name = repository_of(number)
        assert is_whole(registry, name, image) == (f"v{number}" in stay), number
    lines = [line for line in registry.log.read_text().splitlines() if "msg=evicted" in line]
    assert len(lines) == 2
    for line, image, name in zip(lines, images[3:1:-1], [OTHER, APP], strict=True):
        assert f"repository={name}" in line
        assert f'digest="{image.digest}"' in line
        for field in ("tag=v", "pushed=", "pulled=", "why="):
            assert field in line


def test_nothing_goes_that_nobody_said_may(ours, tmp_path):
    registry, images = filled(ours, tmp_path / "data")
    wait_until(lambda: metric(registry, "registry_gc_runs_total") >= 3, "it has been looked at")
    assert len(all_tags(registry)) == FULL
    assert evicted(registry) == 0
    assert is_whole(registry, APP, images[2])


def test_where_all_is_protected_it_is_said_once(ours, tmp_path):
    protect = {"CAPACITY_EVICT": "true", "CAPACITY_PROTECT": "['*']"}
    registry, _ = filled(ours, tmp_path / "data", **protect)
    wait_until(lambda: metric(registry, "registry_gc_runs_total") >= 3, "it has been looked at")
    assert len(all_tags(registry)) == FULL
    assert registry.log.read_text().count("nothing is evicted") == 1


def test_what_shares_its_bytes_with_a_newer_tag_stays(ours, tmp_path):
    registry = start(ours, tmp_path / "data", **QUICK, **EVICT)
    first = push(registry, 0)
    for number in range(2, FULL):
        push(registry, number)
    put_manifest(registry, APP, "stable-1", first.manifest)
    time.sleep(MINGRACE + 0.1)
    push(registry, 1)
    gone = {"v2", "v3"}
    wait_until(lambda: not gone & all_tags(registry), "two others are gone")
    wait_until(lambda: evicted(registry) == 2, "they are counted")
    assert {"v0", "stable-1"} <= tags_of(registry, APP)


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "volume", "16m") as volume:
        yield volume


def test_pushes_go_on_for_ever_on_a_small_volume(ours, small_volume):
    quick = {
        "GARBAGECOLLECTION_GRACE": "1s",
        "GARBAGECOLLECTION_MINGRACE": "1s",
        "GARBAGECOLLECTION_INTERVAL": "1h",
    }
    registry = start(ours, small_volume, **quick, CAPACITY_EVICT="true", CAPACITY_PROTECT="[v1]")
    images: list[Image] = []
    fewest = 100
    for number in range(24):
        images.append(random_image(MIB))
        wait_until(lambda: is_taken(registry, images[-1]), f"there is room for v{number}")  # noqa: B023
        put_manifest(registry, APP, f"v{number}", images[-1].manifest)
        if number > 12:
            fewest = min(fewest, len(tags_of(registry, APP)))
    assert fewest > 8, "no more than had to"
    tags = tags_of(registry, APP)
    assert {"v1", "v22", "v23"} <= tags
    assert len(tags) < 16
    for number, image in enumerate(images):
        if f"v{number}" in tags:
            assert is_whole(registry, APP, image), number


def is_taken(registry: Registry, image: Image) -> bool:
    for blob in image.blobs:
        answer = registry.request("POST", f"/v2/{APP}/blobs/uploads/")
        if answer.status == 507:
            return False
        target = f"{answer.location}&digest={digest_of(blob)}"
        status = registry.request("PUT", target, blob).status
        assert status in (201, 507)
        if status == 507:
            return False
    return True
