"""dockerd: a TLS probe, PATCH always in chunks, mounts between repositories, HEAD then GET."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.docker import Docker, a_docker
from support.images import random_image, random_repository
from support.web import ACCEPT


@pytest.fixture(scope="module")
def docker(client_env) -> Iterator[Docker]:
    with a_docker(client_env) as docker:
        yield docker


@pytest.fixture
def name(registry) -> str:
    return f"{registry.address}/{random_repository('docker')}"


@pytest.fixture
def context(tmp_path) -> Path:
    """A build with two random layers."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "big").write_bytes(os.urandom(3_000_000))
    (folder / "small").write_bytes(os.urandom(20))
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY big /\nCOPY small /\nENV A=b\n")
    return folder


def digest_at(registry, name: str, tag: str) -> str:
    repository = name.partition("/")[2]
    answer = registry.request("HEAD", f"/v2/{repository}/manifests/{tag}", headers=ACCEPT)
    assert answer.status == 200
    return answer.headers["Docker-Content-Digest"]


def test_an_imported_image_is_pushed_and_pulled_by_tag(docker, name):
    image = docker.import_random(f"{name}:v1")
    docker("push", f"{name}:v1")
    docker.forget(image)
    docker("pull", f"{name}:v1")
    assert docker.id_of(f"{name}:v1") == image


def test_an_image_of_the_classic_builder_is_pushed_and_pulled(docker, name, context):
    docker.build_classic("build", "--tag", f"{name}:v1", context)
    image = docker.id_of(f"{name}:v1")
    docker("push", f"{name}:v1")
    docker.forget(image)
    docker("pull", f"{name}:v1")
    assert docker.id_of(f"{name}:v1") == image


def test_an_image_of_buildkit_is_pushed_and_pulled(docker, name, context):
    docker.buildkit("build", "--tag", f"{name}:v1", context)
    image = docker.id_of(f"{name}:v1")
    docker("push", f"{name}:v1")
    docker.forget(image)
    docker("pull", f"{name}:v1")
    assert docker.id_of(f"{name}:v1") == image


def test_a_push_to_a_second_repository_mounts_the_layers_of_the_first(docker, name):
    image = docker.import_random(f"{name}:v1")
    docker("push", f"{name}:v1")
    other = f"{name}/other:v1"
    docker("tag", image, other)
    pushed = docker.output("push", other)
    assert f"Mounted from {name.partition('/')[2]}" in pushed

    docker.forget(image)
    docker("pull", other)
    assert docker.id_of(other) == image


def test_an_image_pushed_again_uploads_nothing(docker, name):
    docker.import_random(f"{name}:v1")
    docker("push", f"{name}:v1")
    assert "Layer already exists" in docker.output("push", f"{name}:v1")


def test_an_image_is_pulled_by_its_digest(docker, registry, name):
    image = docker.import_random(f"{name}:v1")
    docker("push", f"{name}:v1")
    digest = digest_at(registry, name, "v1")
    docker.forget(image)
    docker("pull", f"{name}@{digest}")
    assert docker.id_of(f"{name}@{digest}") == image


def test_all_tags_of_a_repository_are_pulled_at_once(docker, name):
    images = {tag: docker.import_random(f"{name}:{tag}") for tag in ("one", "two", "three")}
    docker("push", "--all-tags", name)
    docker.forget(*images.values())
    docker("pull", "--all-tags", name)
    assert {tag: docker.id_of(f"{name}:{tag}") for tag in images} == images


def test_an_oci_image_pushed_by_skopeo_is_pulled_by_docker(docker, skopeo, name, tmp_path):
    image = random_image()
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1")
    docker("pull", f"{name}:v1")
    pulled = docker.output("image", "inspect", "--format", "{{index .RepoDigests 0}}", f"{name}:v1")
    assert pulled == f"{name}@{image.digest}"


def test_docker_shows_the_registrys_words_when_an_image_is_unknown(docker, name):
    refused = docker("pull", f"{name}:none", check=False)
    assert refused.returncode != 0
    assert b"manifest unknown" in refused.stderr
