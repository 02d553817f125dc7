"""A bare socket: says what no HTTP library would, and takes apart all that comes back."""

import socket
from contextlib import suppress
from email.parser import BytesParser

from .web import Response

SECONDS_TO_ANSWER = 15


def short(value: object) -> str | None:
    """The name of a long parameter of a test, for its id."""
    return ascii(value)[:60] if isinstance(value, (str, bytes)) else None


def connect(address: str) -> socket.socket:
    host, port = address.split(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS_TO_ANSWER)


def get(target: str, headers: str = "", method: str = "GET", version: str = "1.1") -> bytes:
    """A request without a body; `target` and `headers` go out as they are."""
    return f"{method} {target} HTTP/{version}\r\nHost: test\r\n{headers}\r\n".encode("latin-1")


def post(target: str, body: bytes, headers: str | None = None) -> bytes:
    """With a length, or with whatever `headers` say of the body."""
    if headers is None:
        headers = f"Content-Length: {len(body)}\r\n"
    return get(target, headers, "POST") + body


# Behind the request that a test is about: answered only if the server goes on after that one, and
# then the last on its connection, so that the end of it shows that nothing more comes.
BEHIND = get("/livez", "Connection: close\r\n")


def heard(connection: socket.socket) -> bytes:
    """All until the server ends the connection; one that does not end it fails the test."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def converse(address: str, sent: bytes, bodiless: bool = False) -> list[Response]:
    """The answers on a connection that the client keeps open until the server has ended it."""
    with connect(address) as connection:
        with suppress(ConnectionError):  # refused before all was sent: the answer is there
            connection.sendall(sent)
        return answers_in(heard(connection), bodiless)


def answers_in(text: bytes, bodiless: bool = False) -> list[Response]:
    """One after the other, by their lengths; `bodiless`: as answers to HEAD."""
    answers = []
    while text:
        answer, text = first_answer(text, bodiless)
        answers.append(answer)
    return answers


def first_answer(text: bytes, bodiless: bool = False) -> tuple[Response, bytes]:
    head, end, rest = text.partition(b"\r\n\r\n")
    line, _, lines = head.partition(b"\r\n")
    assert end and line.startswith(b"HTTP/1."), f"no answer: {text[:200]!r}"
    headers = BytesParser().parsebytes(lines)
    status = int(line.split()[1])
    if bodiless or status in (100, 204, 304):
        return Response(status, headers, b""), rest
    length = int(headers["Content-Length"] or len(rest))
    assert len(rest) >= length, f"an answer was cut: {text[:200]!r}"
    return Response(status, headers, rest[:length]), rest[length:]


def assert_refused(answers: list[Response], *statuses: int) -> None:
    """One answer, which says that it is the last: what came behind it is no request."""
    assert len(answers) == 1, [answer.status for answer in answers]
    assert answers[0].status in statuses, answers[0].body
    assert answers[0].headers["Connection"] == "close"


def assert_served(answers: list[Response], status: int) -> None:
    """And BEHIND as well."""
    assert [answer.status for answer in answers] == [status, 200], answers[0].body
    assert answers[1].body == b"ok\n"


def ask(address: str, method: str, target: str, body: bytes = b"", kind: str = "x/y") -> Response:
    """One request whose target goes out as it is."""
    headers = f"Connection: close\r\nContent-Length: {len(body)}\r\nContent-Type: {kind}\r\n"
    sent = get(target, headers, method) + body
    (answer,) = converse(address, sent, bodiless=method == "HEAD")
    return answer
