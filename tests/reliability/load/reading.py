"""What a client reads: pulls and lists, each held against the model."""

from support.images import digest_of

from .client import Client, Seen
from .content import REPOSITORIES, TAGS, Document


class Reader(Client):
    def place(self) -> tuple[str, str]:
        return self.random.choice(REPOSITORIES), self.random.choice(TAGS)

    def head_blob(self, name: str, digest: str) -> bool:
        path = f"/v2/{name}/blobs/{digest}"
        seen = self.ask("HEAD", path, expected=(200, 404))
        self.saw_blob(name, digest, seen, seen.status == 200, "HEAD")
        return seen.status == 200

    def resolve(self, name: str, tag: str, method: str = "GET") -> Document | None:
        seen = self.get_manifest(name, tag, method)
        if seen.status != 200:
            self.saw_tag(name, tag, seen, None)
            return None
        digest = seen.answer.headers["Docker-Content-Digest"]
        self.saw_tag(name, tag, seen, digest)
        return self.judge_manifest(name, digest, seen, method)

    def judge_manifest(self, name: str, digest: str, seen: Seen, method: str) -> Document | None:
        made = self.world.content.by_digest.get(digest)
        if not made or (method == "GET" and seen.answer.body != made.body):
            self.complain(f"{method} of a manifest of {name}: {digest} with another content")
            return None
        self.saw_manifest(name, digest, seen, True)
        return made

    def pull(self) -> None:
        name, tag = self.place()
        made = self.resolve(name, tag)
        if made:
            self.pull_document(name, made)

    def pull_by_digest(self) -> None:
        name, _ = self.place()
        self.get_by_digest(name, self.random.choice(self.world.content.documents))

    def get_by_digest(self, name: str, made: Document, method: str = "GET") -> bool:
        seen = self.get_manifest(name, made.digest, method)
        if seen.status == 200:
            self.judge_manifest(name, made.digest, seen, method)
        else:
            self.saw_manifest(name, made.digest, seen, False)
        return seen.status == 200

    def pull_document(self, name: str, made: Document) -> None:
        for child in made.children:
            if self.get_by_digest(name, child):
                self.pull_document(name, child)
        for blob in made.blobs:
            self.get_blob(name, blob)

    def get_blob(self, name: str, blob: bytes) -> None:
        digest = digest_of(blob)
        seen = self.ask("GET", f"/v2/{name}/blobs/{digest}", expected=(200, 404))
        if seen.status == 200 and seen.answer.body != blob:
            self.complain(f"GET of {name} {digest}: other bytes, {len(seen.answer.body)} of them")
        self.saw_blob(name, digest, seen, seen.status == 200, "GET")

    def get_range(self) -> None:
        name, _ = self.place()
        blob = self.random.choice(self.world.content.layers)
        first, last = sorted(self.random.randrange(len(blob)) for _ in range(2))
        digest = digest_of(blob)
        where = {"Range": f"bytes={first}-{last}"}
        seen = self.ask("GET", f"/v2/{name}/blobs/{digest}", None, where, expected=(206, 404))
        if seen.status == 206 and seen.answer.body != blob[first : last + 1]:
            self.complain(f"GET of {name} {digest}, {first} to {last}: other bytes")
        self.saw_blob(name, digest, seen, seen.status == 206, "GET of a range of")

    def head(self) -> None:
        name, tag = self.place()
        self.resolve(name, tag, "HEAD")
        self.head_blob(name, digest_of(self.random.choice(self.world.content.layers)))

    # Lists.

    def list_tags(self) -> None:
        name, _ = self.place()
        seen = self.ask("GET", f"/v2/{name}/tags/list", expected=(200, 404))
        listed = seen.answer.json()["tags"] if seen.status == 200 else []
        if sorted(listed) != listed or not set(listed) <= set(TAGS):
            self.complain(f"tags of {name}: {listed}")
        for tag in TAGS:
            self.saw_listed(name, tag, seen, tag in listed)

    def list_catalog(self) -> None:
        seen = self.ask("GET", "/v2/_catalog?n=1000", expected=(200,))
        listed = seen.answer.json()["repositories"]
        if len(set(listed)) != len(listed) or not set(listed) <= set(REPOSITORIES):
            self.complain(f"catalog: {listed}")

    def list_referrers(self) -> None:
        name, _ = self.place()
        referrers = self.world.content.referrers
        subject = self.random.choice(referrers).subject
        seen = self.ask("GET", f"/v2/{name}/referrers/{subject}", expected=(200,))
        listed = {entry["digest"] for entry in seen.answer.json()["manifests"]}
        for made in referrers:
            if made.subject == subject:
                self.saw_referrer(name, made.digest, seen, made.digest in listed)
        if not listed <= {made.digest for made in referrers}:
            self.complain(f"referrers of {subject}: {listed}")
