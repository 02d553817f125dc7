"""The image's entry point takes what registry:2's takes."""

import pytest

from support.process import environment, run
from support.registry import PROJECT

ENTRYPOINT = PROJECT / "deploy/container/entrypoint.sh"
CONFIG = "/etc/docker/registry/config.yml"


@pytest.fixture
def env(tmp_path) -> dict[str, str]:
    """A registry that says what it was called with."""
    program = tmp_path / "registry"
    program.write_text('#!/bin/sh\necho registry "$@"\n')
    program.chmod(0o755)
    found = environment()
    return {**found, "PATH": f"{tmp_path}:{found['PATH']}"}


@pytest.mark.parametrize(
    "arguments, called",
    [
        ([CONFIG], f"registry serve {CONFIG}"),
        (["other.yaml"], "registry serve other.yaml"),
        (["serve", CONFIG], f"registry serve {CONFIG}"),
        (["registry", "serve", CONFIG], f"registry serve {CONFIG}"),
        (["garbage-collect", "-m", CONFIG], f"registry garbage-collect -m {CONFIG}"),
        (["registry", "garbage-collect", CONFIG], f"registry garbage-collect {CONFIG}"),
        (["check-config", CONFIG], f"registry check-config {CONFIG}"),
        (["retention", "-d", CONFIG], f"registry retention -d {CONFIG}"),
        (["scrub", CONFIG], f"registry scrub {CONFIG}"),
        (["--version"], "registry --version"),
        (["help", "serve"], "registry help serve"),
        (["echo", "two words", "serve"], "two words serve"),
        ([], ""),
    ],
)
def test_arguments_become_a_command_of_the_registry_or_a_program(env, arguments, called):
    assert run("sh", ENTRYPOINT, *arguments, env=env).stdout.decode().strip() == called


def test_arguments_keep_their_spaces(env):
    done = run("sh", ENTRYPOINT, "printf", "[%s]", "a  b", "", env=env)
    assert done.stdout == b"[a  b][]"


def test_the_exit_status_is_the_programs(env):
    assert run("sh", ENTRYPOINT, "sh", "-c", "exit 7", env=env, check=False).returncode == 7


def test_the_entry_point_can_be_executed():
    assert ENTRYPOINT.stat().st_mode & 0o111 == 0o111
