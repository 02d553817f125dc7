"""What the clients of one run saw, from all threads, and what cannot have been."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from threading import Lock

from .promises import Promises
from .register import Operation, Read, around, unexplained, views

Key = tuple[str, ...]  # ("tag", name, tag) or ("manifest", name, digest)
MOST_SHOWN = 5


class Record:
    """`grace`: of the collection, None where there is none."""

    def __init__(self, grace: float | None):
        self.promises = Promises(grace)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._powerless: list[tuple[float, float]] = []
        self._histories: dict[Key, list[Operation]] = defaultdict(list)
        self._lock = Lock()

    @contextmanager
    def powerless(self) -> Iterator[None]:
        """The disk has lost its power: what is read now proves nothing, and requests may fail. What
        is acknowledged all the same is held to it."""
        self._powerless.append((now(), inf))
        yield
        self._powerless[-1] = (self._powerless[-1][0], now())

    def is_without_power(self, start: float, end: float) -> bool:
        return any(start <= until and since <= end for since, until in self._powerless)

    def add(self, key: Key, operation: Operation) -> None:
        if operation.end < operation.start:
            return  # asked of a daemon that was dead
        if isinstance(operation, Read) and self.is_without_power(operation.start, operation.end):
            return
        with self._lock:
            self._histories[key].append(operation)

    def count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def complain(self, what: str) -> None:
        with self._lock:
            self.wrong.append(what)

    def manifests(self) -> list[tuple[str, str]]:
        """Repository and digest of all that may ever have been there."""
        with self._lock:
            return [key[1:] for key in self._histories if key[0] == "manifest"]

    def blobs(self) -> list[tuple[str, str]]:
        return self.promises.created()

    def operations(self) -> int:
        return sum(self.counts.values())

    def faults(self) -> list[str]:
        """All that was wrong, the histories included. For the end of a run, or of a round."""
        found = list(self.wrong)
        for key, history in self._histories.items():
            for view in views(history):
                if wrong := unexplained(view):
                    found.append(f"{'/'.join(key)} cannot have been so:\n{around(view, wrong)}")
        return found

    def assert_right(self, seed: object) -> None:
        found = self.faults()
        shown = "\n".join(found[:MOST_SHOWN])
        assert not found, f"{len(found)} faults with --seed={seed}:\n{shown}"


def now() -> float:
    return time.monotonic()
