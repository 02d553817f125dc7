"""A chunked body that is none: the client is told, and the upload is as it was."""

import socket

import pytest

from support.images import digest_of, random_repository
from support.push import finish, open_upload, patch, status_of

BEFORE, REST = b"before ", b"after"


def answer_to_chunks(address: str, target: str, chunks: bytes) -> bytes:
    host, port = address.split(":")
    head = f"PATCH {target} HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode() + chunks)
        received = b""
        while piece := connection.recv(4096):
            received += piece
        return received


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"3\r\nabcd\r\n0\r\n\r\n"])
def test_malformed_chunks_are_refused_with_a_reason(registry, chunks):
    name = random_repository("chunks")
    location = patch(registry, open_upload(registry, name), BEFORE)
    answer = answer_to_chunks(registry.address, location, chunks)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"SIZE_INVALID"' in answer
    status = status_of(registry, location)
    assert status.received == len(BEFORE)
    finish(registry, status.location, digest_of(BEFORE + REST), REST)
