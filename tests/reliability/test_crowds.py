"""Crowds of slow, silent and hostile clients: good ones are served, and nothing of it stays."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from load.content import REPOSITORIES
from load.crowd import Crowd, need_descriptors
from load.run import clients, look_at_everything
from load.settings import QUIET, world_of
from load.world import World
from support import wire
from support.images import digest_of
from support.process import wait_until
from support.push import open_upload
from support.registry import Registry
from support.vitals import DESCRIPTORS_TO_SPARE, SECONDS_TO_LET_GO, descriptors, resident_kib

NAME = "crowd/of"
LENGTH = 1_000_000
SLOW_HEAD = b"GET /v2/ HTTP/1.1\r\nHost: slow\r\nX-Slow: " + b"x" * 1000
SLOW_BODY = wire.post(
    f"/v2/{NAME}/blobs/uploads/?digest={digest_of(b'')}", b"", f"Content-Length: {LENGTH}\r\n"
)
GOOD_CLIENTS = 4
SECONDS_ALONE = 3
MIB = 1024
MIB_TO_SPARE = 20  # what is kept of memory that was used, and the stacks of threads
KIB_OF_CONNECTION = 4  # Asio keeps a state for each that there was at a time, which keeps its page
SECONDS_TO_PURGE = 60
VARIABLES = {"STORAGE_MAINTENANCE_UPLOADPURGING": "{age: 8s, interval: 1s}", **QUIET}


@dataclass
class Scene:
    """A daemon with good clients, which go on all the time, and what it held before the crowd."""

    registry: Registry
    world: World
    figures: dict[str, object]
    descriptors: int = 0
    kib: int = 0
    connections: int = 0

    def begin(self) -> None:
        time.sleep(SECONDS_ALONE)
        self.figures["p99 of good clients alone, ms"] = self.world.record.take_p99_ms()
        self.descriptors, self.kib = descriptors(self.registry), resident_kib(self.registry)

    def look(self, crowd: Crowd) -> None:
        """In the midst of it."""
        self.connections = crowd.connected()
        self.figures["connections of the crowd"] = self.connections
        self.figures["memory meanwhile, MiB"] = resident_kib(self.registry) // MIB
        self.figures["p99 of good clients beside it, ms"] = self.world.record.take_p99_ms()

    def assert_as_before(self) -> None:
        most = self.descriptors + DESCRIPTORS_TO_SPARE
        wait_until(lambda: descriptors(self.registry) <= most, "descriptors are closed",
                   SECONDS_TO_LET_GO)  # fmt: skip
        self.figures["memory before, MiB"] = self.kib // MIB
        most_kib = self.kib + MIB_TO_SPARE * MIB + self.connections * KIB_OF_CONNECTION
        wait_until(lambda: resident_kib(self.registry) <= most_kib, "memory is given back",
                   SECONDS_TO_LET_GO)  # fmt: skip
        wait_for_purge(self.registry)
        self.figures["memory after, MiB"] = resident_kib(self.registry) // MIB


def left(registry: Registry) -> list[Path]:
    """Of uploads, and of what was set aside."""
    folders = [registry.root / ".registry/aside"]
    names = (*REPOSITORIES, NAME)
    folders += [registry.files() / "repositories" / name / "_uploads" for name in names]
    return [path for folder in folders if folder.exists() for path in folder.iterdir()]


def wait_for_purge(registry: Registry) -> None:
    """However long, as a busy machine needs milliseconds for each: as long as it goes on."""
    count = len(left(registry))
    while count:
        wait_until(lambda: len(left(registry)) < count, "uploads are purged", SECONDS_TO_PURGE)
        count = len(left(registry))


@pytest.fixture
def scene(ours, tmp_path, seed, figures) -> Iterator[Scene]:
    need_descriptors()
    registry = ours(tmp_path / "data", variables=VARIABLES)
    scene = Scene(registry, world_of(registry, seed), figures)
    with clients(scene.world, GOOD_CLIENTS):
        scene.begin()
        yield scene
    look_at_everything(scene.world)
    scene.world.record.assert_right(seed)
    scene.assert_as_before()
    assert registry.stop() == 0


def test_ten_thousand_idle_connections(scene, form):
    with Crowd(scene.registry, 10_000) as crowd:
        crowd.say(lambda _: wire.get("/v2/"))
        time.sleep(form.pick(3, 60))
        scene.look(crowd)
        assert crowd.connected() > 4_000  # the others were the longest idle ones


def test_slow_heads_and_slow_bodies(scene, form):
    count = form.pick(400, 2_000)
    with Crowd(scene.registry, 2 * count) as crowd:
        crowd.say(lambda number: SLOW_BODY if number < count else b"")
        crowd.dribble(SLOW_HEAD, form.pick(4, 120))
        scene.look(crowd)
        assert crowd.connected() >= count  # a head that takes too long is ended, a body goes on


def test_connections_that_end_half_way(scene, form):
    for _ in range(form.pick(2, 20)):
        with Crowd(scene.registry, 1_000) as crowd:
            crowd.say(lambda number: SLOW_BODY if number % 2 else SLOW_HEAD)
            scene.look(crowd)
            crowd.close_half()
            crowd.reset()


def test_thousands_of_aborted_uploads(scene, form):
    for _ in range(form.pick(1, 10)):
        with Crowd(scene.registry, 1_000) as crowd:
            locations = [open_upload(scene.registry, NAME) for _ in crowd.peers]
            head = f"Content-Length: {LENGTH}\r\n"
            crowd.say(lambda number: wire.get(locations[number], head, "PATCH") + bytes(20_000))
            scene.look(crowd)
            crowd.reset()
