"""Fixtures of the black-box tests, and the account of what this machine could not run."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clients import Skopeo
from support.curl import Curl
from support.images import random_repository
from support.process import environment, started
from support.registry import OURS, REFERENCE, Factory, Registry
from support.unable import MARK
from support.vitals import assert_unharmed, descriptors

BEGAN = pytest.StashKey[float]()
LINES_OF_LOG = 30
WIDTH_OF_LOG = 300  # a _state is long, and says nothing to a reader


@pytest.fixture(scope="session")
def client_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """For clients: a home and a login file of their own, so that nobody's are used or changed."""
    home = tmp_path_factory.mktemp("home")
    logins = home / "auth.json"
    logins.write_text("{}")
    return environment(home, REGISTRY_AUTH_FILE=str(logins), DOCKER_CONFIG=str(home / ".docker"))


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For podman, which refuses a path of more than 50 characters, and for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def skopeo(client_env: dict[str, str]) -> Skopeo:
    return Skopeo(client_env)


@pytest.fixture
def curl(client_env: dict[str, str], tmp_path: Path) -> Curl:
    return Curl(tmp_path, client_env)


@pytest.fixture
def repository_url(registry: Registry) -> str:
    """A repository that nobody has used, as a URL."""
    return f"{registry.url}/v2/{random_repository('curl')}"


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One daemon of ours for all tests that bring random repository names."""
    work = tmp_path_factory.mktemp("registry")
    with Registry(OURS, work / "data", work) as registry:
        yield registry
        assert registry.stop() == 0, "the registry does not end cleanly after all that clients did"


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Factory]:
    """Starts our daemon on a given folder: ours(folder)."""
    yield from until_closed(Factory(OURS, tmp_path))


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Factory]:
    """Starts Docker Registry 2.8.2 on a given folder: reference(folder)."""
    yield from until_closed(Factory(REFERENCE, tmp_path))


@pytest.fixture(scope="module")
def module_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A daemon with a store that only one module writes to."""
    work = tmp_path_factory.mktemp("module")
    for factory in until_closed(Factory(OURS, work)):
        yield factory(work / "data")


@pytest.fixture(scope="module")
def assailed(module_registry: Registry) -> Iterator[Registry]:
    """The same, for a module that sends it what no client would: it must bear all of that."""
    before = descriptors(module_registry)
    yield module_registry
    assert_unharmed(module_registry, before)


def until_closed(factory: Factory) -> Iterator[Factory]:
    yield factory
    factory.close()


def pytest_sessionfinish() -> None:
    """A test that fails half way may leave a daemon: nobody else would end it."""
    for daemon in started:
        daemon.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    item.stash[BEGAN] = time.time() - 0.05  # a file's time is a little behind the clock
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not reason_of(report).startswith(MARK):
        report.outcome = "failed"
        report.longrepr = f"skipped without cannot_run(): {reason_of(report)}"
    if report.failed:
        report.sections += logs_written_since(item.stash[BEGAN])


def reason_of(report: pytest.TestReport) -> str:
    """Why a test was skipped; pytest has it as (file, line, "Skipped: reason")."""
    where = report.longrepr
    text = where[2] if isinstance(where, tuple) else str(where)
    return text.removeprefix("Skipped: ")


def logs_written_since(start: float) -> list[tuple[str, str]]:
    logs = {daemon.log for daemon in started if daemon.log.exists()}
    logs = {log for log in logs if log.stat().st_mtime >= start}
    return [(f"end of {log.name}", end_of(log)) for log in sorted(logs)]


def end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LINES_OF_LOG:]
    return "\n".join(line[:WIDTH_OF_LOG] for line in lines)


def pytest_terminal_summary(terminalreporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(reason_of(report).removeprefix(MARK) for report in skipped)
    terminalreporter.write_line(f"could not run here: {len(skipped)}")
    for reason, count in reasons.items():
        terminalreporter.write_line(f"  {count} x {reason}")
