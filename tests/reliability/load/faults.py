"""What can go wrong with a disk, or with what a process may have, while the daemon runs."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.process import environment, run, wait_until
from support.registry import Registry
from support.small_volume import mounted
from support.unable import cannot_run, need_root

FULL, UNAVAILABLE = 507, 503
BLOCK = 1 << 16


@contextmanager
def small_volume(folder: Path) -> Iterator[Path]:
    """A tmpfs that fills soon, of bytes and of inodes."""
    need_root("mounting a small volume")
    with mounted(folder / "volume", "160m", "nr_inodes=60000") as volume:
        yield volume


@contextmanager
def no_room(registry: Registry) -> Iterator[None]:
    filling = registry.root.parent / "filling"
    with filling.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(BLOCK))
    try:
        yield
    finally:
        filling.unlink()


@contextmanager
def no_inodes(registry: Registry) -> Iterator[None]:
    folder = registry.root.parent / "inodes"
    folder.mkdir()
    made = []
    with suppress(OSError):
        while True:
            made.append(folder / str(len(made)))
            made[-1].touch()
    try:
        yield
    finally:
        for file in made:
            file.unlink(missing_ok=True)
        folder.rmdir()


@contextmanager
def no_descriptors(registry: Registry) -> Iterator[None]:
    """Those that are open stay so; a new one would have a number that is too high."""
    pid = registry.daemon.pid
    before = run("prlimit", "--pid", pid, "--nofile", "--noheadings", "--output=SOFT").stdout
    used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    least = next(number for number in range(len(used) + 1) if number not in used)
    run("prlimit", "--pid", pid, f"--nofile={least}:")
    try:
        yield
    finally:
        run("prlimit", "--pid", pid, f"--nofile={before.decode().strip()}:")


@contextmanager
def mounted_over(registry: Registry, *what: object) -> Iterator[None]:
    need_root("mounting over the store")
    run("mount", *what, registry.root)
    try:
        yield
    finally:
        run("umount", registry.root)


@contextmanager
def read_only(registry: Registry) -> Iterator[None]:
    """As after an error, where a volume is mounted anew for reading alone."""
    need_root("mounting over the store")
    aside = registry.root.parent.with_name("read-only")
    aside.mkdir()
    run("mount", "--bind", registry.root, aside)
    run("mount", "-o", "remount,bind,ro", aside)
    try:
        with mounted_over(registry, "--bind", aside):
            yield
    finally:
        run("umount", aside)


def another_volume(registry: Registry) -> AbstractContextManager[None]:
    return mounted_over(registry, "-t", "tmpfs", "none")


@contextmanager
def no_root(registry: Registry) -> Iterator[None]:
    away = registry.root.with_name("away")
    registry.root.rename(away)
    try:
        yield
    finally:
        assert not registry.root.exists(), "a store was made where there was none"
        away.rename(registry.root)


@dataclass(frozen=True)
class Injected:
    """System calls that fail, by strace; what they are called with does not matter."""

    calls: str
    error: str

    @property
    def __name__(self) -> str:
        return f"{self.error} of {self.calls}"

    @contextmanager
    def __call__(self, registry: Registry) -> Iterator[None]:
        need_root("strace of another process")
        what = (f"--trace={self.calls}", f"--inject={self.calls}:error={self.error}")
        pid = registry.daemon.pid
        command = ["strace", "--follow-forks", "--output=/dev/null", *what, f"--attach={pid}"]
        tracer = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE)
        try:
            wait_until(lambda: is_traced(registry) or tracer.poll() is not None, "strace attaches")
            if tracer.poll() is not None:
                cannot_run(f"strace of another process: {tracer.stderr.read().decode()}")
            yield
        finally:
            tracer.terminate()
            tracer.wait(60)
            tracer.stderr.close()


def is_traced(registry: Registry) -> bool:
    """All of its threads are."""
    threads = Path(f"/proc/{registry.daemon.pid}/task").iterdir()
    return all("TracerPid:\t0\n" not in (thread / "status").read_text() for thread in threads)


@dataclass(frozen=True)
class Fault:
    """`ready`: what /readyz says meanwhile. `litter`: what is moved aside to be removed may stay
    there until the next start."""

    begin: Callable[[Registry], AbstractContextManager[None]]
    status: int
    reads_too: bool = False
    ready: int | None = 200
    litter: bool = False

    def __str__(self) -> str:
        return self.begin.__name__


FAULTS = [
    Fault(no_room, FULL),
    Fault(no_inodes, FULL),
    Fault(Injected("pwrite64", "EDQUOT"), FULL),
    Fault(Injected("pwrite64", "EIO"), UNAVAILABLE),
    Fault(Injected("fsync,fdatasync", "EIO"), UNAVAILABLE, litter=True),
    Fault(Injected("pread64,sendfile", "EIO"), UNAVAILABLE, reads_too=True),
    # No connection can be made to ask whether it is ready.
    Fault(no_descriptors, UNAVAILABLE, reads_too=True, ready=None, litter=True),
    Fault(read_only, UNAVAILABLE),
    Fault(no_root, UNAVAILABLE, reads_too=True, ready=503),
    Fault(another_volume, UNAVAILABLE, reads_too=True, ready=503),
]
