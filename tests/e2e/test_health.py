"""Probes, health checks, metrics, read-only mode and the purging of uploads."""

import os
import re
import time
from pathlib import Path

import pytest

from support.images import OCI_INDEX, Index, digest_of, random_image
from support.process import free_port, wait_until
from support.push import open_upload, patch, push_blob, push_image
from support.web import request


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_probes_are_answered(registry, path):
    answer = registry.get(path)
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert registry.request("HEAD", path).status == 200
    assert registry.request("POST", path).status == 405


@pytest.fixture
def debug(ours, tmp_path):
    """A daemon with a debug server; .debug(path) asks it."""
    address = f"127.0.0.1:{free_port()}"
    stop = tmp_path / "unhealthy"
    variables = {
        "HTTP_DEBUG_ADDR": address,
        "HTTP_DEBUG_PROMETHEUS_ENABLED": "true",
        "HEALTH_STORAGEDRIVER_ENABLED": "true",
        "HEALTH_FILE": f"[{{file: {stop}, interval: 1s}}]",
    }
    registry = ours(tmp_path / "data", variables=variables)
    registry.debug = lambda path: request(address, "GET", path)
    registry.unhealthy = stop
    return registry


def test_the_health_is_told_on_the_debug_port(debug):
    assert (debug.debug("/debug/health").status, debug.debug("/debug/health").body) == (200, b"{}")
    assert debug.debug("/nowhere").status == 404
    assert debug.get("/debug/health").status == 404
    assert debug.get("/metrics").status == 404


def test_while_a_check_fails_all_requests_are_refused_and_it_is_not_ready(debug):
    debug.unhealthy.write_text("maintenance")
    wait_until(lambda: debug.get("/v2/").status == 503, "the check fails")
    answer = debug.get("/v2/")
    assert answer.error_codes() == ["UNAVAILABLE"]
    assert "/debug/health" in answer.json()["errors"][0]["detail"]
    health = debug.debug("/debug/health")
    assert (health.status, health.json()) == (503, {str(debug.unhealthy): "file exists"})
    assert debug.get("/readyz").status == 503
    assert debug.get("/livez").status == 200
    debug.unhealthy.unlink()
    wait_until(lambda: debug.get("/v2/").status == 200, "the check passes again")
    assert debug.get("/readyz").status == 200


def test_a_tcp_check_fails_where_nobody_listens(ours, tmp_path):
    nobody = f"127.0.0.1:{free_port()}"
    check = f"[{{addr: '{nobody}', interval: 1s, timeout: 1s, threshold: 2}}]"
    registry = ours(tmp_path / "data", variables={"HEALTH_TCP": check})
    wait_until(lambda: registry.get("/v2/").status == 503, "the check fails")
    assert f"connection to {nobody} failed" in registry.get("/readyz").body.decode()


def counted(text: str) -> int:
    """The requests in all."""
    values = re.findall(r"^registry_http_requests_total{.*} (\d+)$", text, re.MULTILINE)
    return sum(map(int, values))


def value_of(text: str, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    assert found, f"{sample} is not in\n{text}"
    return float(found[1])


def test_metrics_have_the_names_of_the_reference(debug):
    push_image(debug, "a/b", "v1", random_image(5_000))
    debug.get("/v2/a/b/manifests/v1")
    debug.get("/v2/a/b/manifests/unknown")
    debug.request("BREW", "/v2/")
    # A request is counted a moment after its answer.
    wait_until(lambda: counted(debug.debug("/metrics").body.decode()) == 8, "all are counted")
    answer = debug.debug("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    text = answer.body.decode()
    for sample, wanted in {
        'registry_http_requests_total{code="200",handler="manifest",method="get"}': 1,
        'registry_http_requests_total{code="404",handler="manifest",method="get"}': 1,
        'registry_http_requests_total{code="201",handler="manifest",method="put"}': 1,
        'registry_http_requests_total{code="202",handler="blob_upload",method="post"}': 2,
        'registry_http_requests_total{code="200",handler="base",method="other"}': 1,
        'registry_http_in_flight_requests{handler="manifest"}': 0,
        'registry_http_request_duration_seconds_count{handler="manifest",method="get"}': 2,
        'registry_http_response_size_bytes_count{handler="manifest"}': 3,
    }.items():
        assert value_of(text, sample) == wanted, sample
    sent = value_of(text, 'registry_http_request_size_bytes_sum{handler="blob_upload_chunk"}')
    assert sent > 5_000
    stored = 'registry_storage_action_seconds_count{action="PutContent",driver="filesystem"}'
    assert value_of(text, stored) > 0
    assert value_of(text, "process_resident_memory_bytes") > 1_000_000


def test_looks_into_memory_are_counted(debug):
    image = random_image(5_000)
    push_image(debug, "a/b", "v1", image)
    path, blob = "/v2/a/b/manifests/v1", f"/v2/a/b/blobs/{digest_of(image.blobs[0])}"
    for method, target in [("GET", path)] * 3 + [("HEAD", path), ("HEAD", blob), ("GET", blob)]:
        assert debug.request(method, target).status == 200
    assert debug.get("/v2/a/b/manifests/unknown").status == 404
    text = debug.debug("/metrics").body.decode()
    counts = {"Request": 7, "Hit": 4, "Miss": 3}
    for kind, count in counts.items():
        assert value_of(text, f'registry_storage_cache_total{{type="{kind}"}}') == count, kind



def test_in_read_only_mode_nothing_can_be_changed(ours, tmp_path):
    root = tmp_path / "data"
    registry = ours(root)
    image = random_image(1_000)
    push_image(registry, "a/b", "v1", image)
    registry.stop()
    readonly = ours(root, variables={"STORAGE_MAINTENANCE_READONLY_ENABLED": "true"})
    assert readonly.get("/v2/a/b/manifests/v1").body == image.manifest
    for method, path in (
        ("PUT", "/v2/a/b/manifests/v2"),
        ("DELETE", "/v2/a/b/manifests/v1"),
        ("DELETE", f"/v2/a/b/blobs/{digest_of(image.blobs[0])}"),
        ("PATCH", "/v2/a/b/blobs/uploads/some-id"),
    ):
        answer = readonly.request(method, path)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), (method, path)
    refused = readonly.request("POST", "/v2/a/b/blobs/uploads/")
    assert (refused.status, refused.error_codes()) == (405, ["UNSUPPORTED"])
    assert refused.json()["errors"][0]["message"] == "the registry is read-only"
    assert "readonly is on" in readonly.daemon.said()


def test_uploads_that_nobody_touches_are_purged(ours, tmp_path):
    root = tmp_path / "data"
    variables = {"STORAGE_MAINTENANCE_UPLOADPURGING": "{age: 4s, interval: 1s}"}
    registry = ours(root, variables=variables)
    uploads = registry.files() / "repositories/a/_uploads"
    open_upload(registry, "a")
    litter = uploads / "cancelled-by-2.8/hashstates/sha256"
    litter.mkdir(parents=True)
    assert len(list(uploads.iterdir())) == 2
    alive = open_upload(registry, "a")
    deadline = time.monotonic() + 20
    while len(list(uploads.iterdir())) > 1 and time.monotonic() < deadline:
        alive = patch(registry, alive, b"more")
        time.sleep(0.5)
    left = [path.name for path in uploads.iterdir()]
    assert left == [alive.split("uploads/")[1].split("?")[0]]
    assert "msg=\"upload purged\"" in registry.daemon.said()


def test_a_dry_run_purges_nothing(ours, tmp_path):
    variables = {"STORAGE_MAINTENANCE_UPLOADPURGING": "{age: 1s, interval: 1s, dryrun: true}"}
    registry = ours(tmp_path / "data", variables=variables)
    open_upload(registry, "a")
    wait_until(lambda: "upload would be purged" in registry.daemon.said(), "a dry run")
    assert len(list((registry.files() / "repositories/a/_uploads").iterdir())) == 1


def test_sparse_indexes_are_accepted_where_the_configuration_says_so(ours, tmp_path):
    index = Index((random_image(100), random_image(100, architecture="arm64")))
    path, kind = "/v2/a/manifests/sparse", {"Content-Type": OCI_INDEX}
    registry = ours(tmp_path / "one")
    refused = registry.request("PUT", path, index.manifest, kind)
    assert refused.error_codes() == 2 * ["MANIFEST_BLOB_UNKNOWN"]
    for name, variables in {
        "two": {"VALIDATION_MANIFESTS_INDEXES_PLATFORMS": "none"},
        "three": {"VALIDATION_DISABLED": "true"},
    }.items():
        registry = ours(tmp_path / name, variables=variables)
        assert registry.request("PUT", path, index.manifest, kind).status == 201
        assert registry.get(path).body == index.manifest


def test_log_fields_are_in_every_line(ours, tmp_path):
    registry = ours(tmp_path / "data", variables={"LOG_FIELDS_CLUSTER": "one"})
    push_blob(registry, "a", os.urandom(10))
    registry.stop()
    lines = Path(registry.log).read_text().splitlines()
    lines = [line for line in lines if line.startswith("time=")]
    assert lines
    assert all(" cluster=one" in line for line in lines)
