"""Much that is large at once: memory stays bounded, and nobody waits for those who are slow."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from support.images import OCI_MANIFEST, digest_of
from support.manifests import GOOD, TEXT, padded, put, repository_with_blobs, with_fields
from support.push import put_manifest
from support.wire import connect, get

MANY = 24
LARGE = 4 * 1024 * 1024
SUBJECT = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"subject"), "size": 7}


@pytest.fixture(scope="module")
def name(assailed) -> str:
    """A repository with a small manifest, a large one, and a short list of referrers."""
    name = repository_with_blobs(assailed)
    put_manifest(assailed, name, "small", TEXT)
    put_manifest(assailed, name, "large", padded(LARGE))
    put_manifest(assailed, name, "referrer", with_fields(subject=SUBJECT))
    return name


def assert_readers_are_served(registry, name: str) -> None:
    assert registry.get(f"/v2/{name}/manifests/small").body == TEXT
    assert registry.get(f"/v2/{name}/manifests/large").body == padded(LARGE)
    short_list = registry.get(f"/v2/{name}/referrers/{SUBJECT['digest']}")
    assert len(short_list.json()["manifests"]) == 1


@pytest.mark.parametrize("sent", [0, 1, 70_000, LARGE - 1])
def test_who_sends_a_large_manifest_slowly_holds_up_no_reader(assailed, name, sent):
    headers = f"Content-Type: {OCI_MANIFEST}\r\nContent-Length: {LARGE}\r\n"
    with ExitStack() as held:
        for _ in range(MANY):
            peer = held.enter_context(connect(assailed.address))
            peer.sendall(get(f"/v2/{name}/manifests/x", headers, "PUT"))
            peer.settimeout(0.1)
            try:
                peer.sendall(padded(LARGE)[:sent])
            except TimeoutError:
                pass  # it waits for others who are as slow
        assert_readers_are_served(assailed, name)
        assert put(assailed, name, TEXT).status == 201


@contextmanager
def deaf_peers(registry, path: str) -> Iterator[None]:
    """Many who ask for it, again and again, and take nothing of what comes."""
    with ExitStack() as held:
        for _ in range(MANY):
            peer = held.enter_context(socket.socket())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.settimeout(15)
            peer.connect(("127.0.0.1", registry.port))
            peer.sendall(get(path) * 10)
        yield


def test_who_takes_a_large_manifest_slowly_holds_up_no_reader(assailed, name):
    with deaf_peers(assailed, f"/v2/{name}/manifests/large"):
        assert_readers_are_served(assailed, name)
        assert put(assailed, name, padded(LARGE - 1)).status == 201


def test_who_takes_a_long_list_of_referrers_slowly_holds_up_no_reader(assailed, name):
    subject = {**SUBJECT, "digest": digest_of(b"subject of much")}
    for number in range(3):
        much = {"text": str(number) * 1_300_000}
        put_manifest(assailed, name, "much", with_fields(subject=subject, annotations=much))
    path = f"/v2/{name}/referrers/{subject['digest']}"
    assert assailed.get(path).headers["Link"]  # one of these fills an answer
    with deaf_peers(assailed, path):
        assert_readers_are_served(assailed, name)
        assert put(assailed, name, padded(LARGE - 2)).status == 201
    assert len(assailed.get(path).body) > 1_300_000


def test_many_may_read_and_write_what_is_all_one_string(assailed, name):
    text = "x" * (LARGE - 1000)
    body = json.dumps({"annotations": {"text": text}, **GOOD}).encode()
    put_manifest(assailed, name, "text", body)

    def read_and_write(number: int) -> None:
        assert assailed.get(f"/v2/{name}/manifests/text").body == body
        assert put(assailed, name, body, reference=f"text-{number}").status == 201

    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(read_and_write, range(MANY)))
