"""Power losses at random under load: what had its answer is there when the disk is back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from load.loop_volume import LoopVolume, loop_volume
from load.run import clients, look_at_everything
from load.settings import VARIABLES, collected_world_of
from load.world import World
from support.process import run
from support.registry import OURS, Factory, Registry

FAILED = (500, 503)
LONGEST_LIFE, LONGEST_DYING = 3.0, 0.3  # seconds
DOES_NOT_SYNC = """\
#!/bin/sh
LD_PRELOAD=libeatmydata.so exec {binary} "$@"
"""


def lose_power(registry: Registry, world: World, volume: LoopVolume, random: Random) -> None:
    """The daemon lives on for a moment: what it answers then must be true as well."""
    with_its_log, dying = random.random() < 0.5, random.uniform(0, LONGEST_DYING)
    with world.record.fault(FAILED, reads_too=True):
        volume.lose_power(with_its_log=with_its_log)
        time.sleep(dying)
        world.dies()
        registry.kill()
        world.died()
    volume.start_again()
    registry.start()


@contextmanager
def power_losses(
    factory: Factory, volume: LoopVolume, rounds: int, seed: int
) -> Iterator[tuple[Registry, World]]:
    registry = factory(volume.path / "data", variables=VARIABLES)
    world = collected_world_of(registry, seed, may_die=True, may_forget=True)
    random = Random(seed)
    with clients(world):
        for _ in range(rounds):
            time.sleep(random.uniform(0.1, LONGEST_LIFE))
            lose_power(registry, world, volume, random)
            look_at_everything(world)
            world.lives_again()
        time.sleep(1)
    look_at_everything(world)
    yield registry, world
    registry.stop()  # or the volume is busy


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_after_power_losses_under_load_all_is_whole(ours, tmp_path, form, seed, figures, kind):
    rounds = form.pick(5, 50)
    with loop_volume(tmp_path, kind) as volume:
        with power_losses(ours, volume, rounds, seed) as (registry, world):
            counts = world.record.counts
            figures.update(
                {
                    f"power losses, {kind}": rounds,
                    "requests": world.record.operations(),
                    "requests that failed for want of power": counts["refused by a fault"],
                    "requests cut": counts["request cut by a kill"],
                    "uploads cut": counts["upload cut by a kill"],
                }
            )
            world.record.assert_right(seed)
            assert counts["refused by a fault"] > 0
            assert registry.stop() == 0


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_daemon_that_does_not_sync_would_be_found_out(tmp_path: Path, seed, kind):
    """Else the test above would prove nothing."""
    unsafe = tmp_path / "registry"
    unsafe.write_text(DOES_NOT_SYNC.format(binary=OURS))
    unsafe.chmod(0o755)
    run(unsafe, "--version")
    factory = Factory(unsafe, tmp_path)
    with loop_volume(tmp_path, kind) as volume:
        with power_losses(factory, volume, 3, seed) as (_, world):
            assert world.record.faults()
