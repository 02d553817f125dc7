"""Mounts: a blob of one repository becomes one of another, however the query is written."""

import os

import pytest

from support.images import digest_of, random_repository
from support.web import path_of


@pytest.fixture
def blob(curl, repository_url) -> bytes:
    """A blob that only the repository of repository_url has."""
    content = os.urandom(10_000)
    curl.push_blob(repository_url, content, digest_of(content))
    return content


@pytest.fixture
def other_url(registry) -> str:
    return f"{registry.url}/v2/{random_repository('mount')}"


def name_of(url: str) -> str:
    return url.split("/v2/")[1]


def mount(curl, target: str, query: str):
    return curl("-X", "POST", f"{target}/blobs/uploads/?{query}")


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda text: text, id="raw"),
        pytest.param(lambda text: text.replace(":", "%3A").replace("/", "%2F"), id="encoded"),
        pytest.param(lambda text: text.replace(":", "%3a").replace("/", "%2f"), id="lower case"),
    ],
)
def test_a_blob_is_mounted_from_another_repository(curl, repository_url, other_url, blob, write):
    digest = digest_of(blob)
    query = f"mount={write(digest)}&from={write(name_of(repository_url))}"
    mounted = mount(curl, other_url, query)
    assert mounted.status == 201
    assert mounted.headers["Docker-Content-Digest"] == digest
    assert path_of(mounted.headers["Location"]) == f"{path_of(other_url)}/blobs/{digest}"
    assert curl(f"{other_url}/blobs/{digest}").body == blob


def test_parameters_that_nobody_knows_do_not_hinder_a_mount(curl, repository_url, other_url, blob):
    query = f"from={name_of(repository_url)}&origin=example.com&mount={digest_of(blob)}"
    assert mount(curl, other_url, query).status == 201


def test_a_mount_from_a_repository_without_the_blob_opens_an_upload(curl, other_url, blob):
    query = f"mount={digest_of(blob)}&from=never/heard/of"
    answer = mount(curl, other_url, query)
    assert answer.status == 202
    assert answer.headers["Docker-Upload-UUID"]
    assert curl("-I", f"{other_url}/blobs/{digest_of(blob)}").status == 404


def test_a_mount_of_an_unknown_blob_opens_an_upload(curl, repository_url, other_url, blob):
    unknown = digest_of(os.urandom(8))
    answer = mount(curl, other_url, f"mount={unknown}&from={name_of(repository_url)}")
    assert answer.status == 202
    assert answer.headers["Location"]


def test_a_blob_of_one_repository_is_unknown_to_another(curl, other_url, blob):
    answer = curl(f"{other_url}/blobs/{digest_of(blob)}")
    assert answer.status == 404
    assert answer.error_codes() == ["BLOB_UNKNOWN"]
