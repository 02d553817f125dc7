"""What was read lately is answered from memory: never what was there before a change."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.images import OCI_MANIFEST, digest_of, random_repository
from support.manifests import GOOD, repository_with_blobs
from support.push import delete, mount, push_blob, put_manifest
from support.web import ACCEPT

ROUNDS = 40
SECONDS_TRUSTED = 10


def manifest(number: int) -> bytes:
    return json.dumps({**GOOD, "annotations": {"number": str(number)}}).encode()


@pytest.fixture
def name(registry) -> str:
    return repository_with_blobs(registry)


def pull(registry, name: str, reference: str):
    return registry.get(f"/v2/{name}/manifests/{reference}", ACCEPT)


def assert_says(registry, name: str, reference: str, content: bytes) -> None:
    """More than once: from the store, and from memory; and to HEAD."""
    for _ in range(3):
        answer = pull(registry, name, reference)
        assert (answer.status, answer.body) == (200, content)
        assert answer.headers["Docker-Content-Digest"] == digest_of(content)
    head = registry.request("HEAD", f"/v2/{name}/manifests/{reference}", headers=ACCEPT)
    assert head.headers["Docker-Content-Digest"] == digest_of(content)


def assert_is_gone(registry, name: str, reference: str) -> None:
    for _ in range(2):
        assert pull(registry, name, reference).status == 404
        assert registry.request("HEAD", f"/v2/{name}/manifests/{reference}").status == 404


def test_a_tag_that_moves_is_never_where_it_was(registry, name):
    for number in range(ROUNDS):
        put_manifest(registry, name, "v1", manifest(number % 3))
        assert_says(registry, name, "v1", manifest(number % 3))
        assert_says(registry, name, digest_of(manifest(number % 3)), manifest(number % 3))


def test_a_tag_that_moves_beside_a_digest_is_never_where_it_was(registry, name):
    for number in range(ROUNDS):
        content = manifest(number % 3)
        put_manifest(registry, name, f"{digest_of(content)}?tag=v1&tag=v2", content)
        assert_says(registry, name, "v1", content)
        assert_says(registry, name, "v2", content)


def test_a_tag_that_is_deleted_is_gone_and_its_manifest_is_not(registry, name):
    content = manifest(1)
    for _ in range(ROUNDS):
        put_manifest(registry, name, "v1", content)
        assert_says(registry, name, "v1", content)
        delete(registry, f"/v2/{name}/manifests/v1")
        assert_is_gone(registry, name, "v1")
        assert_says(registry, name, digest_of(content), content)


def test_a_manifest_that_is_deleted_is_gone_by_all_its_names(registry, name):
    content = manifest(2)
    references = ("v1", "v2", digest_of(content))
    for _ in range(ROUNDS):
        for tag in references[:2]:
            put_manifest(registry, name, tag, content)
        for reference in references:
            assert_says(registry, name, reference, content)
        delete(registry, f"/v2/{name}/manifests/{digest_of(content)}")
        for reference in references:
            assert_is_gone(registry, name, reference)


def test_a_blob_that_is_deleted_is_gone_from_its_repository_alone(registry):
    name, other = random_repository("recent"), random_repository("recent")
    for size in (100, 100_000):  # one that is kept whole, and one whose size is
        digest = push_blob(registry, name, os.urandom(size))
        mount(registry, other, digest, name)
        for _ in range(ROUNDS // 4):
            for method in ("HEAD", "GET") * 2:
                for one in (name, other):
                    path = f"/v2/{one}/blobs/{digest}"
                    assert registry.request(method, path).status == 200
            delete(registry, f"/v2/{name}/blobs/{digest}")
            for method in ("HEAD", "GET"):
                assert registry.request(method, f"/v2/{name}/blobs/{digest}").status == 404
                assert registry.request(method, f"/v2/{other}/blobs/{digest}").status == 200
            mount(registry, name, digest, other)


def test_many_readers_never_hear_of_what_was_before_an_answer(registry, name):
    """A writer moves a tag on and on; who asks after its answer must not be told an older one."""
    told = 0
    is_over = threading.Event()

    def read(_: int) -> int:
        count = 0
        while not is_over.is_set():
            least = told
            answer = pull(registry, name, "latest")
            assert answer.status == 200
            assert int(json.loads(answer.body)["annotations"]["number"]) >= least
            count += 1
        return count

    put_manifest(registry, name, "latest", manifest(0))
    with ThreadPoolExecutor(4) as pool:
        counts = pool.map(read, range(4))
        try:
            for number in range(1, 5 * ROUNDS):
                put_manifest(registry, name, "latest", manifest(number))
                told = number
        finally:
            is_over.set()
        assert all(count > 0 for count in counts)


def test_many_readers_never_see_what_was_deleted(registry, name):
    """A writer pushes and deletes; while it is gone nobody may see it."""
    content = manifest(3)
    for _ in range(ROUNDS // 2):
        put_manifest(registry, name, "v1", content)
        with ThreadPoolExecutor(4) as pool:
            reads = [pool.submit(pull, registry, name, "v1") for _ in range(8)]
            delete(registry, f"/v2/{name}/manifests/{digest_of(content)}")
            assert_is_gone(registry, name, "v1")
            assert {read.result().status for read in reads} <= {200, 404}
        assert_is_gone(registry, name, "v1")
        assert_is_gone(registry, name, digest_of(content))


def test_what_is_changed_by_hand_shows_after_a_while(registry, name):
    contents = manifest(4), manifest(5)
    for tag, content in zip(("v1", "v2"), contents, strict=True):
        put_manifest(registry, name, tag, content, OCI_MANIFEST)
    assert_says(registry, name, "v1", contents[0])
    tags = registry.files() / "repositories" / name / "_manifests/tags"
    (tags / "v1/current/link").write_bytes((tags / "v2/current/link").read_bytes())
    asked_until = time.monotonic() + SECONDS_TRUSTED + 1
    while time.monotonic() < asked_until:  # asking does not keep the old alive
        pull(registry, name, "v1")
        time.sleep(0.5)
    assert_says(registry, name, "v1", contents[1])
