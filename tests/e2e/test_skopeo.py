"""skopeo: a TLS probe first, then PATCH with a length and an empty PUT, on a connection each."""

import json
from pathlib import Path

import pytest

from support.images import digest_of, random_image, random_index, random_repository
from support.web import ACCEPT


@pytest.fixture
def name(registry) -> str:
    """A fresh repository as clients write it: address and name."""
    return f"{registry.address}/{random_repository('skopeo')}"


def test_an_oci_image_pushed_by_skopeo_comes_back_byte_for_byte(skopeo, name, tmp_path):
    image = random_image(2_000_000, 5_000, 10)
    assert skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1") == image.digest

    pulled = skopeo.pull(f"{name}:v1", tmp_path / "back")
    assert pulled.manifest == image.manifest
    assert pulled.blobs() == list(image.blobs)


def test_a_docker_schema2_image_pushed_by_skopeo_comes_back_byte_for_byte(skopeo, name, tmp_path):
    image = random_image()
    digest = skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1", "--format", "v2s2")

    pulled = skopeo.pull(f"{name}@{digest}", tmp_path / "back")
    manifest = json.loads(pulled.manifest)
    assert manifest["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert digest_of(pulled.manifest) == digest
    assert pulled.blobs() == list(image.blobs)


def test_an_image_can_be_copied_between_two_repositories_of_the_registry(skopeo, name, tmp_path):
    image = random_image()
    source = f"{name}:v1"
    skopeo.push(image.write(tmp_path / "layout"), source)

    target = f"{name}/copy:v2"
    skopeo.push(f"docker://{source}", target, "--src-tls-verify=false")
    pulled = skopeo.pull(target, tmp_path / "back")
    assert pulled.manifest == image.manifest
    assert pulled.blobs() == list(image.blobs)


def test_a_layer_of_many_megabytes_survives_the_way_there_and_back(skopeo, name, tmp_path):
    image = random_image(48_000_000)
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:big")
    assert skopeo.pull(f"{name}:big", tmp_path / "back").blobs() == list(image.blobs)


def test_skopeo_syncs_a_repository_to_a_folder_and_back(skopeo, registry, name, tmp_path):
    images = {tag: random_image() for tag in ("one", "two")}
    for tag, image in images.items():
        skopeo.push(image.write(tmp_path / tag), f"{name}:{tag}")
    folder = tmp_path / "synced"
    skopeo("sync", "--src", "docker", "--dest", "dir", "--src-tls-verify=false", name, folder)
    target = f"{registry.address}/{random_repository('synced')}"
    skopeo("sync", "--src", "dir", "--dest", "docker", "--dest-tls-verify=false", folder, target)

    repository = f"{target}/{name.rsplit('/', 1)[1]}"
    for tag, image in images.items():
        assert skopeo.digest(f"{repository}:{tag}") == image.digest


def test_skopeo_lists_the_tags_in_order(skopeo, name, tmp_path):
    source = random_image().write(tmp_path / "layout")
    for tag in ("v2", "latest", "v10", "V1"):
        skopeo.push(source, f"{name}:{tag}")
    listed = json.loads(skopeo.output("list-tags", "--tls-verify=false", f"docker://{name}"))
    assert listed["Tags"] == ["V1", "latest", "v10", "v2"]


def test_skopeo_inspects_the_raw_manifest_and_the_config(skopeo, name, tmp_path):
    image = random_image()
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1")
    inspect = ("inspect", "--tls-verify=false", f"docker://{name}:v1")

    assert skopeo(*inspect, "--raw").stdout == image.manifest
    assert json.loads(skopeo.output(*inspect, "--config")) == json.loads(image.blobs[0])
    assert json.loads(skopeo.output(*inspect))["Digest"] == image.digest


def test_an_image_deleted_by_skopeo_is_gone(skopeo, registry, name, tmp_path):
    image = random_image()
    skopeo.push(image.write(tmp_path / "layout"), f"{name}:v1")
    repository = name.partition("/")[2]

    skopeo("delete", "--tls-verify=false", f"docker://{name}:v1")
    for reference in ("v1", image.digest):
        gone = registry.get(f"/v2/{repository}/manifests/{reference}", ACCEPT)
        assert gone.status == 404
        assert gone.error_codes() == ["MANIFEST_UNKNOWN"]


def test_skopeo_copies_an_index_with_all_its_images(skopeo, name, tmp_path):
    index = random_index()
    digest = skopeo.push(index.write(tmp_path / "layout"), f"{name}:multi", "--all")
    assert digest == index.digest

    skopeo(
        "copy",
        "--all",
        "--src-tls-verify=false",
        f"docker://{name}:multi",
        f"oci:{tmp_path / 'back'}:multi",
    )
    for child in index.children:
        for content in (child.manifest, *child.blobs):
            assert blob_of_layout(tmp_path / "back", digest_of(content)) == content


def blob_of_layout(folder: Path, digest: str) -> bytes:
    return (folder / "blobs/sha256" / digest.removeprefix("sha256:")).read_bytes()


def test_one_platform_of_an_index_is_pulled_by_its_digest(skopeo, name, tmp_path):
    index = random_index()
    skopeo.push(index.write(tmp_path / "layout"), f"{name}:multi", "--all")
    child = index.children[1]
    pulled = skopeo.pull(f"{name}@{child.digest}", tmp_path / "back")
    assert pulled.manifest == child.manifest
    assert pulled.blobs() == list(child.blobs)
