"""How the daemons under load are configured, and what they say of it."""

from model.record import Record
from support.registry import Registry

from .content import Content
from .world import World

GRACE = 2
QUIET = {"LOG_ACCESSLOG_DISABLED": "true", "LOG_LEVEL": "warn"}


def collection(interval: str) -> str:
    return f"{{enabled: true, interval: {interval}, grace: {GRACE}s, mingrace: 1s}}"


SCRUB = "{enabled: true, interval: 1s, rate: 16MiB}"
VARIABLES = {"GARBAGECOLLECTION": collection("1s"), "SCRUB": SCRUB, **QUIET}


def collects(registry: Registry) -> bool:
    """A daemon that does not know the key says so."""
    return "garbagecollection: this key is not known" not in registry.daemon.said()


def world_of(registry: Registry, seed: int, **options: bool) -> World:
    """Of a daemon whose grace is longer than the test."""
    return World(registry.address, seed, Content(seed), Record(grace=None), **options)


def collected_world_of(registry: Registry, seed: int, **options: bool) -> World:
    """Of a daemon with VARIABLES."""
    record = Record(GRACE if collects(registry) else None)
    return World(registry.address, seed, Content(seed), record, **options)
