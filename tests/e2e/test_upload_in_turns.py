"""Requests on one upload that come one after the other, each on a connection of its own."""

import os

from support.images import digest_of, random_repository
from support.push import finish, open_upload, patch

ROUNDS = 300  # what is let go too late is let go only a moment too late


def test_an_upload_is_free_as_soon_as_the_request_before_is_answered(registry):
    name = random_repository("turns")
    for _ in range(ROUNDS):
        content = os.urandom(64)
        location = patch(registry, open_upload(registry, name), content)
        finish(registry, location, digest_of(content))
