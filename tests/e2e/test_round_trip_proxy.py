"""What a pull-through cache leaves: ours serves it and goes on, and the cache afterwards."""

import json
from pathlib import Path

import pytest

from support.collect import our_collector, reference_collector, tree_of
from support.images import random_image, random_index
from support.process import wait_until
from support.push import delete, push_image, push_index
from support.registry import Registry
from support.snapshot import add_manifest, snapshot
from support.web import ACCEPT


@pytest.fixture
def upstream(ours, tmp_path) -> Registry:
    registry = ours(tmp_path / "upstream")
    registry.image, registry.index = random_image(50_000), random_index()
    push_image(registry, "library/image", "v1", registry.image)
    push_index(registry, "library/multi", "all", registry.index)
    return registry


@pytest.fixture
def cache(reference, upstream, tmp_path) -> Registry:
    """2.8 as a cache of ours, by which everything was pulled once; it has stopped."""
    registry = reference(tmp_path / "cache", variables={"PROXY_REMOTEURL": upstream.url})
    pull(registry)
    state = registry.root / "scheduler-state.json"
    wait_until(state.exists, "the cache writes down what it has", 40)
    names = {"library/image", "library/multi"}
    wait_until(lambda: names <= kept_in(state), "the cache has written down all of it", 40)
    registry.stop()
    return registry


def pull(registry: Registry) -> None:
    for name, tag in (("library/image", "v1"), ("library/multi", "all")):
        add_manifest(registry.address, name, tag, {})


def kept_in(state: Path) -> set[str]:
    return {key.partition("@")[0] for key in json.loads(state.read_bytes() or b"{}")}


def test_ours_serves_what_a_cache_has_and_the_cache_goes_on(cache, upstream, ours):
    state = (cache.root / "scheduler-state.json").read_bytes()
    served = snapshot(upstream.address)
    upstream.stop()  # all that is served from here on is in the cache
    registry = ours(cache.root)
    assert snapshot(registry.address) == served
    push_image(registry, "library/image", "ours", random_image(5_000))
    own = random_image(5_000)
    push_image(registry, "own", "v1", own)
    delete(registry, "/v2/library/image/manifests/ours")
    assert registry.stop() == 0
    assert (cache.root / "scheduler-state.json").read_bytes() == state
    assert "level=warning" not in registry.daemon.said()

    upstream.start()
    cache.start()
    pull(cache)
    assert cache.get("/v2/own/manifests/v1", ACCEPT).body == own.manifest


@pytest.mark.parametrize("collector", [our_collector, reference_collector])
def test_a_cache_is_collected_as_any_other_store(cache, upstream, ours, tmp_path, collector):
    served = snapshot(upstream.address)
    before = tree_of(cache.root)
    collected = collector(tmp_path)(cache.root)
    assert collected.blobs() | collected.manifests() == set()
    after = tree_of(cache.root)
    assert {path for path in before if path.endswith(("/link", "/data"))} <= after.keys()
    registry = ours(cache.root)
    assert snapshot(registry.address) == served
