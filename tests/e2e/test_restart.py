"""The end of the process, by force and by request, in the middle of what clients do."""

import http.client
import os
import signal
import socket
from pathlib import Path

import pytest

from support.half import half_request
from support.images import digest_of, random_image, random_index
from support.process import wait_until
from support.push import finish, open_upload, patch, push_image, push_index, status_of
from support.registry import Registry
from support.snapshot import snapshot
from support.web import path_of, with_query

CONTENT = os.urandom(12_000_000)
ACKNOWLEDGED = 3_000_001
SENT = 9_000_000
NAME = "cut/short"


@pytest.fixture
def registry(ours, tmp_path) -> Registry:
    return ours(tmp_path / "data")


def bytes_on_disk(registry: Registry) -> int:
    """How much of the one upload has reached its file."""
    uploads = registry.files() / "repositories" / NAME / "_uploads"
    return sum(data.stat().st_size for data in uploads.glob("*/data"))


def wait_for_bytes(registry: Registry, size: int) -> None:
    wait_until(lambda: bytes_on_disk(registry) >= size, f"the upload has {size} bytes")


def kill_in_the_middle_of_a_patch(registry: Registry) -> str:
    """Leaves an upload of which ACKNOWLEDGED bytes have had their 202; returns where it goes on."""
    location = patch(registry, open_upload(registry, NAME), CONTENT[:ACKNOWLEDGED])
    with half_request(registry.address, "PATCH", location) as request:
        request.send(CONTENT[ACKNOWLEDGED:SENT])
        wait_for_bytes(registry, ACKNOWLEDGED + 1)
        registry.kill()
    return location


def test_an_upload_goes_on_after_a_kill_in_the_middle_of_a_patch(registry):
    location = kill_in_the_middle_of_a_patch(registry)
    registry.start()

    status = status_of(registry, location)
    assert ACKNOWLEDGED <= status.received <= SENT
    location = patch(registry, status.location, CONTENT[status.received :])
    finish(registry, location, digest_of(CONTENT))
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(CONTENT)}").body == CONTENT


def test_an_upload_that_was_killed_can_be_finished_by_the_last_put(registry):
    location = kill_in_the_middle_of_a_patch(registry)
    registry.start()
    status = status_of(registry, location)
    finish(registry, status.location, digest_of(CONTENT), CONTENT[status.received :])
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(CONTENT)}").body == CONTENT


def test_a_patch_that_the_client_cut_keeps_what_arrived(registry):
    location = patch(registry, open_upload(registry, NAME), CONTENT[:ACKNOWLEDGED])
    with half_request(registry.address, "PATCH", location) as request:
        request.send(CONTENT[ACKNOWLEDGED:SENT])
        wait_for_bytes(registry, ACKNOWLEDGED + 1)

    upload = location.partition("?")[0]  # only the id: the offset has moved on
    wait_until(lambda: finished_from_its_status(registry, upload), "the upload is finished")
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(CONTENT)}").body == CONTENT


def test_a_patch_that_the_client_cut_keeps_every_byte(registry):
    location = patch(registry, open_upload(registry, NAME), CONTENT[:ACKNOWLEDGED])
    with half_request(registry.address, "PATCH", location, len(CONTENT)) as request:
        request.send(CONTENT[ACKNOWLEDGED:SENT])

    upload = location.partition("?")[0]
    wait_until(lambda: status_of(registry, upload).received == SENT, "all that was sent is kept")
    registry.stop()
    log = registry.log.read_text()
    assert "level=error" not in log  # it is the client that went away


def finished_from_its_status(registry: Registry, upload: str) -> bool:
    """Sends the rest; refused while the server has not yet noticed the end of the cut request."""
    status = status_of(registry, upload)
    assert ACKNOWLEDGED <= status.received <= SENT
    target = with_query(status.location, f"digest={digest_of(CONTENT)}")
    where = {"Content-Range": f"{status.received}-{len(CONTENT) - 1}"}
    return registry.request("PUT", target, CONTENT[status.received :], where).status == 201


def test_a_blob_is_there_after_a_kill_right_behind_its_201(registry):
    location = with_query(open_upload(registry, NAME), f"digest={digest_of(CONTENT)}")
    assert registry.request("PUT", location, CONTENT).status == 201
    registry.kill()
    registry.start()
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(CONTENT)}").body == CONTENT


def test_images_are_there_after_a_kill_right_behind_their_201(registry):
    push_image(registry, "a/b", "v1", random_image())
    push_index(registry, "a", "multi", random_index())
    push_image(registry, "a/b", "v1", random_image())
    before = snapshot(registry.address)
    registry.kill()
    registry.start()
    assert len(before) > 10
    assert snapshot(registry.address) == before


def test_a_manifest_is_gone_after_a_kill_right_behind_its_delete(registry):
    image = random_image()
    push_image(registry, "a", "v1", image)
    path = f"/v2/a/manifests/{image.digest}"
    assert registry.request("DELETE", path).status == 202
    registry.kill()
    registry.start()
    assert registry.get(path).status == 404
    assert registry.get("/v2/a/manifests/v1").status == 404


def is_refused(registry: Registry) -> bool:
    try:
        socket.create_connection(("127.0.0.1", registry.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it was in the queue when the listener closed
    return False


@pytest.mark.parametrize("ask", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_upload_on_its_way_gets_its_201_before_the_daemon_ends(registry, ask):
    path = with_query(open_upload(registry, NAME), f"digest={digest_of(CONTENT)}")
    with half_request(registry.address, "PUT", path, len(CONTENT)) as request:
        request.send(CONTENT[:SENT])
        wait_for_bytes(registry, 1)
        registry.daemon.ask_to_end(ask)
        wait_until(lambda: is_refused(registry), "new connections are refused")
        request.send(CONTENT[SENT:])
        answer = request.end()
    assert answer.status == 201
    assert path_of(answer.headers["Location"]) == f"/v2/{NAME}/blobs/{digest_of(CONTENT)}"
    assert registry.daemon.wait() == 0

    registry.start()
    assert registry.get(f"/v2/{NAME}/blobs/{digest_of(CONTENT)}").body == CONTENT


def test_a_connection_that_idles_does_not_keep_the_daemon_from_ending(registry):
    idle = http.client.HTTPConnection(registry.address, timeout=30)
    idle.request("GET", "/v2/")
    assert idle.getresponse().read() == b"{}"
    assert registry.stop() == 0
    idle.close()


def test_a_stopped_daemon_starts_again_on_the_same_port_and_serves_the_same(
    registry, skopeo, tmp_path: Path
):
    skopeo.push(random_image().write(tmp_path / "layout"), f"{registry.address}/a:v1")
    before = snapshot(registry.address)
    assert registry.stop() == 0
    registry.start()
    assert snapshot(registry.address) == before
