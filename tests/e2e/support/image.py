"""The image that the Dockerfile makes, and its root filesystem as a container would see it."""

import os
import shutil
from pathlib import Path

from .debian import import_base
from .process import PATH, Daemon, environment, output
from .registry import PROJECT
from .storage import Storage

NAME = "registry:built"
SECONDS_TO_BUILD = 540

# A container as the Deployment asks for it: the root read-only, the volume its own, the user 1000
# with no capability. Each program replaces the one before it: one pid lasts down to the daemon.
CONTAINER = """\
set -eu
root=$1 volume=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --bind "$volume" "$root/var/lib/registry"
exec chroot "$root" setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all "$@"
"""


def build_image(storage: Storage) -> None:
    """From an imported base, with this machine's compiler cache where it has one."""
    import_base(storage)
    options = ["--isolation", "chroot", "--pull-never", "--tag", NAME]
    if cache := compiler_cache():
        options += ["--volume", f"{cache}:/root/.cache/ccache"]
    storage("build", *options, PROJECT, timeout=SECONDS_TO_BUILD)


def compiler_cache() -> Path | None:
    if not shutil.which("ccache", path=PATH):
        return None
    folder = Path(output("ccache", "--get-config", "cache_dir", env=dict(os.environ)))
    return folder if folder.is_dir() else None


def start(root: Path, volume: Path, log: Path, *command: str, **settings: str) -> Daemon:
    """A process in the image's root filesystem."""
    in_container = ("unshare", "--mount", "sh", "-c", CONTAINER, "sh", root, volume, *command)
    return Daemon(in_container, log, environment("/", **settings))
