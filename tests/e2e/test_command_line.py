"""The command line, the configuration file and the environment, as operators meet them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.images import random_image
from support.process import Daemon, environment, free_port, run, wait_until
from support.push import push_image
from support.registry import OURS, REFERENCE, write_config
from support.unable import cannot_run
from support.web import request


def registry_command(*arguments: object):
    return run(OURS, *arguments, env=environment(), check=False, timeout=20)


@contextmanager
def serving(log: Path, *arguments: object, binary: Path = OURS, **env: str) -> Iterator[Daemon]:
    """A daemon with a command line and an environment of its own."""
    daemon = Daemon([binary, "serve", *arguments], log, environment(**env))
    try:
        yield daemon
    finally:
        daemon.stop()


def answers(port: int) -> bool:
    try:
        return request(f"127.0.0.1:{port}", "GET", "/v2/").status == 200
    except OSError:
        return False


def wait_for_port(port: int) -> None:
    wait_until(lambda: answers(port), f"the registry answers on {port}")


@pytest.mark.parametrize("flag", ["--version", "-v"])
def test_the_version_is_told(flag):
    done = registry_command(flag)
    assert done.returncode == 0
    assert any(character.isdigit() for character in done.stdout.decode())


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("serve", "--help")])
def test_help_is_given(arguments):
    done = registry_command(*arguments)
    assert done.returncode == 0
    assert b"serve" in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize("arguments", [(), ("destroy",), ("--loud",), ("serve", "--loud")])
def test_a_command_line_that_makes_no_sense_is_answered_with_the_usage(arguments):
    done = registry_command(*arguments)
    assert done.returncode == 2
    assert b"serve" in done.stderr
    assert b"usage" in done.stderr.lower()
    assert done.stdout == b""


def test_a_configuration_that_is_not_named_at_all_is_asked_for():
    done = registry_command("serve")
    assert done.returncode != 0
    assert b"REGISTRY_CONFIGURATION_PATH" in done.stderr


def test_a_configuration_file_that_is_not_there_is_named(tmp_path):
    done = registry_command("serve", tmp_path / "absent.yml")
    assert done.returncode == 1
    assert str(tmp_path / "absent.yml") in done.stderr.decode()


STORAGE = "storage: {filesystem: {rootdirectory: /nonexistent}}"


@pytest.mark.parametrize(
    ("lines", "wrong_line", "words"),
    [
        pytest.param(["version: 0.1", "log: ]"], 2, [], id="broken YAML"),
        pytest.param(["version: 0.2", STORAGE], 1, ["version", "0.2"], id="version"),
        pytest.param(
            ["version: 0.1", STORAGE, "log:", "  level: loud"], 4, ["log.level", "loud"], id="level"
        ),
        pytest.param(
            ["version: 0.1", STORAGE, "http:", "  addr: [1]"], 4, ["http.addr"], id="wrong type"
        ),
    ],
)
def test_a_wrong_configuration_is_refused_by_file_line_and_key(tmp_path, lines, wrong_line, words):
    config = tmp_path / "config.yml"
    config.write_text("\n".join(lines) + "\n")
    done = registry_command("serve", config)
    said = done.stderr.decode()
    assert done.returncode == 1
    assert f"{config}:{wrong_line}" in said
    for word in words:
        assert word in said


def test_the_configuration_may_be_named_by_the_environment(tmp_path):
    port = free_port()
    config = write_config(tmp_path / "config.yml", tmp_path / "data", f"127.0.0.1:{port}")
    with serving(tmp_path / "log", REGISTRY_CONFIGURATION_PATH=str(config)):
        wait_for_port(port)


def test_the_environment_overrides_the_address_and_the_folder(tmp_path):
    port, unused = free_port(), free_port()
    config = write_config(tmp_path / "config.yml", tmp_path / "unused", f"127.0.0.1:{unused}")
    overrides = {
        "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "data"),
    }
    with serving(tmp_path / "log", config, **overrides):
        wait_for_port(port)
        assert not answers(unused)
        path = "/v2/a/blobs/uploads/"
        assert request(f"127.0.0.1:{port}", "POST", path).status == 202
    assert (tmp_path / "data/docker/registry/v2/repositories/a").is_dir()
    assert not (tmp_path / "unused/docker").exists()


@pytest.mark.parametrize("binary", [OURS, REFERENCE], ids=["ours", "2.8.2"])
def test_the_configuration_in_the_project_starts(tmp_path, binary):
    port = free_port()
    config = Path(__file__).resolve().parents[2] / "config/config.yml"
    overrides = {
        "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "data"),
    }
    with serving(tmp_path / "log", config, binary=binary, **overrides):
        wait_for_port(port)


def test_the_environment_may_forbid_deletes(tmp_path):
    port = free_port()
    config = write_config(tmp_path / "config.yml", tmp_path / "data", f"127.0.0.1:{port}")
    with serving(tmp_path / "log", config, REGISTRY_STORAGE_DELETE_ENABLED="false"):
        wait_for_port(port)
        answer = request(f"127.0.0.1:{port}", "DELETE", "/v2/a/manifests/v1")
    assert answer.status == 405
    assert answer.error_codes() == ["UNSUPPORTED"]


def test_a_port_that_is_taken_is_named(tmp_path, registry):
    config = write_config(tmp_path / "config.yml", tmp_path / "data", registry.address)
    done = registry_command("serve", config)
    assert done.returncode == 1
    assert registry.address.encode() in done.stderr


@contextmanager
def second_on(registry, tmp_path: Path) -> Iterator[tuple[Daemon, int]]:
    """Another daemon on the folder of a running one, once it has said who holds the lock."""
    port = free_port()
    config = write_config(tmp_path / "second.yml", registry.root, f"127.0.0.1:{port}")
    with serving(tmp_path / "second.log", config) as second:
        holder = str(registry.daemon.pid)
        wait_until(lambda: says_a_number(second.said(), holder), "it says who holds the lock")
        yield second, port


def says_a_number(text: str, number: str) -> bool:
    digits = "".join(character if character.isdigit() else " " for character in text)
    return number in digits.split()


def test_a_second_daemon_on_a_folder_waits_and_says_who_holds_it(ours, tmp_path):
    registry = ours(tmp_path / "data")
    with second_on(registry, tmp_path) as (second, port):
        assert second.runs()
        assert not answers(port)
        assert registry.get("/v2/").status == 200


def test_the_first_process_of_a_container_can_be_ended_while_it_waits(ours, tmp_path):
    """The kernel gives process 1 no default action for a signal."""
    registry = ours(tmp_path / "data")
    config = write_config(tmp_path / "second.yml", registry.root, f"127.0.0.1:{free_port()}")
    own_pids = ["unshare", "--pid", "--fork", "--kill-child"]
    if run(*own_pids, "true", check=False).returncode != 0:
        cannot_run("a process 1 of its own: unshare --pid is not allowed")
    second = Daemon([*own_pids, OURS, "serve", config], tmp_path / "second.log", environment())
    wait_until(lambda: "waiting" in second.said(), "it waits for the store")
    children = Path(f"/proc/{second.pid}/task/{second.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGTERM)
    assert second.wait() != 0  # it has not served


def test_the_second_daemon_takes_over_when_the_first_ends(ours, tmp_path):
    registry = ours(tmp_path / "data")
    push_image(registry, "a", "v1", random_image())
    with second_on(registry, tmp_path) as (_, port):
        assert registry.stop() == 0
        wait_for_port(port)
        tags = request(f"127.0.0.1:{port}", "GET", "/v2/a/tags/list").json()
    assert tags == {"name": "a", "tags": ["v1"]}
