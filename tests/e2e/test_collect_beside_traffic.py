"""The daemon's own collections, and those that the command line asks it for."""

import shutil
import stat
from pathlib import Path

from support.images import digest_of, random_image
from support.process import free_port, run, wait_until
from support.push import delete, open_upload, patch, push_blob, push_image
from support.registry import OURS, Registry
from support.snapshot import snapshot
from support.web import request

QUICK = {"GARBAGECOLLECTION": "{interval: 1s, grace: 2s, mingrace: 1s}"}
BY_HAND = {"GARBAGECOLLECTION": "{enabled: false, grace: 2s, mingrace: 1s}"}
SECONDS = 30


def stored(registry: Registry) -> set[str]:
    blobs = registry.root / "docker/registry/v2/blobs"
    listed = run("find", blobs, "-name", "data", check=False).stdout.decode()
    return {"sha256:" + Path(line).parent.name for line in listed.splitlines()}


def ask(registry: Registry, *options: str):
    return run(OURS, "garbage-collect", *options, registry.config, check=False, env=registry.env)


def wait_until_stored(registry: Registry, digests: set[str]) -> None:
    wait_until(lambda: stored(registry) == digests, f"only {digests} are stored", SECONDS)


def digests_of(image) -> set[str]:
    return {image.digest, *(digest_of(blob) for blob in image.blobs)}


def test_space_comes_back_by_itself_and_repositories_leave_the_catalog(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=QUICK)
    kept, deleted = random_image(), random_image()
    push_image(registry, "team/kept", "v1", kept)
    push_image(registry, "team/app/deleted", "v1", deleted)
    push_blob(registry, "team/garbage", b"no manifest names this")
    delete(registry, f"/v2/team/app/deleted/manifests/{deleted.digest}")
    wait_until_stored(registry, digests_of(kept))
    wait_until(
        lambda: registry.get("/v2/_catalog").json() == {"repositories": ["team/kept"]},
        "the catalog names what is left",
        SECONDS,
    )
    assert registry.get("/v2/team/app/deleted/tags/list").status == 404
    assert not (registry.files() / "repositories/team/app").exists()
    served = snapshot(registry.address)
    registry.stop()
    assert "space was made" in registry.daemon.said()
    registry.start()
    assert snapshot(registry.address) == served
    delete(registry, f"/v2/team/kept/manifests/{kept.digest}")
    wait_until_stored(registry, set())


def test_an_upload_that_goes_on_stays(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=QUICK)
    location = patch(registry, open_upload(registry, "slow/app"), b"half of it")
    push_blob(registry, "other", b"no manifest names this")
    wait_until_stored(registry, set())
    patch(registry, location, b" and the other half")


def test_a_deleted_image_is_pushed_again_at_any_moment(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=QUICK)
    image = random_image()
    for _ in range(8):
        push_image(registry, "again", "v1", image)
        for blob in image.blobs:
            assert registry.get(f"/v2/again/blobs/{digest_of(blob)}").body == blob
        delete(registry, f"/v2/again/manifests/{image.digest}")
    wait_until_stored(registry, set())


def test_the_command_asks_the_daemon(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=BY_HAND)
    kept, deleted = random_image(), random_image()
    push_image(registry, "app", "kept", kept)
    push_image(registry, "app", "deleted", deleted)
    delete(registry, f"/v2/app/manifests/{deleted.digest}")
    too_early = ask(registry)
    assert too_early.returncode == 0
    assert b"0 blobs and 0 manifests eligible for deletion" in too_early.stdout
    assert b"stay for garbagecollection.mingrace, which is 1s" in too_early.stdout
    assert stored(registry) >= digests_of(deleted)
    gone = digests_of(deleted)
    eligible = f"{len(gone)} blobs and 0 manifests eligible for deletion"
    wait_until(
        lambda: eligible in ask(registry, "-d").stdout.decode(), "they may go", SECONDS
    )
    assert stored(registry) >= gone
    done = ask(registry)
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode().splitlines()
    assert {line for line in said if line.startswith("blob eligible")} == {
        f"blob eligible for deletion: {digest}" for digest in gone
    }
    assert f"{len(digests_of(kept))} blobs marked, {eligible}" in said
    assert f"app: marking manifest {kept.digest} " in said
    assert stored(registry) == digests_of(kept)
    assert ask(registry, "--quiet").stdout == b""


def test_untagged_manifests_go_where_they_are_asked_to(ours, tmp_path):
    registry = ours(tmp_path / "data", variables=BY_HAND)
    old, new = random_image(), random_image()
    push_image(registry, "app", "latest", old)
    push_image(registry, "app", "latest", new)
    wait_until(lambda: b" 1 manifests" in ask(registry, "-d", "-m").stdout, "it may go", SECONDS)
    assert registry.get(f"/v2/app/manifests/{old.digest}").status == 200
    # Which was a pull, and a promise.
    assert b" 0 manifests" in ask(registry, "-m").stdout
    wait_until(lambda: b" 1 manifests" in ask(registry, "-m").stdout, "it may go", SECONDS)
    assert registry.get(f"/v2/app/manifests/{old.digest}").status == 404
    assert stored(registry) == digests_of(new)


def test_nobody_else_may_ask_and_the_socket_goes_with_the_daemon(ours, tmp_path):
    deep = tmp_path / ("d" * 100) / "data"
    registry = ours(deep)
    socket = deep / ".registry/socket"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert ask(registry, "-d").returncode == 0
    registry.kill()
    assert socket.exists()
    assert ask(registry, "-d").returncode == 0  # by itself: nobody listens there
    registry.start()
    assert ask(registry, "-d").returncode == 0
    registry.stop()
    assert not socket.exists()


def test_in_readonly_mode_it_waits_to_be_asked(ours, tmp_path):
    root = tmp_path / "data"
    registry = ours(root)
    push_blob(registry, "app", b"no manifest names this")
    registry.stop()
    variables = {"STORAGE_MAINTENANCE_READONLY": "{enabled: true}", **QUICK}
    shutil.copytree(root, tmp_path / "copy")
    registry = ours(tmp_path / "copy", variables=variables)
    assert "what nothing needs is collected" not in registry.daemon.said()
    wait_until(lambda: b" 1 blobs and" in ask(registry).stdout, "it is old enough", SECONDS)
    assert stored(registry) == set()


def test_the_metrics_say_what_was_freed(ours, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    variables = {"HTTP_DEBUG_ADDR": address, "HTTP_DEBUG_PROMETHEUS_ENABLED": "true"}
    registry = ours(tmp_path / "data", variables=QUICK | variables)
    push_blob(registry, "app", b"12345")

    def metrics() -> str:
        return request(address, "GET", "/metrics").body.decode()

    wait_until(lambda: "registry_gc_removed_blobs_total 1\n" in metrics(), "it is gone", SECONDS)
    assert "registry_gc_freed_bytes_total 5\n" in metrics()
    assert "registry_gc_damaged 0\n" in metrics()
    assert stored(registry) == set()
