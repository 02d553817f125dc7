"""A group of processes whose memory is counted, and limited, where one can be made."""

import os
import shutil
import uuid
from pathlib import Path

from model import Unable

V1 = {"limit": "memory.limit_in_bytes", "peak": "memory.max_usage_in_bytes", "file": "cache"}
V2 = {"limit": "memory.max", "peak": "memory.peak", "file": "file"}


def own_groups() -> list[tuple[Path, dict[str, str]]]:
    """This process' folders that could hold a group with a memory controller."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for _, point, kind, options, *_ in mounts:
            v1 = kind == "cgroup" and "memory" in controllers.split(",")
            if v1 and "memory" in options.split(","):
                found += [(Path(point + path), V1), (Path(point), V1)]
            elif kind == "cgroup2" and not controllers:
                found += [(Path(point + path), V2), (Path(point), V2)]
    return found


def make_group(parent: Path, names: dict[str, str]) -> Path:
    if names is V2 and "memory" not in (parent / "cgroup.subtree_control").read_text().split():
        (parent / "cgroup.subtree_control").write_text("+memory")
    group = parent / f"registry-bench-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    if not (group / names["limit"]).exists():
        group.rmdir()
        raise OSError("no memory controller")
    return group


class Cgroup:
    """Raises Unable where none can be made. With systemd, the group is one of its scopes."""

    def __init__(self, limit_bytes: int | None = None):
        self._group, self._names = None, V2
        self._limit = limit_bytes
        for parent, names in own_groups():
            try:
                self._group, self._names = make_group(parent, names), names
                break
            except OSError:
                continue
        if self._group and limit_bytes:
            (self._group / self._names["limit"]).write_text(str(limit_bytes))
        by_systemd = Path("/run/systemd/system").exists() and shutil.which("systemd-run")
        if not self._group and not by_systemd:
            raise Unable("no cgroup with a memory controller can be made")

    def around(self, command: list[object]) -> list[object]:
        """The same process, in the group."""
        if self._group:
            enter = 'echo $$ > "$0" && exec "$@"'
            return ["sh", "-c", enter, self._group / "cgroup.procs", *command]
        user = [] if os.geteuid() == 0 else ["--user"]
        limit = ["-p", f"MemoryMax={self._limit}"] if self._limit else []
        return ["systemd-run", *user, "--scope", "--quiet", *limit, *command]

    def file_bytes(self) -> int:
        """Of the page cache that is charged to the group."""
        if not self._group:
            raise Unable("the group is systemd's")
        lines = (self._group / "memory.stat").read_text().splitlines()
        return int(dict(line.split() for line in lines)[self._names["file"]])

    def close(self) -> None:
        if self._group:
            self._group.rmdir()
