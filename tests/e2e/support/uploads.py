"""Requests on an upload that may be refused, and what the upload must have after them."""

import socket

from . import wire
from .images import digest_of
from .push import OCTETS, finish, open_upload, patch, status_of
from .registry import Registry
from .web import Response, with_query

FIRST, SECOND = b"first bytes, ", b"and the second"
WHOLE = FIRST + SECOND


def begin(registry: Registry, name: str) -> str:
    """The Location of an upload that has FIRST."""
    return patch(registry, open_upload(registry, name), FIRST)


def without_state(location: str) -> str:
    return location.split("?")[0]


def send(
    registry: Registry, method: str, location: str, body: bytes = b"", chunk: str | None = None
) -> Response:
    headers = dict(OCTETS)
    if chunk is not None:
        headers["Content-Range"] = chunk
    return registry.request(method, location, body, headers)


def put(
    registry: Registry, location: str, body: bytes, whole: bytes, chunk: str | None = None
) -> Response:
    return send(registry, "PUT", with_query(location, f"digest={digest_of(whole)}"), body, chunk)


class Writing:
    """A request that has the upload: its body was asked for, and is still to be sent."""

    def __init__(self, registry: Registry, method: str, location: str, length: int):
        self.connection = wire.connect(registry.address)
        lines = f"Content-Length: {length}\r\nExpect: 100-continue\r\nConnection: close\r\n"
        self.send(wire.get(location, lines, method))
        go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert self.connection.recv(len(go_on), socket.MSG_WAITALL) == go_on

    def __enter__(self) -> "Writing":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, body: bytes) -> None:
        self.connection.sendall(body)

    def answer(self) -> Response:
        (answer,) = wire.answers_in(wire.heard(self.connection))
        return answer


def assert_has(
    registry: Registry, name: str, location: str, received: bytes, rest: bytes = SECOND
) -> None:
    """The upload has exactly these bytes, and goes on to the end from there."""
    status = status_of(registry, location)
    assert status.received == len(received)
    finish(registry, status.location, digest_of(received + rest), rest)
    assert registry.get(f"/v2/{name}/blobs/{digest_of(received + rest)}").body == received + rest


def assert_out_of_order(answer: Response, received: bytes) -> None:
    assert answer.status == 416, answer.body
    assert answer.error_codes() == ["BLOB_UPLOAD_INVALID"]
    assert answer.headers["Range"] == f"0-{len(received) - 1}"
    assert answer.headers["Location"] and answer.headers["Docker-Upload-UUID"]
