"""Where the space went: the figures are those of the disk."""

import json

from support.images import random_image
from support.process import wait_until
from support.push import delete, open_upload, patch, push_blob, push_image
from support.registry import Registry

QUICK = {"GARBAGECOLLECTION": "{interval: 1s, grace: 1h, mingrace: 1s}"}


def on_disk(registry: Registry) -> int:
    blobs = registry.files() / "blobs"
    return sum(file.stat().st_size for file in blobs.glob("sha256/*/*/data"))


def usage(registry: Registry, **wanted: int) -> dict:
    """As soon as the store is counted so."""
    store = {"reclaimable": 0} | wanted

    def is_counted() -> bool:
        seen = registry.get("/api/v1/usage").json()["store"] or {}
        return all(seen.get(key) == value for key, value in store.items())

    wait_until(is_counted, f"the store has {store}")
    return registry.get("/api/v1/usage").json()


def test_the_figures_are_those_of_the_disk(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=QUICK)
    assert registry.get("/api/v1/usage").json()["store"] in (None, {
        "repositories": 0, "tags": 0, "manifests": 0, "blobs": 0, "bytes": 0, "reclaimable": 0,
    })  # fmt: skip
    shared, own = random_image(40_000), random_image(70_000)
    push_image(registry, "team/app", "v1", shared)
    push_image(registry, "team/fork", "v1", shared)
    push_image(registry, "team/app", "v2", own)
    push_blob(registry, "team/fork", b"x" * 5000)
    patch(registry, open_upload(registry, "team/app"), b"half of it")
    document = usage(registry, reclaimable=5000, repositories=2, tags=3, manifests=3)
    assert document["store"]["bytes"] == on_disk(registry)
    assert document["uploads"] == {"count": 1, "bytes": 10}
    assert (document["complete"], document["damaged"]) == (True, 0)
    volume = document["volume"]
    assert volume["used"] + volume["free"] <= volume["limit"] and volume["free"] > 0
    app, fork = document["largest"]
    alone = len(own.manifest) + sum(map(len, own.blobs))
    both = len(shared.manifest) + sum(map(len, shared.blobs))
    assert (app["name"], app["bytes"], app["unique"], app["shared"]) == (
        "team/app", alone + both, alone, both,
    )  # fmt: skip
    assert (fork["bytes"], fork["unique"], fork["reclaimable"]) == (both + 5000, 5000, 5000)


def test_the_volume_has_them_too(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=QUICK)
    push_image(registry, "team/app", "v1", random_image(1000))
    document = usage(registry, repositories=1)
    file = registry.root / ".registry/usage.json"
    wait_until(lambda: json.loads(file.read_text())["store"] == document["store"], "it is written")
    text = file.read_text()
    assert json.loads(text)["largest"] == document["largest"]
    assert text.startswith('{\n  "taken": "20') and '\n    {"name": "team/app"' in text
    assert [each.name for each in registry.root.rglob("*.json")] == ["usage.json"]


def test_what_is_deleted_is_reclaimable_until_it_is_collected(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=QUICK)
    image, kept = random_image(9000), random_image(100)
    push_image(registry, "app", "gone", image)
    push_image(registry, "app", "kept", kept)
    delete(registry, f"/v2/app/manifests/{image.digest}")
    gone = len(image.manifest) + sum(map(len, image.blobs))
    document = usage(registry, reclaimable=gone, tags=1)
    assert document["largest"][0]["reclaimable"] == gone - len(image.manifest)
