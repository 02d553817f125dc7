"""A request whose body is still on its way, so that something can happen in the middle of it."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

from .web import Response


class HalfRequest:
    """Sends a body in chunks, or with a length where one is given."""

    def __init__(self, address: str, method: str, path: str, length: int | None = None):
        self._chunked = length is None
        self._connection = http.client.HTTPConnection(address, timeout=30)
        self._connection.putrequest(method, path)
        self._connection.putheader("Content-Type", "application/octet-stream")
        if length is None:
            self._connection.putheader("Transfer-Encoding", "chunked")
        else:
            self._connection.putheader("Content-Length", str(length))
        self._connection.endheaders()

    def send(self, content: bytes) -> None:
        if self._chunked:
            content = b"%x\r\n%s\r\n" % (len(content), content)
        self._connection.send(content)

    def end(self) -> Response:
        if self._chunked:
            self._connection.send(b"0\r\n\r\n")
        answer = self._connection.getresponse()
        return Response(answer.status, answer.headers, answer.read())

    def close(self) -> None:
        self._connection.close()


@contextmanager
def half_request(
    address: str, method: str, path: str, length: int | None = None
) -> Iterator[HalfRequest]:
    request = HalfRequest(address, method, path, length)
    try:
        yield request
    finally:
        request.close()
