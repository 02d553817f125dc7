"""curl, with its answers taken apart."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

from .images import OCI_MANIFEST, Image, digest_of
from .process import run
from .web import Response, with_query

OCTETS = ("-H", "Content-Type: application/octet-stream")  # else curl says it is a form


@dataclass(frozen=True)
class Curl:
    """curl(...) gives the last answer; statuses of 100 and redirects before it are in .seen."""

    folder: Path
    env: dict[str, str]

    def __call__(self, *arguments: object, into: Path | None = None) -> "Answer":
        heads, body = self.folder / "curl-heads", into or self.folder / "curl-body"
        if not into:
            body.write_bytes(b"")  # curl makes no file for an empty body
        limits = ("--silent", "--show-error", "--max-time", "50")
        run("curl", *limits, "-D", heads, "-o", body, *arguments, env=self.env)
        blocks = [parse(block) for block in heads.read_bytes().split(b"\r\n\r\n") if block]
        status, headers = blocks[-1]
        seen = tuple(status for status, _ in blocks)
        return Answer(status, headers, body.read_bytes(), seen)

    def file(self, content: bytes, name: str = "content") -> Path:
        """A file to send."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def begin_upload(self, repository_url: str) -> str:
        """Opens an upload; returns its absolute URL."""
        answer = self("-X", "POST", f"{repository_url}/blobs/uploads/")
        assert answer.status == 202
        return answer.headers["Location"]

    def push_blob(self, repository_url: str, content: bytes, digest: str) -> None:
        upload = self.begin_upload(repository_url)
        target = with_query(upload, f"digest={digest}")
        answer = self(*OCTETS, "-T", self.file(content, "blob"), target)
        assert answer.status == 201

    def push_manifest(self, repository_url: str, tag: str, image: Image) -> None:
        """Pushes an image with all its blobs."""
        for blob in image.blobs:
            self.push_blob(repository_url, blob, digest_of(blob))
        kind = ("-H", f"Content-Type: {OCI_MANIFEST}")
        manifest = self.file(image.manifest, "manifest")
        answer = self(*kind, "-T", manifest, f"{repository_url}/manifests/{tag}")
        assert answer.status == 201


@dataclass(frozen=True)
class Answer(Response):
    seen: tuple[int, ...]


def parse(block: bytes) -> tuple[int, Message]:
    first, _, rest = block.lstrip(b"\r\n").partition(b"\r\n")
    return int(first.split()[1]), BytesParser().parsebytes(rest)
