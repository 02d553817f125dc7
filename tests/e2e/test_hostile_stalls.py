"""Uploads that stop in the middle: nothing is held for them that others wait for."""

import os
from contextlib import ExitStack

from support import wire
from support.images import digest_of, random_repository
from support.push import open_upload, push_blob

STALLED = 300  # more than there are blocks for bodies


def test_uploads_that_stall_keep_nobody_waiting(assailed):
    name = random_repository("stalls")
    with ExitStack() as stack:
        for _ in range(STALLED):
            connection = stack.enter_context(wire.connect(assailed.address))
            head = wire.get(open_upload(assailed, name), "Content-Length: 1000000\r\n", "PATCH")
            connection.sendall(head + bytes(100_000))
        content = os.urandom(3_000_000)
        digest = push_blob(assailed, name, content)
        assert digest == digest_of(content)
        assert assailed.get(f"/v2/{name}/blobs/{digest}").body == content
