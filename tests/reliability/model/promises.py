"""Which blobs a registry has to have, of which repository, by what it has answered.

A blob is promised by whatever called it present: a push, a mount, a HEAD or GET, and a manifest that
names it. Between its start and its end an answer made the promise at an unknown moment, so that the
check takes the moment that allows the registry most. A promise lasts for the grace, or for good where
nothing is collected; that of a manifest lasts as long as the manifest. A client that deletes the blob
ends them all.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from threading import RLock

KEPT = 32  # of each blob: the last ones say the most


@dataclass(slots=True, eq=False)
class Interval:
    """When something was asked for and when it was answered. Not `settled`: perhaps it never was."""

    start: float
    end: float = inf
    settled: bool = False

    def settle(self, end: float) -> None:
        self.end, self.settled = end, True

    def may_follow(self, other: "Interval") -> bool:
        """It may have had its effect after the other's."""
        return self.end >= other.start


def recent() -> deque[Interval]:
    return deque(maxlen=KEPT)


@dataclass(slots=True)
class Known:
    """Of one digest in one repository."""

    promises: deque[Interval] = field(default_factory=recent)
    manifests: dict[str, Interval] = field(default_factory=dict)  # that name it, when they were put
    deletes: deque[Interval] = field(default_factory=recent)
    creations: deque[Interval] = field(default_factory=recent)


class Promises:
    """May be used by several threads."""

    def __init__(self, grace: float | None):
        """None: nothing is ever collected."""
        self._grace = inf if grace is None else grace
        self._known: dict[tuple[str, str], Known] = defaultdict(Known)
        self._lock = RLock()

    def promise(self, name: str, digest: str, start: float, end: float) -> None:
        with self._lock:
            self._known[name, digest].promises.append(Interval(start, end, settled=True))

    def manifest(
        self, name: str, digest: str, blobs: Iterable[str], start: float, end: float
    ) -> None:
        """It was accepted, with all that it names."""
        with self._lock:
            for blob in blobs:
                self._known[name, blob].manifests[digest] = Interval(start, end, settled=True)

    def begin_delete(self, name: str, digest: str, start: float) -> Interval:
        """Of a blob or of a manifest. To be called before it is asked for."""
        return self._begin(self._known[name, digest].deletes, start)

    def begin_creation(self, name: str, digest: str, start: float) -> Interval:
        return self._begin(self._known[name, digest].creations, start)

    def _begin(self, intervals: deque[Interval], start: float) -> Interval:
        with self._lock:
            intervals.append(Interval(start))
            return intervals[-1]

    def created(self) -> list[tuple[str, str]]:
        """Repository and digest of each blob that may ever have been there."""
        with self._lock:
            return [key for key, known in self._known.items() if known.creations]

    def forbids_absence(self, name: str, digest: str, start: float, end: float) -> bool:
        """A request from `start` to `end` must find it."""
        with self._lock:
            known = self._known[name, digest]
            for promise in reversed(known.promises):
                if promise.end < start and end < promise.start + self._grace:
                    if not self._is_deleted(known, promise, end):
                        return True
            for manifest, promise in known.manifests.items():
                of_manifest = self._known[name, manifest]
                if promise.end < start and not self._is_deleted(known, promise, end):
                    if not self._is_deleted(of_manifest, promise, end):
                        return True
            return False

    def forbids_presence(self, name: str, digest: str, start: float, end: float) -> bool:
        """A request from `start` to `end` must not find it."""
        with self._lock:
            known = self._known[name, digest]
            return any(
                delete.settled and delete.end < start
                and not any(made.may_follow(delete) and made.start <= end
                            for made in known.creations)
                for delete in known.deletes
            )  # fmt: skip

    @staticmethod
    def _is_deleted(known: Known, promise: Interval, end: float) -> bool:
        return any(delete.may_follow(promise) and delete.start <= end for delete in known.deletes)
