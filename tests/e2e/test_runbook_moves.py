"""docs/operations.md: what is done with a stopped daemon, a full volume, or another registry."""

import os
import re
import time
from collections.abc import Iterator

import pytest

from support.images import Image, digest_of, random_image
from support.night import MEGABYTE, OFFLINE, Night, a_night, some_images
from support.pod import CONFIG
from support.runbook import Block

DOWN, UP = slice(0, 1), slice(1, None)


@pytest.fixture(scope="module")
def images() -> dict[str, Image]:
    return some_images()


@pytest.fixture
def night(tmp_path, images) -> Iterator[Night]:
    with a_night(tmp_path, images) as night:
        yield night


def test_the_volume_without_the_daemon(night):
    night.follow(OFFLINE, DOWN)
    assert night.pod.get("/v2/")[0] == 0
    night.follow(OFFLINE, UP)
    assert night.tags() == ["latest", "old", "v1"]


def leave_garbage(night: Night) -> tuple[set[str], set[str]]:
    """What has to go, and what has to stay."""
    night.push("myproject:latest", random_image(3_000))
    night.follow("Deleting one tag")  # its manifest stays, without a tag
    deleted = night.images["myproject:old"]
    untagged = night.images["myproject:latest"]
    night.operator.do([Block("sh", delete(deleted.digest))])
    kept = {night.images["myproject:v1"].digest, night.images["team/app:v1"].digest}
    return {deleted.digest, untagged.digest}, kept


def assert_collected(night: Night, gone: set[str], kept: set[str]) -> None:
    assert not gone & night.stored()
    assert kept <= night.stored()
    assert night.tags() == ["v1"]
    assert night.status("v1") == 200


def test_garbage_is_collected_while_nobody_serves(night):
    gone, kept = leave_garbage(night)
    night.follow(OFFLINE, DOWN)
    [dry] = night.follow("Garbage collection without the daemon")
    assert re.search(r"^\d+ blobs marked, 3 blobs and 0 manifests eligible", dry, re.MULTILINE)
    night.follow(OFFLINE, UP)
    assert night.status("v1") == 200
    collect_at_once(night)
    night.follow("Garbage collection")
    assert_collected(night, gone, kept)


def collect_at_once(night: Night) -> None:
    """In place of five minutes after the last use, and after the start."""
    command = "kubectl -n gitea set env deployment/registry REGISTRY_GARBAGECOLLECTION_MINGRACE=1s\n"
    night.operator.do([Block("sh", command)])
    night.cluster.become_ready()
    time.sleep(1.5)


def test_garbage_is_collected_while_the_daemon_serves(night):
    gone, kept = leave_garbage(night)
    collect_at_once(night)
    happened, dry, quiet, _ = night.follow("Garbage collection")
    assert happened == "nothing had to go\n"
    assert re.search(r"^\d+ blobs marked, 3 blobs and 0 manifests eligible", dry, re.MULTILINE)
    assert quiet == ""
    assert_collected(night, gone, kept)


def delete(digest: str) -> str:
    return f"curl -fsS -X DELETE http://localhost:5000/v2/myproject/manifests/{digest}\n"


def test_what_fills_the_storage_is_found(night):
    upload = night.begin_upload(11 * 1024 * 1024).name
    (night.pod.volume / "filler").write_bytes(os.urandom(25 * MEGABYTE))
    with pytest.raises(AssertionError, match="507 Insufficient Storage"):
        night.push("myproject:big", random_image(12 * MEGABYTE))
    [found] = night.follow("Storage is full")
    assert re.search(rf"^11534336 \d{{4}}-\d\d-\d\d [\d:]+ \S+/_uploads/{upload}$", found, re.M)


def test_a_full_volume_is_emptied_by_deleting_and_collecting(night):
    filler = night.pod.volume / "filler"
    filler.write_bytes(os.urandom(60 * MEGABYTE)[: room(night)])
    assert night.follow("Deleting an image") == ["202\n"]
    collect_at_once(night)
    night.follow("Garbage collection")
    night.push("myproject:small", random_image(100_000))
    assert night.tags() == ["old", "small"]


def room(night: Night) -> int:
    return int(night.pod.run("df", "-B1", "--output=avail", "/var/lib/registry").stdout.split()[1])


def assert_all_can_be_pulled(night: Night) -> None:
    for name, image in night.images.items():
        repository, tag = name.split(":")
        assert night.pod.get(f"/v2/{repository}/manifests/{tag}") == (200, image.manifest)
        for blob in image.blobs:
            assert night.pod.get(f"/v2/{repository}/blobs/{digest_of(blob)}") == (200, blob)


def test_a_copy_of_the_files_is_put_back(night):
    night.begin_upload()
    [copied] = night.follow("Backup")
    assert int(copied) == len(night.stored())
    night.follow("Deleting an image")
    night.follow(OFFLINE, DOWN)
    night.follow("Garbage collection without the daemon")
    _, is_whole = night.follow("Restore")
    assert is_whole == ""
    assert not night.uploads().exists()
    night.follow(OFFLINE, UP)
    assert_all_can_be_pulled(night)
    night.push("myproject:more", random_image(1_000))


def damage(night: Night, blob: bytes) -> None:
    path = night.pod.volume / "docker/registry/v2/blobs/sha256"
    [data] = path.rglob(f"{digest_of(blob).removeprefix('sha256:')}/data")
    data.write_bytes(bytes([blob[0] ^ 1]) + blob[1:])


def test_a_restore_that_is_not_whole_is_seen(night):
    image = night.images["myproject:old"]
    damage(night, image.blobs[1])
    night.follow("Backup")
    night.follow(OFFLINE, DOWN)
    _, is_whole = night.follow("Restore")
    assert is_whole == f"damaged: {digest_of(image.blobs[1]).removeprefix('sha256:')}\n"


def test_a_damaged_blob_is_found_and_mended_by_the_next_push(night):
    image = night.images["myproject:old"]
    damage(night, image.blobs[1])
    [users] = night.follow("Damaged blobs", slice(2, 3))
    assert users.count("/repositories/") == 1 and "/myproject/" in users
    assert digest_of(image.blobs[1]) not in night.stored()
    night.push("myproject:old", image)
    assert_all_can_be_pulled(night)


def test_a_store_is_scrubbed_by_its_daemon_by_itself_and_when_it_is_asked(night):
    before = night.pod.daemon.pid
    night.follow("Damaged blobs", slice(0, 1))
    assert night.pod.daemon.pid != before
    assert "the store is scrubbed" in night.pod.daemon.said()
    [said] = night.follow("Damaged blobs", slice(1, 2))
    blobs = len(night.stored())
    assert re.search(rf"^{blobs} blobs, \d+ bytes, 0 damaged, 0 unreadable, ", said, re.MULTILINE)
    damage(night, night.images["myproject:old"].blobs[1])
    with pytest.raises(AssertionError, match="hits: myproject:old"):
        night.follow("Damaged blobs", slice(1, 2))
    night.push("myproject:old", night.images["myproject:old"])
    assert_all_can_be_pulled(night)


def test_the_configuration_is_checked_before_the_daemon_reads_it(night):
    before = night.pod.daemon.pid
    checked, _ = night.follow("Changing the configuration")
    assert checked == f"{CONFIG}: ok\n"
    assert night.pod.daemon.pid != before


def test_from_registry_2_and_back(tmp_path, images):
    with a_night(tmp_path, images, with_registry_2=True) as night:
        before, _, after = night.follow("From registry:2")
        assert before.strip() == str(len(images))
        assert after.endswith("the same images\n")
        assert night.pod.get("/readyz") == (200, b"ok\n")
        night.push("myproject:new", random_image(1_000))
        night.follow("Deleting one tag")
        del night.images["myproject:latest"]
        assert_all_can_be_pulled(night)

        night.follow("Back to registry:2", slice(0, 1))
        assert night.pod.get("/readyz")[0] == 404, "this is not registry:2"
        night.push("myproject:old", random_image(1_000))
        night.push("other:v1", random_image(1_000))
        night.follow("Back to registry:2", slice(1, None))
        assert night.pod.get("/readyz") == (200, b"ok\n")
        night.push("other:v2", random_image(1_000))
        assert sorted(night.tags()) == ["new", "old", "v1"]


def test_metrics(night):
    [said] = night.follow("Metrics and alerts")
    assert re.search(r'^registry_http_in_flight_requests\{handler="base"\} 0$', said, re.M)
    assert re.search(r"^process_resident_memory_bytes \d+", said, re.M)
