"""A volume that registry:2 wrote as root, in the Deployment's hands and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.images import digest_of, random_image
from support.push import delete, finish, open_upload, patch, push_image
from support.registry import OURS, REFERENCE, Factory
from support.snapshot import snapshot
from support.unable import need_root
from support.volume import as_the_pod, everything_in, hand_over, is_as_wanted
from support.web import ACCEPT


@pytest.fixture
def folder(short_folder) -> Path:
    """Open to every user, unlike pytest's own."""
    short_folder.chmod(0o755)
    return short_folder


@pytest.fixture
def root(folder) -> Path:
    """A new volume is root's."""
    need_root("a volume of registry:2")
    volume = folder / "volume"
    volume.mkdir()
    (volume / "lost+found").mkdir(mode=0o700)
    return volume


@pytest.fixture
def pod(folder) -> Iterator[Factory]:
    factory = Factory(as_the_pod(OURS, folder), folder)
    yield factory
    factory.close()


@pytest.fixture
def by_root(folder) -> Iterator[Factory]:
    """registry:2, which runs as root."""
    factory = Factory(REFERENCE, folder)
    yield factory
    factory.close()


def test_the_pod_serves_and_changes_what_registry_2_wrote_as_root(by_root, pod, root):
    old = by_root(root)
    kept, deleted = random_image(5_000), random_image(5_000)
    push_image(old, "team/image", "kept", kept)
    push_image(old, "team/image", "deleted", deleted)
    served = snapshot(old.address)
    old.stop()
    assert not any(is_as_wanted(path) for path in everything_in(root))

    hand_over(root)
    new = pod(root)
    assert Path(f"/proc/{new.daemon.pid}").stat().st_uid == 1000
    assert snapshot(new.address) == served
    push_image(new, "team/image", "kept", random_image(5_000))
    push_image(new, "team/image", "more", kept)
    push_image(new, "other", "v1", random_image(5_000))
    delete(new, f"/v2/team/image/manifests/{deleted.digest}")
    assert new.get("/v2/team/image/manifests/deleted", ACCEPT).status == 404
    served = snapshot(new.address)
    assert new.stop() == 0
    assert "level=error" not in new.daemon.said()

    old.start()
    assert snapshot(old.address) == served
    push_image(old, "team/image", "again", random_image(5_000))


def test_an_upload_that_registry_2_began_as_root_is_ended_by_the_pod(by_root, pod, root):
    old = by_root(root)
    image = random_image(100_000)
    layer = image.blobs[1]
    location = patch(old, open_upload(old, "name"), layer[:50_000])
    old.stop()

    hand_over(root)
    new = pod(root)
    location = patch(new, location, layer[50_000:90_000])
    finish(new, location, digest_of(layer), layer[90_000:])
    push_image(new, "name", "v1", image)
    assert new.get("/v2/name/manifests/v1", ACCEPT).body == image.manifest


def test_nothing_is_walked_at_a_later_start_of_the_pod(pod, root):
    hand_over(root)
    new = pod(root)
    push_image(new, "name", "v1", random_image(5_000))
    new.stop()
    assert is_as_wanted(root)
    new.start()
    push_image(new, "name", "v2", random_image(5_000))


def test_after_a_while_of_registry_2_as_root_the_volume_is_given_over_by_always(
    by_root, pod, root
):
    hand_over(root)
    new = pod(root)
    push_image(new, "name", "v1", random_image(5_000))
    new.stop()
    old = by_root(root)
    push_image(old, "name", "v2", random_image(5_000))
    old.stop()
    assert is_as_wanted(root), "OnRootMismatch would do nothing"
    assert not all(is_as_wanted(path) for path in everything_in(root / "docker"))

    hand_over(root, "Always")
    new.start()
    push_image(new, "name", "v2", random_image(5_000))
    push_image(new, "name", "v3", random_image(5_000))
    assert "level=error" not in new.daemon.said()
