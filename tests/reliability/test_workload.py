"""32 clients do whatever clients do, against what a registry may answer."""

import time

import pytest
from load.run import CLIENTS, clients, delete_everything, look_at_everything, stored_blobs
from load.settings import VARIABLES, collected_world_of, collection, collects
from support.process import wait_until
from support.registry import Registry

SECONDS_TO_COLLECT = 60


def assert_empties(registry: Registry) -> None:
    wait_until(lambda: not stored_blobs(registry), "no blob is left", SECONDS_TO_COLLECT)


# In between the marks, what is deleted goes by the counts, and each mark compares them.
@pytest.mark.parametrize("interval", ["1s", "7s"])
def test_a_random_workload_is_answered_as_a_registry_may(
    ours, tmp_path, form, seed, figures, interval, request
):
    variables = {**VARIABLES, "GARBAGECOLLECTION": collection(interval)}
    registry = ours(tmp_path / "data", variables=variables)
    world = collected_world_of(registry, seed)
    seconds = form.pick(20, request.config.getoption("--workload"))
    with clients(world):
        time.sleep(seconds)
    look_at_everything(world)
    record = world.record
    figures.update({"clients": CLIENTS, "seconds": seconds, "requests": record.operations()})
    record.assert_right(seed)
    delete_everything(world)
    record.assert_right(seed)
    if collects(registry):
        assert_empties(registry)
    assert registry.stop() == 0
    assert "the counts of what is needed" not in registry.daemon.said()


def test_a_collector_that_breaks_promises_would_be_found_out(ours, tmp_path, seed):
    """Else the test above would prove nothing of it."""
    hasty = {**VARIABLES, "GARBAGECOLLECTION": "{interval: 1s, grace: 1ms, mingrace: 1ms}"}
    registry = ours(tmp_path / "data", variables=hasty)
    world = collected_world_of(registry, seed)
    with clients(world):
        time.sleep(10)
    assert not collects(registry) or world.record.faults()
