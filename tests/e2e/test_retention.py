"""Tags that no rule keeps go: by the daemon at its interval, and by the command on a quiet store."""

import re
import time
from pathlib import Path

import pytest

from support.collect import our_collector
from support.images import Image, digest_of, random_image
from support.measured import metric, start
from support.process import environment, run, wait_until
from support.push import push_image, put_manifest
from support.registry import OURS, Registry, write_config

NEWEST = "{repositories: [team/*], keep: {newest: 2}}"
PULLED = "{repositories: [team/*], keep: {pulledwithin: 1h}}"


def tags_of(registry: Registry, name: str) -> list[str]:
    return registry.get(f"/v2/{name}/tags/list").json()["tags"]


def tags_on_disk(root: Path, name: str) -> list[str]:
    tags = root / "docker/registry/v2/repositories" / name / "_manifests/tags"
    return sorted(folder.name for folder in tags.iterdir())


def push_three(registry: Registry, name: str) -> list[Image]:
    images = [random_image(20_000) for _ in range(3)]
    for number, image in enumerate(images, 1):
        push_image(registry, name, f"v{number}", image)
    return images


def started_before(ours, root: Path) -> Registry:
    """In the second of its first start it does not know what was pulled before."""
    registry = ours(root)
    time.sleep(1.1)
    return registry


class Command:
    """`registry retention` on a folder, with one rule."""

    def __init__(self, work: Path, root: Path, rule: str):
        self.config = write_config(work / "retention.yml", root, "127.0.0.1:0")
        self.env = environment(REGISTRY_RETENTION_RULES_0=rule)

    def __call__(self, *options: str) -> list[str]:
        done = self.run(*options)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode().splitlines()

    def run(self, *options: str):
        return run(OURS, "retention", *options, self.config, env=self.env, check=False)


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "data"


def test_the_daemon_removes_what_no_rule_keeps(ours, root):
    rules = {"RETENTION_INTERVAL": "1s", "RETENTION_RULES_0": NEWEST}
    registry = start(ours, root, **rules)
    images = push_three(registry, "team/app")
    push_three(registry, "other/app")
    wait_until(lambda: tags_of(registry, "team/app") == ["v2", "v3"], "the oldest tag is gone")
    assert tags_of(registry, "other/app") == ["v1", "v2", "v3"]
    assert registry.get(f"/v2/team/app/manifests/{images[0].digest}").status == 200  # promised
    said = registry.daemon.said()
    assert re.search(r'msg="retention removed a tag" .*repository=team/app tag=v1 why=', said)


def counted(registry: Registry, what: str) -> float:
    return metric(registry, f"registry_retention_{what}")


def test_what_goes_is_counted(ours, root, tmp_path):
    registry = start(ours, root, RETENTION_INTERVAL="1h", RETENTION_RULES_0=NEWEST)
    push_three(registry, "team/app")
    assert counted(registry, "last_completed_timestamp_seconds") == 0
    command = Command(tmp_path, root, NEWEST)
    command("--dry-run")
    assert counted(registry, "runs_total") == 0
    begun = time.time()
    command()
    assert counted(registry, "runs_total") == 1
    assert counted(registry, "removed_tags_total") == 1
    assert counted(registry, "removed_manifests_total") == 0  # promised
    assert counted(registry, "last_completed_timestamp_seconds") >= begun - 1
    command()
    assert counted(registry, "runs_total") == 2
    assert counted(registry, "removed_tags_total") == 1


def test_the_room_comes_back_while_the_daemon_serves(ours, root):
    collection = {"INTERVAL": "1s", "GRACE": "2s", "MINGRACE": "1s"}
    variables = {f"GARBAGECOLLECTION_{key}": value for key, value in collection.items()}
    rules = {"RETENTION_INTERVAL": "1s", "RETENTION_RULES_0": NEWEST}
    registry = ours(root, variables=variables | rules)
    images = push_three(registry, "team/app")
    blobs = registry.files() / "blobs/sha256"
    hexes = [digest_of(blob).removeprefix("sha256:") for blob in images[0].blobs]
    gone = [blobs / name[:2] / name / "data" for name in hexes]
    assert all(file.exists() for file in gone)
    wait_until(lambda: not any(file.exists() for file in gone), "the blobs of the oldest are gone")
    for image in images[1:]:
        assert registry.get(f"/v2/team/app/manifests/{image.digest}").status == 200
        for blob in image.blobs:
            assert registry.get(f"/v2/team/app/blobs/{digest_of(blob)}").body == blob


def test_the_daemon_only_says_it_in_a_dry_run(ours, root):
    rules = {"INTERVAL": "1s", "DRYRUN": "true", "RULES_0": NEWEST}
    registry = ours(root, variables={f"RETENTION_{key}": rule for key, rule in rules.items()})
    push_three(registry, "team/app")
    wait_until(
        lambda: "retention would remove a tag" in registry.daemon.said(), "it says what would go"
    )
    assert tags_of(registry, "team/app") == ["v1", "v2", "v3"]


def test_the_command_says_what_a_collection_then_frees(ours, root, tmp_path):
    registry = ours(root)
    images = push_three(registry, "team/app")
    push_image(registry, "other/app", "v1", images[2])  # which frees nothing, then
    registry.stop()
    command = Command(tmp_path, root, "{repositories: [team/*], keep: {tags: [v2]}}")
    lines = command("--dry-run")
    assert {line.split(" ")[0] for line in lines[:2]} == {"team/app:v1", "team/app:v3"}
    assert "2 tags and 2 manifests would go" in lines[-1]
    assert tags_on_disk(root, "team/app") == ["v1", "v2", "v3"]
    lines = command()
    assert tags_on_disk(root, "team/app") == ["v2"]
    says = int(re.search(r"frees (\d+) bytes", lines[-1]).group(1))
    assert says == len(images[0].manifest) + sum(len(blob) for blob in images[0].blobs)
    freed = our_collector(tmp_path)(root).logged
    assert f"bytes={says}" in freed or f'bytes="{says}"' in freed
    assert "0 tags and 0 manifests would go" in command("--dry-run")[-1]


def test_a_pull_is_remembered_over_restarts(ours, root, tmp_path):
    registry = started_before(ours, root)
    images = push_three(registry, "team/app")
    digest = images[1].digest
    assert registry.request("HEAD", "/v2/team/app/manifests/v1").status == 200  # is no pull
    assert registry.get(f"/v2/team/app/manifests/{digest}").status == 200
    assert registry.request("HEAD", "/v2/team/app/manifests/v3").status == 200
    registry.stop()
    registry.start()
    registry.stop()
    lines = Command(tmp_path, root, PULLED)("--dry-run")
    assert {line.split(" ")[0] for line in lines[:2]} == {"team/app:v1", "team/app:v3"}
    assert "2 tags and 2 manifests" in lines[-1]


def test_an_overwritten_digest_stays_for_its_time(ours, root, tmp_path):
    registry = started_before(ours, root)
    old, new = random_image(20_000), random_image(20_000)
    push_image(registry, "team/app", "v1", old)
    push_image(registry, "team/app", "v1", new)
    registry.stop()
    stays = Command(tmp_path, root, "{repositories: ['**'], untagged: 1h}")
    assert "0 tags and 0 manifests" in stays("--dry-run")[-1]
    goes = Command(tmp_path, root, "{repositories: ['**'], untagged: 0s}")
    assert [line.split(":")[0] for line in goes()[:-1]] == ["team/app@sha256"]
    registry.start()
    assert registry.get(f"/v2/team/app/manifests/{old.digest}").status == 404
    assert registry.get("/v2/team/app/manifests/v1").body == new.manifest


def test_the_command_asks_the_daemon_which_goes_by_its_own_rules(ours, root, tmp_path):
    registry = ours(root, variables={"RETENTION_RULES_0": NEWEST})
    push_three(registry, "team/app")
    command = Command(tmp_path, root, "{repositories: [team/*], keep: {newest: 1}}")
    assert "2 tags and 2 manifests would go" in command("--dry-run")[-1]
    assert tags_of(registry, "team/app") == ["v1", "v2", "v3"]
    gone, summary = command()
    assert gone.startswith("team/app:v1 ")
    assert "1 tags and" in summary and "went" in summary
    assert tags_of(registry, "team/app") == ["v2", "v3"]


def test_a_dry_run_beside_pushes_takes_nothing_from_them(ours, root, tmp_path):
    registry = ours(root)
    command = Command(tmp_path, root, NEWEST)
    for number in range(10):
        push_image(registry, "team/app", f"v{number}", random_image(1_000))
        command("--dry-run")
    assert len(tags_of(registry, "team/app")) == 10


def test_pushing_the_same_again_is_a_push(ours, root, tmp_path):
    registry = ours(root)
    images = push_three(registry, "team/app")
    put_manifest(registry, "team/app", "v1", images[0].manifest)
    registry.stop()
    lines = Command(tmp_path, root, NEWEST)("--dry-run")
    assert lines[0].startswith("team/app:v2 ")
