"""A volume of a pod: what the kubelet does to it, and a daemon that has the pod's rights alone."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

GROUP = 1000  # fsGroup, runAsGroup and runAsUser of deploy/kubernetes/deployment.yaml
FOR_ALL = 0o660
FOR_DIRECTORIES = 0o110 | stat.S_ISGID

AS_THE_POD = """\
#!/bin/sh
exec setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs \\
  --bounding-set=-all --inh-caps=-all {binary} "$@"
"""


def as_the_pod(binary: Path, folder: Path) -> Path:
    """A program that runs the daemon as the Deployment's container does: user 1000, no capability."""
    copied = folder / "registry"
    shutil.copy(binary, copied)  # the user may not see where it was built
    program = folder / "registry-as-the-pod"
    program.write_text(AS_THE_POD.format(binary=copied))
    program.chmod(0o755)
    return program


def everything_in(root: Path) -> Iterator[Path]:
    yield root
    yield from root.rglob("*")


def give_to_group(path: Path) -> None:
    """As SetVolumeOwnership of Kubernetes: the group and its rights; owner and others stay."""
    os.chown(path, -1, GROUP, follow_symlinks=False)
    mode = path.lstat().st_mode
    if not stat.S_ISLNK(mode):
        path.chmod(stat.S_IMODE(mode) | wanted_rights(mode))


def wanted_rights(mode: int) -> int:
    return FOR_ALL | FOR_DIRECTORIES if stat.S_ISDIR(mode) else FOR_ALL


def is_as_wanted(path: Path) -> bool:
    status = path.lstat()
    wanted = wanted_rights(status.st_mode)
    return status.st_gid == GROUP and status.st_mode & wanted == wanted


def hand_over(root: Path, policy: str = "OnRootMismatch") -> None:
    """What happens to a volume before a pod with fsGroup starts."""
    if policy == "OnRootMismatch" and is_as_wanted(root):
        return
    for path in everything_in(root):
        give_to_group(path)


def give_to_user(root: Path, user: int = GROUP) -> None:
    """All of it, as a volume is that the daemon itself has written."""
    for path in everything_in(root):
        os.chown(path, user, user, follow_symlinks=False)
