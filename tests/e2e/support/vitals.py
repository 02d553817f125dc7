"""What a daemon must still be after whatever was done to it."""

import time
from pathlib import Path

from .process import wait_until
from .registry import Registry

MOST_MEMORY_KIB = 150 * 1024
# Of the threads of its pools, which come as they are needed, and of the tests' own last request.
DESCRIPTORS_TO_SPARE = 6
SECONDS_TO_LET_GO = 20


def descriptors(registry: Registry) -> int:
    return len(list(Path(f"/proc/{registry.daemon.pid}/fd").iterdir()))


def settled_descriptors(registry: Registry) -> int:
    """Once those of the tests before are closed."""
    for _ in range(50):
        count = descriptors(registry)
        time.sleep(0.3)
        if descriptors(registry) == count:
            return count
    raise AssertionError("descriptors come and go")


def peak_memory_kib(registry: Registry) -> int:
    return status_of_process(registry, "VmHWM")


def resident_kib(registry: Registry) -> int:
    return status_of_process(registry, "VmRSS")


def status_of_process(registry: Registry, field: str) -> int:
    status = Path(f"/proc/{registry.daemon.pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0])


def errors_logged(registry: Registry) -> list[str]:
    return [line for line in registry.daemon.said().splitlines() if "level=error" in line]


def assert_unharmed(registry: Registry, descriptors_before: int) -> None:
    assert registry.get("/v2/").status == 200
    assert errors_logged(registry) == []
    assert peak_memory_kib(registry) < MOST_MEMORY_KIB
    most = descriptors_before + DESCRIPTORS_TO_SPARE
    wait_until(lambda: descriptors(registry) <= most, "descriptors are closed", SECONDS_TO_LET_GO)
    beside = {entry.name for entry in registry.root.iterdir()}
    assert beside <= {"docker", ".registry"}
    assert [entry.name for entry in (registry.root / "docker").iterdir()] == ["registry"]
    assert {entry.name for entry in registry.files().iterdir()} <= {"blobs", "repositories"}


def stored(registry: Registry) -> set[str]:
    """All files and folders of the store and beside it; of an upload that began, none."""
    around = registry.root.parent
    paths = (str(path.relative_to(around)) for path in around.rglob("*"))
    return {path for path in paths if "/_uploads" not in path and not path.startswith("registry-")}
