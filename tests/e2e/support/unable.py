"""What a machine cannot run is skipped by name and counted at the end; nothing else may skip."""

import os
from typing import NoReturn

import pytest

from .process import run

MARK = "could not run here: "


def cannot_run(reason: str) -> NoReturn:
    pytest.skip(MARK + " ".join(reason.split()))


def need_root(program: str) -> None:
    if os.geteuid() != 0:
        cannot_run(f"{program}: it wants to be root")


def need_mounts() -> None:
    """Unpacking an image mounts file systems, which a plain container may not."""
    probe = run("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt", check=False)
    if probe.returncode != 0:
        cannot_run(f"mounting a file system: {probe.stderr.decode()}")
