"""kill -9 at random under load: what was acknowledged is whole, and nothing else is served."""

import time
from random import Random

from load.run import clients, look_at_everything
from load.settings import VARIABLES, collected_world_of
from load.world import World
from support.registry import Registry

LONGEST_LIFE = 2.0  # seconds


def kill_and_start_again(registry: Registry, world: World) -> None:
    world.dies()
    registry.kill()
    world.died()
    registry.start()


def test_after_kills_under_load_all_is_whole(ours, tmp_path, form, seed, figures):
    registry = ours(tmp_path / "data", variables=VARIABLES)
    world = collected_world_of(registry, seed, may_die=True)
    rounds, random = form.pick(10, 100), Random(seed)
    counts = world.record.counts
    kills = 0
    with clients(world):
        # A busy machine gets less far in a life: a few more, until kills have met what they are for.
        while kills < rounds or (not counts["upload resumed"] and kills < 4 * rounds):
            kills += 1
            time.sleep(random.uniform(0.1, LONGEST_LIFE))
            kill_and_start_again(registry, world)
            look_at_everything(world)
            world.lives_again()
        time.sleep(1)
    look_at_everything(world)
    figures.update(
        {
            "kills": kills,
            "requests": world.record.operations(),
            "requests cut by a kill": counts["request cut by a kill"],
            "uploads cut by a kill": counts["upload cut by a kill"],
            "uploads that went on from where they were": counts["upload resumed"],
        }
    )
    world.record.assert_right(seed)
    assert counts["upload resumed"] > 0 and counts["request cut by a kill"] > 0
    assert registry.stop() == 0
