"""Images with random content.

Clients remember digests across runs (containers/image in its blob-info cache, docker in v2metadata,
containerd in labels). A layer seen before would be mounted or skipped, so every layer is new.
"""

import gzip
import hashlib
import io
import json
import os
import secrets
import tarfile
from dataclasses import dataclass
from pathlib import Path

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
LAYOUT_VERSION = '{"imageLayoutVersion": "1.0.0"}'


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def random_repository(prefix: str) -> str:
    return f"{prefix}/{secrets.token_hex(6)}"


def random_tar(size: int) -> bytes:
    """A tar with one random file of this size."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo(f"file-{secrets.token_hex(4)}")
        entry.size = size
        tar.addfile(entry, io.BytesIO(os.urandom(size)))
    return out.getvalue()


def descriptor(media_type: str, content: bytes, **more) -> dict:
    size = len(content)
    return {"mediaType": media_type, "digest": digest_of(content), "size": size, **more}


@dataclass(frozen=True)
class Image:
    """A manifest and the blobs it names, all as bytes."""

    manifest: bytes
    blobs: tuple[bytes, ...]  # the config first, then the layers
    architecture: str = "amd64"

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)

    def descriptor(self, **more) -> dict:
        platform = {"architecture": self.architecture, "os": "linux"}
        return descriptor(OCI_MANIFEST, self.manifest, platform=platform, **more)

    def write(self, folder: Path, tag: str = "latest") -> str:
        """Writes an OCI layout; returns its name for skopeo."""
        entry = self.descriptor(annotations={"org.opencontainers.image.ref.name": tag})
        write_layout(folder, [*self.blobs, self.manifest], entry)
        return f"oci:{folder}:{tag}"


@dataclass(frozen=True)
class Index:
    """A manifest for several platforms."""

    children: tuple[Image, ...]

    @property
    def manifest(self) -> bytes:
        children = [child.descriptor() for child in self.children]
        return document(mediaType=OCI_INDEX, manifests=children)

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)

    def write(self, folder: Path, tag: str = "latest") -> str:
        named = {"org.opencontainers.image.ref.name": tag}
        blobs = [self.manifest]
        for child in self.children:
            blobs += [*child.blobs, child.manifest]
        write_layout(folder, blobs, descriptor(OCI_INDEX, self.manifest, annotations=named))
        return f"oci:{folder}:{tag}"


def document(**fields) -> bytes:
    return json.dumps({"schemaVersion": 2, **fields}).encode()


def write_layout(folder: Path, blobs: list[bytes], entry: dict) -> None:
    store = folder / "blobs/sha256"
    store.mkdir(parents=True)
    for blob in blobs:
        (store / digest_of(blob).removeprefix("sha256:")).write_bytes(blob)
    (folder / "oci-layout").write_text(LAYOUT_VERSION)
    (folder / "index.json").write_bytes(document(manifests=[entry]))


def random_image(*layer_sizes: int, architecture: str = "amd64") -> Image:
    """An OCI image with one random layer for each size."""
    tars = [random_tar(size) for size in layer_sizes or (100_000, 3_000)]
    layers = [gzip.compress(tar, compresslevel=1, mtime=0) for tar in tars]
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Labels": {"random": secrets.token_hex(8)}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in tars]},
        }
    ).encode()
    manifest = document(
        mediaType=OCI_MANIFEST,
        config=descriptor(OCI_CONFIG, config),
        layers=[descriptor(OCI_LAYER, layer) for layer in layers],
    )
    return Image(manifest, (config, *layers), architecture)


def random_index() -> Index:
    children = [random_image(20_000, architecture=name) for name in ("amd64", "arm64")]
    return Index(tuple(children))
