"""How much the store may take: reserved before it comes, refused with the figures, made again."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from support.images import digest_of, random_image
from support.measured import metric, start
from support.process import wait_until
from support.push import (
    delete,
    finish,
    mount,
    open_upload,
    push_blob,
    push_image,
    status_of,
)
from support.registry import Registry
from support.small_volume import mounted
from support.wire import connect, first_answer

MIB = 1024 * 1024
NAME = "capacity/test"
QUICK = {
    "GARBAGECOLLECTION_GRACE": "2s",
    "GARBAGECOLLECTION_MINGRACE": "1s",
    "GARBAGECOLLECTION_INTERVAL": "1h",
}


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "volume", "12m") as volume:
        yield volume


@pytest.fixture
def registry(ours, small_volume) -> Registry:
    return start(ours, small_volume)


@pytest.fixture
def quick(ours, small_volume) -> Registry:
    """Which collects a second after something was deleted."""
    return start(ours, small_volume, **QUICK)


def begin_patch(registry: Registry, location: str, length: int, some: bytes) -> socket.socket:
    """A PATCH of which only a part has been sent."""
    connection = connect(registry.address)
    head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + some)
    return connection


def answer_of(connection: socket.socket):
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65536)
        assert piece, text
        text += piece
    length = int(text.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(text.partition(b"\r\n\r\n")[2]) < length:
        text += connection.recv(65536)
    return first_answer(text)[0]


def fill(registry: Registry, name: str = NAME) -> None:
    """Until not even an upload may begin."""
    for size in (MIB, MIB // 8, MIB // 32, 1):
        for _ in range(100):
            answer = registry.request("POST", f"/v2/{name}/blobs/uploads/")
            if answer.status == 507:
                break
            content = os.urandom(size)
            target = f"{answer.location}&digest={digest_of(content)}"
            if registry.request("PUT", target, content).status == 507:
                break
    # Each has a file of its own.
    wait_until(
        lambda: registry.request("POST", f"/v2/{name}/blobs/uploads/").status == 507, "it is full"
    )


def test_of_two_uploads_that_only_fit_alone_one_is_whole(registry):
    content = os.urandom(7 * MIB)
    first, second = open_upload(registry, NAME), open_upload(registry, NAME)
    with begin_patch(registry, first, len(content), content[:MIB]) as connection:
        wait_until(lambda: gauge(registry, "reserved_bytes") > 5 * MIB, "the first is under way")
        answer = registry.request("PATCH", second, content[::-1])
        assert answer.status == 507
        assert answer.error_codes() == ["DENIED"]
        assert "for uploads under way" in answer.json()["errors"][0]["detail"]
        connection.sendall(content[MIB:])
        assert answer_of(connection).status == 202
    finish(registry, status_of(registry, first).location, digest_of(content))
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(content)}").body == content
    # What was refused holds nothing back.
    finish(registry, second, digest_of(content[: 2 * MIB]), content[: 2 * MIB])


def test_a_refusal_comes_before_the_body(registry):
    location = open_upload(registry, NAME)
    with begin_patch(registry, location, 100 * MIB, b"") as connection:
        answer = answer_of(connection)
    assert answer.status == 507
    assert "100.0 MiB are needed" in answer.json()["errors"][0]["detail"]


def test_a_body_of_unknown_length_is_taken_as_far_as_it_fits(registry):
    location = open_upload(registry, NAME)
    chunks = (os.urandom(MIB) for _ in range(20))
    assert registry.request("PATCH", location, chunks).status == 507
    assert status_of(registry, location).received == 0
    push_blob(registry, NAME, os.urandom(9 * MIB))


def test_a_full_store_refuses_uploads_at_their_beginning_and_serves_all_else(registry):
    image = random_image(2 * MIB)
    push_image(registry, NAME, "v1", image)
    fill(registry)
    assert registry.request("POST", f"/v2/{NAME}/blobs/uploads/").status == 507
    kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    put = registry.request("PUT", f"/v2/{NAME}/manifests/v2", image.manifest, kind)
    assert (put.status, put.error_codes()) == (507, ["DENIED"])
    for blob in image.blobs:
        assert registry.get(f"/v2/{NAME}/blobs/{digest_of(blob)}").body == blob
    assert registry.get(f"/v2/{NAME}/manifests/v1").body == image.manifest
    assert registry.get(f"/v2/{NAME}/tags/list").json()["tags"] == ["v1"]
    delete(registry, f"/v2/{NAME}/manifests/{image.digest}")
    assert registry.get(f"/v2/{NAME}/manifests/v1").status == 404


def test_full_is_not_broken(registry):
    push_image(registry, NAME, "v1", random_image(MIB))
    fill(registry)
    wait_until(lambda: b"full" in registry.get("/readyz").body, "it is told")
    ready, health = registry.get("/readyz"), registry.debug("/debug/health")
    assert ready.status == 200
    assert ready.body.startswith(b"ok, but the registry's storage is full: ")
    assert health.status == 200
    assert "full" in health.json()["capacity"]
    assert registry.get("/livez").body == b"ok\n"


def test_after_deletes_a_push_works_again_by_itself(quick):
    images = [random_image(2 * MIB) for _ in range(4)]
    for number, image in enumerate(images):
        push_image(quick, NAME, f"v{number}", image)
    fill(quick)
    for image in images[1:]:
        delete(quick, f"/v2/{NAME}/manifests/{image.digest}")

    def is_taken() -> bool:
        content = os.urandom(4 * MIB)
        answer = quick.request("POST", f"/v2/{NAME}/blobs/uploads/")
        if answer.status == 507:
            return False
        target = f"{answer.location}&digest={digest_of(content)}"
        return quick.request("PUT", target, content).status == 201

    wait_until(is_taken, "there is room again", seconds=40)
    assert quick.get(f"/v2/{NAME}/manifests/v0").body == images[0].manifest
    log = quick.log.read_text()
    assert "the storage is nearly full" in log
    assert "space was made" in log
    wait_until(lambda: quick.get("/readyz").body == b"ok\n", "it says nothing of it any more")


def test_a_reserve_is_given_back_where_others_have_filled_the_volume(registry):
    digest = push_blob(registry, NAME, os.urandom(MIB))
    reserve = registry.root / ".registry/reserve"
    wait_until(lambda: blocks_of(reserve) > 0, "the reserve is made")
    kept = blocks_of(reserve)
    filler = registry.root / "of-somebody-else"
    fill_with(filler)
    mount(registry, "another", digest, NAME)  # which writes a link
    assert blocks_of(reserve) == 0
    assert registry.get(f"/v2/another/blobs/{digest}").status == 200
    assert "what was kept for deletes" in registry.log.read_text()
    assert registry.request("POST", f"/v2/{NAME}/blobs/uploads/").status == 507
    filler.unlink()
    wait_until(lambda: blocks_of(reserve) == kept, "it is made again")
    push_blob(registry, NAME, os.urandom(8 * MIB))
    registry.stop()
    assert blocks_of(reserve) == 0


def blocks_of(file: Path) -> int:
    return file.stat().st_blocks if file.exists() else 0


def fill_with(file: Path) -> None:
    with suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(4096))


def gauge(registry: Registry, name: str) -> float:
    return metric(registry, f"registry_capacity_{name}")


def test_the_metrics_tell_how_full_it_is(registry):
    push_blob(registry, NAME, os.urandom(3 * MIB))
    wait_until(lambda: gauge(registry, "used_bytes") > 3 * MIB, "it is looked at")
    assert gauge(registry, "limit_bytes") == 12 * MIB
    assert gauge(registry, "free_bytes") < 9 * MIB
    assert gauge(registry, "reserved_bytes") == 0
    assert gauge(registry, "refused_total") == 0
    assert registry.request("PATCH", open_upload(registry, NAME), bytes(20 * MIB)).status == 507
    wait_until(lambda: gauge(registry, "refused_total") == 1, "it is counted")


@pytest.fixture
def limited(ours, tmp_path) -> Registry:
    return ours(tmp_path / "data", variables={**QUICK, "CAPACITY_LIMIT": "8MiB"})


def refusal(registry: Registry, size: int):
    return registry.request("PATCH", open_upload(registry, NAME), bytes(size))


def test_a_limit_counts_the_bytes_of_the_store(limited):
    push_blob(limited, NAME, os.urandom(5 * MIB))
    wait_until(lambda: refusal(limited, 4 * MIB).status == 507, "the store is counted")
    detail = refusal(limited, 4 * MIB).json()["errors"][0]["detail"]
    assert "of 8.0 MiB 5.0 MiB are used" in detail
    push_blob(limited, NAME, os.urandom(2 * MIB))
    assert refusal(limited, MIB).status == 507
    limited.stop()
    limited.start()
    wait_until(lambda: refusal(limited, MIB).status == 507, "it is counted anew after a start")


@pytest.fixture
def shared(ours, tmp_path) -> Registry:
    """Two repositories of a team share 4 MiB."""
    return ours(tmp_path / "data", variables={**QUICK, "QUOTA": "{team/*: 4MiB}"})


def test_a_quota_is_refused_with_the_figures_until_there_is_room_again(shared):
    image = random_image(3 * MIB)
    push_image(shared, "team/a", "v1", image)
    content = os.urandom(2 * MIB)
    path = f"/v2/team/b/blobs/uploads/?digest={digest_of(content)}"
    wait_until(lambda: shared.request("POST", path, content).status == 403, "it is counted")
    answer = shared.request("POST", path, content)
    assert answer.error_codes() == ["DENIED"]
    detail = answer.json()["errors"][0]["detail"]
    assert detail.startswith("the quota of team/* is used up: 2.0 MiB are needed, and of 4.0 MiB ")
    location = open_upload(shared, "team/b")
    assert shared.request("PATCH", location, content).status == 403
    assert status_of(shared, location).received == 0
    push_blob(shared, "others", content)
    assert shared.get("/v2/team/a/manifests/v1").body == image.manifest
    delete(shared, f"/v2/team/a/manifests/{image.digest}")
    wait_until(lambda: shared.request("POST", path, content).status == 201, "there is room again")


def test_a_body_of_unknown_length_is_refused_where_it_grows_over_the_quota(shared):
    push_blob(shared, "team/a", os.urandom(3 * MIB))
    location = open_upload(shared, "team/b")
    chunks = [os.urandom(MIB) for _ in range(4)]
    answer = shared.request("PATCH", location, iter(chunks))
    assert answer.status == 403
    assert answer.error_codes() == ["DENIED"]
    assert status_of(shared, location).received == 0


def test_who_is_over_a_quota_pushes_no_manifest(shared):
    image = random_image(3 * MIB)
    for blob in image.blobs:
        push_blob(shared, "elsewhere", blob)
    filler = push_blob(shared, "elsewhere", os.urandom(2 * MIB))
    for digest in (filler, *map(digest_of, image.blobs)):
        mount(shared, "team/a", digest, "elsewhere")  # which is no upload
    kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    path = "/v2/team/a/manifests/v1"
    wait_until(
        lambda: shared.request("PUT", path, image.manifest, kind).status == 403, "it is counted"
    )
    assert shared.get(path).status == 404
