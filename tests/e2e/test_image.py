"""The Dockerfile's image: built without a hub, started as by Kubernetes, pushed into itself."""

import json
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.image import NAME, build_image, start
from support.images import digest_of
from support.process import free_port, wait_until
from support.storage import Storage, own_storage
from support.unable import need_root
from support.web import request

MEGABYTE = 1_000_000
CONFIG = "/etc/docker/registry/config.yml"


@pytest.fixture(scope="module")
def builder(client_env) -> Iterator[Storage]:
    need_root("buildah")
    folder = Path(tempfile.mkdtemp(prefix="e2e-image-", dir="/tmp"))
    try:
        yield own_storage("buildah", folder, client_env)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def image(builder) -> dict:
    """The image's configuration, as a container runtime reads it."""
    build_image(builder)
    return json.loads(builder.output("inspect", "--type", "image", NAME))["OCIv1"]


@pytest.fixture(scope="module")
def container(builder, image) -> str:
    return builder.output("from", "--pull-never", NAME)


@pytest.fixture
def volume(tmp_path) -> Path:
    """A volume as the kubelet hands it to a pod with fsGroup 1000."""
    folder = tmp_path / "volume"
    folder.mkdir()
    os.chown(folder, 0, 1000)
    folder.chmod(0o2775)
    return folder


def test_the_image_is_called_as_that_of_registry_2(image):
    config = image["config"]
    assert config["Entrypoint"] == ["/entrypoint.sh"]
    assert config["Cmd"] == [CONFIG]
    assert config["User"] == "1000:1000"
    assert list(config["Volumes"]) == ["/var/lib/registry"]
    assert list(config["ExposedPorts"]) == ["5000/tcp"]


def test_the_image_has_the_paths_of_registry_2_and_no_build_tools(builder, container):
    root = Path(builder.output("mount", container))
    assert (root / "bin").resolve().name == "bin"
    for path, mode in (("usr/bin/registry", 0o755), ("entrypoint.sh", 0o755), (CONFIG[1:], 0o644)):
        status = (root / path).stat()
        assert (status.st_mode & 0o777, status.st_uid) == (mode, 0), path
    store = (root / "var/lib/registry").stat()
    assert (store.st_uid, store.st_gid) == (1000, 1000)
    for left in ("source", "tmp/deploy", "usr/bin/cmake", "usr/bin/clang++-19", "usr/bin/gcc"):
        assert not (root / left).exists(), left
    assert not any((root / "var/lib/apt/lists").glob("*_Packages*"))


@pytest.mark.parametrize(
    "command, answer",
    [
        ("id -u", "1000"),
        ("sh -c 'command -v registry'", "/bin/registry"),
        ("registry --version", "registry "),
        ("/entrypoint.sh --version", "registry "),
        (f"cat {CONFIG}", "version: 0.1"),
        ("df -h /var/lib/registry", "Filesystem"),
        ("du -sh /var/lib/registry", "/var/lib/registry"),
        ("find /etc/docker -name config.yml", CONFIG),
        ("wget --version", "GNU Wget"),
    ],
)
def test_the_image_has_what_the_runbook_calls_inside_it(builder, container, command, answer):
    assert answer in run_inside(builder, container, *shlex.split(command))


def run_inside(builder: Storage, container: str, *command: str) -> str:
    return builder.output("run", "--isolation", "chroot", container, "--", *command)


def test_the_image_serves_itself_and_ends_on_sigterm(
    builder, image, container, skopeo, volume, tmp_path
):
    port = free_port()
    address = f"127.0.0.1:{port}"
    root = Path(builder.output("mount", container))
    command = (*image["config"]["Entrypoint"], *image["config"]["Cmd"])
    daemon = start(root, volume, tmp_path / "log", *command, REGISTRY_HTTP_ADDR=address)
    wait_until(lambda: answers(address), "the image's daemon answers GET /v2/")
    assert identity(daemon.pid) == ("registry", {1000}, {1000}, 0)
    run_inside(builder, container, "wget", "-q", "--spider", f"http://localhost:{port}/v2/")

    name = f"{address}/platform/registry:built"
    builder("push", "--tls-verify=false", NAME, f"docker://{name}", timeout=300)
    pulled = skopeo.pull(name, tmp_path / "pulled")

    config, *layers = pulled.blobs()
    assert digest_of(config).removeprefix("sha256:") == id_of(builder)
    assert [digest_of(layer) for layer in layers] == [
        layer["digest"] for layer in json.loads(pulled.manifest)["layers"]
    ]
    added = sum(map(len, layers[1:]))
    print(f"the base is {len(layers[0]) / MEGABYTE:.1f} MB, the rest {added / MEGABYTE:.1f} MB")
    assert added < 10 * MEGABYTE, "compressed, without the base"

    daemon.ask_to_end(signal.SIGTERM)
    assert daemon.wait() == 0
    assert "level=error" not in daemon.said()


def answers(address: str) -> bool:
    try:
        return request(address, "GET", "/v2/").status == 200
    except OSError:
        return False


def identity(pid: int) -> tuple[str, set[int], set[int], int]:
    """Name, users, groups and effective capabilities of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    of = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    users, groups = ({int(each) for each in of[key].split()} for key in ("Uid", "Gid"))
    return of["Name"], users, groups, int(of["CapEff"], 16)


def id_of(builder: Storage) -> str:
    return json.loads(builder.output("inspect", "--type", "image", NAME))["FromImageID"]
