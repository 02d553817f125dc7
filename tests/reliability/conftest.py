"""How long the proofs take: seconds as a part of all tests, or as long as a proof needs (--long)."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest_plugins = ["support.harness"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long forms: hours in all")
    parser.addoption("--seed", type=int, help="of an earlier run, to make the same choices again")
    parser.addoption("--soak", type=int, default=1800, metavar="SECONDS", help="of the soak")
    parser.addoption("--workload", type=int, default=900, metavar="SECONDS", help="of the workload")
    parser.addoption("--build", help="of the daemon, to tell its figures from those of another")
    parser.addoption("--plot", type=Path, help="a file for the curves of the soak")
    parser.addoption("--figures", type=Path, help="a folder for what was measured, as JSON")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The soak has no short form."""
    is_soak = collection_path.name == "test_soak.py"
    return True if is_soak and not config.getoption("--long") else None


@dataclass(frozen=True)
class Form:
    """Short or long."""

    long: bool

    def pick(self, short: int, long: int) -> int:
        return long if self.long else short


@pytest.fixture(scope="session")
def form(request: pytest.FixtureRequest) -> Form:
    return Form(request.config.getoption("--long"))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Of all that is chosen at random. pytest shows it where the test fails."""
    seed = request.config.getoption("--seed")
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    print(f"--seed={seed}")
    return seed


class Figures(dict[str, object]):
    """What a proof measured, in the order of its rows."""


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """A row for each; written only where the test passes the folder."""
    measured = Figures()
    yield measured
    folder = request.config.getoption("--figures")
    if folder and measured:
        folder.mkdir(parents=True, exist_ok=True)
        name = request.node.name.removeprefix("test_")
        build = request.config.getoption("--build")
        name += f", {build}" if build else ""
        (folder / f"{name}.json").write_text(json.dumps(measured, indent=1))
