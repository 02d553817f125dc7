"""Pushes by SHA-512, and of what refers to another manifest: what 2.8 knows nothing of."""

import hashlib

from .images import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Image,
    descriptor,
    document,
)
from .push import OCTETS, open_upload, push_blob
from .registry import Registry
from .web import ACCEPT, with_query


def sha512_of(content: bytes) -> str:
    return f"sha512:{hashlib.sha512(content).hexdigest()}"


def push_blob_by_sha512(registry: Registry, name: str, content: bytes) -> str:
    digest = sha512_of(content)
    target = with_query(open_upload(registry, name), f"digest={digest}")
    assert registry.request("PUT", target, content, OCTETS).status == 201
    return digest


def put_by_sha512(
    registry: Registry, name: str, content: bytes, *tags: str, kind: str = OCI_MANIFEST
) -> str:
    """Under the tags, each of them a parameter beside the digest."""
    digest = sha512_of(content)
    query = "&".join(f"tag={tag}" for tag in tags)
    path = f"/v2/{name}/manifests/{digest}?{query}"
    answer = registry.request("PUT", path, content, {"Content-Type": kind})
    assert answer.status == 201, answer.body
    assert answer.headers["Docker-Content-Digest"] == digest
    return digest


def referrer_to(subject: Image, text: bytes) -> Image:
    """An image that says something about another one."""
    config = b"{}"
    manifest = document(
        mediaType=OCI_MANIFEST,
        artifactType="application/x",
        config=descriptor(OCI_CONFIG, config),
        layers=[descriptor(OCI_LAYER, text)],
        subject=descriptor(OCI_MANIFEST, subject.manifest),
    )
    return Image(manifest, (config, text))


def image_of_sha512_layers(*layers: bytes) -> Image:
    """Its layers are named by SHA-512 alone."""
    config = b'{"sha512": true}'
    named = [{**descriptor(OCI_LAYER, layer), "digest": sha512_of(layer)} for layer in layers]
    manifest = document(
        mediaType=OCI_MANIFEST, config=descriptor(OCI_CONFIG, config), layers=named
    )
    return Image(manifest, (config, *layers))


def push_image_of_sha512_layers(registry: Registry, name: str, tag: str, image: Image) -> None:
    push_blob(registry, name, image.blobs[0])
    for layer in image.blobs[1:]:
        push_blob_by_sha512(registry, name, layer)
    path = f"/v2/{name}/manifests/{tag}"
    answer = registry.request("PUT", path, image.manifest, {"Content-Type": OCI_MANIFEST})
    assert answer.status == 201, answer.body


def referrers_of(registry: Registry, name: str, digest: str) -> set[str]:
    answer = registry.get(f"/v2/{name}/referrers/{digest}", ACCEPT)
    assert answer.status == 200, answer.body
    return {one["digest"] for one in answer.json()["manifests"]}
