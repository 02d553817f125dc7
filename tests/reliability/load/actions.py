"""All that a client may do, chosen at random: what is chosen depends on its seed alone."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from model.promises import Interval
from model.record import now
from model.register import ClearIf, Write
from support import wire
from support.images import digest_of
from support.push import OCTETS
from support.web import with_query

from .client import Seen
from .content import REPOSITORIES, TAGS, Document
from .reading import Reader
from .uploads import Upload, Uploader
from .world import Lost, Unexpected

UNKNOWN = "MANIFEST_BLOB_UNKNOWN"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LONGEST_THOUGHT = 3.0  # seconds; some are longer than the grace of the collection
LONGEST_ABSENCE = 6.0
BAD_REQUESTS = (
    ("GET", "/v2/Not-A-Name/tags/list"),
    ("GET", "/v2/load/a/manifests/sha256:short"),
    ("GET", "/v2/load/a/blobs/sha256:short"),
    ("GET", "/v2/_catalog?n=many"),
    ("PUT", "/v2/load/a/manifests/-x"),
    ("PUT", "/v2/load/a/manifests/nothing"),
)


@contextmanager
def ends_with_the_daemon(interval: Interval) -> Iterator[None]:
    """What had no answer by then has no effect any more."""
    try:
        yield
    except Lost as lost:
        interval.end = lost.end
        raise


class Actor(Uploader, Reader):
    """Its actions are its methods; WEIGHTS says how often each is taken."""

    def act(self) -> None:
        action = self.random.choices(ACTIONS, WEIGHTS)[0]
        try:
            action(self)
        except Lost:
            self.record.count("request cut by a kill")
        except Unexpected:
            pass  # the record has it

    # Pushes.

    def push(self) -> None:
        """By tag or by digest alone."""
        name, tag = self.place()
        made = self.random.choice(self.world.content.documents)
        self.push_document(name, made, self.random.choice((tag, tag, tag, None)))

    def push_slowly(self) -> None:
        """As a client that thinks between the blobs and the manifest: nothing else needs the blobs
        meanwhile, so that the promise alone keeps them, or no longer does."""
        name, tag = self.place()
        made = self.random.choice(self.world.content.images)
        for blob in made.blobs:
            self.provide(name, blob)
        self.world.stop.wait(self.random.uniform(0, LONGEST_THOUGHT))
        self.put_manifest(name, made, tag)

    def come_and_go(self) -> None:
        """An image that goes and is pushed again at about the time when it is collected."""
        name, tag = self.place()
        made = self.random.choice(self.world.content.passing)
        pause = self.random.uniform(0, LONGEST_ABSENCE)
        self.push_document(name, made, tag)
        self.delete_document(name, made.digest)
        self.world.stop.wait(pause)
        self.push_document(name, made, None)
        self.pull_document(name, made)
        self.delete_document(name, made.digest)

    def push_document(self, name: str, made: Document, tag: str | None) -> None:
        for child in made.children:
            self.push_document(name, child, None)
        for blob in made.blobs:
            self.provide(name, blob)
        self.put_manifest(name, made, tag)

    def provide(self, name: str, blob: bytes) -> None:
        """As clients do: looks whether it is there, tries to mount it, and sends it."""
        looks, mounts = self.random.random() < 0.7, self.random.random() < 0.3
        source = self.random.choice(REPOSITORIES)
        upload = self.choose_upload(name, blob)
        if looks and self.head_blob(name, digest_of(blob)):
            return
        if mounts and self.mount(upload, source):
            return
        self.complete(upload)

    def mount(self, upload: Upload, source: str) -> bool:
        """Where there is nothing to mount, an upload has begun."""
        creation = self.record.promises.begin_creation(upload.name, upload.digest, now())
        path = f"/v2/{upload.name}/blobs/uploads/?mount={upload.digest}&from={source}"
        with ends_with_the_daemon(creation):
            seen = self.ask("POST", path, expected=(201, 202))
        creation.settle(seen.end)
        if seen.status == 201:
            self.saw_blob(source, upload.digest, seen, True, "mount from")
            self.record.promises.promise(upload.name, upload.digest, seen.start, seen.end)
            return True
        if source != upload.name:
            self.saw_blob(source, upload.digest, seen, False, "mount from")
        upload.location = seen.answer.location
        return False

    def put_manifest(self, name: str, made: Document, tag: str | None) -> None:
        start = now()
        path = f"/v2/{name}/manifests/{tag or made.digest}"
        try:
            kind = {"Content-Type": made.kind}
            seen = self.ask("PUT", path, made.body, kind, expected=(201, 400))
        except Lost as lost:
            self.wrote(name, made.digest, tag, Write(start, lost.end, False, made.digest))
            raise
        if seen.status == 201:
            self.wrote(name, made.digest, tag, Write(start, seen.end, value=made.digest))
            needed = made.digests()
            self.record.promises.manifest(name, made.digest, needed, start, seen.end)
            return
        self.judge_refusal(name, made, seen)

    def wrote(self, name: str, digest: str, tag: str | None, write: Write) -> None:
        self.record.add(("manifest", name, digest), write)
        if tag:
            self.record.add(("tag", name, tag), write)

    def judge_refusal(self, name: str, made: Document, seen: Seen) -> None:
        """Only for want of something that it may lack."""
        errors = seen.answer.json()["errors"]
        children = {child.digest for child in made.children}
        for error in errors:
            found = DIGEST.search(json.dumps(error["detail"])) if error["code"] == UNKNOWN else None
            digest = found and found[0]
            if digest in children:
                self.saw_manifest(name, digest, seen, False)
            elif digest in made.digests():
                self.saw_blob(name, digest, seen, False, "PUT of a manifest with")
            else:
                self.complain(f"PUT of a good manifest: {error}")

    def retag(self) -> None:
        name, tag = self.place()
        other = self.random.choice(TAGS)
        made = self.resolve(name, tag)
        if made:
            self.put_manifest(name, made, other)

    # Deletes.

    def delete_tag(self) -> None:
        self.delete_tag_of(*self.place())

    def delete_tag_of(self, name: str, tag: str) -> None:
        start = now()
        try:
            seen = self.ask("DELETE", f"/v2/{name}/manifests/{tag}", expected=(202, 404))
        except Lost as lost:
            self.record.add(("tag", name, tag), Write(start, lost.end, False))
            raise
        if seen.status == 202:
            self.record.add(("tag", name, tag), Write(seen.start, seen.end))
        else:
            self.saw_tag(name, tag, seen, None)

    def delete_manifest(self) -> None:
        name, _ = self.place()
        self.delete_document(name, self.random.choice(self.world.content.documents).digest)

    def delete_document(self, name: str, digest: str) -> None:
        start = now()
        deletion = self.record.promises.begin_delete(name, digest, start)
        try:
            seen = self.ask("DELETE", f"/v2/{name}/manifests/{digest}", expected=(202, 404))
        except Lost as lost:
            deletion.end = lost.end
            self.deleted(name, digest, start, lost.end, certain=False)
            raise
        deletion.settle(seen.end)
        if seen.status == 202:
            self.deleted(name, digest, start, seen.end, certain=True)
        else:
            self.saw_manifest(name, digest, seen, False)

    def deleted(self, name: str, digest: str, start: float, end: float, certain: bool) -> None:
        self.record.add(("manifest", name, digest), Write(start, end, certain))
        for tag in TAGS:
            self.record.add(("tag", name, tag), ClearIf(start, end, certain, digest))

    def delete_some_blob(self) -> None:
        name, _ = self.place()
        self.delete_blob(name, digest_of(self.random.choice(self.world.content.layers)))

    def delete_blob(self, name: str, digest: str) -> None:
        deletion = self.record.promises.begin_delete(name, digest, now())
        with ends_with_the_daemon(deletion):
            seen = self.ask("DELETE", f"/v2/{name}/blobs/{digest}", expected=(202, 404))
        if seen.status == 202:
            deletion.settle(seen.end)
        else:
            self.saw_blob(name, digest, seen, False, "DELETE")

    # What goes wrong.

    def cancel_upload(self) -> None:
        name, _ = self.place()
        upload = self.choose_upload(name, self.random.choice(self.world.content.layers))
        self.begin(upload)
        self.send_piece(upload, upload.cuts[0])
        path = upload.location.partition("?")[0]
        self.ask("DELETE", path, expected=(204,))
        self.ask("GET", path, expected=(404,))

    def abandon_upload(self) -> None:
        """Says that more comes, and goes away."""
        name, _ = self.place()
        upload = self.choose_upload(name, self.random.choice(self.world.content.layers))
        self.begin(upload)
        half = upload.blob[: len(upload.blob) // 2]
        head = wire.get(upload.location, f"Content-Length: {len(upload.blob)}\r\n", "PATCH")
        try:
            with socket.create_connection(self.address(), timeout=30) as peer:
                peer.sendall(head + half)
        except OSError:
            pass  # it was going away anyway

    def address(self) -> tuple[str, int]:
        host, port = self.world.address.split(":")
        return host, int(port)

    def send_wrong_digest(self) -> None:
        """A mistake, which is mended at the same place."""
        name, _ = self.place()
        upload = self.choose_upload(name, self.random.choice(self.world.content.layers))
        self.begin(upload)
        self.send_piece(upload, upload.cuts[0])
        wrong = with_query(upload.location, f"digest={digest_of(b'something else')}")
        seen = self.ask("PUT", wrong, b"and more", OCTETS, expected=(400,))
        if seen.answer.error_codes() != ["DIGEST_INVALID"]:
            self.complain(f"wrong digest: {seen.answer.body[:200]!r}")
        self.complete(upload)

    def ask_nonsense(self) -> None:
        method, path = self.random.choice(BAD_REQUESTS)
        body = b"nothing of a manifest" if method == "PUT" else None
        self.ask(method, path, body, expected=(400,))


CHOICES = {
    Actor.push: 30, Actor.push_slowly: 4, Actor.come_and_go: 5, Actor.retag: 12, Actor.pull: 14,
    Actor.pull_by_digest: 6, Actor.get_range: 4, Actor.head: 8, Actor.list_tags: 5,
    Actor.list_catalog: 2, Actor.list_referrers: 4, Actor.delete_tag: 6, Actor.delete_manifest: 8,
    Actor.delete_some_blob: 3, Actor.cancel_upload: 2, Actor.abandon_upload: 2,
    Actor.send_wrong_digest: 2, Actor.ask_nonsense: 2,
}  # fmt: skip
ACTIONS, WEIGHTS = list(CHOICES), list(CHOICES.values())
