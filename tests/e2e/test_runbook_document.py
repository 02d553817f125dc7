"""docs/operations.md: what it names is there, and what needs a cluster is at least well-formed."""

import re
from pathlib import Path

import pytest
import yaml

from support.kubernetes import Object, Schemas, kustomize
from support.night import OFFLINE, SECTIONS
from support.process import Daemon, environment, free_port, run, wait_until
from support.registry import OURS, PROJECT, write_config
from support.runbook import Block, complaints_of_kubectl
from support.web import request

SHELL = [
    (title, block)
    for title, section in SECTIONS.items()
    for block in section.blocks("sh") + section.blocks("sh cluster")
]
IDS = [f"{title}-{number}" for number, (title, _) in enumerate(SHELL)]
# Said by others than the daemon.
FOREIGN = {
    "http: server gave HTTP response to HTTPS client",
    "error parsing HTTP 405 response body",
    "No space left on device",
    "Permission denied",
    "499",
    "OOMKilled",
    "describe pod",
}


@pytest.fixture(scope="module")
def deployed() -> dict[str, Object]:
    return kustomize(PROJECT / "deploy/kubernetes").by_kind


@pytest.fixture(scope="module")
def offline() -> Object:
    """The pod that has the volume without the daemon."""
    text = SECTIONS[OFFLINE].blocks("sh")[0].text
    return yaml.safe_load(re.search(r"<<EOF\n(.*?)^EOF$", text, re.S | re.M).group(1))


def test_every_section_with_commands_is_followed_by_a_test():
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_runbook*.py"))
    followed = set(re.findall(r'\.follow\(\s*"([^"]+)"', tests)) | {OFFLINE}
    assert followed == {title for title, each in SECTIONS.items() if each.blocks("sh")}


def test_every_block_is_of_a_language_that_is_looked_at():
    document = (PROJECT / "docs/operations.md").read_text()
    assert document.count("```sh cluster\n") == len([1 for _, b in SHELL if b.language != "sh"])
    languages = set(re.findall(r"^```(.+)$", document, re.M))
    assert languages == {"sh", "sh cluster", "promql"}


@pytest.mark.parametrize("title, block", SHELL, ids=IDS)
def test_a_block_is_correct_for_the_shell_and_for_kubectl(title, block, tmp_path):
    run("bash", "-n", stdin=block.text.encode())
    make_files_for(title, tmp_path)
    assert complaints_of_kubectl(block, tmp_path) == ""


def make_files_for(title: str, folder: Path) -> None:
    if title != "TLS":
        (folder / "deploy").symlink_to(PROJECT / "deploy")
        return
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    options = ("-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=registry")
    run("openssl", "req", *options, "-keyout", key, "-out", certificate)


def test_a_command_that_kubectl_does_not_know_is_found(tmp_path):
    for wrong in ("kubectl -n gitea get pods --labels a", "kubectl -n gitea scale deployment/a"):
        assert complaints_of_kubectl(Block("sh", wrong), tmp_path) != ""


def test_the_commands_name_what_is_deployed(deployed):
    text = "\n".join(block.text for _, block in SHELL)
    named = {kind: each["metadata"]["name"] for kind, each in deployed.items()}
    workloads = re.findall(r"\b(?:deploy|deployment|svc)[/ ]([a-z][a-z-]*)", text)
    assert set(workloads) - {"kubernetes"} == {named["Deployment"]} == {named["Service"]}
    assert set(re.findall(r"\bpvc ([a-z-]+)", text)) == {named["PersistentVolumeClaim"]}
    assert set(re.findall(r"kubectl -n (\S+)", text)) == {"gitea"}
    assert set(re.findall(r"pods? -l (\S+)", text)) == {"app=registry"}
    assert deployed["Deployment"]["metadata"]["labels"]["app"] == "registry"


def test_the_pod_with_the_volume_has_the_rights_and_the_volume_of_the_deployment(deployed, offline):
    pod = deployed["Deployment"]["spec"]["template"]["spec"]
    for key in ("securityContext", "volumes", "automountServiceAccountToken", "enableServiceLinks"):
        assert offline["spec"][key] == pod[key], key
    [container], [ours] = offline["spec"]["containers"], pod["containers"]
    for key in ("securityContext", "volumeMounts", "resources"):
        assert container[key] == ours[key], key
    assert container["image"] == "$IMAGE"


def test_the_service_sends_nothing_to_the_pod_with_the_volume(offline):
    assert offline["metadata"] == {"name": "registry-offline", "namespace": "gitea"}


def test_the_api_of_kubernetes_accepts_the_pod_with_the_volume(offline):
    assert Schemas().complaints([offline]) == []


def literals() -> str:
    """All that the daemon can say, as far as it stands in its source."""
    files = sorted((PROJECT / "src").rglob("*.[ch]pp"))
    text = "\n".join(re.sub(r'"\s*\n\s*"', "", file.read_text()) for file in files)
    return "\n".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', text)).replace('\\"', '"')


def table_of(title: str) -> list[list[str]]:
    rows = [line for line in SECTIONS[title].text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_the_symptoms_are_in_the_daemons_own_words():
    known = literals()
    said = [span for row in table_of("Symptoms") for span in re.findall(r"`([^`]+)`", row[0])]
    assert len(said) > 20
    for text in set(said) - FOREIGN:
        for part in filter(None, text.split("…")):
            assert part.strip() in known, text


@pytest.fixture(scope="module")
def metrics(tmp_path_factory) -> str:
    """Of a daemon that has answered a request."""
    work = tmp_path_factory.mktemp("metrics")
    address, debug = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    variables = {"ADDR": debug, "PROMETHEUS_ENABLED": "true"}
    env = environment(**{f"REGISTRY_HTTP_DEBUG_{name}": text for name, text in variables.items()})
    config = write_config(work / "config.yml", work / "data", address)
    daemon = Daemon([OURS, "serve", config], work / "registry.log", env)
    try:
        wait_until(lambda: "debug server listening" in daemon.said(), "the daemon serves")
        assert request(address, "GET", "/v2/").status == 200
        # A request is counted a moment after its answer.
        wait_until(lambda: "http_requests_total{" in scrape(debug), "the request is counted")
        return scrape(debug)
    finally:
        daemon.stop()


def scrape(address: str) -> str:
    return request(address, "GET", "/metrics").body.decode()


def labels_of(metric: str, metrics: str) -> set[str]:
    lines = re.findall(rf"^{metric}(?:_bucket|_sum|_count)?(?:{{(.*?)}})? ", metrics, re.M)
    assert lines, f"{metric} does not exist"
    return set(re.findall(r'(\w+)="', lines[0])) - {"le"}


def test_the_metrics_and_their_labels_exist(metrics):
    for names, labels, _ in table_of("Metrics and alerts"):
        for name in re.findall(r"`(\w+)`", names):
            assert labels_of(name, metrics) == set(re.findall(r"`(\w+)`", labels)), name


def test_the_alerts_are_over_metrics_and_labels_that_exist(metrics):
    queries = "".join(block.text for block in SECTIONS["Metrics and alerts"].blocks("promql"))
    found = re.findall(r"\b((?:registry|process)_\w+?)(?:_bucket)?\b{([^}]*)}", queries)
    assert len(found) >= 5
    for name, selector in found:
        used = set(re.findall(r"(\w+)=", selector)) - {"namespace"}  # which Prometheus adds
        assert used <= labels_of(name, metrics), name
