"""Clients that disagree about one upload: what was acknowledged is what it has, byte for byte."""

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.images import digest_of, random_repository
from support.push import finish, open_upload, patch, status_of
from support.uploads import FIRST, SECOND, WHOLE, Writing, assert_has, begin, put, send
from support.uploads import without_state
from support.web import with_query

CLIENTS = 8
REFUSED = (409, 416)


@pytest.fixture
def name() -> str:
    return random_repository("uploads")


@pytest.fixture
def begun(assailed, name) -> str:
    return begin(assailed, name)


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("signed", [True, False])
def test_while_one_writes_another_is_refused(assailed, name, begun, method, signed):
    location = begun if signed else without_state(begun)
    with Writing(assailed, "PATCH", begun, len(SECOND)) as writing:
        writing.send(SECOND[:3])
        target = with_query(location, f"digest={digest_of(FIRST)}") if method == "PUT" else location
        answer = send(assailed, method, target, b"other" if method == "PATCH" else b"")
        assert answer.status == 409
        assert answer.error_codes() == ["BLOB_UPLOAD_INVALID"]
        assert len(FIRST) <= status_of(assailed, begun).received <= len(FIRST) + 3
        writing.send(SECOND[3:])
        assert writing.answer().status == 202
    assert_has(assailed, name, begun, WHOLE, b"")


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_while_one_finishes_another_is_refused(assailed, name, begun, method):
    target = with_query(begun, f"digest={digest_of(WHOLE)}")
    with Writing(assailed, "PUT", target, len(SECOND)) as finishing:
        finishing.send(SECOND[:3])
        assert send(assailed, method, target, SECOND).status == 409
        finishing.send(SECOND[3:])
        assert finishing.answer().status == 201
    assert send(assailed, method, target, b"").status == 404
    assert assailed.get(f"/v2/{name}/blobs/{digest_of(WHOLE)}").body == WHOLE


def at_once(work, count: int = CLIENTS) -> list:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


@pytest.mark.parametrize("turn", range(10))
def test_of_many_chunks_at_once_one_is_taken(assailed, name, begun, turn):
    chunks = [os.urandom(200_000) for _ in range(CLIENTS)]
    statuses = at_once(lambda at: send(assailed, "PATCH", begun, chunks[at]).status)
    taken = [chunk for chunk, status in zip(chunks, statuses) if status == 202]
    assert len(taken) == 1
    assert sum(status in REFUSED for status in statuses) == CLIENTS - 1
    assert_has(assailed, name, begun, FIRST + taken[0])


@pytest.mark.parametrize("turn", range(10))
def test_of_many_ends_at_once_one_is_taken(assailed, name, begun, turn):
    tails = [os.urandom(100_000) for _ in range(CLIENTS)]
    statuses = at_once(lambda at: put(assailed, begun, tails[at], FIRST + tails[at]).status)
    assert statuses.count(201) == 1
    assert all(status in (201, 404, *REFUSED) for status in statuses)
    for tail, status in zip(tails, statuses):
        found = assailed.get(f"/v2/{name}/blobs/{digest_of(FIRST + tail)}")
        assert found.status == (200 if status == 201 else 404)


@pytest.mark.parametrize("turn", range(10))
def test_an_end_and_a_cancel_at_once_have_one_winner(assailed, name, begun, turn):
    def work(at: int) -> int:
        if at % 2:
            return send(assailed, "DELETE", begun).status
        return put(assailed, begun, SECOND, WHOLE).status

    statuses = at_once(work)
    finished, cancelled = statuses[::2].count(201), statuses[1::2].count(204)
    assert finished + cancelled == 1
    assert all(status in (201, 204, 404, *REFUSED) for status in statuses)
    found = assailed.get(f"/v2/{name}/blobs/{digest_of(WHOLE)}")
    assert found.status == (200 if finished else 404)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_many_clients_do_what_was_acknowledged_is_there(assailed, name, seed):
    location = open_upload(assailed, name)
    taken: list[tuple[int, bytes]] = []

    def client(number: int) -> None:
        choice = random.Random(f"{seed} {number}")
        for _ in range(20):
            status = status_of(assailed, location)
            body = choice.randbytes(choice.randrange(1, 3000))
            first = status.received + choice.choice([0, 0, 0, 1, -1, 7])
            target = choice.choice([status.location, without_state(location), location])
            chunk = choice.choice(
                [None, f"{first}-{first + len(body) - 1}", f"{first}-{first + 5000}"]
            )
            if chunk is None and "?" not in target:
                continue  # nothing would say where it belongs
            answer = send(assailed, "PATCH", target, body, chunk)
            assert answer.status in (202, 400, *REFUSED), answer.body
            if answer.status == 202:
                end = int(answer.headers["Range"].removeprefix("0-")) + 1
                taken.append((end - len(body), body))

    at_once(client)
    whole = b"".join(body for _, body in sorted(taken))
    assert [first for first, _ in sorted(taken)] == starts(taken)
    assert_has(assailed, name, location, whole)


def starts(taken: list[tuple[int, bytes]]) -> list[int]:
    """Where each begins if they follow each other without a gap."""
    begins, at = [], 0
    for _, body in sorted(taken):
        begins.append(at)
        at += len(body)
    return begins


def test_an_upload_that_is_over_is_unknown(assailed, name, begun):
    finish(assailed, begun, digest_of(WHOLE), SECOND)
    other = patch(assailed, open_upload(assailed, name), FIRST)
    assert send(assailed, "DELETE", other).status == 204
    for location in (begun, other):
        for method in ("GET", "PATCH", "DELETE"):
            assert send(assailed, method, location, b"").error_codes() == ["BLOB_UPLOAD_UNKNOWN"]
        assert put(assailed, location, SECOND, WHOLE).error_codes() == ["BLOB_UPLOAD_UNKNOWN"]


def test_an_upload_is_no_other_repositorys(assailed, name, begun):
    for other in (random_repository("uploads"), f"{name}/x", name.split("/")[0]):
        for target in (begun.replace(name, other), without_state(begun).replace(name, other)):
            assert send(assailed, "PATCH", target, SECOND).status == 404
            assert put(assailed, target, SECOND, WHOLE).status == 404
            assert send(assailed, "DELETE", target).status == 404
    assert_has(assailed, name, begun, FIRST)
