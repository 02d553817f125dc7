"""Many clients at once, and a look at everything when they are done."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from support.registry import Registry

from .actions import Actor
from .content import REPOSITORIES, TAGS
from .world import Stopped, Unexpected, World

CLIENTS = 32
LOOKERS = 4
SECONDS_TO_STOP = 180


def work(world: World, number: int) -> None:
    actor = Actor(world, number)
    try:
        while not world.stop.is_set():
            actor.act()
    except Stopped:
        pass
    except Exception as error:  # a fault of the test itself must not end as a quiet thread
        actor.complain(f"the client failed: {error!r}")
        raise
    finally:
        actor.close()


@contextmanager
def clients(world: World, count: int = CLIENTS) -> Iterator[None]:
    """They work until the end of the block."""
    threads = [Thread(target=work, args=(world, number)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        world.finish()
        for thread in threads:
            thread.join(SECONDS_TO_STOP)
    assert not any(thread.is_alive() for thread in threads), "a client does not end"


def each(world: World, do: Callable[[Actor, object], None], what: Iterable[object]) -> None:
    """By a few clients beside each other."""
    things = list(what)

    def some(number: int) -> None:
        actor = Actor(world, f"looker-{number}")
        for thing in things[number::LOOKERS]:
            with suppress(Unexpected):  # the record has it
                do(actor, thing)
        actor.close()

    with ThreadPoolExecutor(LOOKERS) as pool:
        list(pool.map(some, range(LOOKERS)))


def look_at_everything(world: World) -> None:
    """Every tag, every manifest that there may be, and all that those need."""

    def tag(actor: Actor, place: tuple[str, str]) -> None:
        actor.resolve(*place)

    def manifest(actor: Actor, place: tuple[str, str]) -> None:
        name, digest = place
        made = world.content.by_digest[digest]
        if actor.get_by_digest(name, made):
            actor.pull_document(name, made)

    def blob(actor: Actor, place: tuple[str, str]) -> None:
        actor.head_blob(*place)

    each(world, tag, [(name, tag) for name in REPOSITORIES for tag in TAGS])
    each(world, manifest, world.record.manifests())
    each(world, blob, world.record.blobs())


def delete_everything(world: World) -> None:
    each(world, lambda actor, place: actor.delete_document(*place), world.record.manifests())
    each(world, lambda actor, place: actor.delete_tag_of(*place),
         [(name, tag) for name in REPOSITORIES for tag in TAGS])  # fmt: skip
    each(world, lambda actor, place: actor.delete_blob(*place), world.record.blobs())


def stored_blobs(registry: Registry) -> list[str]:
    """Digests. They may go meanwhile, which os.walk does not mind."""
    folders = os.walk(registry.files() / "blobs")
    return sorted(Path(folder).name for folder, _, files in folders if "data" in files)
