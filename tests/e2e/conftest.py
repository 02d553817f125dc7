"""Fixtures of the black-box tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clients import Skopeo
from support.curl import Curl
from support.images import random_repository
from support.process import environment
from support.registry import OURS, Factory, Registry, until_closed
from support.vitals import assert_unharmed, descriptors

pytest_plugins = ["support.harness"]


@pytest.fixture(scope="session")
def client_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """For clients: a home and a login file of their own, so that nobody's are used or changed."""
    home = tmp_path_factory.mktemp("home")
    logins = home / "auth.json"
    logins.write_text("{}")
    return environment(home, REGISTRY_AUTH_FILE=str(logins), DOCKER_CONFIG=str(home / ".docker"))


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For podman, which refuses a path of more than 50 characters, and for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def skopeo(client_env: dict[str, str]) -> Skopeo:
    return Skopeo(client_env)


@pytest.fixture
def curl(client_env: dict[str, str], tmp_path: Path) -> Curl:
    return Curl(tmp_path, client_env)


@pytest.fixture
def repository_url(registry: Registry) -> str:
    """A repository that nobody has used, as a URL."""
    return f"{registry.url}/v2/{random_repository('curl')}"


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One daemon of ours for all tests that bring random repository names."""
    work = tmp_path_factory.mktemp("registry")
    with Registry(OURS, work / "data", work) as registry:
        yield registry
        assert registry.stop() == 0, "the registry does not end cleanly after all that clients did"


@pytest.fixture(scope="module")
def module_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A daemon with a store that only one module writes to."""
    work = tmp_path_factory.mktemp("module")
    for factory in until_closed(Factory(OURS, work)):
        yield factory(work / "data")


@pytest.fixture(scope="module")
def assailed(module_registry: Registry) -> Iterator[Registry]:
    """The same, for a module that sends it what no client would: it must bear all of that."""
    before = descriptors(module_registry)
    yield module_registry
    assert_unharmed(module_registry, before)
