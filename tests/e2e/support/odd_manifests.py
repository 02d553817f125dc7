"""Manifests and indexes that are odd but plausible, each with one to a few oddities, by a seed."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .images import OCI_INDEX, OCI_MANIFEST, digest_of

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
INDEXES = (OCI_INDEX, DOCKER_LIST)

Pairs = list[tuple[str, object]]  # an object whose keys may come twice


@dataclass(frozen=True)
class Raw:
    """A piece of JSON as text, for what json.dumps would never write."""

    text: str


VALUES: Sequence[object] = (
    None, True, False, 0, 1, 2, -1, 7, 9.5, 2.0, "", "text", [], {}, [None], [[]], [{}], ["a", 1],
    {"a": "b"}, {"a": 1}, {"a": None}, {"": ""}, {"a": {"b": "c"}},
    Raw("1e3"), Raw("2e0"), Raw("-0"), Raw("0.0"), Raw("9223372036854775807"),
    Raw("9223372036854775808"), Raw("-9223372036854775808"), Raw("18446744073709551616"),
    Raw("1e400"), Raw("1" + "0" * 400), Raw("0.1e1"), Raw("2.00"), Raw("20E-1"),
    Raw('"\\ud800"'), Raw('"\\udc00x"'), Raw('"\\u0000"'), Raw('"\\/"'), Raw('"\\x41"'), Raw('"\t"'),
    "ſize", "K", "日本語", "😀", "a" * 5000, " ", "\u2028", "\u0130",
)  # fmt: skip
NUMBERS = tuple(value for value in VALUES if isinstance(value, Raw) and value.text[0] in "-0129")

FIELDS = {
    "root": (
        "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject",
        "annotations", "blobs", "fsLayers", "history", "signatures", "name", "tag", "unknown",
    ),
    "descriptor": (
        "mediaType", "digest", "size", "urls", "annotations", "platform", "artifactType", "data",
        "unknown",
    ),
    "platform": (
        "architecture", "os", "os.version", "os.features", "variant", "features", "unknown",
    ),
}  # fmt: skip


class Generator:
    """Each call of make() gives a media type and a content. `blobs` and `children` are what the
    repository has: digests with sizes."""

    def __init__(self, seed: int, blobs: Sequence[tuple[str, int]]):
        self._random = random.Random(seed)
        self._blobs = list(blobs)
        self.children: list[tuple[str, int]] = []

    def make(self) -> tuple[str, bytes]:
        kind = self._random.choice(MANIFESTS + INDEXES)
        root = self._manifest(kind) if kind in MANIFESTS else self._index(kind)
        for _ in range(self._random.choice((0, 1, 1, 1, 1, 2, 3))):
            self._random.choice(ODDITIES)(self, root)
        content = dump(root).encode("utf-8", "surrogatepass")
        return kind, self._other_bytes(content) if self._random.random() < 0.15 else content

    # What is in order.

    def _manifest(self, kind: str) -> Pairs:
        layers = [self._descriptor(self._blobs) for _ in range(self._random.randrange(4))]
        root: Pairs = [
            ("schemaVersion", 2),
            ("mediaType", kind),
            ("config", self._descriptor(self._blobs)),
            ("layers", layers),
        ]
        if kind == OCI_MANIFEST:
            self._maybe(root, "artifactType", "application/x")
            self._maybe(root, "subject", self._descriptor(self._blobs))
        self._maybe(root, "annotations", {"org.example": "text"})
        return root

    def _index(self, kind: str) -> Pairs:
        known = self.children or self._blobs
        children = [self._descriptor(known) for _ in range(self._random.randrange(4))]
        root: Pairs = [("schemaVersion", 2), ("mediaType", kind), ("manifests", children)]
        for child in children:
            self._maybe(child, "platform", self._platform(), 0.7)
        if kind == OCI_INDEX:
            self._maybe(root, "artifactType", "application/x")
            self._maybe(root, "subject", self._descriptor(known))
        self._maybe(root, "annotations", {"org.example": "text"})
        return root

    def _descriptor(self, known: Sequence[tuple[str, int]]) -> Pairs:
        digest, size = self._random.choice(known)
        descriptor: Pairs = [("mediaType", "application/x"), ("digest", digest), ("size", size)]
        self._maybe(descriptor, "annotations", {"a": "b"})
        self._maybe(descriptor, "urls", ["https://example.com/x"], 0.1)
        self._maybe(descriptor, "data", "e30=", 0.1)
        self._maybe(descriptor, "artifactType", "application/x", 0.1)
        return descriptor

    def _platform(self) -> Pairs:
        platform: Pairs = [("architecture", "amd64"), ("os", "linux")]
        self._maybe(platform, "variant", "v8")
        self._maybe(platform, "os.version", "10.0")
        self._maybe(platform, "os.features", ["win32k"])
        self._maybe(platform, "features", ["sse4"])
        return platform

    def _maybe(self, pairs: Pairs, name: str, value: object, chance: float = 0.3) -> None:
        if self._random.random() < chance:
            pairs.append((name, value))

    def _other_bytes(self, content: bytes) -> bytes:
        """The same, or nearly so, as another program would write it."""
        at = self._random.choice([i for i, byte in enumerate(content) if byte in b'{,:"'])
        inside, piece = content[:at] + content[at : at + 1], content[at + 1 :]
        return self._random.choice(
            (content + b"\n", b"  " + content, content + b"\0", content + b"{}", content + b",",
             b"\xef\xbb\xbf" + content, content[:-1], inside + b"\xff" + piece,
             inside + b" \r\n\t" + piece, inside + b"\x0b" + piece, inside + b"\xc0\x80" + piece,
             inside + b"/* note */" + piece, inside + b"," + piece,
             json.dumps(json.loads(content), indent=3).encode() if is_json(content) else content)
        )  # fmt: skip

    # What is odd.

    def _somewhere(self, root: Pairs) -> tuple[str, Pairs]:
        """One of the objects, and what it is."""
        places = list(objects_of(root))
        return self._random.choice(places)

    def _value(self) -> object:
        return self._random.choice(VALUES)

    def another_value(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        if pairs:
            at = self._random.randrange(len(pairs))
            pairs[at] = (pairs[at][0], self._value())

    def another_number(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        numbered = [at for at, (name, _) in enumerate(pairs) if name in ("size", "schemaVersion")]
        for at in numbered:
            pairs[at] = (pairs[at][0], self._random.choice(NUMBERS))

    def another_field(self, root: Pairs) -> None:
        place, pairs = self._somewhere(root)
        pairs.insert(self._random.randrange(len(pairs) + 1),
                     (self._random.choice(FIELDS[place]), self._value()))  # fmt: skip

    def one_field_less(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        if pairs:
            pairs.pop(self._random.randrange(len(pairs)))

    def a_field_twice(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        if pairs:
            name, value = self._random.choice(pairs)
            pairs.append((name, self._random.choice((value, self._value()))))

    def a_field_in_another_case(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        if not pairs:
            return
        at = self._random.randrange(len(pairs))
        name, value = pairs[at]
        change = self._random.choice(
            (str.upper, str.title, str.lower, lambda text: text.replace("s", "ſ"),
             lambda text: text.replace("k", "\u212a"), lambda text: text + " ",
             lambda text: text.replace("e", "\\u0065"))
        )  # fmt: skip
        changed = (change(name), value)
        if self._random.random() < 0.5:
            pairs[at] = changed
        else:
            pairs.append((changed[0], self._random.choice((value, self._value()))))

    def odd_annotations(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        names = ("a", "", "A", "digest", "日本", "x" * 300)
        pairs.append(("annotations", {self._random.choice(names): self._value()}))

    def an_odd_digest(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        good = self._random.choice(self._blobs)[0]
        hexadecimal = good.removeprefix("sha256:")
        odd = self._random.choice(
            (good.upper(), good + " ", hexadecimal, "sha256:", "", f"sha512:{hexadecimal}",
             f"sha512:{hexadecimal * 2}", f"md5:{hexadecimal[:32]}", f"sha384:{hexadecimal}a" * 1,
             f"sha256+b64:{hexadecimal}", digest_of(b"nobody has this"), None, 7)
        )  # fmt: skip
        pairs[:] = [(name, odd if name == "digest" else value) for name, value in pairs]

    def odd_urls(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        odd = (["https://example.com/x"], ["http://a/#b"], [""], [None], ["ftp://a/b"], [], "text",
               ["https://example.com/x", 1], ["https://%zz/"], ["HTTPS://A/B"])  # fmt: skip
        pairs.append(("urls", self._random.choice(odd)))

    def a_foreign_layer(self, root: Pairs) -> None:
        for name, value in root:
            if name == "layers" and isinstance(value, list):
                kind = self._random.choice(
                    ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                     "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
                )  # fmt: skip
                value.append([("mediaType", kind), ("digest", digest_of(b"foreign")), ("size", 5),
                              ("urls", ["https://example.com/x"])])  # fmt: skip

    def deep_nesting(self, root: Pairs) -> None:
        place, pairs = self._somewhere(root)
        depth = self._random.choice((5, 50, 63, 70, 500))
        opening, closing = self._random.choice((("[", "]"), ('{"a":', "}")))
        name = self._random.choice(("unknown", *FIELDS[place]))
        pairs.append((name, Raw(opening * depth + "1" + closing * depth)))

    def another_list(self, root: Pairs) -> None:
        lists = (None, [], {}, [[]], [None], [{}], [[[]]], "text")
        name = self._random.choice(("layers", "manifests", "config", "subject"))
        root[:] = [pair for pair in root if pair[0] != name]
        root.append((name, self._random.choice(lists)))

    def another_media_type(self, root: Pairs) -> None:
        kinds = (*MANIFESTS, *INDEXES, "", None, "text/plain", "application/json",
                 "application/vnd.docker.distribution.manifest.v1+json",
                 "application/vnd.docker.plugin.v1+json")  # fmt: skip
        _, pairs = self._somewhere(root)
        kind = self._random.choice(kinds)
        pairs[:] = [(name, kind if name == "mediaType" else value) for name, value in pairs]

    def an_odd_subject(self, root: Pairs) -> None:
        root.append(("subject", self._random.choice(
            (self._descriptor(self._blobs), [("digest", "x")], None, [], "text", {}, 7,
             [("digest", digest_of(b"not here")), ("size", 3), ("mediaType", "a/b")])
        )))  # fmt: skip

    def an_odd_platform(self, root: Pairs) -> None:
        _, pairs = self._somewhere(root)
        platform = self._platform()
        at = self._random.randrange(len(platform))
        platform[at] = (platform[at][0], self._value())
        pairs.append(("platform", platform))

    def a_schema_of_other_versions(self, root: Pairs) -> None:
        version = self._random.choice((1, 3, "2", None, 2.0, Raw("2e0"), Raw("2.5")))
        root[:] = [(name, version if name == "schemaVersion" else value) for name, value in root]


ODDITIES: Sequence[Callable[[Generator, Pairs], None]] = (
    Generator.another_value, Generator.another_value, Generator.another_field,
    Generator.another_field, Generator.another_number, Generator.one_field_less,
    Generator.a_field_twice, Generator.a_field_in_another_case, Generator.odd_annotations,
    Generator.an_odd_digest, Generator.odd_urls, Generator.a_foreign_layer,
    Generator.deep_nesting, Generator.another_list, Generator.another_media_type,
    Generator.an_odd_subject, Generator.an_odd_platform, Generator.a_schema_of_other_versions,
)  # fmt: skip


def is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def is_object(value: object) -> bool:
    """An empty list is an empty array."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], tuple)


def objects_of(root: Pairs):
    yield "root", root
    for name, value in root:
        listed = value if isinstance(value, list) and not is_object(value) else [value]
        if name not in ("config", "subject", "layers", "manifests"):
            continue
        for one in filter(is_object, listed):
            yield "descriptor", one
            yield from (("platform", deep) for field, deep in one
                        if field == "platform" and is_object(deep))  # fmt: skip


def dump(value: object) -> str:
    if isinstance(value, Raw):
        return value.text
    if is_object(value):
        # A name may hold an escape on purpose.
        pairs = (f"{quoted(name)}:{dump(one)}" for name, one in value)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(name)}:{dump(one)}" for name, one in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def quoted(name: str) -> str:
    return f'"{name}"'
