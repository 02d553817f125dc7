"""buildah: PATCH in chunks, then an empty PUT; manifest lists of its own making."""

import json
import os
from pathlib import Path

import pytest

from support.images import random_repository
from support.storage import Storage, own_storage
from support.web import ACCEPT


@pytest.fixture
def builder(client_env, short_folder) -> Storage:
    return own_storage("buildah", short_folder / "builder", client_env)


@pytest.fixture
def elsewhere(client_env, short_folder) -> Storage:
    return own_storage("buildah", short_folder / "elsewhere", client_env)


@pytest.fixture
def name(registry) -> str:
    return f"{registry.address}/{random_repository('buildah')}"


def random_files(folder: Path, *sizes: int) -> list[Path]:
    files = [folder / f"file-{number}" for number in range(len(sizes))]
    for file, size in zip(files, sizes, strict=True):
        file.write_bytes(os.urandom(size))
    return files


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_an_image_built_by_buildah_has_the_same_files_elsewhere(
    builder, elsewhere, name, tmp_path, form
):
    files = random_files(tmp_path, 3_000_000, 100)
    builder.make_image("made", *files)
    builder("push", "--tls-verify=false", "--format", form, "made", f"docker://{name}:v1")

    elsewhere("pull", "--tls-verify=false", f"docker://{name}:v1")
    assert elsewhere.files_of(f"{name}:v1") == {file.name: file.read_bytes() for file in files}


def test_an_image_pulled_by_the_digest_of_the_push_has_the_same_id(
    builder, elsewhere, name, tmp_path
):
    image = builder.make_image("made", *random_files(tmp_path, 10_000))
    digest_file = tmp_path / "digest"
    builder(
        "push", "--tls-verify=false", "--digestfile", digest_file, "made", f"docker://{name}:v1"
    )
    digest = digest_file.read_text().strip()
    pulled = elsewhere.output("pull", "-q", "--tls-verify=false", f"docker://{name}@{digest}")
    assert pulled == image


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_a_manifest_list_is_pushed_with_all_its_images(builder, registry, name, tmp_path, form):
    push_list(builder, name, tmp_path, form)

    repository = name.partition("/")[2]
    served = registry.get(f"/v2/{repository}/manifests/multi", ACCEPT)
    children = json.loads(served.body)["manifests"]
    assert {child["platform"]["architecture"] for child in children} == {"amd64", "arm64"}
    for child in children:
        answer = registry.get(f"/v2/{repository}/manifests/{child['digest']}", ACCEPT)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == child["mediaType"]


def push_list(builder: Storage, name: str, folder: Path, form: str) -> None:
    builder("manifest", "create", "several")
    for architecture in ("amd64", "arm64"):
        [file] = random_files(folder, 5_000)
        builder.make_image(architecture, file)
        builder("manifest", "add", "--arch", architecture, "several", architecture)
    builder(
        "manifest",
        "push",
        "--all",
        "--format",
        form,
        "--tls-verify=false",
        "several",
        f"docker://{name}:multi",
    )


def test_buildah_pulls_its_own_platform_out_of_a_manifest_list(builder, elsewhere, name, tmp_path):
    push_list(builder, name, tmp_path, "oci")
    elsewhere("pull", "--tls-verify=false", "--arch", "amd64", f"docker://{name}:multi")
    [content] = elsewhere.files_of(f"{name}:multi").values()
    assert len(content) == 5_000
