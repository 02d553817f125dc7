"""garbage-collect: what it says and leaves, beside the collector of 2.8 on the same store."""

import fcntl
import shutil
from pathlib import Path

import pytest

from support.collect import Collector, our_collector, reference_collector, tree_of
from support.images import OCI_INDEX, digest_of, random_image, random_index
from support.process import environment, run
from support.push import (
    delete,
    mount,
    open_upload,
    patch,
    push_blob,
    push_image,
    push_index,
    put_manifest,
    status_of,
)
from support.registry import OURS, REFERENCE, Factory, Registry
from support.snapshot import snapshot
from support.web import ACCEPT

GARBAGE = b"no manifest names this"


class Store:
    """All that clients leave behind, on a folder of its own."""

    def __init__(self, registry: Registry):
        self.root = registry.root
        self.old, self.deleted = random_image(5_000), random_image(5_000)
        self.index, self.untagged_index, self.moved_index = (random_index() for _ in range(3))
        push_image(registry, "plain", "v1", self.old)
        shared = random_image(5_000)
        push_image(registry, "plain", "v1", shared)
        for blob in shared.blobs:
            mount(registry, "plain/mounted", digest_of(blob), "plain")
        put_manifest(registry, "plain/mounted", "v1", shared.manifest)
        push_image(registry, "deleted", "gone", self.deleted)
        push_image(registry, "deleted", "kept", random_image(5_000))
        delete(registry, f"/v2/deleted/manifests/{self.deleted.digest}")
        push_blob(registry, "plain", GARBAGE)
        self.upload = patch(registry, open_upload(registry, "uploading"), b"half of it")
        self.served = snapshot(registry.address)

    def add_indexes(self, registry: Registry) -> None:
        push_index(registry, "multi", "all", self.index)
        push_index(registry, "multi", "moved", self.untagged_index)
        push_index(registry, "multi", "moved", self.moved_index)
        self.served = snapshot(registry.address)


@pytest.fixture(scope="module", params=[OURS, REFERENCE], ids=["by ours", "by the reference"])
def writer(request, tmp_path_factory):
    """Who wrote the store."""
    factory = Factory(request.param, tmp_path_factory.mktemp("writer"))
    yield factory
    factory.close()


@pytest.fixture(scope="module")
def without_indexes(writer, tmp_path_factory) -> Store:
    registry = writer(tmp_path_factory.mktemp("plain") / "data")
    store = Store(registry)
    registry.stop()
    return store


@pytest.fixture(scope="module")
def with_indexes(writer, tmp_path_factory) -> Store:
    registry = writer(tmp_path_factory.mktemp("multi") / "data")
    store = Store(registry)
    store.add_indexes(registry)
    registry.stop()
    return store


@pytest.fixture
def collect(tmp_path) -> Collector:
    return our_collector(tmp_path)


@pytest.fixture
def collect_as_2_8(tmp_path) -> Collector:
    return reference_collector(tmp_path)


@pytest.fixture
def copy_of(tmp_path):
    """A store to change: copy_of(store)."""

    def copy(store: Store, name: str = "copy") -> Path:
        shutil.copytree(store.root, tmp_path / name)
        return tmp_path / name

    return copy


@pytest.mark.parametrize("options", [("-d",), ()], ids=["dry run", "for good"])
def test_it_says_line_for_line_what_2_8_says(
    with_indexes, copy_of, collect, collect_as_2_8, options
):
    ours, theirs = copy_of(with_indexes, "ours"), copy_of(with_indexes, "theirs")
    expected = collect_as_2_8(theirs, *options)
    assert expected.blobs() >= {digest_of(GARBAGE), with_indexes.deleted.digest}
    assert collect(ours, *options).lines == expected.lines
    blobs = "docker/registry/v2/blobs"
    stored = [{path.name for path in (root / blobs).glob("*/*/*")} for root in (ours, theirs)]
    assert stored[0] == stored[1]


@pytest.mark.parametrize("options", [("-d", "-m"), ("-m",)], ids=["dry run", "for good"])
def test_it_says_line_for_line_what_2_8_says_of_untagged_manifests(
    without_indexes, copy_of, collect, collect_as_2_8, options
):
    ours, theirs = copy_of(without_indexes, "ours"), copy_of(without_indexes, "theirs")
    expected = collect_as_2_8(theirs, *options)
    assert expected.manifests() == {without_indexes.old.digest}
    assert collect(ours, *options).lines == expected.lines


def test_the_children_of_a_tagged_index_stay_which_2_8_would_drop(
    with_indexes, copy_of, collect, collect_as_2_8
):
    root = copy_of(with_indexes)
    children = {child.digest for child in with_indexes.index.children}
    untagged = {with_indexes.untagged_index.digest, with_indexes.old.digest}
    untagged |= {child.digest for child in with_indexes.untagged_index.children}
    assert children <= collect_as_2_8(root, "-d", "-m").manifests()
    assert collect(root, "-d", "-m").manifests() == untagged
    assert collect(root, "-m").manifests() == untagged
    assert collect(root, "-m").manifests() == set()


@pytest.mark.parametrize("options", [(), ("-m",)], ids=["all", "untagged"])
def test_what_is_left_is_served_by_both_and_clean_for_the_collector_of_2_8(
    with_indexes, copy_of, collect, collect_as_2_8, ours, reference, options
):
    root = copy_of(with_indexes)
    assert digest_of(GARBAGE) in collect(root, *options).blobs()
    again = collect_as_2_8(root, "-d")
    assert again.blobs() == set()
    assert "\n0 blobs eligible" not in again.said  # it has counted
    for start in (reference, ours):
        registry = start(root)
        assert snapshot(registry.address) == with_indexes.served
        assert registry.get(f"/v2/plain/blobs/{digest_of(GARBAGE)}").status == 404
        assert status_of(registry, with_indexes.upload).received == len(b"half of it")
        registry.stop()
    collect_as_2_8(root, "-m")  # to its end, whatever it takes for untagged


def test_after_the_collector_of_2_8_there_is_nothing_left_but_links(
    with_indexes, copy_of, collect, collect_as_2_8, ours
):
    root = copy_of(with_indexes)
    collect_as_2_8(root)
    registry = ours(root)
    assert snapshot(registry.address) == with_indexes.served
    registry.stop()
    rest = collect(root)
    assert rest.blobs() | rest.manifests() == set()
    assert f"layer link eligible for deletion: {digest_of(GARBAGE)}" in rest.said
    registry.start()
    assert snapshot(registry.address) == with_indexes.served


@pytest.mark.parametrize("options", [(), ("-m",)], ids=["all", "untagged"])
def test_folders_that_a_kill_left_without_their_file_are_nothing_to_both(
    with_indexes, copy_of, collect, collect_as_2_8, ours, options
):
    root, some = copy_of(with_indexes), "ab" * 32
    collect(root)
    tree = root / "docker/registry/v2"
    repository = tree / "repositories/plain"
    left = [
        tree / "blobs/sha256/ab" / some,
        repository / "_layers/sha256" / some,
        repository / "_manifests/revisions/sha256" / some,
    ]
    for folder in left:
        folder.mkdir(parents=True)
    assert collect_as_2_8(root, "-d", *options).blobs().isdisjoint({f"sha256:{some}"})
    registry = ours(root)
    assert snapshot(registry.address) == with_indexes.served
    registry.stop()
    collect(root, *options)
    assert not any(folder.exists() for folder in left)


def test_an_index_whose_children_2_8_dropped_is_served_and_mended_by_a_push(
    with_indexes, copy_of, collect, collect_as_2_8, ours
):
    root, index = copy_of(with_indexes), with_indexes.index
    assert {child.digest for child in index.children} <= collect_as_2_8(root, "-m").manifests()
    for options in ((), ("-m",)):
        collect(root, *options)
    registry = ours(root)
    assert registry.get("/v2/multi/manifests/all", ACCEPT).body == index.manifest
    for child in index.children:
        assert registry.get(f"/v2/multi/manifests/{child.digest}", ACCEPT).status == 404
    refused = registry.request(
        "PUT", "/v2/multi/manifests/all", index.manifest, {"Content-Type": OCI_INDEX}
    )
    assert refused.error_codes() == ["MANIFEST_BLOB_UNKNOWN"] * len(index.children)
    for tag, lost in (("all", index), ("moved", with_indexes.moved_index)):
        push_index(registry, "multi", tag, lost)
    assert snapshot(registry.address) == with_indexes.served


@pytest.mark.parametrize(
    "options",
    [
        ("-d", "-m"),
        ("-dm",),
        ("--dry-run", "--delete-untagged"),
        ("--delete-untagged=true", "--dry-run=true"),
    ],
)
def test_a_dry_run_changes_nothing(without_indexes, copy_of, collect, options):
    root = copy_of(without_indexes)
    before = tree_of(root)
    said = collect(root, *options)
    assert said.manifests() == {without_indexes.old.digest}
    assert digest_of(GARBAGE) in said.blobs()
    assert tree_of(root) == before


@pytest.mark.parametrize("options", [(), ("--delete-untagged=false",)])
def test_untagged_manifests_stay_unless_asked_for(without_indexes, copy_of, collect, options):
    root = copy_of(without_indexes)
    assert collect(root, *options).manifests() == set()


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_it_is_quiet_when_asked_and_removes_all_the_same(
    without_indexes, copy_of, collect, option
):
    root = copy_of(without_indexes)
    assert collect(root, option).said == ""
    assert digest_of(GARBAGE) not in collect(root).blobs()


def test_options_may_stand_behind_the_configuration(without_indexes, copy_of, collect):
    root = copy_of(without_indexes)
    before = tree_of(root)
    done = run(OURS, "garbage-collect", collect.config(root), "-d", env=environment())
    assert b"blob eligible for deletion" in done.stdout
    assert tree_of(root) == before


def test_the_configuration_may_be_named_by_the_environment(without_indexes, copy_of, collect):
    root = copy_of(without_indexes)
    env = environment(REGISTRY_CONFIGURATION_PATH=str(collect.config(root)))
    done = run(OURS, "garbage-collect", env=env)
    assert f"blob eligible for deletion: {digest_of(GARBAGE)}" in done.stdout.decode()


def test_a_setting_of_the_environment_goes_before_the_configuration(
    without_indexes, copy_of, collect, tmp_path
):
    root = copy_of(without_indexes)
    elsewhere = collect.config(tmp_path / "elsewhere")
    env = environment(REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(root))
    done = run(OURS, "garbage-collect", elsewhere, env=env)
    assert f"blob eligible for deletion: {digest_of(GARBAGE)}" in done.stdout.decode()


def test_what_it_does_is_on_stdout_and_its_log_on_stderr(without_indexes, copy_of, collect):
    said = collect(copy_of(without_indexes))
    assert "level=" not in said.said
    garbage = digest_of(GARBAGE).removeprefix("sha256:")
    folder = f"/docker/registry/v2/blobs/sha256/{garbage[:2]}/{garbage}"
    assert f'msg="Deleting blob: {folder}"' in said.logged
    assert "eligible" not in said.logged


def test_a_store_that_another_command_works_on_is_left_alone(without_indexes, copy_of, collect):
    root = copy_of(without_indexes)
    collect(root, "-d")
    before = tree_of(root)
    with (root / ".registry/lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = collect.run(root)
    assert done.returncode == 1
    assert done.stdout == b""
    said = done.stderr.decode()
    assert "failed to garbage collect: " in said
    assert "in use by host" in said
    assert tree_of(root) == before


def test_a_folder_that_is_not_there_is_said_to_be_and_not_made(collect, tmp_path):
    done = collect.run(tmp_path / "nowhere")
    assert done.returncode == 1
    assert str(tmp_path / "nowhere") in done.stderr.decode()
    assert not (tmp_path / "nowhere").exists()


def test_a_store_in_which_there_is_nothing_is_no_failure(collect, tmp_path):
    root = tmp_path / "empty"
    root.mkdir()
    assert "0 blobs marked, 0 blobs and 0 manifests eligible" in collect(root).said


def test_a_configuration_that_is_wrong_is_named(tmp_path):
    config = tmp_path / "config.yml"
    config.write_text("version: 0.1\nstorage: {inmemory: {}}\n")
    done = run(OURS, "garbage-collect", config, env=environment(), check=False)
    assert done.returncode == 1
    assert b"failed to garbage collect: storage.inmemory" in done.stderr
    done = run(OURS, "garbage-collect", tmp_path / "none.yml", env=environment(), check=False)
    assert done.returncode == 1
    assert b"none.yml" in done.stderr


def test_without_a_configuration_the_usage_is_told():
    done = run(OURS, "garbage-collect", env=environment(), check=False)
    assert done.returncode == 2
    assert b"REGISTRY_CONFIGURATION_PATH" in done.stderr
    assert b"--delete-untagged" in done.stderr
