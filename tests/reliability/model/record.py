"""What the clients of one run saw, from all threads, and what cannot have been."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from threading import Lock

from .promises import Promises
from .register import Operation, Read, around, unexplained, views

Key = tuple[str, ...]  # ("tag", name, tag) or ("manifest", name, digest)
MOST_SHOWN = 5


@dataclass
class Fault:
    """While it lasts, requests may get one of `statuses`; those that change nothing, `reads_too`."""

    statuses: frozenset[int]
    reads_too: bool
    start: float
    end: float = inf

    def explains(self, method: str, status: int) -> bool:
        return status in self.statuses and (self.reads_too or method not in ("GET", "HEAD"))


class Record:
    """`grace`: of the collection, None where there is none."""

    def __init__(self, grace: float | None):
        self.promises = Promises(grace)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._faults: list[Fault] = []
        self._seconds: list[float] = []  # of reads, since they were last asked for
        self._histories: dict[Key, list[Operation]] = defaultdict(list)
        self._lock = Lock()

    @contextmanager
    def fault(self, statuses: Iterable[int], reads_too: bool) -> Iterator[None]:
        """The storage fails: what is read now proves nothing, and requests may be answered with one
        of these. What is acknowledged all the same is held to it."""
        fault = Fault(frozenset(statuses), reads_too, now())
        self._faults.append(fault)
        try:
            yield
        finally:
            fault.end = now()

    def fault_at(self, start: float, end: float) -> "Fault | None":
        for fault in self._faults:
            if start <= fault.end and fault.start <= end:
                return fault
        return None

    def add(self, key: Key, operation: Operation) -> None:
        if operation.end < operation.start:
            return  # asked of a daemon that was dead
        if isinstance(operation, Read) and self.fault_at(operation.start, operation.end):
            return
        with self._lock:
            self._histories[key].append(operation)

    def count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def took(self, seconds: float) -> None:
        with self._lock:
            self._seconds.append(seconds)

    def take_p99_ms(self) -> float:
        """Of all reads since it was last asked."""
        with self._lock:
            seconds, self._seconds = sorted(self._seconds), []
        return round(1000 * seconds[len(seconds) * 99 // 100], 1) if seconds else 0

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
        return sum(count for what, count in self.counts.items() if what[-3:].isdigit())

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
