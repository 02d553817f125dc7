"""umoci writes manifests without a top-level mediaType: the sender's Content-Type must do."""

import json

import pytest

from support.images import OCI_MANIFEST, digest_of, random_repository, random_tar
from support.process import run
from support.web import ACCEPT


@pytest.fixture
def layout(client_env, tmp_path) -> str:
    """An image made by umoci with one random layer, as skopeo names it."""
    folder = tmp_path / "layout"
    layer = tmp_path / "layer.tar"
    layer.write_bytes(random_tar(50_000))
    run("umoci", "init", "--layout", folder, env=client_env)
    run("umoci", "new", "--image", f"{folder}:v1", env=client_env)
    run("umoci", "raw", "add-layer", "--image", f"{folder}:v1", layer, env=client_env)
    return f"oci:{folder}:v1"


def test_an_image_made_by_umoci_is_pushed_and_pulled_unchanged(skopeo, registry, layout, tmp_path):
    original = skopeo("inspect", "--raw", layout).stdout
    assert "mediaType" not in json.loads(original)
    name = f"{registry.address}/{random_repository('umoci')}:v1"

    assert skopeo.push(layout, name) == digest_of(original)
    pulled = skopeo.pull(name, tmp_path / "back")
    assert pulled.manifest == original
    named = json.loads(original)
    for part in (named["config"], *named["layers"]):
        assert digest_of(pulled.blob(part["digest"])) == part["digest"]


def test_a_manifest_without_a_media_type_is_served_as_an_oci_manifest(skopeo, registry, layout):
    repository = random_repository("umoci")
    skopeo.push(layout, f"{registry.address}/{repository}:v1")
    answer = registry.get(f"/v2/{repository}/manifests/v1", ACCEPT)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == OCI_MANIFEST


def test_an_image_pulled_from_the_registry_can_be_unpacked_by_umoci(
    skopeo, registry, layout, client_env, tmp_path
):
    name = f"{registry.address}/{random_repository('umoci')}:v1"
    skopeo.push(layout, name)
    back = tmp_path / "back"
    skopeo("copy", "--src-tls-verify=false", f"docker://{name}", f"oci:{back}:v1")
    run(
        "umoci",
        "unpack",
        "--rootless",
        "--image",
        f"{back}:v1",
        tmp_path / "bundle",
        env=client_env,
    )
    [unpacked] = (tmp_path / "bundle/rootfs").iterdir()
    assert unpacked.stat().st_size == 50_000
