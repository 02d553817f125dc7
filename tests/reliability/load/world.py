"""What all clients of one run share: where the daemon is, and whether it lives."""

from dataclasses import dataclass, field
from threading import Condition, Event

from model.record import Record, now

from .content import Content

SECONDS_TO_RESTART = 120


class Stopped(Exception):
    """The run is over."""


class Unexpected(Exception):
    """An answer that is wrong, of which the record knows: what was begun ends here."""


class Lost(Exception):
    """The daemon died before it answered: perhaps the request has had its effect by `end`."""

    def __init__(self, end: float):
        super().__init__(f"no answer by {end}")
        self.end = end


@dataclass
class World:
    address: str
    seed: int
    content: Content
    record: Record
    may_die: bool = False  # kills are part of the run: a connection may end without an answer
    may_forget: bool = False  # power losses are: an upload may be unknown after one
    stop: Event = field(default_factory=Event)
    _lives: bool = True
    _died_at: float = 0.0
    _changed: Condition = field(default_factory=Condition)

    def dies(self) -> None:
        """To be called before it is killed."""
        with self._changed:
            self._lives = False

    def died(self) -> None:
        """Whatever was asked before has had its effect, or never will."""
        self._died_at = now()

    def lives_again(self) -> None:
        with self._changed:
            self._lives = True
            self._changed.notify_all()

    def finish(self) -> None:
        self.stop.set()
        self.lives_again()

    def lives(self) -> bool:
        return self._lives

    def after_death(self) -> float:
        """Waits until the daemon is back; when the last one was dead."""
        with self._changed:
            back = self._changed.wait_for(lambda: self._lives, SECONDS_TO_RESTART)
        if not back:
            raise Stopped
        return self._died_at
