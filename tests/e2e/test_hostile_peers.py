"""Peers that say nothing, half of it, or do not listen: everybody else is served meanwhile."""

import fcntl
import os
import socket
import struct
import termios
from contextlib import ExitStack

import pytest

from support.images import digest_of, random_repository
from support.process import wait_until
from support.push import finish, open_upload, patch, push_blob, status_of
from support.uploads import Writing
from support.vitals import descriptors, settled_descriptors
from support.wire import BEHIND, answers_in, connect, get, heard, post, short

MANY = 60
UPLOAD = f"/v2/peers/blobs/uploads/?digest={digest_of(b'abc')}"
BLOB = os.urandom(8_000_000)


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET /v2/ HTT", b"GET /v2/ HTTP/1.1\r\nHost: te", get("/v2/")[:-2], b"\r\n"]
    + [post(UPLOAD, b"", "Content-Length: 3\r\n"), post(UPLOAD, b"ab", "Content-Length: 3\r\n")]
    + [post(UPLOAD, b"3\r\nab", "Transfer-Encoding: chunked\r\n")]
    + [post(UPLOAD, b"3\r\nabc\r\n0\r\nX: y\r\n", "Transfer-Encoding: chunked\r\n")]
    + [post(UPLOAD, b"ffffffffffffffff\r\nabc", "Transfer-Encoding: chunked\r\n")]
    + [post(UPLOAD, b'3;a="b', "Transfer-Encoding: chunked\r\n")],
    ids=short,
)
def test_while_many_stall_others_are_served(assailed, sent):
    with ExitStack() as held:
        stalled = [held.enter_context(connect(assailed.address)) for _ in range(MANY)]
        for peer in stalled:
            peer.sendall(sent)
        push_blob(assailed, random_repository("peers"), os.urandom(1_000_000))
        for peer in stalled:
            peer.setblocking(False)
            with pytest.raises(BlockingIOError):
                peer.recv(1)  # neither an answer nor the end: it may go on


def test_what_peers_held_is_let_go_when_they_leave(assailed):
    before = settled_descriptors(assailed)
    with ExitStack() as held:
        for _ in range(MANY):
            peer = held.enter_context(connect(assailed.address))
            peer.sendall(post(UPLOAD, b"ab", "Content-Length: 3\r\n"))
        wait_until(lambda: descriptors(assailed) >= before + MANY, "all are connected")
    wait_until(lambda: descriptors(assailed) < before + 6, "none is")


@pytest.mark.parametrize("sent", [b"", b"GET /v2/ HT", get("/v2/")[:-2], b"\r\n"])
def test_half_a_head_and_the_end_get_no_answer(assailed, sent):
    with connect(assailed.address) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        assert heard(peer) == b""


def test_a_peer_that_has_said_all_may_close_its_half(assailed):
    name = random_repository("peers")
    target = f"/v2/{name}/blobs/uploads/?digest={digest_of(b'abc')}"
    with connect(assailed.address) as peer:
        peer.sendall(post(target, b"abc") + get("/v2/"))
        peer.shutdown(socket.SHUT_WR)
        assert [answer.status for answer in answers_in(heard(peer))] == [201, 200]


@pytest.mark.parametrize("how", ["its half", "all", "with a reset"])
def test_a_chunk_that_ends_early_is_kept_as_far_as_it_came(assailed, how):
    name = random_repository("peers")
    location = patch(assailed, open_upload(assailed, name), b"first ")
    with Writing(assailed, "PATCH", location, 100) as writing:
        writing.send(b"second ")
        peer = writing.connection
        if how == "its half":
            peer.shutdown(socket.SHUT_WR)
            assert heard(peer) == b""
        elif how == "with a reset":
            wait_until(lambda: not undelivered_bytes(peer), "all is delivered")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: is_free(assailed, location), "the upload is let go")
    status = status_of(assailed, location)
    assert status.received in (len(b"first "), len(b"first second "))
    whole = b"first second third"
    finish(assailed, status.location, digest_of(whole), whole[status.received :])


def undelivered_bytes(peer: socket.socket) -> int:
    return int.from_bytes(fcntl.ioctl(peer, termios.TIOCOUTQ, b"\0" * 4), "little")


def is_free(registry, location: str) -> bool:
    """Nobody writes to it any more: an empty chunk changes nothing."""
    state = status_of(registry, location).location
    return registry.request("PATCH", state, b"").status == 202


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_many_that_do_not_listen_hold_up_nobody(assailed, method):
    name = random_repository("peers")
    path = f"/v2/{name}/blobs/{push_blob(assailed, name, BLOB)}"
    with ExitStack() as held:
        for _ in range(MANY):
            deaf = held.enter_context(socket.socket())
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(15)
            deaf.connect(("127.0.0.1", assailed.port))
            deaf.sendall(get(path, method=method) * 20)
        assert assailed.get(path).body == BLOB


def test_a_slow_reader_gets_all_of_it(assailed):
    name = random_repository("peers")
    path = f"/v2/{name}/blobs/{push_blob(assailed, name, BLOB)}"
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(15)
        slow.connect(("127.0.0.1", assailed.port))
        slow.sendall(get(path) + BEHIND)
        answers = answers_in(heard(slow))
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body == BLOB


def test_a_thousand_connections_one_after_the_other_leave_nothing(assailed):
    before = settled_descriptors(assailed)
    for turn in range(1000):
        with connect(assailed.address) as peer:
            if turn % 2:
                peer.sendall(b"GET /v2/ HTTP/1.1\r\nHo")
    wait_until(lambda: descriptors(assailed) < before + 6, "none is left")
