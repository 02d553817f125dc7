"""docs/operations.md: the commands of every day, run against a daemon, and what came of it."""

import re
from collections.abc import Iterator

import pytest

from support.images import Image, random_image
from support.night import SECTIONS, Night, a_night, some_images
from support.runbook import Block, Section


@pytest.fixture(scope="module")
def images() -> dict[str, Image]:
    return some_images()


@pytest.fixture
def night(tmp_path, images) -> Iterator[Night]:
    with a_night(tmp_path, images) as night:
        yield night


def test_a_command_that_fails_fails_the_test(night):
    for broken in ("kubectl -n gitea exec deploy/registry -- dv -h", "false | cat", "curl -f h/v"):
        with pytest.raises(AssertionError):
            night.operator.do([Block("sh", f"{broken}\necho goes on\n")])


@pytest.mark.parametrize(
    "title, right, wrong",
    [
        ("An image's digest", "tr -d '\\r' | ", ""),
        ("Deleting an image", "manifests/$DIGEST", "manifests/$DIGES"),
        ("Is it up", "--spider http://localhost:5000/v2/", "--spider http://localhost:5000/v3/"),
    ],
)
def test_a_document_with_a_mistake_in_it_fails(night, monkeypatch, title, right, wrong):
    section = SECTIONS[title]
    assert right in section.text
    monkeypatch.setitem(SECTIONS, title, Section(title, section.text.replace(right, wrong)))
    check = {"Is it up": test_is_it_up, "An image's digest": test_the_digest_of_an_image}
    with pytest.raises(AssertionError):
        check.get(title, test_deleting_an_image_takes_all_its_tags)(night)


def test_the_port_is_reached(night):
    night.follow("Reaching it from outside the cluster")
    assert night.pod.get("/v2/") == (200, b"{}")


def test_is_it_up(night):
    pods, api, ready, outside = night.follow("Is it up")
    assert re.search(r"^registry-\S+ +1/1 +Running ", pods, re.MULTILINE)
    assert (api, ready) == ("up\n", "ok\n")
    assert re.fullmatch(r"200 after 0\.\d+ s\n", outside)


def test_the_log_of_a_pod_that_does_not_start(night):
    assert "listening on" in night.follow("The pod does not start")[0]


def test_storage_check(night):
    room, sizes, users, image = night.follow("Storage check")
    assert room.count("/var/lib/registry") == 2 and "48M" in room
    blobs, *largest = sizes.splitlines()
    assert blobs.endswith("/docker/registry/v2/blobs")
    layer = max((blob for each in night.images.values() for blob in each.blobs), key=len)
    assert largest[0].startswith(f"{len(layer)} /var/lib/registry/")
    assert users.count("/repositories/") == 1 and "/repositories/myproject/_layers/" in users
    size = sum(len(blob) for blob in night.images["myproject:latest"].blobs)
    assert image == f"{size / 1e6:.1f} MB\n"


def test_the_claim(night):
    assert re.search(r"registry-pvc +Bound +10Gi", night.follow("The claim")[0])


def test_logs_and_the_way_of_one_request_through_them(night):
    night.pod.get("/v2/myproject/manifests/nothing")
    access, own, wrong, refused, one, debug, back = night.follow("Logs")
    assert '"PUT /v2/myproject/manifests/latest HTTP/1.1" 201' in access
    assert "level=" not in access
    assert 'msg="listening on' in own and "HTTP/1.1" not in own
    assert wrong == "no errors, no warnings\n"
    assert "MANIFEST_UNKNOWN" in refused and "manifests/nothing" in refused
    assert len(one.splitlines()) == 1 and "http.response.status=404" in one
    night.cluster.become_ready()
    assert "level=debug" not in night.pod.daemon.said()


def test_catalog_and_tags(night):
    more = night.pod.volume / "docker/registry/v2/repositories/many"
    for number in range(250):
        (more / f"{number}/_layers").mkdir(parents=True)
    first, pages, tags, all_tags = night.follow("What is in it")
    assert first.count('"many/') == 100
    assert pages.count('"repositories"') == 3 and pages.count('"many/') == 250
    assert '"myproject"' in pages and '"team/app"' in pages
    assert tags == '{"name":"myproject","tags":["latest","old","v1"]}\n'
    assert tags in all_tags and '{"name":"team/app","tags":["v1"]}' in all_tags
    assert all_tags.count("NAME_UNKNOWN") == 250


def test_the_digest_of_an_image(night):
    digest, by_tag = night.follow("An image's digest")
    shared, old = night.images["myproject:latest"].digest, night.images["myproject:old"].digest
    assert digest == f"{shared}\n"
    assert sorted(by_tag.splitlines()) == sorted([f"{shared} latest", f"{shared} v1", f"{old} old"])


def test_deleting_an_image_takes_all_its_tags(night):
    assert night.follow("Deleting an image") == ["202\n"]
    assert night.tags() == ["old"]
    assert night.status(night.images["myproject:latest"].digest) == 404


def test_deleting_a_tag_leaves_the_image(night):
    assert night.follow("Deleting one tag") == ["202\n"]
    assert night.tags() == ["old", "v1"]
    assert night.status(night.images["myproject:latest"].digest) == 200


def test_uploads_that_hang_are_listed_cancelled_and_purged(night):
    upload = night.begin_upload()
    [found, cancelled] = night.follow("Uploads that hang", slice(0, 2))
    assert re.fullmatch(rf"1 [-\d]+ [:\d]+ \S+/myproject/_uploads/{upload.name}\n", found)
    assert cancelled == "204\n" and not upload.exists()
    night.begin_upload()
    night.follow("Uploads that hang", slice(2, 3))
    said = night.pod.daemon.said()
    assert re.search(r"uploads that nobody finishes are purged.* age=3600s .*interval=60s", said)
    night.follow("Uploads that hang", slice(3, None))
    assert "age=604800s" in night.pod.daemon.said()


def test_read_only_mode(night):
    night.follow("Read-only mode", slice(0, 1))
    assert night.status("latest") == 200
    with pytest.raises(AssertionError, match="unsupported: the registry is read-only"):
        night.push("myproject:more", random_image(10))
    night.follow("Read-only mode", slice(1, None))
    night.push("myproject:again", random_image(20))


def test_retention_says_what_would_go(night):
    tried, by_rules, removed = night.follow("Retention")
    assert re.search(r"^\d+ tags and \d+ manifests would go; the collector frees \d+ b", tried, re.M)
    assert by_rules == "retention has no rules: everything stays\n"
    assert removed == "nothing was removed\n"


def test_what_was_evicted_is_in_the_log(night):
    assert night.follow("Eviction") == ["nothing was evicted\n"]
