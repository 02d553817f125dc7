"""Programs that the tests run: each one ends in bounded time, or the test fails and says why."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # Debian's clients, whatever else the machine has
SECONDS_TO_END = 60

started: list["Daemon"] = []  # every daemon of this run, so that a failure can show their logs


def environment(home: Path | str = "/nonexistent", **extra: str) -> dict[str, str]:
    """What a program gets to see: nothing of the caller's proxies, logins or REGISTRY_ settings."""
    return {"PATH": PATH, "HOME": str(home), "LANG": "C.UTF-8", **extra}


def run(
    *command: object,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    timeout: float = SECONDS_TO_END,
    check: bool = True,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a program to its end. A failure shows what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        env=dict(env or environment()),
        cwd=cwd,
        input=b"" if stdin is None else stdin,
        capture_output=True,
        timeout=timeout,
    )
    said = f"{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}"
    assert not check or done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{said}"
    return done


def output(*command: object, **options) -> str:
    return run(*command, **options).stdout.decode().strip()


def wait_until(true: Callable[[], object], what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """A program in the background with one log file; ended by its pid, and by nothing broader."""

    def __init__(self, command: Sequence[object], log: Path, env: Mapping[str, str] | None = None):
        self.log = log
        self.asked_to_end = False
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                env=dict(env or environment()),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        started.append(self)

    @property
    def pid(self) -> int:
        return self._process.pid

    def runs(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float = SECONDS_TO_END) -> int:
        """The exit status; a daemon that does not end in time is killed and fails the test."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self._process.args} did not end in {seconds} s") from None

    def ask_to_end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Does not wait."""
        self.asked_to_end = True
        if self.runs():
            os.kill(self.pid, how)

    def stop(self, seconds: float = SECONDS_TO_END) -> int:
        if self.runs():
            self.ask_to_end()
        return self.wait(seconds)

    def kill(self) -> None:
        self.asked_to_end = True
        self._process.kill()
        self._process.wait()
