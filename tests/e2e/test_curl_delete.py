"""Deleting with curl, as scripts do it."""

import pytest

from support.images import OCI_MANIFEST, digest_of, random_image
from support.process import run

ACCEPT = ("-H", f"Accept: {OCI_MANIFEST}")


@pytest.fixture
def image(curl, repository_url):
    """An image with the tags v1 and v2."""
    image = random_image(1_000)
    curl.push_manifest(repository_url, "v1", image)
    curl.push_manifest(repository_url, "v2", image)
    return image


def assert_gone(curl, repository_url: str, reference: str) -> None:
    answer = curl(*ACCEPT, f"{repository_url}/manifests/{reference}")
    assert answer.status == 404
    assert answer.error_codes() == ["MANIFEST_UNKNOWN"]


def test_deleting_a_tag_leaves_the_manifest_and_its_other_tags(curl, repository_url, image):
    assert curl("-X", "DELETE", f"{repository_url}/manifests/v1").status == 202
    assert_gone(curl, repository_url, "v1")
    for reference in ("v2", image.digest):
        assert curl(*ACCEPT, f"{repository_url}/manifests/{reference}").body == image.manifest
    assert curl(f"{repository_url}/tags/list").json()["tags"] == ["v2"]


def test_deleting_by_digest_takes_all_tags_along(curl, repository_url, image):
    assert curl("-X", "DELETE", f"{repository_url}/manifests/{image.digest}").status == 202
    for reference in ("v1", "v2", image.digest):
        assert_gone(curl, repository_url, reference)


def test_deleting_by_digest_spares_a_tag_that_was_moved_to_another_image(
    curl, repository_url, image
):
    other = random_image(1_000)
    curl.push_manifest(repository_url, "v2", other)
    assert curl("-X", "DELETE", f"{repository_url}/manifests/{image.digest}").status == 202
    assert_gone(curl, repository_url, "v1")
    assert curl(*ACCEPT, f"{repository_url}/manifests/v2").body == other.manifest


def test_the_digest_that_a_script_cuts_out_of_a_head_can_be_deleted(
    curl, repository_url, image, client_env
):
    script = f"""
        digest=$(curl -sSI -H 'Accept: {OCI_MANIFEST}' {repository_url}/manifests/v1 |
                 tr -d '\\r' | awk '/^Docker-Content-Digest:/ {{ print $2 }}')
        curl -sS -o /dev/null -w '%{{http_code}}' -X DELETE {repository_url}/manifests/$digest
    """
    done = run("sh", "-c", script, env=client_env)
    assert done.stdout == b"202"
    assert_gone(curl, repository_url, "v1")


def test_a_deleted_manifest_can_be_pushed_again(curl, repository_url, image):
    curl("-X", "DELETE", f"{repository_url}/manifests/{image.digest}")
    curl.push_manifest(repository_url, "v1", image)
    assert curl(*ACCEPT, f"{repository_url}/manifests/v1").body == image.manifest


def test_a_deleted_blob_is_unknown(curl, repository_url, image):
    url = f"{repository_url}/blobs/{digest_of(image.blobs[1])}"
    assert curl("-X", "DELETE", url).status == 202
    for method in ("GET", "DELETE"):
        gone = curl("-X", method, url)
        assert gone.status == 404
        assert gone.error_codes() == ["BLOB_UNKNOWN"]


def test_a_blob_deleted_in_one_repository_stays_in_another(curl, repository_url, image):
    blob = image.blobs[1]
    curl.push_blob(f"{repository_url}/other", blob, digest_of(blob))
    curl("-X", "DELETE", f"{repository_url}/blobs/{digest_of(blob)}")
    assert curl(f"{repository_url}/other/blobs/{digest_of(blob)}").body == blob


@pytest.mark.parametrize("reference", ["none", digest_of(b"never pushed")])
def test_what_is_not_there_cannot_be_deleted(curl, repository_url, image, reference):
    answer = curl("-X", "DELETE", f"{repository_url}/manifests/{reference}")
    assert answer.status == 404
    assert answer.error_codes() == ["MANIFEST_UNKNOWN"]


def test_nothing_can_be_deleted_unless_the_configuration_allows_it(curl, ours, tmp_path):
    registry = ours(tmp_path / "data", delete=False)
    image = random_image(100)
    repository = f"{registry.url}/v2/kept"
    curl.push_manifest(repository, "v1", image)
    kept = ("manifests/v1", f"manifests/{image.digest}", f"blobs/{digest_of(image.blobs[0])}")
    for path in (*kept, "manifests/none"):
        refused = curl("-X", "DELETE", f"{repository}/{path}")
        assert refused.status == 405
        assert refused.error_codes() == ["UNSUPPORTED"]
    assert curl(*ACCEPT, f"{repository}/manifests/v1").body == image.manifest
