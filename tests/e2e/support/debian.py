"""The base image that the Dockerfile names: made of Debian packages, as no hub is at hand."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .process import PATH, output, run
from .registry import PROJECT
from .storage import Storage

RELEASE = "bookworm"
NAME = f"docker.io/library/debian:{RELEASE}-slim"
SECONDS_TO_BOOTSTRAP = 300
# How the machine reaches its mirror; the rest of its configuration is its own.
KEPT_OF_APT = ("Acquire::http", "Acquire::https", "Acquire::Check-")


@dataclass(frozen=True)
class Source:
    mirror: str
    suite: str
    component: str

    def line(self) -> str:
        return f"deb {self.mirror} {self.suite} {self.component}\n"


def callers() -> dict[str, str]:
    """For what fetches packages: it reaches the mirror as whoever runs the tests does."""
    return {**os.environ, "PATH": PATH, "LANG": "C.UTF-8"}


def sources() -> list[Source]:
    """Debian's own package lists, out of all that this machine uses."""
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    wanted = ("Created-By: Packages", "Origin: Debian")
    command = ("apt-get", "indextargets", "--format", form, *wanted)
    if not (lines := output(*command).splitlines()):
        run("apt-get", "update", "-qq", env=callers())
        lines = output(*command).splitlines()
    found = [Source(*line.split()) for line in lines]
    return [source for source in found if source.suite.startswith(RELEASE)]


def apt_settings() -> str:
    lines = output("apt-config", "dump", "Acquire").splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith(KEPT_OF_APT))


def base_tar() -> Path:
    """A minimal Debian as a tar file, kept under build/ for the next run."""
    kept = PROJECT / f"build/debian/{RELEASE}.tar"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        root = Path(tempfile.mkdtemp(prefix="debian-", dir="/tmp"))
        try:
            bootstrap(root)
            unfinished = kept.with_suffix(".unfinished")
            without = ("--exclude=./dev/*", "--exclude=./var/cache/apt/archives/*.deb")
            without += ("--exclude=./var/lib/apt/lists/*",)
            run("tar", "--numeric-owner", *without, "-C", root, "-cf", unfinished, ".")
            unfinished.rename(kept)
        finally:
            shutil.rmtree(root)
    return kept


def bootstrap(root: Path) -> None:
    used = sources()
    mirror = next(source.mirror for source in used if source.suite == RELEASE)
    secure = mirror.startswith("https:")
    options = ["--variant=minbase", *(["--include=ca-certificates"] if secure else [])]
    command = ("debootstrap", *options, RELEASE, root, mirror)
    try:
        run(*command, env=callers(), timeout=SECONDS_TO_BOOTSTRAP)
    except (AssertionError, subprocess.TimeoutExpired):
        log = root / "debootstrap/debootstrap.log"
        print(log.read_text() if log.exists() else "debootstrap left no log")
        raise
    (root / "etc/apt/sources.list").write_text("".join(source.line() for source in used))
    (root / "etc/apt/apt.conf.d/90machine").write_text(apt_settings())
    if secure:
        bundle = Path("etc/ssl/certs/ca-certificates.crt")
        shutil.copy("/" / bundle, root / bundle)


def import_base(storage: Storage) -> None:
    container = storage.output("from", "scratch")
    storage("add", container, base_tar(), "/", timeout=300)
    storage("config", "--env", f"PATH=/usr/local/sbin:/usr/local/bin:{PATH}", container)
    storage("commit", "--quiet", container, NAME, timeout=300)
    storage("rm", container)
