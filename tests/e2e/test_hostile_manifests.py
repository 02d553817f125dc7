"""Manifests that are none: each is refused for what is wrong with it, and nothing of it is kept."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.images import OCI_INDEX
from support.manifests import DIGEST, GOOD, INVALID, LAYER, TEXT, assert_nothing_is_kept
from support.manifests import assert_refused, padded, put, repository_with_blobs, with_fields
from support.manifests import with_layer
from support.web import ACCEPT
from support.wire import short

MOST_BYTES = 4 * 1024 * 1024
WRONG = [True, 1, 1.5, "x", [], {}, [1], ["x"], [[]], [{}], [None], {"a": 1}]


@pytest.fixture
def name(assailed) -> str:
    return repository_with_blobs(assailed)


def test_the_image_that_all_of_this_is_made_of_is_good(assailed, name):
    assert put(assailed, name, TEXT).status == 201
    assert put(assailed, name, with_fields(), None).status == 201


@pytest.mark.parametrize("chunked", [False, True])
def test_a_manifest_may_have_4_mib(assailed, name, chunked):
    body = padded(MOST_BYTES)
    assert put(assailed, name, iter([body]) if chunked else body).status == 201
    assert assailed.request("GET", f"/v2/{name}/manifests/v1", headers=ACCEPT).body == body


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 5 * 1024 * 1024, 40 * 1024 * 1024])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_manifest_over_4_mib_is_too_large(assailed, name, size, chunked):
    body = padded(size)
    answer = put(assailed, name, iter([body]) if chunked else body)
    assert answer.status == 413
    assert answer.error_codes() == [INVALID]
    assert_nothing_is_kept(assailed, name, body)


CROWDED = (
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"layers":' + b"[" * 100_000, b"[" * MOST_BYTES]
    + [b'{"schemaVersion":2,"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"]
    + [b'{"a":' + b"[{}," * 9000, b'{"a":"' + b"x" * (MOST_BYTES - 6)]
    + [b'{"' + b"x" * (MOST_BYTES - 2), b"9" * MOST_BYTES, b'{"layers":[' + b"{}," * 1_000_000]
    + [b'{"a":[' + b"0," * 2_000_000, b"-" * 100_000, b'{"annotations":{' + b'"a":"b",' * 500_000]
    + [b'{"a":"' + b"\\u0041" * 600_000]
)


@pytest.mark.parametrize("body", CROWDED, ids=short)
def test_a_manifest_that_is_deep_or_crowded_is_refused(assailed, name, body):
    assert_refused(assailed, name, body)


def test_many_that_are_crowded_at_once_are_refused(assailed, name):
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda body: put(assailed, name, body), CROWDED * 4))
    assert {answer.status for answer in answers} == {400}
    assert assailed.get(f"/v2/{name}/tags/list").status == 404


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"null", b"true", b"1", b"-", b"1e999", b'"x"', b"[]", b"[{}]", b"{}", b"{", b"}"]
    + [TEXT[:-1], TEXT + b"x", TEXT + b"}", TEXT * 2, TEXT + b",", TEXT[:-1] + b",}", TEXT[1:]]
    + [b"// x\n" + TEXT, TEXT.replace(b'"', b"'"), b"\xef\xbb\xbf" + TEXT, b"\x00" + TEXT]
    + [TEXT + b"\x00", TEXT.replace(b"schema", b"sche\x00ma"), TEXT.replace(b"gzip", b"gz\x1fip")]
    + [TEXT.decode().encode(code) for code in ("utf-16", "utf-16-le", "utf-32")],
    ids=short,
)
def test_what_is_no_json_object_is_refused(assailed, name, body):
    assert_refused(assailed, name, body)


@pytest.mark.parametrize(
    "bad",
    [b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\\ud800"]
    + [b"\\udc00", b"\\ud800\\ud800", b"\\u12", b"\\x41", b"\\", b"\n", b"\t"],
)
def test_a_string_that_is_no_unicode_is_refused(assailed, name, bad):
    body = with_fields(annotations={"@": "@"})
    assert_refused(assailed, name, body.replace(b': "@"', b': "' + bad + b'"'))
    assert_refused(assailed, name, body.replace(b'"@":', b'"' + bad + b'":'))


@pytest.mark.parametrize(
    "number",
    ["2.0", "2e0", "02", "+2", "0x2", "NaN", "Infinity", '"2"', "1", "3", "-2", "null", "[2]"],
)
def test_another_schema_version_is_refused(assailed, name, number):
    body = TEXT.replace(b'"schemaVersion": 2', f'"schemaVersion": {number}'.encode())
    assert_refused(assailed, name, body)


# What each field may be, beside what the good manifest has.
RIGHT_FIELDS = {"layers": [[]], "artifactType": ["x"], "annotations": [{}]}
RIGHT_OF_LAYER = {
    "mediaType": ["x"],
    "urls": [[]],
    "annotations": [{}],
    "platform": [{}, {"a": 1}],
    "artifactType": ["x"],
    "data": ["x"],
}
FIELDS = ["schemaVersion", "mediaType", "config", "layers", "artifactType", "subject"]
FIELDS += ["annotations"]
FIELDS_OF_LAYER = ["mediaType", "digest", "size", "urls", "annotations", "platform", "data"]


@pytest.mark.parametrize("field", [*FIELDS, "manifests"])
@pytest.mark.parametrize("value", WRONG, ids=json.dumps)
def test_a_field_of_another_type_is_refused(assailed, name, field, value):
    if any(value == right for right in RIGHT_FIELDS.get(field, [])):
        assert put(assailed, name, with_fields(**{field: value})).status == 201
    else:
        assert_refused(assailed, name, with_fields(**{field: value}))


@pytest.mark.parametrize("field", [*FIELDS_OF_LAYER, "artifactType"])
@pytest.mark.parametrize("value", WRONG, ids=json.dumps)
def test_a_field_of_a_descriptor_of_another_type_is_refused(assailed, name, field, value):
    if any(value == right for right in RIGHT_OF_LAYER.get(field, [])):
        assert put(assailed, name, with_layer(**{field: value})).status == 201
    elif field == "urls" and value == ["x"]:
        assert put(assailed, name, with_layer(urls=value)).status == 400
    else:
        assert_refused(assailed, name, with_layer(**{field: value}))


@pytest.mark.parametrize("field", ["architecture", "os", "os.version", "os.features", "variant"])
@pytest.mark.parametrize("value", [True, 1, {}, [1], [[]]], ids=json.dumps)
def test_a_field_of_a_platform_of_another_type_is_refused(assailed, name, field, value):
    assert_refused(assailed, name, with_layer(platform={field: value}))


@pytest.mark.parametrize("field", ["config", "schemaVersion"])
def test_a_field_that_must_be_there_is_missed(assailed, name, field):
    assert_refused(assailed, name, json.dumps({**GOOD, field: None}).encode())
    without = {key: value for key, value in GOOD.items() if key != field}
    assert_refused(assailed, name, json.dumps(without).encode())


@pytest.mark.parametrize(
    "size",
    ["-1", "9.5", "1e3", "1e400", "9223372036854775807", "9223372036854775808", "-0", "0", "1"]
    + ["00", "18446744073709551616", "-9223372036854775809", f'"{LAYER["size"]}"']
    + [f'{LAYER["size"]}.0'],
)
def test_a_size_that_is_not_the_blobs_is_refused(assailed, name, size):
    body = with_layer(size="@").replace(b'"@"', size.encode())
    assert_refused(assailed, name, body)
    assert_refused(assailed, name, with_fields(config={**GOOD["config"], "size": -1}))


@pytest.mark.parametrize(
    "digest",
    ["", ":", "sha256", "sha256:", "sha256:abc", DIGEST.upper(), DIGEST[:-1], DIGEST + "0"]
    + [DIGEST.replace("sha256", "SHA256"), DIGEST.replace(":", "-"), DIGEST + "\n", " " + DIGEST]
    + ["sha256:" + "g" * 64, "sha512:" + "0" * 64, "md5:" + "0" * 32, "sha384:" + "0" * 96]
    + ["../../../etc/passwd", "sha256:../../../etc/passwd", "sha256:" + "../" * 21 + "x"]
    + ["x" * 9000],
    ids=short,
)
@pytest.mark.parametrize("field", ["config", "layers", "subject"])
def test_a_descriptor_with_a_malformed_digest_is_refused(assailed, name, field, digest):
    bad = {**LAYER, "digest": digest}
    assert_refused(assailed, name, with_fields(**{field: [bad] if field == "layers" else bad}))
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [bad]}
    assert_refused(assailed, name, json.dumps(index).encode(), kind=OCI_INDEX)


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "sha512:" + "0" * 128])
@pytest.mark.parametrize("field", ["config", "layers"])
def test_a_descriptor_of_a_blob_that_is_not_there_is_refused(assailed, name, field, digest):
    bad = {**LAYER, "digest": digest}
    body = with_fields(**{field: [bad] if field == "layers" else bad})
    assert_refused(assailed, name, body, code="MANIFEST_BLOB_UNKNOWN")
