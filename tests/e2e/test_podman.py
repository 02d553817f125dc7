"""podman: like buildah, and zstd layers, whose compression keeps a PATCH open for long."""

import json

import pytest

from support.images import digest_of, random_image, random_repository
from support.storage import Storage, own_storage
from support.web import ACCEPT


@pytest.fixture
def podman(client_env, short_folder) -> Storage:
    return own_storage("podman", short_folder / "here", client_env)


@pytest.fixture
def elsewhere(client_env, short_folder) -> Storage:
    return own_storage("podman", short_folder / "elsewhere", client_env)


@pytest.fixture
def name(registry) -> str:
    return f"{registry.address}/{random_repository('podman')}"


def load(podman: Storage, tmp_path) -> str:
    """Puts a random image into the storage; returns its id."""
    return podman.output("pull", "-q", random_image(1_000_000, 500).write(tmp_path / "layout"))


def test_an_image_pushed_by_podman_is_pulled_elsewhere_with_the_same_id(
    podman, elsewhere, name, tmp_path
):
    image = load(podman, tmp_path)
    podman("push", "--tls-verify=false", image, f"docker://{name}:v1")
    assert elsewhere.output("pull", "-q", "--tls-verify=false", f"{name}:v1") == image


@pytest.mark.parametrize("compression", ["zstd", "zstd:chunked"])
def test_zstd_layers_pushed_by_podman_are_kept_as_they_are(
    podman, elsewhere, registry, name, tmp_path, compression
):
    image = load(podman, tmp_path)
    podman(
        "push",
        "--tls-verify=false",
        "--format",
        "oci",
        "--compression-format",
        compression,
        image,
        f"docker://{name}:v1",
    )

    repository = name.partition("/")[2]
    manifest = json.loads(registry.get(f"/v2/{repository}/manifests/v1", ACCEPT).body)
    for layer in manifest["layers"]:
        assert layer["mediaType"].endswith("+zstd")
        blob = registry.get(f"/v2/{repository}/blobs/{layer['digest']}")
        assert digest_of(blob.body) == layer["digest"]
    pull = elsewhere("pull", "-q", "--tls-verify=false", f"{name}:v1")
    assert pull.stdout.decode().strip() == image


def test_a_blob_pushed_by_skopeo_can_be_pulled_by_podman(skopeo, podman, name, tmp_path):
    image = random_image()
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1")
    podman("pull", "-q", "--tls-verify=false", f"{name}:v1")
    pulled = podman.output("image", "inspect", "--format", "{{.Digest}}", f"{name}:v1")
    assert pulled == image.digest


def test_an_image_pushed_by_podman_can_be_pulled_by_skopeo(skopeo, podman, name, tmp_path):
    image = load(podman, tmp_path)
    podman("push", "--tls-verify=false", image, f"docker://{name}:v1")
    config, *layers = skopeo.pull(f"{name}:v1", tmp_path / "back").blobs()
    assert digest_of(config) == f"sha256:{image}"
    assert len(layers) == 2
