"""A volume that has no room: refused with a reason, nothing is lost, and it goes on afterwards."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.images import digest_of
from support.push import finish, open_upload, push_blob, status_of
from support.registry import Registry
from support.small_volume import mounted
from support.web import with_query

FITS, TOO_LARGE = os.urandom(1_000_000), os.urandom(12_000_000)
NAME = "full/disk"


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "volume", "6m") as volume:
        yield volume


@pytest.fixture
def registry(ours, small_volume) -> Registry:
    return ours(small_volume)


def refuse(registry: Registry, method: str, target: str) -> None:
    answer = registry.request(method, target, TOO_LARGE)
    assert answer.status == 507
    assert answer.error_codes() == ["DENIED"]
    detail = answer.json()["errors"][0]["detail"]
    assert detail.startswith("the registry's storage is full: 11.5 MiB are needed, and of 6.0 MiB ")
    assert "are used" in detail and "free" in detail


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_does_not_fit_is_refused_and_what_fits_is_taken(registry, method):
    before = push_blob(registry, NAME, FITS[::-1])
    location = open_upload(registry, NAME)
    target = location
    if method == "PUT":
        target = with_query(location, f"digest={digest_of(TOO_LARGE)}")
    refuse(registry, method, target)
    assert status_of(registry, location).received == 0
    finish(registry, location, digest_of(FITS), FITS)
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(FITS)}").body == FITS
    assert registry.get(f"/v2/{NAME}/blobs/{before}").body == FITS[::-1]


def test_a_post_of_what_does_not_fit_leaves_nothing_behind(registry):
    refuse(registry, "POST", f"/v2/{NAME}/blobs/uploads/?digest={digest_of(TOO_LARGE)}")
    uploads = registry.files() / "repositories" / NAME / "_uploads"
    assert list(uploads.iterdir()) == []


def test_the_log_says_that_the_disk_is_full(registry):
    refuse(registry, "PATCH", open_upload(registry, NAME))
    registry.stop()
    assert "the registry's storage is full" in registry.log.read_text()
