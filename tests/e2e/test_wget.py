"""wget, GNU's and busybox's: the health checks of many compose files and pods."""

import os
import socket

import pytest

from support.images import digest_of
from support.process import run
from support.unable import cannot_run

CONTENT = os.urandom(400_000)
GNU = ("wget", "--no-verbose", "--tries=1", "--timeout=20")
BUSYBOX = ("busybox", "wget")  # without -T, which kills Debian's busybox 1.35 with SIGSEGV


@pytest.fixture(params=[GNU, BUSYBOX], ids=["gnu", "busybox"])
def wget(request, client_env):
    def call(*arguments: object, check: bool = True):
        return run(*request.param, *arguments, env=client_env, check=check)

    return call


@pytest.fixture
def blob_url(curl, repository_url) -> str:
    curl.push_blob(repository_url, CONTENT, digest_of(CONTENT))
    return f"{repository_url}/blobs/{digest_of(CONTENT)}"


def test_the_spider_finds_v2(wget, registry):
    wget("--spider", f"{registry.url}/v2/")


def test_the_spider_fails_on_what_is_not_there(wget, repository_url):
    absent = f"{repository_url}/blobs/{digest_of(b'never pushed')}"
    assert wget("--spider", absent, check=False).returncode in (1, 8)  # busybox, GNU


def test_a_blob_is_downloaded(wget, blob_url, tmp_path):
    target = tmp_path / "blob"
    wget("-O", target, blob_url)
    assert target.read_bytes() == CONTENT


def test_a_cut_download_is_continued(wget, blob_url, tmp_path):
    target = tmp_path / "blob"
    target.write_bytes(CONTENT[:123_456])
    wget("-c", "-O", target, blob_url)
    assert target.read_bytes() == CONTENT


def test_an_address_of_a_port_alone_listens_on_ipv6_too(ours, wget, tmp_path):
    """As in a pod, where busybox tries nothing but ::1 for localhost."""
    need_ipv6()
    registry = ours(tmp_path / "data", listen="")
    wget("--spider", f"http://[::1]:{registry.port}/v2/")
    wget("--spider", f"http://127.0.0.1:{registry.port}/v2/")


def need_ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        cannot_run(f"IPv6 on the loopback: {error}")
