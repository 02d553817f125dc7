"""Whether what clients saw of one register can have happened, one step after the other.

A register is what a tag leads to, or whether a manifest is there. Each operation has taken effect at
one moment between its start and its end; a history is linearizable when moments can be chosen so that
every read saw what the changes before it made. The check goes through starts and ends in the order of
time and keeps every state that is still possible: a value, and which of the operations under way have
taken effect in it. At the end of an operation only those states stay in which it has; before that, the
changes under way may take effect in any order. A read that fits a state is taken there at once: it
changes nothing, and later it might not fit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

Value = str | None  # a digest, or nothing
State = tuple[Value, int]  # the value, and a bit for each operation under way that has had its effect


@dataclass(slots=True, eq=False)
class Operation:
    """With its times, of one clock. `certain`: it has had its effect by its end; else perhaps."""

    start: float
    end: float = inf
    certain: bool = True

    def apply(self, value: Value) -> Value:
        raise NotImplementedError


@dataclass(slots=True, eq=False)
class Write(Operation):
    value: Value = None

    def apply(self, value: Value) -> Value:
        return self.value


@dataclass(slots=True, eq=False)
class ClearIf(Operation):
    """A tag is gone with the manifest that it leads to, and stays where it leads to another."""

    value: Value = None

    def apply(self, value: Value) -> Value:
        return None if value == self.value else value


@dataclass(slots=True, eq=False)
class Read(Operation):
    seen: Value = None

    def fits(self, value: Value) -> bool:
        return value == self.seen


@dataclass(slots=True, eq=False)
class Listed(Read):
    """A list says whether there is something, and not what."""

    listed: bool = True

    def fits(self, value: Value) -> bool:
        return (value is not None) == self.listed


@dataclass
class Check:
    """The states that are possible after the events so far."""

    states: set[State] = field(default_factory=lambda: {(None, 0)})
    under_way: dict[int, Operation] = field(default_factory=dict)  # by bit

    def begin(self, operation: Operation) -> int:
        bit = 1
        while bit in self.under_way:
            bit <<= 1
        self.under_way[bit] = operation
        if isinstance(operation, Read):
            self.states = {self._with_reads(value, done) for value, done in self.states}
        return bit

    def end(self, bit: int) -> bool:
        """False: no order explains the operation that ends here."""
        operation = self.under_way[bit]
        reached = self._where_done(bit)
        if not operation.certain:
            reached |= {state for state in self.states if not state[1] & bit}
        del self.under_way[bit]
        self.states = {(value, done & ~bit) for value, done in reached}
        return bool(self.states)

    def _where_done(self, bit: int) -> set[State]:
        """The states in which it has had its effect, after as few other changes as may be."""
        reached, seen, stack = set(), set(self.states), list(self.states)
        while stack:
            value, done = stack.pop()
            if done & bit:
                reached.add((value, done))
                continue
            for other, operation in self.under_way.items():
                if done & other or isinstance(operation, Read):
                    continue
                state = self._with_reads(operation.apply(value), done | other)
                if state not in seen:
                    seen.add(state)
                    stack.append(state)
        return reached

    def _with_reads(self, value: Value, done: int) -> State:
        for bit, operation in self.under_way.items():
            if isinstance(operation, Read) and operation.fits(value):
                done |= bit
        return value, done


def unexplained(history: Iterable[Operation]) -> Operation | None:
    """The first operation that no order explains; None: the history is linearizable."""
    events = [(operation.start, 0, operation) for operation in history]
    events += [(end.end, 1, end) for _, _, end in events if end.end < inf]
    events.sort(key=lambda event: event[:2])  # at one time starts come first: that allows more
    check, bits = Check(), {}
    for _, ends, operation in events:
        if not ends:
            bits[id(operation)] = check.begin(operation)
        elif not check.end(bits.pop(id(operation))):
            return operation
    return None


def views(history: Sequence[Operation]) -> Iterator[list[Operation]]:
    """What has to be linearizable by itself: all changes with what was read of the thing, and all
    changes with what lists said. A list may show a change that is under way a moment before or after
    the thing itself does; once the change is answered both do.
    """
    yield [operation for operation in history if not isinstance(operation, Listed)]
    yield [one for one in history if isinstance(one, Listed) or not isinstance(one, Read)]


def around(history: Sequence[Operation], wrong: Operation, most: int = 12) -> str:
    """The operations before and beside the one that cannot be explained, for a person to read."""
    before = [operation for operation in history if operation.start <= wrong.end]
    before.sort(key=lambda operation: operation.start)
    return "\n".join(f"  {'>' if one is wrong else ' '} {one}" for one in before[-most:])
