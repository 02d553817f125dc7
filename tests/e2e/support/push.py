"""Pushes without a client in between, where a test is about the server's files or its end."""

from dataclasses import dataclass

from .images import OCI_INDEX, OCI_MANIFEST, Image, Index, digest_of
from .registry import Registry
from .web import Response, with_query

OCTETS = {"Content-Type": "application/octet-stream"}


def open_upload(registry: Registry, name: str) -> str:
    """Path and query of a new upload."""
    answer = registry.request("POST", f"/v2/{name}/blobs/uploads/")
    assert answer.status == 202
    return answer.location


def patch(registry: Registry, location: str, content: bytes) -> str:
    """Sends a piece; returns where the upload goes on."""
    answer = registry.request("PATCH", location, content, OCTETS)
    assert answer.status == 202, answer.body
    return answer.location


def finish(registry: Registry, location: str, digest: str, rest: bytes = b"") -> None:
    target = with_query(location, f"digest={digest}")
    answer = registry.request("PUT", target, rest, OCTETS)
    assert answer.status == 201, answer.body


def push_blob(registry: Registry, name: str, content: bytes) -> str:
    digest = digest_of(content)
    finish(registry, open_upload(registry, name), digest, content)
    return digest


def mount(registry: Registry, name: str, digest: str, source: str) -> None:
    path = f"/v2/{name}/blobs/uploads/?mount={digest}&from={source}"
    assert registry.request("POST", path).status == 201


def put_manifest(
    registry: Registry, name: str, reference: str, content: bytes, kind: str = OCI_MANIFEST
) -> Response:
    path = f"/v2/{name}/manifests/{reference}"
    answer = registry.request("PUT", path, content, {"Content-Type": kind})
    assert answer.status == 201, answer.body
    return answer


def push_image(registry: Registry, name: str, tag: str, image: Image) -> None:
    for blob in image.blobs:
        push_blob(registry, name, blob)
    put_manifest(registry, name, tag, image.manifest)


def push_index(registry: Registry, name: str, tag: str, index: Index) -> None:
    for child in index.children:
        push_image(registry, name, child.digest, child)
    put_manifest(registry, name, tag, index.manifest, OCI_INDEX)


def delete(registry: Registry, path: str) -> None:
    assert registry.request("DELETE", path).status == 202


@dataclass(frozen=True)
class Status:
    received: int
    location: str


def status_of(registry: Registry, location: str) -> Status:
    """How much of an upload the server has. 0-0 stands for nothing and for one byte alike."""
    answer = registry.get(location)
    assert answer.status == 204, answer.body
    last = int(answer.headers["Range"].removeprefix("0-"))
    return Status(last + 1 if last else 0, answer.location)
