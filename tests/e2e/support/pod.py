"""A pod's inside: network, mounts and root directory of its own, a small volume, the image's tools.

What runs in it is real: the daemon on :5000, as the user 1000, on /var/lib/registry, and the programs
that the image has. Loopback is all the network there is.
"""

import json
import os
import subprocess
from pathlib import Path

from .process import Daemon, environment, output, run, wait_until
from .registry import OURS, PROJECT, REFERENCE
from .web import MANIFEST_TYPES

USER = 1000  # runAsUser and runAsGroup of deploy/kubernetes/deployment.yaml
CONFIG = "/etc/docker/registry/config.yml"
ENV = {"PATH": "/bin", "HOME": "/"}

# The tools of the image stand in /bin, and nothing else of what this machine has.
SETUP = """\
set -eu
mount --make-rprivate /
busybox ifconfig lo up
mount -t tmpfs none {root}
cd {root}
mkdir -p bin usr proc dev etc/docker/registry var/lib/registry
ln -s usr/lib lib
ln -s usr/lib64 lib64
mount --bind /usr usr
mount --rbind /proc proc
mount --rbind /dev dev
printf '127.0.0.1 localhost\\n::1 localhost\\n' > etc/hosts
cp {config} etc/docker/registry/config.yml
cp {binary} bin/registry
cp {entrypoint} entrypoint.sh
for tool in {tools}; do ln -s "/usr/bin/$tool" "bin/$tool"; done
mount -t tmpfs -o size={size},mode=755 none var/lib/registry
mount -o remount,ro none {root}
exec chroot {root} /usr/bin/sleep 3600
"""


def tools_of_the_image() -> list[str]:
    """The commands of bookworm-slim's essential packages, and of deploy/packages/image.txt."""
    names = output("dpkg-query", "-W", "-f", "${Package} ${Essential}\\n").splitlines()
    packages = [line.split()[0] for line in names if line.endswith(" yes")]
    packages += ["dash", *added_to_the_image()]
    files = output("dpkg", "-L", *packages).splitlines()
    found = {Path(file).name for file in files if Path(file).parent.name == "bin"}
    return sorted(name for name in found | {"sh"} if Path("/usr/bin", name).exists())


def added_to_the_image() -> list[str]:
    lines = (PROJECT / "deploy/packages/image.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


class Pod:
    """Begins without a daemon; ends with all that it started."""

    def __init__(self, work: Path, config: str, size: str = "48m"):
        self._work = work
        self._count = 0
        self.daemon: Daemon | None = None
        root = work / "pod"
        root.mkdir()
        (work / "config.yml").write_text(config)
        script = work / "setup.sh"
        script.write_text(
            SETUP.format(
                root=root,
                config=work / "config.yml",
                binary=OURS,
                entrypoint=PROJECT / "deploy/container/entrypoint.sh",
                tools=" ".join(tools_of_the_image()),
                size=size,
            )
        )
        # Not its own processes' numbers: so each of them can be ended by its pid from outside.
        command = ("unshare", "--mount", "--net", "--", "sh", script)
        self._holder = Daemon(command, work / "pod.log")
        wait_until(self._is_set_up, "the pod's namespaces are set up")

    def _is_set_up(self) -> bool:
        assert self._holder.runs(), self._holder.said()
        return Path(f"/proc/{self._holder.pid}/comm").read_text().strip() == "sleep"

    @property
    def volume(self) -> Path:
        """/var/lib/registry, seen from outside."""
        return Path(f"/proc/{self._holder.pid}/root/var/lib/registry")

    @property
    def config(self) -> Path:
        return self._work / "config.yml"

    def inside(self, *command: object, user: int = USER) -> list[str]:
        enter = ("nsenter", "--target", self._holder.pid, "--mount", "--net", "--root")
        as_user = (f"--setgid={user}", f"--setuid={user}", "--wd", "--")
        return [str(word) for word in (*enter, *as_user, *command)]

    def from_outside(self, *command: object) -> list[str]:
        """For a client that sees the pod's port, and this machine's files."""
        enter = ("nsenter", "--target", self._holder.pid, "--net", "--")
        return [str(word) for word in (*enter, *command)]

    def run(self, *command: object, stdin: bytes = b"", timeout: float = 60):
        inside = self.inside(*command)
        return subprocess.run(inside, env=ENV, input=stdin, capture_output=True, timeout=timeout)

    def start(self, user: int, env: dict[str, str], *, reference: bool = False) -> None:
        self._count += 1
        binary = REFERENCE if reference else "/bin/registry"
        command = self.inside(binary, "serve", CONFIG, user=user)
        self.daemon = Daemon(command, self._work / f"daemon-{self._count}.log", {**ENV, **env})

    def stop(self) -> None:
        if self.daemon:
            self.daemon.stop()
            self.daemon = None

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; 0 where nobody answers."""
        url = f"http://localhost:5000{path}"
        limits = ("--silent", "--max-time", "5")
        command = ("curl", *limits, "-H", f"Accept: {MANIFEST_TYPES}", "-w", "\n%{http_code}", url)
        done = run(*self.from_outside(*command), env=environment(), check=False)
        body, _, status = done.stdout.rpartition(b"\n")
        return int(status or 0), body

    def json(self, path: str) -> dict:
        status, body = self.get(path)
        assert status == 200, f"{path}: {status} {body!r}"
        return json.loads(body)

    def push(self, folder: Path, name: str) -> None:
        """An OCI layout, by skopeo."""
        target = f"docker://localhost:5000/{name}"
        command = ("skopeo", "copy", "--dest-tls-verify=false", f"oci:{folder}:latest", target)
        env = environment(self._work, REGISTRY_AUTH_FILE=str(self._work / "auth.json"))
        (self._work / "auth.json").write_text("{}")
        run(*self.from_outside(*command), env=env)

    def close(self) -> None:
        self.stop()
        self._holder.kill()
        os.rmdir(self._work / "pod")
