"""The collectors of both registries, on a store that nobody serves, and what they say."""

import re
from dataclasses import dataclass
from pathlib import Path

from .process import run
from .registry import OURS, REFERENCE, write_config

OURS_ALONE = re.compile(
    r"\S+: (layer link|index entry of tag \S+|tag without a manifest|cancelled upload|alias|"
    r"referrer) eligible for deletion: \S+"
)


@dataclass(frozen=True)
class Collected:
    """What a run has said on stdout."""

    said: str
    logged: str

    @property
    def lines(self) -> list[str]:
        """Those that both have, in an order that both have: 2.8 walks its maps by chance."""
        return sorted(line for line in self.said.split("\n") if not OURS_ALONE.fullmatch(line))

    def blobs(self) -> set[str]:
        return self._named("blob eligible for deletion: ")

    def manifests(self) -> set[str]:
        return self._named("manifest eligible for deletion: ")

    def marked(self) -> set[str]:
        """Digests, in whichever repository."""
        found = re.findall(r"^\S+: marking (?:manifest|blob) (\S+) ?$", self.said, re.MULTILINE)
        return set(found)

    def _named(self, prefix: str) -> set[str]:
        lines = self.said.splitlines()
        return {line.removeprefix(prefix) for line in lines if line.startswith(prefix)}


class Collector:
    """collector(root, "-m") runs one to its end, which has to be a good one."""

    def __init__(self, binary: Path, work: Path):
        self._binary = binary
        self._work = work

    def config(self, root: Path) -> Path:
        return write_config(self._work / "collect.yml", root, "127.0.0.1:0")

    def __call__(self, root: Path, *options: str) -> Collected:
        done = self.run(root, *options)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return Collected(done.stdout.decode(), done.stderr.decode())

    def run(self, root: Path, *options: str, **more):
        config = self.config(root)
        more.setdefault("check", False)
        return run(self._binary, "garbage-collect", *options, config, **more)


def our_collector(work: Path) -> Collector:
    return Collector(OURS, work)


def reference_collector(work: Path) -> Collector:
    return Collector(REFERENCE, work)


def tree_of(root: Path) -> dict[str, bytes | None]:
    """Every file and folder that both registries know of, with the bytes of files."""
    files = root / "docker"
    return {
        path.relative_to(files).as_posix(): path.read_bytes() if path.is_file() else None
        for path in files.rglob("*")
    }
