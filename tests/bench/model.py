"""What a workload is, and what is asked of its figures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench import Bench

OURS = "ours"
REFERENCE = "2.8.2"
NGINX = "nginx"
DD = "dd"
REGISTRIES = (REFERENCE, OURS)
SERVERS = (REFERENCE, NGINX, OURS)

Figures = dict[str, float]


class Unable(Exception):
    """This machine cannot run it."""


class Failed(Exception):
    """The server gave a wrong answer, or none."""


@dataclass(frozen=True)
class Target:
    factor: float
    peer: str | None = None  # None: `factor` is in the row's own unit
    at_least: bool = False


def at_least(factor: float, peer: str | None = None) -> Target:
    return Target(factor, peer, True)


def at_most(factor: float, peer: str | None = None) -> Target:
    return Target(factor, peer)


@dataclass(frozen=True)
class Row:
    figure: str
    title: str
    unit: str
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True)
class Workload:
    """`measure` is one round with one server."""

    name: str
    servers: tuple[str, ...]
    measure: Callable[["Bench", str], Figures]
    rows: Callable[["Bench"], list[Row]]
    rounds: int | None = None  # None: as many as are asked for


@dataclass
class Outcome:
    """Of one workload: each round's figures by server, and why there are none."""

    rounds: dict[str, list[Figures]] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    others: list[float] = field(default_factory=list)  # the share that other programs took
