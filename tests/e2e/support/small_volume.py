"""A volume of a few MiB, which is soon full."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import run
from .unable import cannot_run


@contextmanager
def mounted(volume: Path, size: str, options: str = "") -> Iterator[Path]:
    volume.mkdir()
    options = f"size={size}" + (f",{options}" if options else "")
    done = run("mount", "-t", "tmpfs", "-o", options, "none", volume, check=False)
    if done.returncode != 0:
        cannot_run(f"mounting a small volume: {done.stderr.decode()}")
    try:
        yield volume
    finally:
        run("umount", "--lazy", volume)
