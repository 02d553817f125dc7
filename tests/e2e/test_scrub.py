"""Blobs that rot on the disk are found by the daemon and by the command, and a push mends them."""

import re
from pathlib import Path

import pytest

from support.damage import Victim, missing, truncated
from support.images import digest_of, random_image
from support.process import Daemon, environment, free_port, run, wait_until
from support.push import push_image
from support.registry import OURS, Registry, write_config
from support.web import request


def garbled(path: Path) -> None:
    """One bit, as a disk does it: of the same size."""
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def push_victim(registry: Registry) -> Victim:
    image = random_image()
    for tag in ("v1", "v2"):
        push_image(registry, "hit", tag, image)
    push_image(registry, "spared", "v1", random_image())
    return Victim(registry.files(), "hit", "v1", image)


def quarantined(root: Path) -> list[str]:
    folder = root / ".registry/quarantine"
    return [file.name for file in folder.iterdir()] if folder.exists() else []


def layer_status(registry: Registry, victim: Victim) -> int:
    return registry.request("HEAD", f"/v2/{victim.name}/blobs/{victim.layer}").status


def assert_whole(registry: Registry, victim: Victim) -> None:
    manifest = registry.get(f"/v2/{victim.name}/manifests/{victim.tag}")
    assert (manifest.status, manifest.body) == (200, victim.image.manifest)
    for blob in victim.image.blobs:
        answer = registry.get(f"/v2/{victim.name}/blobs/{digest_of(blob)}")
        assert (answer.status, answer.body) == (200, blob)


def scrubbing_daemon(ours, root: Path, **more: str) -> Registry:
    """Once a second, and with metrics."""
    variables = {
        "SCRUB_ENABLED": "true",
        "SCRUB_INTERVAL": "1s",
        "HTTP_DEBUG_ADDR": f"127.0.0.1:{free_port()}",
        "HTTP_DEBUG_PROMETHEUS_ENABLED": "true",
    }
    return ours(root, variables=variables | more)


@pytest.fixture
def scrubbing(ours, tmp_path) -> Registry:
    return scrubbing_daemon(ours, tmp_path / "data")


def metric(registry: Registry, name: str) -> float:
    text = request(registry.env["REGISTRY_HTTP_DEBUG_ADDR"], "GET", "/metrics").body.decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


@pytest.mark.parametrize("damage", [garbled, truncated, emptied])
def test_a_damaged_layer_of_a_served_store_is_missed_and_mended(scrubbing, damage):
    victim = push_victim(scrubbing)
    assert layer_status(scrubbing, victim) == 200  # and it is in memory from now on
    damage(victim.layer_data())
    wait_until(lambda: layer_status(scrubbing, victim) == 404, "the damage is found")
    digest = victim.layer.replace(":", "-")
    assert quarantined(scrubbing.root) == [digest]
    wait_until(lambda: "hit:v1, hit:v2" in scrubbing.daemon.said(), "the images are named")
    assert "spared" not in scrubbing.daemon.said().split("a damaged blob")[1].split("\n")[0]
    assert metric(scrubbing, "registry_scrub_damaged_total") == 1

    push_image(scrubbing, victim.name, victim.tag, victim.image)
    assert_whole(scrubbing, victim)
    before = metric(scrubbing, "registry_scrub_last_completed_timestamp_seconds")
    wait_until(
        lambda: metric(scrubbing, "registry_scrub_last_completed_timestamp_seconds") > before + 2,
        "it was scrubbed again",
    )
    assert metric(scrubbing, "registry_scrub_damaged_total") == 1
    assert_whole(scrubbing, victim)


def test_a_daemon_in_the_middle_of_a_scrub_ends_in_good_order(ours, tmp_path):
    """At this rate a run takes days."""
    victim = push_victim(registry := ours(tmp_path / "data"))
    registry.stop()
    slow = scrubbing_daemon(ours, tmp_path / "data", SCRUB_RATE="1")
    wait_until(lambda: metric(slow, "registry_scrub_bytes_total") > 0, "it scrubs")
    assert slow.stop() == 0
    registry.start()
    assert_whole(registry, victim)


@pytest.fixture
def scrub(tmp_path):
    """scrub(root) runs the command to its end."""

    def command(root: Path, **variables: str):
        config = write_config(tmp_path / "scrub.yml", root, "127.0.0.1:0")
        return run(OURS, "scrub", config, env=environment(**variables), check=False)

    return command


@pytest.mark.parametrize("is_served", [False, True], ids=["alone", "by the daemon"])
def test_the_command_says_what_is_damaged_and_whom_it_hits(ours, tmp_path, scrub, is_served):
    registry = ours(tmp_path / "data")
    victim = push_victim(registry)
    assert layer_status(registry, victim) == 200  # and a daemon has it in memory from now on
    if not is_served:
        registry.stop()
    done = scrub(registry.root)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rb"8 blobs, \d+ bytes, 0 damaged, 0 unreadable, \d+ seconds\n", done.stdout)

    garbled(victim.layer_data())
    size = victim.layer_data().stat().st_size
    done = scrub(registry.root)
    assert done.returncode == 1
    said, summary = done.stdout.decode().splitlines()
    place = f".registry/quarantine/{victim.layer.replace(':', '-')}"
    assert said == f"{victim.layer} {size} damaged: quarantined as {place}; hits: hit:v1, hit:v2"
    assert (registry.root / place).stat().st_size == size
    assert re.fullmatch(r"8 blobs, \d+ bytes, 1 damaged, 0 unreadable, \d+ seconds", summary)

    done = scrub(registry.root)
    assert done.returncode == 0, "what is in quarantine is not in the store"
    if not is_served:
        registry.start()
    assert layer_status(registry, victim) == 404
    push_image(registry, victim.name, victim.tag, victim.image)
    assert_whole(registry, victim)


def test_a_damaged_manifest_hits_its_own_image(ours, tmp_path, scrub):
    registry = ours(tmp_path / "data")
    victim = push_victim(registry)
    registry.stop()
    garbled(victim.manifest_data())
    said = scrub(registry.root).stdout.decode().splitlines()[0]
    assert said.startswith(victim.image.digest) and said.endswith("hits: hit:v1, hit:v2")


def test_what_is_missing_is_no_damage(ours, tmp_path, scrub):
    registry = ours(tmp_path / "data")
    victim = push_victim(registry)
    registry.stop()
    missing(victim.layer_data())
    done = scrub(registry.root)
    assert done.returncode == 0
    assert done.stdout.startswith(b"7 blobs, ")


def test_a_daemon_that_cannot_be_asked_keeps_its_store(ours, tmp_path, scrub):
    registry = ours(tmp_path / "data")
    victim = push_victim(registry)
    garbled(victim.layer_data())
    (registry.root / ".registry/socket").unlink()
    done = scrub(registry.root)
    assert (done.returncode, done.stdout) == (1, b"")
    said = done.stderr.decode()
    assert "failed to scrub: " in said and f"pid {registry.daemon.pid}" in said
    assert "scrub.enabled" in said
    assert quarantined(registry.root) == []


@pytest.fixture
def asked(ours, tmp_path, scrub) -> tuple[Registry, Daemon]:
    """A daemon that scrubs for a command, for days at this rate."""
    registry = ours(tmp_path / "data")
    push_victim(registry)
    config = write_config(tmp_path / "slow.yml", registry.root, "127.0.0.1:0")
    slow = environment(REGISTRY_SCRUB_RATE="1")
    command = Daemon([OURS, "scrub", config], tmp_path / "slow.log", slow)
    wait_until(lambda: "a scrub was asked for" in registry.daemon.said(), "it scrubs")
    yield registry, command
    command.stop()


def test_a_scrub_that_was_asked_for_goes_on_beside_everything_but_another(asked, scrub):
    registry, command = asked
    done = scrub(registry.root)
    assert done.returncode == 1
    assert b"scrubs this store at this moment" in done.stdout
    run(OURS, "garbage-collect", registry.config, env=registry.env)
    assert registry.get("/v2/hit/manifests/v1").status == 200
    assert command.runs()


def test_a_scrub_ends_when_the_command_that_asked_for_it_goes_away(asked, scrub):
    registry, command = asked
    command.kill()
    wait_until(lambda: "a scrub was ended early" in registry.daemon.said(), "it has ended")
    done = scrub(registry.root)
    assert done.returncode == 0, done.stdout


def test_a_daemon_that_ends_ends_the_scrub_that_was_asked_for(asked):
    registry, command = asked
    assert registry.stop() == 0
    assert command.wait() == 1
    assert " blobs, " not in command.said()


def test_a_daemon_that_scrubs_by_itself_says_so_to_whoever_asks(ours, tmp_path, scrub):
    slow = scrubbing_daemon(ours, tmp_path / "data", SCRUB_RATE="1")
    push_victim(slow)
    wait_until(lambda: metric(slow, "registry_scrub_bytes_total") > 0, "it scrubs")
    done = scrub(slow.root)
    assert done.returncode == 1
    assert b"scrubs this store at this moment" in done.stdout


def test_what_cannot_be_scrubbed_is_said(scrub, tmp_path):
    done = scrub(tmp_path / "nowhere")
    assert done.returncode == 1
    assert str(tmp_path / "nowhere").encode() in done.stderr
    assert not (tmp_path / "nowhere").exists()
    config = tmp_path / "memory.yml"
    config.write_text("version: 0.1\nstorage: {inmemory: {}}\n")
    done = run(OURS, "scrub", config, env=environment(), check=False)
    assert done.returncode == 1
    assert b"failed to scrub: storage.inmemory" in done.stderr
