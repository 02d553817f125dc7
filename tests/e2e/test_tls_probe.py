"""Clients try TLS first. What a plain-HTTP port says to that decides how fast they go on."""

import socket
import ssl
from contextlib import suppress

from support.process import run


def client_hello() -> bytes:
    """The first bytes of a TLS client."""
    sent = ssl.MemoryBIO()
    context = ssl.create_default_context()
    tls = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="registry.example")
    with suppress(ssl.SSLWantReadError):  # it waits for an answer that will not be TLS
        tls.do_handshake()
    return sent.read()


def answer_to(address: str, sent: bytes) -> bytes:
    """All that the server says to these bytes while the client keeps its end open."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while piece := connection.recv(4096):
            received += piece
        return received


def test_a_tls_hello_is_answered_with_400_without_waiting_for_more(registry):
    head, _, body = answer_to(registry.address, client_hello()).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 400 Bad Request"
    assert "Content-Type: text/plain; charset=utf-8" in lines
    assert "Connection: close" in lines
    assert body == b"400 Bad Request"


def test_the_beginning_of_a_tls_hello_is_enough(registry):
    # A record header alone, as when the hello comes in several packets: no line end is in it.
    assert answer_to(registry.address, b"\x16\x03\x01\x02").startswith(b"HTTP/1.1 400 ")


def test_curl_with_https_fails_cleanly_and_the_next_request_is_served(registry, client_env):
    command = ("curl", "--silent", "--max-time", "10", f"https://{registry.address}/v2/")
    not_tls = 35
    assert run(*command, env=client_env, check=False).returncode == not_tls
    assert registry.get("/v2/").status == 200
