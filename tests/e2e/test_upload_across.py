"""An upload begun in one registry and finished in the other, after a change between the two."""

import os

import pytest

from support.images import digest_of
from support.push import finish, open_upload, patch, status_of

CONTENT = os.urandom(700_001)  # no multiple of a hash block, so a saved hash has a partial one
CUT = 300_017
NAME = "half/done"


@pytest.fixture(params=["ours to reference", "reference to ours"])
def two(request, ours, reference):
    return (ours, reference) if request.param.startswith("ours") else (reference, ours)


@pytest.fixture
def half_done(two, tmp_path):
    """The other registry on the folder of the first, and the Location that the first gave."""
    begin, go_on = two
    first = begin(tmp_path / "data")
    location = patch(first, open_upload(first, NAME), CONTENT[:CUT])
    first.stop()
    return go_on(tmp_path / "data"), location


def assert_stored(registry) -> None:
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(CONTENT)}").body == CONTENT


def test_an_upload_half_done_is_finished_by_the_other_registry(half_done):
    registry, location = half_done
    location = patch(registry, location, CONTENT[CUT:])
    finish(registry, location, digest_of(CONTENT))
    assert_stored(registry)


def test_an_upload_half_done_is_finished_by_a_put_with_the_rest(half_done):
    registry, location = half_done
    finish(registry, location, digest_of(CONTENT), CONTENT[CUT:])
    assert_stored(registry)


def test_the_other_registry_knows_how_far_an_upload_is(half_done):
    registry, location = half_done
    status = status_of(registry, location)
    assert status.received == CUT
    finish(registry, status.location, digest_of(CONTENT), CONTENT[CUT:])
    assert_stored(registry)


def test_the_other_registry_cancels_an_upload(half_done):
    registry, location = half_done
    assert registry.request("DELETE", location).status == 204
    assert registry.get(location).status == 404


def test_an_upload_may_change_registries_twice(two, tmp_path):
    begin, go_on = two
    root = tmp_path / "data"
    first = begin(root)
    location = patch(first, open_upload(first, NAME), CONTENT[:100])
    first.stop()
    second = go_on(root)
    location = patch(second, location, CONTENT[100:CUT])
    second.stop()
    first.start()
    finish(first, location, digest_of(CONTENT), CONTENT[CUT:])
    assert_stored(first)
