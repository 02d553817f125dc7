"""A plugin of pytest for all tests that start daemons: who starts and ends them, their logs where a
test fails, and the account of what this machine could not run."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .process import started
from .registry import OURS, REFERENCE, Factory, until_closed
from .unable import MARK

BEGAN = pytest.StashKey[float]()
LINES_OF_LOG = 30
WIDTH_OF_LOG = 300  # a _state is long, and says nothing to a reader


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Factory]:
    """Starts our daemon on a given folder: ours(folder)."""
    yield from until_closed(Factory(OURS, tmp_path))


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Factory]:
    """Starts Docker Registry 2.8.2 on a given folder: reference(folder)."""
    yield from until_closed(Factory(REFERENCE, tmp_path))


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
