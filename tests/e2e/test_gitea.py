"""deploy/gitea: the clients' settings name the registry as its Service does, and the steps work."""

import json
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from support.docker import Docker, start_docker
from support.images import random_repository
from support.process import run
from support.registry import PROJECT
from support.web import ACCEPT

GITEA = PROJECT / "deploy/gitea"


@pytest.fixture(scope="module")
def address() -> str:
    """Where pods of any namespace find the Service."""
    service = yaml.safe_load((PROJECT / "deploy/kubernetes/service.yaml").read_text())
    [port] = service["spec"]["ports"]
    place = service["metadata"]
    return f"{place['name']}.{place['namespace']}.svc.cluster.local:{port['port']}"


@pytest.fixture(scope="module")
def workflow() -> dict:
    return yaml.safe_load((GITEA / "build.yaml").read_text())


@pytest.fixture(scope="module")
def docker(client_env) -> Iterator[Docker]:
    folder = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp"))  # a socket's path must be short
    docker = start_docker(folder, client_env, (GITEA / "daemon.json").read_text())
    yield docker
    docker.stop()
    shutil.rmtree(folder, ignore_errors=True)


def scripts(job: dict) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_buildkitd_speaks_plain_http_to_the_service(address):
    settings = tomllib.loads((GITEA / "buildkitd.toml").read_text())
    assert settings == {"registry": {address: {"http": True, "insecure": True}}}


def test_dockerd_speaks_plain_http_to_the_service(address):
    settings = json.loads((GITEA / "daemon.json").read_text())
    assert settings == {"insecure-registries": [address]}


def test_dockerd_takes_the_file(docker, address):
    known = json.loads(docker.output("info", "--format", "{{json .RegistryConfig}}"))
    assert known["IndexConfigs"][address]["Secure"] is False


def test_the_workflow_pushes_to_the_service_by_docker_and_by_buildctl(workflow, address):
    assert workflow["env"]["REGISTRY"] == address
    by_docker = "\n".join(scripts(workflow["jobs"]["docker"]))
    assert 'docker push "$REGISTRY/$IMAGE:' in by_docker
    by_buildctl = "\n".join(scripts(workflow["jobs"]["buildkit"]))
    assert '--output "type=image,name=$REGISTRY/$IMAGE:latest,push=true"' in by_buildctl


def test_the_workflow_has_what_the_runner_asks_of_it(workflow):
    assert workflow[True] == {"push": {"branches": ["main"]}}, "YAML 1.1 takes `on` for true"
    for job in workflow["jobs"].values():
        assert job["runs-on"] == "ubuntu-latest"
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])
        assert {job.get("needs", "docker")} <= workflow["jobs"].keys()


def test_every_variable_of_a_script_is_set(workflow):
    for job in workflow["jobs"].values():
        known = {**workflow["env"], **job.get("env", {})}
        for script in scripts(job):
            run("sh", "-n", stdin=script.encode())
            harmless = {name: "value" for name in known} | {"PATH": "/nonexistent"}
            done = run("/bin/sh", "-uc", script, env=harmless, check=False)
            assert b"parameter not set" not in done.stderr


def test_the_steps_of_the_docker_job_push_the_image(workflow, docker, registry, tmp_path):
    (tmp_path / "file").write_text("content")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY file /\n")
    name = random_repository("gitea")
    here = {"REGISTRY": registry.address, "IMAGE": name, "REVISION": "0123abc"}
    assert here.keys() == workflow["env"].keys()
    for script in scripts(workflow["jobs"]["docker"]):
        run("sh", "-euc", script, env={**docker.env, **here}, cwd=tmp_path)

    assert registry.get(f"/v2/{name}/manifests/0123abc", ACCEPT).status == 200
