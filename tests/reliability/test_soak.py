"""Half an hour of everything at once: memory and descriptors stay flat. Only with --long."""

import time
from pathlib import Path
from statistics import median

from load.run import clients, delete_everything, look_at_everything
from load.settings import VARIABLES, collected_world_of
from report.plot import curves
from support.vitals import descriptors, resident_kib

GOOD_CLIENTS = 16
SECONDS_BETWEEN = 2
MIB = 1024
MIB_TO_GROW, DESCRIPTORS_TO_GROW = 8, 16  # between the second quarter and the last

Sample = tuple[float, float, int]  # minutes, MiB, descriptors


def assert_flat(samples: list[Sample]) -> None:
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    for what, most, at in (("MiB", MIB_TO_GROW, 1), ("descriptors", DESCRIPTORS_TO_GROW, 2)):
        before, after = median(one[at] for one in early), median(one[at] for one in late)
        assert after <= before + most, f"{what}: {before} in the second quarter, {after} in the last"


def test_memory_and_descriptors_stay_flat(ours, tmp_path: Path, seed, figures, request):
    seconds = request.config.getoption("--soak")
    registry = ours(tmp_path / "data", variables=VARIABLES)
    world = collected_world_of(registry, seed)
    samples: list[Sample] = []
    begun = time.monotonic()
    with clients(world, GOOD_CLIENTS):
        while (passed := time.monotonic() - begun) < seconds:
            kib = resident_kib(registry)
            samples.append((passed / 60, kib / MIB, descriptors(registry)))
            time.sleep(SECONDS_BETWEEN)
    look_at_everything(world)
    figures.update(
        {
            "minutes": round(seconds / 60, 1),
            "requests": world.record.operations(),
            "memory at its most, MiB": round(max(one[1] for one in samples)),
            "memory at the end, MiB": round(samples[-1][1]),
            "descriptors at their most": max(one[2] for one in samples),
        }
    )
    if plot := request.config.getoption("--plot"):
        curves(plot, samples)
    world.record.assert_right(seed)
    assert_flat(samples)
    delete_everything(world)
    world.record.assert_right(seed)
    assert registry.stop() == 0
