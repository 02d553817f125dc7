"""One client: a connection, the form of every answer, and what it says to the model."""

import http.client
import json
import selectors
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from model.record import now
from model.register import Listed, Read, Value
from support.web import ACCEPT, Response

from .world import Lost, Stopped, Unexpected, World

SECONDS_TO_ANSWER = 60
SECONDS_AFTER_A_FAULT = 0.05
SECONDS_TO_DIE = 5  # a connection may end a little before anybody says that the daemon was killed


@dataclass(frozen=True)
class Seen:
    answer: Response
    start: float
    end: float

    @property
    def status(self) -> int:
        return self.answer.status


def is_ended(connection: http.client.HTTPConnection) -> bool:
    """By the server: there is nothing that it could say between two requests."""
    if not connection.sock:
        return True
    with selectors.DefaultSelector() as selector:  # select() has no numbers above 1023
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


class Client:
    def __init__(self, world: World, name: object):
        self.world = world
        self.name = name
        self.random = Random(f"{world.seed}/client/{name}")
        self.record = world.record
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def complain(self, what: str) -> None:
        self.record.complain(f"client {self.name}: {what}")

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        expected: tuple[int, ...],
    ) -> Seen:
        """Raises Unexpected with another status, and Lost where the daemon died."""
        start = now()
        try:
            answer = self._send(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            fault = self.record.fault_at(start, now())
            if fault and fault.reads_too and not self.world.may_die:  # cut in the middle of a body
                time.sleep(SECONDS_AFTER_A_FAULT)
                raise Lost(now()) from error
            raise self._lost(f"{method} {path}: {error!r}") from error
        seen = Seen(answer, start, now())
        self.record.count(f"{method} {answer.status}")
        if method in ("GET", "HEAD"):
            self.record.took(seen.end - start)
        fault = self.record.fault_at(start, seen.end)
        if fault and fault.explains(method, answer.status):
            self._judge_form(method, path, answer, (answer.status,))
            self.record.count("refused by a fault")
            raise self._failed(seen)
        self._judge_form(method, path, answer, expected)
        return seen

    def _failed(self, seen: Seen) -> Exception:
        """Perhaps the request has had its effect all the same."""
        time.sleep(SECONDS_AFTER_A_FAULT)
        return self._lost("refused") if self.world.may_die else Lost(seen.end)

    def _send(self, method: str, path: str, body, headers) -> Response:
        if self._connection and is_ended(self._connection):
            self.close()  # it was idle, and room was needed for another
        if not self._connection:
            self._connection = http.client.HTTPConnection(
                self.world.address, timeout=SECONDS_TO_ANSWER
            )
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before the body's end
            self._connection.request(method, path, body, dict(headers or {}))
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.will_close:
            self.close()
        return Response(answer.status, answer.headers, content)

    def _lost(self, what: str) -> Exception:
        if self.world.may_die:
            deadline = now() + SECONDS_TO_DIE
            while self.world.lives() and now() < deadline:
                if self.world.stop.is_set():
                    return Stopped()
                time.sleep(0.01)
        if not self.world.may_die or self.world.lives():
            self.complain(f"no answer: {what}")
            return Stopped()
        return Lost(self.world.after_death())

    def _judge_form(
        self, method: str, path: str, answer: Response, expected: tuple[int, ...]
    ) -> None:
        if answer.status >= 400 and method != "HEAD":
            self._judge_error(method, path, answer)
        if answer.status not in expected:
            what = path.partition("?")[0]
            self.complain(f"{method} {what}: {answer.status} {answer.body[:300]!r}")
            raise Unexpected

    def _judge_error(self, method: str, path: str, answer: Response) -> None:
        try:
            good = all(error["code"] and error["message"] for error in answer.json()["errors"])
        except (json.JSONDecodeError, KeyError, TypeError):
            good = False
        if not good:
            self.complain(f"{method} {path}: {answer.status} without an error: {answer.body[:99]!r}")

    # What was seen of manifests and tags.

    def saw_tag(self, name: str, tag: str, seen: Seen, digest: Value) -> None:
        self.record.add(("tag", name, tag), Read(seen.start, seen.end, seen=digest))

    def saw_referrer(self, name: str, digest: str, seen: Seen, listed: bool) -> None:
        self.record.add(("manifest", name, digest), Listed(seen.start, seen.end, listed=listed))

    def saw_manifest(self, name: str, digest: str, seen: Seen, present: bool) -> None:
        value = digest if present else None
        self.record.add(("manifest", name, digest), Read(seen.start, seen.end, seen=value))

    def saw_listed(self, name: str, tag: str, seen: Seen, listed: bool) -> None:
        self.record.add(("tag", name, tag), Listed(seen.start, seen.end, listed=listed))

    # And of blobs.

    def saw_blob(self, name: str, digest: str, seen: Seen, present: bool, how: str) -> None:
        if self.record.fault_at(seen.start, seen.end):
            return
        promises = self.record.promises
        where = f"{how} {name} {digest}"
        if present:
            if promises.forbids_presence(name, digest, seen.start, seen.end):
                self.complain(f"{where}: there, although it was deleted")
            promises.promise(name, digest, seen.start, seen.end)
        elif promises.forbids_absence(name, digest, seen.start, seen.end):
            self.complain(f"{where}: not there, although it was promised")

    def get_manifest(self, name: str, reference: str, method: str = "GET") -> Seen:
        path = f"/v2/{name}/manifests/{reference}"
        return self.ask(method, path, headers=ACCEPT, expected=(200, 404))
