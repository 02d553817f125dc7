"""Uploads in all the ways there are, which go on after the daemon was killed."""

from dataclasses import dataclass, field

from model.record import now
from support.images import digest_of
from support.push import OCTETS
from support.web import with_query

from .client import Client, Seen
from .world import Lost

WAYS = ("post", "put", "pieces", "chunked", "ranges")
LEAST_PIECE = 2  # 0-0 as the status of an upload stands for nothing and for one byte
BLOCK = 50_000


@dataclass
class Upload:
    """How far it is, as the client knows it."""

    name: str
    blob: bytes
    way: str
    cuts: list[int]  # where the pieces end that are sent by PATCH
    location: str = ""
    received: int = 0  # bytes that have had their 202
    sent: int = 0
    finishing: bool = False  # the last PUT has gone out at least once
    unsure: bool = False  # the daemon died: how much of what was sent it has is not known
    digest: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.digest = digest_of(self.blob)


class Uploader(Client):
    def choose_upload(self, name: str, blob: bytes) -> Upload:
        way = self.random.choice(WAYS)
        cuts = [self.random.randint(LEAST_PIECE, max(LEAST_PIECE, len(blob))) for _ in range(3)]
        cuts = sorted({min(cut, len(blob)) for cut in cuts[: self.random.randint(1, 3)]})
        return Upload(name, blob, way, cuts)

    def push_blob(self, name: str, blob: bytes) -> None:
        self.complete(self.choose_upload(name, blob))

    def complete(self, upload: Upload) -> None:
        """Sends it to its end, however often the daemon dies meanwhile."""
        promises = self.record.promises
        creation = promises.begin_creation(upload.name, upload.digest, now())
        while True:
            try:
                seen = self._go_on(upload)
                break
            except Lost:
                upload.unsure = True
                self.record.count("upload cut by a kill")
        creation.settle(seen.end)
        promises.promise(upload.name, upload.digest, seen.start, seen.end)

    def _go_on(self, upload: Upload) -> Seen:
        if upload.location and upload.unsure:
            self._ask_how_far(upload)
        if not upload.location:
            if upload.way == "post":
                return self._post_at_once(upload)
            self.begin(upload)
        for cut in upload.cuts if upload.way != "put" else ():
            if cut > upload.received:
                self.send_piece(upload, cut)
        return self._finish(upload)

    def begin(self, upload: Upload) -> None:
        upload.location = ""
        upload.received = upload.sent = 0
        upload.finishing = False
        seen = self.ask("POST", f"/v2/{upload.name}/blobs/uploads/", expected=(202,))
        upload.location = seen.answer.location

    def _post_at_once(self, upload: Upload) -> Seen:
        path = f"/v2/{upload.name}/blobs/uploads/?digest={upload.digest}"
        return self.ask("POST", path, upload.blob, OCTETS, expected=(201,))

    def send_piece(self, upload: Upload, end: int) -> None:
        piece = upload.blob[upload.received : end]
        headers, body = dict(OCTETS), piece
        if upload.way == "chunked":
            body = (piece[at : at + BLOCK] for at in range(0, len(piece), BLOCK))
        if upload.way == "ranges":
            headers["Content-Range"] = f"{upload.received}-{end - 1}"
        upload.sent = max(upload.sent, end)
        seen = self.ask("PATCH", upload.location, body, headers, expected=(202,))
        upload.location, upload.received = seen.answer.location, end
        if end > 1 and seen.answer.headers["Range"] != f"0-{end - 1}":
            self.complain(f"PATCH up to {end}: {seen.answer.headers['Range']}")

    def _finish(self, upload: Upload) -> Seen:
        rest = upload.blob[upload.received :]
        target = with_query(upload.location, f"digest={upload.digest}")
        upload.finishing, upload.sent = True, len(upload.blob)
        return self.ask("PUT", target, rest, OCTETS, expected=(201,))

    def _ask_how_far(self, upload: Upload) -> None:
        """After a kill. What had its 202 is there, unless the last PUT has already taken it."""
        path = upload.location.partition("?")[0]
        seen = self.ask("GET", path, expected=(204, 404))
        upload.unsure = False
        if seen.status != 204:
            if not upload.finishing and not self.world.may_forget:
                self.complain(f"{path}: unknown after a kill, with {upload.received} bytes")
            upload.location = ""
            return
        last = int(seen.answer.headers["Range"].removeprefix("0-"))
        received = last + 1 if last else 0
        least = 0 if upload.finishing or self.world.may_forget else upload.received
        if not least <= received <= upload.sent:
            self.complain(f"{path}: has {received}, not {least} to {upload.sent} bytes")
        self.record.count("upload resumed" if received else "upload begun again")
        upload.location, upload.received = seen.answer.location, received
        if not received:
            upload.location = ""

