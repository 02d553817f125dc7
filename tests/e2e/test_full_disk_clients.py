"""What clients do, and print, where a push does not fit."""

from collections.abc import Iterator

import pytest

from support.docker import Docker, a_docker
from support.images import random_image
from support.push import push_image
from support.registry import Registry
from support.small_volume import mounted
from support.storage import own_storage

SAID = "received unexpected HTTP status: 507 Insufficient Storage"


@pytest.fixture
def registry(ours, tmp_path) -> Iterator[Registry]:
    with mounted(tmp_path / "volume", "6m") as volume:
        yield ours(volume)


@pytest.fixture
def docker(client_env) -> Iterator[Docker]:
    with a_docker(client_env) as docker:
        yield docker


# Docker's client tries five times, for 50 seconds in all.
SECONDS_OF_DOCKER = 150


def said_by(done) -> str:
    assert done.returncode != 0
    return (done.stdout + done.stderr).decode()


def assert_serves(registry: Registry, image) -> None:
    assert registry.get("/v2/there/manifests/v1").body == image.manifest
    assert registry.get("/v2/full/tags/list").status == 404


def test_docker_says_that_the_storage_is_insufficient(registry, docker):
    there = random_image(500_000)
    push_image(registry, "there", "v1", there)
    name = f"{registry.address}/full:v1"
    docker.import_random(name, 9_000_000)
    assert SAID in said_by(docker("push", name, check=False, timeout=SECONDS_OF_DOCKER))
    assert_serves(registry, there)


def test_podman_says_that_the_storage_is_insufficient(
    registry, client_env, short_folder, tmp_path
):
    there = random_image(500_000)
    push_image(registry, "there", "v1", there)
    podman = own_storage("podman", short_folder / "here", client_env)
    image = podman.output("pull", "-q", random_image(9_000_000).write(tmp_path / "layout"))
    target = f"docker://{registry.address}/full:v1"
    done = podman("push", "--tls-verify=false", image, target, check=False)
    assert SAID in said_by(done)
    assert_serves(registry, there)


def test_skopeo_says_that_the_storage_is_insufficient(registry, skopeo, tmp_path):
    there = random_image(500_000)
    push_image(registry, "there", "v1", there)
    source = random_image(9_000_000).write(tmp_path / "layout")
    target = f"docker://{registry.address}/full:v1"
    assert SAID in said_by(skopeo("copy", "--dest-tls-verify=false", source, target, check=False))
    assert_serves(registry, there)
