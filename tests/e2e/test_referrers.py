"""Manifests that name a subject, and who finds them (spec "Listing Referrers")."""

import json

import pytest

from support.images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, digest_of, document, random_image
from support.images import descriptor, random_repository
from support.push import delete, push_blob, push_image, put_manifest

EMPTY = b"{}"


@pytest.fixture
def name(registry) -> str:
    name = random_repository("referrers")
    push_blob(registry, name, EMPTY)
    return name


def artifact(subject: bytes, kind: str | None = None, **more) -> bytes:
    fields = {"artifactType": kind} if kind else {}
    return document(
        mediaType=OCI_MANIFEST,
        config=descriptor("application/vnd.oci.empty.v1+json", EMPTY),
        layers=[descriptor("application/vnd.oci.empty.v1+json", EMPTY)],
        subject=descriptor(OCI_MANIFEST, subject),
        **fields,
        **more,
    )


def referrers(registry, name: str, digest: str, query: str = ""):
    answer = registry.get(f"/v2/{name}/referrers/{digest}{query}")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == OCI_INDEX
    index = answer.json()
    assert (index["schemaVersion"], index["mediaType"]) == (2, OCI_INDEX)
    return answer, index["manifests"]


def test_a_subject_is_named_in_the_answer_and_found_by_it(registry, name):
    image = random_image(1_000)
    push_image(registry, name, "image", image)
    annotations = {"made": "today", "by": "<a&b>"}
    sbom = artifact(image.manifest, "application/sbom", annotations=annotations)
    put = put_manifest(registry, name, digest_of(sbom), sbom)
    assert put.headers["OCI-Subject"] == image.digest
    _, found = referrers(registry, name, image.digest)
    assert found == [
        {
            "mediaType": OCI_MANIFEST,
            "digest": digest_of(sbom),
            "size": len(sbom),
            "annotations": {"made": "today", "by": "<a&b>"},
            "artifactType": "application/sbom",
        }
    ]


def test_a_subject_may_come_later_or_never(registry, name):
    sbom = artifact(b"never pushed", "application/sbom")
    put = put_manifest(registry, name, "tagged", sbom)
    assert put.headers["OCI-Subject"] == digest_of(b"never pushed")
    _, found = referrers(registry, name, digest_of(b"never pushed"))
    assert [one["digest"] for one in found] == [digest_of(sbom)]


def test_the_type_is_that_of_the_config_where_there_is_none(registry, name):
    config = json.dumps({"a": "config"}).encode()
    push_blob(registry, name, config)
    manifest = document(
        mediaType=OCI_MANIFEST,
        config=descriptor(OCI_CONFIG, config),
        layers=[],
        subject=descriptor(OCI_MANIFEST, b"subject"),
    )
    put_manifest(registry, name, digest_of(manifest), manifest)
    _, found = referrers(registry, name, digest_of(b"subject"))
    assert found[0]["artifactType"] == OCI_CONFIG
    assert "annotations" not in found[0]


def test_an_index_may_have_a_subject(registry, name):
    index = document(
        mediaType=OCI_INDEX, manifests=[], subject=descriptor(OCI_MANIFEST, b"of an index")
    )
    put_manifest(registry, name, digest_of(index), index, OCI_INDEX)
    _, found = referrers(registry, name, digest_of(b"of an index"))
    assert found == [{"mediaType": OCI_INDEX, "digest": digest_of(index), "size": len(index)}]


def test_they_are_filtered_by_type(registry, name):
    wanted, other = artifact(b"s", "wanted/a+b"), artifact(b"s", "other/x")
    for manifest in (wanted, other):
        put_manifest(registry, name, digest_of(manifest), manifest)
    answer, found = referrers(registry, name, digest_of(b"s"), "?artifactType=wanted/a%2Bb")
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    assert [one["digest"] for one in found] == [digest_of(wanted)]
    answer, found = referrers(registry, name, digest_of(b"s"))
    assert answer.headers["OCI-Filters-Applied"] is None
    assert len(found) == 2


def test_there_are_none_of_what_is_not_there(registry, name):
    assert referrers(registry, name, digest_of(b"unknown"))[1] == []
    assert referrers(registry, "never/heard/of", digest_of(b"unknown"))[1] == []


@pytest.mark.parametrize(
    "digest", ["sha256:abc", "latest", "md5:" + "0" * 32, "sha256:" + "A" * 64]
)
def test_a_malformed_digest_is_refused(registry, name, digest):
    answer = registry.get(f"/v2/{name}/referrers/{digest}")
    assert answer.status == 400
    assert answer.error_codes() == ["DIGEST_INVALID"]


def test_pages_are_linked(registry, name):
    pushed = {digest_of(artifact(b"paged", f"type/{i}")) for i in range(5)}
    for i in range(5):
        put_manifest(registry, name, f"v{i}", artifact(b"paged", f"type/{i}"))
    path, seen = f"/v2/{name}/referrers/{digest_of(b'paged')}?n=2", []
    while path:
        answer = registry.get(path)
        seen += [one["digest"] for one in answer.json()["manifests"]]
        link = answer.headers["Link"]
        assert len(answer.json()["manifests"]) == 2 or not link
        path = link.split(">")[0].removeprefix("<") if link else None
    assert len(seen) == 5
    assert set(seen) == pushed


def test_many_large_ones_come_in_several_answers(registry, name):
    for i in range(5):
        manifest = artifact(b"large", f"t/{i}", annotations={"a": "x" * 1_500_000})
        put_manifest(registry, name, digest_of(manifest), manifest)
    path, count, answers = f"/v2/{name}/referrers/{digest_of(b'large')}", 0, 0
    while path:
        answer = registry.get(path)
        assert len(answer.body) < 8 * 1024 * 1024
        count += len(answer.json()["manifests"])
        answers += 1
        link = answer.headers["Link"]
        path = link.split(">")[0].removeprefix("<") if link else None
    assert count == 5
    assert answers > 1


def test_a_deleted_one_is_gone(registry, name):
    sbom = artifact(b"deleted", "application/sbom")
    put_manifest(registry, name, "tag", sbom)
    delete(registry, f"/v2/{name}/manifests/{digest_of(sbom)}")
    assert referrers(registry, name, digest_of(b"deleted"))[1] == []


def test_those_that_the_reference_stored_are_found(ours, reference, tmp_path):
    root = tmp_path / "data"
    other = reference(root)
    push_blob(other, "a/b", EMPTY)
    sbom = artifact(b"subject", "application/sbom")
    put_manifest(other, "a/b", "sbom", sbom)
    other.stop()
    registry = ours(root)
    _, found = referrers(registry, "a/b", digest_of(b"subject"))
    assert [one["digest"] for one in found] == [digest_of(sbom)]
