"""What the clients push: names, blobs and images that follow from a seed alone."""

import json
from dataclasses import dataclass
from random import Random

from support.images import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    descriptor,
    digest_of,
    document,
)

REPOSITORIES = [f"load/{name}" for name in ("a", "b", "c", "d/e")]
TAGS = [f"v{number}" for number in range(7)] + ["latest"]
LAYERS, IMAGES, INDEXES, REFERRERS = 48, 40, 8, 12
LARGEST_BITS = 16  # of most layers; every sixteenth is of one or two MiB
LARGE = 1 << 20
PASSING, LARGEST_PASSING = 150, 4096


@dataclass(frozen=True)
class Document:
    """A manifest or an index, with all that it needs."""

    body: bytes
    digest: str
    kind: str
    blobs: tuple[bytes, ...] = ()
    children: tuple["Document", ...] = ()
    subject: str | None = None

    def digests(self) -> list[str]:
        """Of the blobs that it names."""
        return [digest_of(blob) for blob in self.blobs]


class Content:
    """Made by the same seed it is the same."""

    def __init__(self, seed: int | str):
        random = Random(f"{seed}/content")
        self.layers = [random_layer(random, number) for number in range(LAYERS)]
        self.images = [image(random, self.layers) for _ in range(IMAGES)]
        self.indexes = [index(random.sample(self.images, 2)) for _ in range(INDEXES)]
        self.referrers = [
            image(random, self.layers, random.choice(self.images)) for _ in range(REFERRERS)
        ]
        # Images that come and go, whose layers hardly anything else needs.
        passing = [random.randbytes(random.randint(2, LARGEST_PASSING)) for _ in range(PASSING)]
        self.passing = [image(random, passing[at : at + 4]) for at in range(PASSING - 4)]
        self.documents = [*self.images, *self.indexes, *self.referrers]
        self.by_digest = {made.digest: made for made in (*self.documents, *self.passing)}


def random_layer(random: Random, number: int) -> bytes:
    if number % 16 == 0:
        return random.randbytes(random.randint(LARGE, 2 * LARGE))
    return random.randbytes(random.randint(2, 1 << random.randint(1, LARGEST_BITS)))


def image(random: Random, layers: list[bytes], subject: Document | None = None) -> Document:
    config = json.dumps({"architecture": "amd64", "os": "linux", "id": random.random()}).encode()
    chosen = random.sample(layers, random.randint(1, 3))
    fields = {"mediaType": OCI_MANIFEST, "config": descriptor(OCI_CONFIG, config)}
    fields["layers"] = [descriptor(OCI_LAYER, layer) for layer in chosen]
    if subject:
        fields["subject"] = descriptor(OCI_MANIFEST, subject.body)
    body = document(**fields)
    blobs = (config, *chosen)
    return Document(
        body, digest_of(body), OCI_MANIFEST, blobs, subject=subject.digest if subject else None
    )


def index(children: list[Document]) -> Document:
    body = document(
        mediaType=OCI_INDEX,
        manifests=[descriptor(OCI_MANIFEST, child.body) for child in children],
    )
    return Document(body, digest_of(body), OCI_INDEX, children=tuple(children))
