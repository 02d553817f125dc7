"""A good manifest, to make bad ones of; and what it means that one is refused."""

import json

from .images import OCI_MANIFEST, digest_of, random_image, random_repository
from .push import push_blob
from .registry import Registry
from .web import ACCEPT, Response

IMAGE = random_image(100)
TEXT = IMAGE.manifest
GOOD = json.loads(TEXT)
LAYER = GOOD["layers"][0]
DIGEST = LAYER["digest"]
INVALID = "MANIFEST_INVALID"
MOST_DETAIL = 2000


def repository_with_blobs(registry: Registry) -> str:
    """A repository that has all that the image needs but its manifest."""
    name = random_repository("manifests")
    for blob in IMAGE.blobs:
        push_blob(registry, name, blob)
    return name


def put(
    registry: Registry, name: str, body, kind: str | None = OCI_MANIFEST, reference: str = "v1"
) -> Response:
    headers = {} if kind is None else {"Content-Type": kind}
    return registry.request("PUT", f"/v2/{name}/manifests/{reference}", body, headers)


def assert_nothing_is_kept(registry: Registry, name: str, body: bytes) -> None:
    for reference in ("v1", digest_of(body)):
        path = f"/v2/{name}/manifests/{reference}"
        assert registry.request("GET", path, headers=ACCEPT).status == 404
    assert registry.get(f"/v2/{name}/tags/list").status == 404
    assert not (registry.files() / "repositories" / name / "_manifests").exists()
    hexadecimal = digest_of(body).removeprefix("sha256:")
    assert not (registry.files() / "blobs/sha256" / hexadecimal[:2] / hexadecimal).exists()


def assert_refused(
    registry: Registry, name: str, body: bytes, status=400, code=INVALID, **options
) -> None:
    answer = put(registry, name, body, **options)
    assert answer.status == status, answer.body[:300]
    assert answer.error_codes() == [code]
    assert len(answer.body) < MOST_DETAIL
    assert_nothing_is_kept(registry, name, body)


def with_fields(**fields) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def with_layer(**fields) -> bytes:
    return with_fields(layers=[{**LAYER, **fields}])


def padded(size: int) -> bytes:
    return TEXT + b" " * (size - len(TEXT))
