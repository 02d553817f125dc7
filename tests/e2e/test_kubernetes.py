"""deploy/kubernetes: what kustomize makes of it, held against the API's schemas and the daemon."""

import pytest
import yaml

from support.kubernetes import Objects, Schemas, changed, kustomize
from support.process import Daemon, environment, free_port, wait_until
from support.registry import OURS, PROJECT
from support.web import request

LABELS = {"app.kubernetes.io/name": "registry", "app": "registry"}
CONTAINER = "spec/template/spec/containers/0"


@pytest.fixture(scope="module")
def objects() -> Objects:
    return kustomize(PROJECT / "deploy/kubernetes")


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas()


@pytest.fixture
def pod(objects: Objects) -> dict:
    return objects["Deployment"]["spec"]["template"]


@pytest.fixture
def container(pod: dict) -> dict:
    [container] = pod["spec"]["containers"]
    return container


def test_kustomize_makes_each_object_in_the_namespace(objects):
    names = {each["kind"]: each["metadata"]["name"] for each in objects}
    assert names == {
        "ConfigMap": "registry-config",
        "Deployment": "registry",
        "NetworkPolicy": "registry",
        "PersistentVolumeClaim": "registry-pvc",
        "Service": "registry",
    }
    assert {each["metadata"]["namespace"] for each in objects} == {"gitea"}


def test_each_file_says_the_namespace_itself_and_has_one_object():
    for file in (PROJECT / "deploy/kubernetes").glob("*.yaml"):
        [document] = yaml.safe_load_all(file.read_text())
        assert document.get("namespace", document.get("metadata", {}).get("namespace")) == "gitea"


def test_the_api_knows_every_field_and_accepts_every_value(objects, schemas):
    assert schemas.complaints(objects) == []


@pytest.mark.parametrize(
    "kind, path, value, complaint",
    [
        ("Deployment", f"{CONTAINER}/securityContext/readOnlyRootFilesytem", True, "readOnlyRoot"),
        ("Deployment", f"{CONTAINER}/livenessProbe/httpGet/prot", 5000, "prot"),
        ("Deployment", "spec/template/metadata/lables", {}, "lables"),
        ("Deployment", "spec/replicas", "one", "replicas must be integer"),
        ("ConfigMap", "metadata/lables", {}, "lables"),
        ("ConfigMap", "data/config.yml", 1, "string"),
        ("NetworkPolicy", "spec/ingres", [], "ingres"),
        ("PersistentVolumeClaim", "spec/storageClass", "longhorn", "storageClass"),
        ("Service", "spec/ports/0/nodeport", 30000, "nodeport"),
        ("Service", "kind", "Sevrice", "no such kind"),
    ],
)
def test_a_misspelt_field_or_a_wrong_value_would_be_found(
    objects, schemas, kind, path, value, complaint
):
    found = schemas.complaints([changed(objects[kind], path, value)])
    assert any(complaint in each for each in found), found


def test_the_labels_lead_from_the_service_and_the_policy_to_the_pods(objects, pod):
    assert pod["metadata"]["labels"] == LABELS
    selectors = (
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
    )
    assert all(selector.items() <= LABELS.items() for selector in selectors)
    assert all(selectors), "an empty selector takes every pod"


def test_the_service_is_a_cluster_address_on_the_port_that_the_container_names(objects, container):
    service = objects["Service"]["spec"]
    [port] = service["ports"]
    assert service["type"] == "ClusterIP"
    assert port["port"] == 5000
    assert {each["name"]: each["containerPort"] for each in container["ports"]} == {
        port["targetPort"]: 5000
    }


def test_one_pod_at_a_time_has_the_claim(objects, pod, container):
    deployment = objects["Deployment"]["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    claim = objects["PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert claim["spec"]["storageClassName"] == "longhorn"
    assert claim["spec"]["resources"]["requests"] == {"storage": "10Gi"}
    volume = mounted_at(pod, container, "/var/lib/registry")
    assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}


def test_the_configuration_is_where_the_daemon_looks_for_it(objects, pod, container):
    assert container["args"] == ["/etc/docker/registry/config.yml"]
    config = objects["ConfigMap"]
    volume = mounted_at(pod, container, "/etc/docker/registry")
    assert volume["configMap"] == {"name": config["metadata"]["name"]}
    assert list(config["data"]) == ["config.yml"]


def mounted_at(pod: dict, container: dict, path: str) -> dict:
    [mount] = [each for each in container["volumeMounts"] if each["mountPath"] == path]
    assert "subPath" not in mount
    [volume] = [each for each in pod["spec"]["volumes"] if each["name"] == mount["name"]]
    return volume


def test_the_memory_is_bounded_and_the_processor_is_not(container):
    assert container["resources"] == {
        "requests": {"cpu": "100m", "memory": "256Mi"},
        "limits": {"memory": "512Mi"},
    }


def test_the_pod_keeps_to_the_restricted_standard(pod, container):
    spec = pod["spec"]
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    shared = {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"}
    assert not shared & spec.keys()


def test_the_probes_ask_by_the_name_of_the_port(container):
    [port] = container["ports"]
    asked = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    assert asked == {
        "startupProbe": {"path": "/livez", "port": port["name"]},
        "livenessProbe": {"path": "/livez", "port": port["name"]},
        "readinessProbe": {"path": "/readyz", "port": port["name"]},
    }


def test_the_policy_lets_in_this_namespace_on_one_port_and_nothing_out(objects):
    policy = objects["NetworkPolicy"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"] == []
    assert policy["ingress"] == [
        {"from": [{"podSelector": {}}], "ports": [{"port": 5000, "protocol": "TCP"}]}
    ]


def test_the_drain_ends_before_kubernetes_kills(objects, pod):
    config = yaml.safe_load(objects["ConfigMap"]["data"]["config.yml"])
    drain = int(config["http"]["draintimeout"].removesuffix("s"))
    assert drain + 5 <= pod["spec"]["terminationGracePeriodSeconds"]


def test_the_daemon_starts_on_the_configuration_and_answers_the_probes(objects, pod, tmp_path):
    config = tmp_path / "config.yml"
    config.write_text(objects["ConfigMap"]["data"]["config.yml"])
    address = f"127.0.0.1:{free_port()}"
    (tmp_path / "data").mkdir()
    env = environment(
        REGISTRY_HTTP_ADDR=address,
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(tmp_path / "data"),
    )
    daemon = Daemon([OURS, "serve", config], tmp_path / "registry.log", env)
    wait_until(lambda: answers(daemon, address), "the daemon answers GET /v2/")
    assert request(address, "DELETE", "/v2/a/manifests/none").status == 404, "deletes are on"
    container = pod["spec"]["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        path = container[probe]["httpGet"]["path"]
        assert request(address, "GET", path).status == 200, path
    assert daemon.stop() == 0
    assert "level=warn" not in daemon.said()


def answers(daemon: Daemon, address: str) -> bool:
    assert daemon.runs(), daemon.said()
    try:
        return request(address, "GET", "/v2/").status == 200
    except OSError:
        return False
