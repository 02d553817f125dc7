"""What the figures were measured on."""

import os
import platform
from datetime import date
from pathlib import Path

from support.process import output


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gib() -> int:
    first = Path("/proc/meminfo").read_text().splitlines()[0]
    return round(int(first.split()[1]) / (1 << 20))


def filesystem(folder: Path) -> str:
    return output("stat", "--file-system", "--format=%T", folder)


def describe(memory: Path, disk: Path) -> dict[str, str]:
    return {
        "date": date.today().isoformat(),
        "CPU": f"{cpu_model()}, {os.cpu_count()} cores, shared with the load generator",
        "memory": f"{memory_gib()} GiB",
        "kernel": platform.release().split("-")[0],
        "filesystems": f"{filesystem(memory)} in memory, {filesystem(disk)} on disk",
    }
