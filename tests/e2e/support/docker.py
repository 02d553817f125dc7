"""A dockerd run by hand: its own data, socket and pid file, no bridge and no firewall rules."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .images import random_tar
from .process import Daemon, environment, output, run, wait_until
from .unable import cannot_run, need_mounts, need_root


@dataclass
class Docker:
    folder: Path
    env: dict[str, str]
    daemon: Daemon

    def __call__(self, *arguments: object, **options):
        return run("docker", *arguments, env=self.env, **options)

    def output(self, *arguments: object) -> str:
        return output("docker", *arguments, env=self.env)

    def buildkit(self, *arguments: object) -> None:
        run("docker", *arguments, env={**self.env, "DOCKER_BUILDKIT": "1"})

    def build_classic(self, *arguments: object) -> None:
        run("docker", *arguments, env={**self.env, "DOCKER_BUILDKIT": "0"})

    def import_random(self, name: str, size: int = 200_000) -> str:
        """An image of one random layer; returns its id."""
        return output("docker", "import", "-", name, env=self.env, stdin=random_tar(size))

    def id_of(self, name: str) -> str:
        return self.output("image", "inspect", "--format", "{{.Id}}", name)

    def forget(self, *names: str) -> None:
        """Removes images, so that the next pull has to fetch them."""
        self("image", "rm", "--force", *names)

    def answers(self) -> bool:
        return not self.daemon.runs() or self("version", check=False).returncode == 0

    def stop(self) -> None:
        self.daemon.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_docker(folder: Path, env: dict[str, str], settings: str = "{}") -> Docker:
    """On overlay2, or on vfs where a file system cannot carry overlays.

    `settings` is its daemon.json: it gets to see no other, and not the machine's.
    """
    need_root("dockerd")
    need_mounts()
    for driver in ("overlay2", "vfs"):
        docker = launch(folder / driver, driver, env, settings)
        wait_until(docker.answers, "dockerd answers", seconds=60)
        if docker.daemon.runs():
            return docker
    lines = docker.daemon.said().splitlines() or ["it said nothing"]
    return cannot_run(f"dockerd: {lines[-1]}")


@contextmanager
def a_docker(env: dict[str, str]) -> Iterator[Docker]:
    """With a daemon of its own, until the end."""
    folder = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))  # a socket's path must be short
    docker = start_docker(folder, env)
    yield docker
    docker.stop()
    shutil.rmtree(folder, ignore_errors=True)


def launch(folder: Path, driver: str, env: dict[str, str], settings: str) -> Docker:
    folder.mkdir(parents=True)
    socket = f"unix://{folder}/sock"
    command = ["dockerd", "--storage-driver", driver, "--iptables=false", "--ip6tables=false"]
    command += ["--bridge=none", "--data-root", folder / "data", "--exec-root", folder / "exec"]
    command += ["--pidfile", folder / "pid", "--host", socket]
    command += ["--config-file", folder / "daemon.json"]
    (folder / "daemon.json").write_text(settings)
    daemon = Daemon([str(word) for word in command], folder.parent / "dockerd.log", environment())
    return Docker(folder, {**env, "DOCKER_HOST": socket}, daemon)
