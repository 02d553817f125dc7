"""The least of an HTTP client: what the server says, unchanged, for the tests to look at."""

import http.client
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

MANIFEST_TYPES = ",".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
ACCEPT = {"Accept": MANIFEST_TYPES}


@dataclass(frozen=True)
class Response:
    status: int
    headers: Message
    body: bytes

    def json(self):
        return json.loads(self.body)

    def error_codes(self) -> list[str]:
        return [error["code"] for error in self.json()["errors"]]

    @property
    def location(self) -> str:
        """Path and query of Location, so that it can be followed to another server."""
        return path_of(self.headers["Location"])


def path_of(url: str) -> str:
    """Path and query of a URL, absolute or relative."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def request(
    address: str,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One request on a connection of its own; a body that is an iterable goes out in chunks."""
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        with suppress(BrokenPipeError):  # refused before the end of the body: the answer is there
            connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Response(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
