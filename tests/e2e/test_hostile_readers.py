"""Manifests that two readers could take for two images, and types that nobody knows."""

import json

import pytest

from support.images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, descriptor, digest_of
from support.manifests import DIGEST, GOOD, TEXT, assert_refused, put, repository_with_blobs
from support.manifests import with_fields
from support.wire import short

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OTHER = json.dumps(descriptor(OCI_CONFIG, b"other"))


@pytest.fixture
def name(assailed) -> str:
    return repository_with_blobs(assailed)


@pytest.mark.parametrize(
    "twice",
    ['"config": @', '"con\\u0066ig": @', '"layers": [@]', '"layers": []', '"schemaVersion": 2']
    + [f'"mediaType": "{OCI_MANIFEST}"', '"config": null', '"layers": null', '"schemaVersion": 1'],
)
def test_a_field_that_is_there_twice_is_refused(assailed, name, twice):
    extra = twice.replace("@", OTHER).encode()
    assert_refused(assailed, name, TEXT[:-1] + b", " + extra + b"}")
    assert_refused(assailed, name, b"{" + extra + b", " + TEXT[1:])


@pytest.mark.parametrize("field", ["digest", "size", "mediaType"])
def test_a_field_of_a_descriptor_that_is_there_twice_is_refused(assailed, name, field):
    again = f'"{field}": {json.dumps(GOOD["config"][field])}, "{field}"'.encode()
    assert_refused(assailed, name, TEXT.replace(f'"{field}"'.encode(), again))


@pytest.mark.parametrize(
    ("field", "spelled"),
    [("config", "Config"), ("config", "CONFIG"), ("layers", "Layers")]
    + [("mediaType", "mediatype"), ("schemaVersion", "schemaversion")]
    + [("schemaVersion", "\u017fchemaVersion"), ("digest", "Digest"), ("size", "SIZE")]
    + [("size", "\u017fize")],
)
@pytest.mark.parametrize("beside", [False, True])
def test_a_field_in_other_letters_is_refused(assailed, name, field, spelled, beside):
    again = f'"{spelled}": null, "{field}"' if beside else f'"{spelled}"'
    assert_refused(assailed, name, TEXT.replace(f'"{field}"'.encode(), again.encode(), 1))


def test_a_field_that_nobody_knows_may_be_anything(assailed, name):
    odd = {"x": [None, 1e3, {"config": 1, "Config": 2}], "con fig": {}, "": 0, "fsLayers": 1}
    assert put(assailed, name, with_fields(**odd)).status == 201


@pytest.mark.parametrize(
    "kind",
    ["application/json", "text/plain", "application/octet-stream", "x/y", "garbage", "/", "*/*"]
    + [OCI_INDEX, DOCKER_MANIFEST, OCI_MANIFEST.upper(), f"{OCI_MANIFEST},{OCI_INDEX}"]
    + ["x" * 5000, "application/vnd.docker.distribution.manifest.v1+prettyjws"]
    + [f"{OCI_MANIFEST}\xff", "application/vnd.docker.distribution.manifest.v1+json"]
    + [f"x;{OCI_MANIFEST}"],
    ids=short,
)
def test_another_type_is_refused(assailed, name, kind):
    assert_refused(assailed, name, TEXT, kind=kind)


@pytest.mark.parametrize("embedded", [OCI_INDEX, DOCKER_MANIFEST, "x/y", OCI_MANIFEST.upper(), " "])
def test_a_type_that_the_manifest_contradicts_is_refused(assailed, name, embedded):
    assert_refused(assailed, name, with_fields(mediaType=embedded))


@pytest.mark.parametrize("embedded", ["", "x/y", OCI_MANIFEST.upper(), None], ids=short)
def test_a_manifest_of_which_nobody_says_the_type_is_refused(assailed, name, embedded):
    assert_refused(assailed, name, with_fields(mediaType=embedded), kind=None)


@pytest.mark.parametrize(
    "more", [{"config": GOOD["config"]}, {"layers": GOOD["layers"]}, {"layers": []}]
)
def test_an_index_that_is_a_manifest_too_is_refused(assailed, name, more):
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], **more}
    assert_refused(assailed, name, json.dumps(index).encode(), kind=OCI_INDEX)
    assert_refused(assailed, name, with_fields(manifests=[]))


def test_an_index_of_more_than_anybody_has_is_refused(assailed, name):
    many = [{"mediaType": OCI_MANIFEST, "digest": DIGEST, "size": 1}] * 10_001
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": many}
    assert_refused(assailed, name, json.dumps(index).encode(), kind=OCI_INDEX)


@pytest.mark.parametrize("other", [digest_of(b"other"), DIGEST, "sha512:" + "0" * 128])
def test_a_manifest_under_the_digest_of_another_is_refused(assailed, name, other):
    assert_refused(assailed, name, TEXT, code="DIGEST_INVALID", reference=other)
