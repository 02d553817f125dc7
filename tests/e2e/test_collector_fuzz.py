"""What is accepted must not break the collector of 2.8, nor be seen otherwise by ours.

Its panic or refusal over one manifest would end every collection of the store. FUZZ_SEED and
FUZZ_MANIFESTS repeat a run, or make a longer one.
"""

import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.collect import Collected, our_collector, reference_collector
from support.images import digest_of
from support.odd_manifests import Generator
from support.push import push_blob
from support.registry import OURS, Registry
from support.sha512 import push_blob_by_sha512

SEED = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(2**32))
MANIFESTS = int(os.environ.get("FUZZ_MANIFESTS") or 600)
SECONDS = 60 if "FUZZ_MANIFESTS" not in os.environ else 3600
NAME = "odd"
BY_SHA512 = b"named by its SHA-512"  # which the collector of 2.8 does not follow to the blob


@dataclass
class Pushed:
    """What the daemon has said to each."""

    accepted: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    refused: list[tuple[int, bytes, bytes]] = field(default_factory=list)


def push_odd_ones(registry: Registry) -> Pushed:
    blobs = [b"", b"{}", *(b"blob %d" % i for i in range(8))]
    stored = [(push_blob(registry, NAME, blob), len(blob)) for blob in blobs]
    stored.append((push_blob_by_sha512(registry, NAME, BY_SHA512), len(BY_SHA512)))
    generator, pushed = Generator(SEED, stored), Pushed()
    end = time.monotonic() + SECONDS
    for _ in range(MANIFESTS):
        if time.monotonic() > end:
            break
        kind, content = generator.make()
        digest = digest_of(content)
        path = f"/v2/{NAME}/manifests/{digest}"
        answer = registry.request("PUT", path, content, {"Content-Type": kind})
        if answer.status == 201:
            pushed.accepted[digest] = (kind, content)
            generator.children.append((digest, len(content)))
        else:
            pushed.refused.append((answer.status, content, answer.body))
    return pushed


@pytest.fixture(scope="module")
def pushed(tmp_path_factory) -> tuple[Path, Pushed]:
    """The store, with all that was accepted."""
    print(f"FUZZ_SEED={SEED}")
    work = tmp_path_factory.mktemp("fuzz")
    with Registry(OURS, work / "data", work) as registry:
        pushed = push_odd_ones(registry)
    return work / "data", pushed


def shown(pushed: Pushed, digests: set[str]) -> str:
    texts = (pushed.accepted[one][1][:600] for one in sorted(digests) if one in pushed.accepted)
    return f"FUZZ_SEED={SEED}\n" + "\n".join(map(repr, texts))


def test_many_are_accepted_and_many_refused_and_none_is_a_failure(pushed):
    _, answers = pushed
    failed = [one for one in answers.refused if one[0] != 400]
    assert not failed, f"FUZZ_SEED={SEED}: {failed[:3]}"
    total = len(answers.accepted) + len(answers.refused)
    assert len(answers.accepted) > total / 5
    assert len(answers.refused) > total / 10


def test_the_collector_of_2_8_comes_to_its_end_and_sees_what_ours_sees(pushed, tmp_path):
    root, answers = pushed
    theirs = reference_collector(tmp_path).run(root, "--dry-run")
    assert theirs.returncode == 0, (
        f"FUZZ_SEED={SEED}\n{theirs.stderr.decode(errors='replace')[-2000:]}"
    )
    expected = Collected(theirs.stdout.decode(), "")
    seen = our_collector(tmp_path)(root, "-d")
    assert set(answers.accepted) <= expected.marked()
    different = differing_manifests(expected, seen)
    assert not different, shown(answers, different)
    assert seen.marked() == expected.marked(), f"FUZZ_SEED={SEED}"
    theirs_alone = seen.blobs() ^ expected.blobs()
    assert theirs_alone <= {digest_of(BY_SHA512)}, f"FUZZ_SEED={SEED}"


def differing_manifests(one: Collected, other: Collected) -> set[str]:
    references = references_of(one), references_of(other)
    return {
        digest
        for digest in references[0].keys() | references[1].keys()
        if references[0].get(digest) != references[1].get(digest)
    }


def references_of(collected: Collected) -> dict[str, list[str]]:
    """What each manifest was said to reference, in the order of the lines."""
    references: dict[str, list[str]] = {}
    for line in collected.said.splitlines():
        what, _, digest = line.strip().rpartition(" ")
        if what.endswith(": marking manifest"):
            current = references.setdefault(digest, [])
        elif what.endswith(": marking blob"):
            current.append(digest)
    return references
