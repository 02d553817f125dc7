"""HTTPS, client certificates, certificates that change, and unix sockets."""

import http.client
import os
import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.images import digest_of, random_image
from support.process import run, wait_until


def make_certificate(folder: Path, name: str, ca: Path | None = None, serial: int = 1) -> Path:
    """A key and a certificate for localhost, its own authority unless `ca` is given."""
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    signed = ("-CA", ca, "-CAkey", ca.with_suffix(".key")) if ca else ()
    run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", f"/CN={name}"),
        *("-set_serial", str(serial), "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        *signed,
    )
    return cert


@pytest.fixture
def certificate(tmp_path) -> Path:
    return make_certificate(tmp_path, "server")


@pytest.fixture
def variables(certificate) -> dict[str, str]:
    key = certificate.with_suffix(".key")
    return {"HTTP_TLS_CERTIFICATE": str(certificate), "HTTP_TLS_KEY": str(key)}


def connect(
    registry, authority: Path, client: Path | None = None, **limits
) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(authority))
    for name, value in limits.items():
        setattr(context, name, value)
    if client:
        context.load_cert_chain(client, client.with_suffix(".key"))
    return http.client.HTTPSConnection("127.0.0.1", registry.port, timeout=20, context=context)


def ask(connection, method: str, path: str, body: bytes | None = None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_pushes_and_pulls_go_through_tls(ours, tmp_path, variables, certificate):
    registry = ours(tmp_path / "data", variables=variables)
    connection = connect(registry, certificate)
    content = os.urandom(3_000_000)
    status, headers, _ = ask(connection, "POST", "/v2/a/b/blobs/uploads/")
    assert status == 202
    assert headers["Location"].startswith(f"https://127.0.0.1:{registry.port}/v2/a/b/")
    target = f"{headers['Location'].split(str(registry.port))[1]}&digest={digest_of(content)}"
    assert ask(connection, "PUT", target, content)[0] == 201
    assert ask(connection, "GET", f"/v2/a/b/blobs/{digest_of(content)}")[2] == content
    assert ask(connection, "HEAD", f"/v2/a/b/blobs/{digest_of(content)}")[0] == 200


class Stalled:
    """An upload that stops in the middle of a record of TLS."""

    def __init__(self, registry, authority: Path):
        path = ask(connect(registry, authority), "POST", "/v2/a/b/blobs/uploads/")[1]["Location"]
        self.socket = socket.create_connection(("127.0.0.1", registry.port), timeout=20)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=str(authority))
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="127.0.0.1")
        while not self.has_shaken_hands():
            self.socket.sendall(self.outgoing.read())
            self.incoming.write(self.socket.recv(65536))
        self.tls.write(f"PATCH {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n".encode())
        for _ in range(4):
            self.tls.write(bytes(16384))
        self.socket.sendall(self.outgoing.read()[:-6000])

    def has_shaken_hands(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def __enter__(self) -> "Stalled":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


# More of them than there are blocks for bodies: one is not held for a client that is silent.
def test_uploads_that_stall_in_a_record_keep_nobody_waiting(
    ours, tmp_path, variables, certificate
):
    registry = ours(tmp_path / "data", variables=variables)
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(Stalled(registry, certificate))
        connection = connect(registry, certificate)
        content = os.urandom(3_000_000)
        location = ask(connection, "POST", "/v2/a/b/blobs/uploads/")[1]["Location"]
        target = f"{location}&digest={digest_of(content)}"
        assert ask(connection, "PUT", target, content)[0] == 201


# More of them than there are blocks for downloads.
def test_downloads_that_nobody_reads_keep_nobody_waiting(ours, tmp_path, variables, certificate):
    registry = ours(tmp_path / "data", variables=variables)
    connection = connect(registry, certificate)
    content = os.urandom(12_000_000)
    location = ask(connection, "POST", "/v2/a/b/blobs/uploads/")[1]["Location"]
    target = f"{location}&digest={digest_of(content)}"
    assert ask(connection, "PUT", target, content)[0] == 201
    blob = f"/v2/a/b/blobs/{digest_of(content)}"
    with ExitStack() as stack:
        for _ in range(300):
            reader = connect(registry, certificate)
            stack.callback(reader.close)
            reader.connect()
            reader.sock.sendall(f"GET {blob} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert ask(connection, "GET", blob)[2] == content


def test_skopeo_copies_over_https(ours, tmp_path, variables, skopeo, certificate):
    registry = ours(tmp_path / "data", variables=variables)
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs/ca.crt").write_bytes(certificate.read_bytes())
    image = random_image(200_000)
    target = f"docker://localhost:{registry.port}/by/skopeo:v1"
    source = image.write(tmp_path / "layout")
    skopeo("copy", "--dest-cert-dir", tmp_path / "certs", source, target)
    skopeo("copy", "--src-cert-dir", tmp_path / "certs", target, f"dir:{tmp_path / 'pulled'}")
    assert (tmp_path / "pulled/manifest.json").read_bytes() == image.manifest


def test_plain_http_on_a_tls_port_is_told_so(ours, tmp_path, variables):
    registry = ours(tmp_path / "data", variables=variables)
    with socket.create_connection(("127.0.0.1", registry.port), timeout=10) as connection:
        connection.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.0 400 Bad Request\r\n")
    assert answer.endswith(b"Client sent an HTTP request to an HTTPS server.\n")


def test_a_renewed_certificate_is_served_without_a_restart(ours, tmp_path, variables, certificate):
    registry = ours(tmp_path / "data", variables=variables)
    old = connect(registry, certificate)
    assert ask(old, "GET", "/v2/")[0] == 200
    renewed = make_certificate(tmp_path, "renewed", serial=2)
    os.replace(renewed.with_suffix(".key"), certificate.with_suffix(".key"))
    os.replace(renewed, certificate)

    def is_renewed() -> bool:
        try:
            return ask(connect(registry, certificate), "GET", "/v2/")[0] == 200
        except ssl.SSLError:
            return False

    wait_until(is_renewed, "the new certificate is served")
    assert ask(old, "GET", "/v2/")[0] == 200  # a connection that lives goes on


def test_files_that_cannot_be_used_leave_the_last_good_ones(ours, tmp_path, variables, certificate):
    registry = ours(tmp_path / "data", variables=variables)
    good = tmp_path / "good.pem"
    good.write_bytes(certificate.read_bytes())
    certificate.write_text("garbage")
    wait_until(lambda: tries_and_logs(registry, good), "the damage is logged")
    assert ask(connect(registry, good), "GET", "/v2/")[0] == 200


def tries_and_logs(registry, authority: Path) -> bool:
    assert ask(connect(registry, authority), "GET", "/v2/")[0] == 200
    return "the last good ones stay" in registry.daemon.said()


def test_clients_need_a_certificate_where_authorities_are_named(
    ours, tmp_path, variables, certificate
):
    authority = make_certificate(tmp_path, "authority")
    client = make_certificate(tmp_path, "client", ca=authority, serial=3)
    variables["HTTP_TLS_CLIENTCAS"] = f"[{authority}]"
    registry = ours(tmp_path / "data", variables=variables)
    assert ask(connect(registry, certificate, client), "GET", "/v2/")[0] == 200
    with pytest.raises((ssl.SSLError, OSError)):
        ask(connect(registry, certificate), "GET", "/v2/")


def test_a_client_with_a_certificate_may_resume_its_session(ours, tmp_path, variables, certificate):
    authority = make_certificate(tmp_path, "authority")
    client = make_certificate(tmp_path, "client", ca=authority, serial=3)
    variables["HTTP_TLS_CLIENTCAS"] = f"[{authority}]"
    registry = ours(tmp_path / "data", variables=variables)
    context = ssl.create_default_context(cafile=str(certificate))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # whose session is there after the handshake
    context.load_cert_chain(client, client.with_suffix(".key"))
    session = None
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", registry.port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as tls:
                tls.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert tls.recv(100).startswith(b"HTTP/1.1 200 ")
                session = tls.session


def test_older_versions_than_configured_are_refused(ours, tmp_path, variables, certificate):
    registry = ours(tmp_path / "data", variables={**variables, "HTTP_TLS_MINIMUMTLS": "tls1.3"})
    assert ask(connect(registry, certificate), "GET", "/v2/")[0] == 200
    with pytest.raises(ssl.SSLError):
        old = connect(registry, certificate, maximum_version=ssl.TLSVersion.TLSv1_2)
        ask(old, "GET", "/v2/")


def test_only_the_configured_cipher_suites_are_spoken(ours, tmp_path, variables, certificate):
    suites = "[TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305]"
    registry = ours(tmp_path / "data", variables={**variables, "HTTP_TLS_CIPHERSUITES": suites})
    connection = connect(registry, certificate, maximum_version=ssl.TLSVersion.TLSv1_2)
    connection.connect()
    assert connection.sock.cipher()[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"


def test_a_certificate_that_cannot_be_used_stops_the_start(ours, tmp_path, variables):
    variables["HTTP_TLS_KEY"] = str(tmp_path / "absent.key")
    with pytest.raises(AssertionError, match="absent.key"):
        ours(tmp_path / "data", variables=variables)


def test_it_listens_on_a_unix_socket(ours, tmp_path, short_folder, client_env):
    path = short_folder / "registry.sock"
    variables = {"HTTP_NET": "unix", "HTTP_ADDR": str(path)}
    registry = ours(tmp_path / "data", variables=variables, ready=path.exists)
    catalog = "http://localhost/v2/_catalog"
    asked = run("curl", "--silent", "--unix-socket", path, catalog, env=client_env)
    assert asked.stdout == b'{"repositories":[]}\n'
    registry.kill()
    assert path.exists()  # which must not hinder the next start
    registry.start()
    wait_until(lambda: registry.daemon.said().count("listening") == 2, "it listens again")
    assert registry.stop() == 0
    assert not path.exists()
