"""What the clients of one run saw, from all threads, and what cannot have been."""

import time
from collections import Counter, defaultdict
from math import inf
from threading import Lock

from .promises import Promises
from .register import Operation, around, unexplained, views

Key = tuple[str, ...]  # ("tag", name, tag) or ("manifest", name, digest)
MOST_SHOWN = 5


class Record:
    """`grace`: of the collection, None where there is none."""

    def __init__(self, grace: float | None):
        self.promises = Promises(grace)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.lost_from = inf  # answers from then on prove nothing: the disk has lost its power
        self._histories: dict[Key, list[Operation]] = defaultdict(list)
        self._lock = Lock()

    def add(self, key: Key, operation: Operation) -> None:
        if operation.end < operation.start:
            return  # asked of a daemon that was dead
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
            seen = [one for one in history if one.start < self.lost_from]
            for view in views(seen):
                if wrong := unexplained(view):
                    found.append(f"{'/'.join(key)} cannot have been so:\n{around(view, wrong)}")
        return found

    def assert_right(self, seed: object) -> None:
        found = self.faults()
        shown = "\n".join(found[:MOST_SHOWN])
        assert not found, f"{len(found)} faults with --seed={seed}:\n{shown}"


def now() -> float:
    return time.monotonic()
