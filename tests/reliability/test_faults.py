"""The disk fails under load, and comes back: the right answers, no leak, and no restart."""

import time
from pathlib import Path

import pytest

from load.faults import FAULTS, Fault, small_volume
from load.run import clients, look_at_everything
from load.settings import QUIET, world_of
from support.images import random_image
from support.process import wait_until
from support.push import push_image
from support.registry import Registry
from support.vitals import DESCRIPTORS_TO_SPARE, SECONDS_TO_LET_GO, descriptors

CLIENTS = 6
SECONDS_BEFORE, SECONDS_AFTER = 1, 1


def assert_lets_go(registry: Registry, before: int) -> None:
    most = before + DESCRIPTORS_TO_SPARE
    wait_until(lambda: descriptors(registry) <= most, "descriptors are closed", SECONDS_TO_LET_GO)


def assert_serves(registry: Registry) -> None:
    image = random_image()
    push_image(registry, "after/all", "v1", image)
    assert registry.get("/v2/after/all/manifests/v1").body == image.manifest
    assert registry.get("/readyz").status == 200


def half_begun(registry: Registry) -> list[Path]:
    """Uploads whose POST has failed."""
    uploads = (registry.files() / "repositories").glob("**/_uploads/*")
    return [upload for upload in uploads if not (upload / "startedat").exists()]


def aside(registry: Registry) -> list[Path]:
    return list((registry.root / ".registry/aside").iterdir())


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_answered_rightly_and_goes_by(ours, tmp_path, form, seed, figures, fault: Fault):
    with small_volume(tmp_path) as volume:
        registry = ours(volume / "data", variables=QUIET)
        before = descriptors(registry)
        world = world_of(registry, seed)
        record = world.record
        with clients(world, CLIENTS):
            time.sleep(SECONDS_BEFORE)
            with record.fault((fault.status,), fault.reads_too):
                with fault.begin(registry):
                    time.sleep(form.pick(2, 30))
                    if fault.ready:
                        assert registry.get("/readyz").status == fault.ready
                time.sleep(SECONDS_AFTER)
            time.sleep(SECONDS_AFTER)
        look_at_everything(world)
        refused = record.counts["refused by a fault"]
        figures.update({f"{fault}: requests": record.operations(), f"refused, {fault}": refused})
        record.assert_right(seed)
        assert refused > 0
        assert_serves(registry)
        assert_lets_go(registry, before)
        if not fault.litter:
            assert not aside(registry) and not half_begun(registry)
        assert registry.stop() == 0
        registry.start()
        wait_until(lambda: not aside(registry), "what was moved aside is removed")
