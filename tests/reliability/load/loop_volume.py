"""A file system of its own on a loop device, which can lose its power."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.process import run
from support.unable import cannot_run, need_root

SIZE = 2 << 30  # sparse
MAKE = {"ext4": ("mkfs.ext4", "-q", "-F"), "xfs": ("mkfs.xfs", "-q", "-f")}
NUMBERS = itertools.count()


class LoopVolume:
    def __init__(self, folder: Path, kind: str, *options: str):
        """`options`: of the making of the file system."""
        self.path = folder / f"volume-{next(NUMBERS)}"
        self._image = folder / f"{self.path.name}.img"
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(SIZE)
        run(*MAKE[kind], *options, self._image, timeout=120)
        mounted = self._mount(check=False)
        if mounted.returncode != 0:
            cannot_run(f"mounting {kind} on a loop device: {mounted.stderr.decode()}")

    def _mount(self, check: bool = True):
        return run("mount", "-o", "loop", self._image, self.path, check=check)

    def lose_power(self, *, with_its_log: bool) -> None:
        """Nothing more reaches the disk; what the file system's log has in memory, if asked for."""
        how = "shutdown -f" if with_its_log else "shutdown"
        run("xfs_io", "-x", "-c", how, self.path)

    def start_again(self) -> None:
        """Once nobody uses it: all that is in memory is gone, and the log is replayed."""
        run("umount", self.path, timeout=120)
        self._mount()

    def close(self) -> None:
        run("umount", "--lazy", self.path, check=False)
        self._image.unlink()


@contextmanager
def loop_volume(folder: Path, kind: str, *options: str) -> Iterator[LoopVolume]:
    need_root("mounting a loop device")
    volume = LoopVolume(folder, kind, *options)
    try:
        yield volume
    finally:
        volume.close()
