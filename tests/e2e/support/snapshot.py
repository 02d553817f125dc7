"""All that a registry serves, in a form that two registries can be compared by."""

import json

from .images import digest_of
from .sha512 import sha512_of
from .web import ACCEPT, request

Snapshot = dict[str, object]


def snapshot(
    address: str, untagged: dict[str, list[str]] | None = None, without: str | None = None
) -> Snapshot:
    """Repositories, tags, manifests with their types, and the digests of the bytes of all blobs.

    `untagged` names manifests that no tag leads to, by repository; `without` one to leave out.
    """
    seen: Snapshot = {}
    for name in get_json(address, "/v2/_catalog")["repositories"]:
        if name == without:
            continue
        tags = tags_of(address, name)
        seen[name] = tags
        for reference in (*tags, *(untagged or {}).get(name, [])):
            add_manifest(address, name, reference, seen)
    return seen


def get_json(address: str, path: str) -> dict:
    return json.loads(body_of(address, path))


def body_of(address: str, path: str) -> bytes:
    answer = request(address, "GET", path)
    assert answer.status == 200, f"{path}: {answer.status} {answer.body[:200]!r}"
    return answer.body


def tags_of(address: str, name: str) -> frozenset[str]:
    """2.8 lists no order, null for none, and 404 where there never was one."""
    answer = request(address, "GET", f"/v2/{name}/tags/list")
    if answer.status == 404:
        return frozenset()
    return frozenset(answer.json()["tags"] or [])


def add_manifest(address: str, name: str, reference: str, seen: Snapshot) -> None:
    path = f"/v2/{name}/manifests/{reference}"
    answer = request(address, "GET", path, headers=ACCEPT)
    assert answer.status == 200, f"{path}: {answer.status} {answer.body[:200]!r}"
    digest = answer.headers["Docker-Content-Digest"]
    assert digest in names_of(answer.body)
    seen[path] = (answer.headers["Content-Type"], answer.body)
    document = json.loads(answer.body)
    for child in document.get("manifests", []):
        add_manifest(address, name, child["digest"], seen)
    for part in [*document.get("layers", []), *filter(None, [document.get("config")])]:
        blob = f"/v2/{name}/blobs/{part['digest']}"
        content = body_of(address, blob)
        seen[blob] = digest_of(content)
        assert part["digest"] in names_of(content)


def names_of(content: bytes) -> tuple[str, str]:
    return digest_of(content), sha512_of(content)
