"""The daemon, the registry that it takes the place of, and nginx, on the same files."""

import json
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from model import NGINX, OURS, Failed
from support.process import Daemon, environment, free_port, run, wait_until
from support.registry import REFERENCE as REFERENCE_BINARY

# The same for both registries. The cache is what Debian's configuration gives to 2.8.2.
CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {root}}}
  cache: {{blobdescriptor: inmemory}}
  delete: {{enabled: true}}
http:
  addr: "127.0.0.1:{port}"
  secret: bench
{tls}"""
TLS = "  tls: {{certificate: {certificate}, key: {key}}}\n"

NGINX_CONFIG = """\
daemon off;
user root;
worker_processes auto;
worker_rlimit_nofile 65536;
pid {work}/nginx.pid;
error_log {work}/nginx-error.log error;
events {{ worker_connections 16384; multi_accept on; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  open_file_cache max=10000 inactive=600s;
  open_file_cache_valid 600s;
  open_file_cache_min_uses 1;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  types {{ }}
  server {{
    listen 127.0.0.1:{port}{ssl} backlog=4096;
    add_header Docker-Distribution-Api-Version registry/2.0;
{locations}
  }}
}}
"""
NGINX_TLS = "    ssl_certificate {certificate};\n    ssl_certificate_key {key};"
LOCATION = "    location = {path} {{ alias {file}; default_type {type}; }}"
# It takes a path that ends with a slash for a folder's.
LOCATION_OF_FOLDER = (
    "    location = {path} {{ root {file.parent}; try_files /{file.name} =404; "
    "default_type {type}; }}"
)


@dataclass(frozen=True)
class Served:
    """A file that nginx has behind a path."""

    file: Path
    type: str


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    def words(self) -> dict[str, Path]:
        return {"certificate": self.certificate, "key": self.key}


def make_certificate(work: Path) -> Certificate:
    made = Certificate(work / "certificate.pem", work / "key.pem")
    if not made.key.exists():
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        files = ("-keyout", made.key, "-out", made.certificate)
        run("openssl", "req", "-x509", *curve, *files, "-days", "2", "-subj", "/CN=localhost")
    return made


def write_config(work: Path, root: Path, port: int, certificate: Certificate | None) -> Path:
    tls = TLS.format(**certificate.words()) if certificate else ""
    file = work / f"config-{port}.yml"
    file.write_text(CONFIG.format(root=root, port=port, tls=tls))
    return file


def write_nginx_config(
    work: Path, port: int, certificate: Certificate | None, served: Mapping[str, Served]
) -> Path:
    lines = [NGINX_TLS.format(**certificate.words())] if certificate else []
    for path, what in served.items():
        form = LOCATION_OF_FOLDER if path.endswith("/") else LOCATION
        lines.append(form.format(path=path, file=what.file, type=what.type))
    file = work / f"nginx-{port}.conf"
    ssl = " ssl" if certificate else ""
    file.write_text(
        NGINX_CONFIG.format(work=work, port=port, ssl=ssl, locations="\n".join(lines))
    )
    return file


def generate(generator: Path, *words: object, seconds: float = 1800) -> dict:
    """One run of the load generator; raises with the first bad answer."""
    command = [str(generator), *(str(word) for word in words)]
    env = environment()
    done = subprocess.run(command, env=env, capture_output=True, timeout=seconds, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command[1:3])}: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


class Server:
    """One that runs. Made by Bench.serve."""

    def __init__(
        self,
        kind: str,
        generator: Path,
        port: int,
        daemon: Daemon,
        tls: bool,
        note: Callable[[dict], None],
    ):
        """`note` is told what each load measured."""
        self.kind = kind
        self.daemon = daemon
        self._generator = generator
        self._note = note
        self._address = f"127.0.0.1:{port}"
        self._tls = ("--tls",) if tls else ()

    def pids(self) -> list[int]:
        if self.kind != NGINX:
            return [self.daemon.pid]
        pid = self.daemon.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(int(worker) for worker in workers)]

    def load(self, workload: str, *words: object) -> dict:
        pids = [word for pid in self.pids() for word in ("--server-pid", pid)]
        words = ("--server", self._address, *pids, *self._tls, *words)
        done = generate(self._generator, workload, *words)
        self._note(done)
        return done


def command_of(kind: str, ours: Path, config: Path) -> list[object]:
    if kind == NGINX:
        return ["nginx", "-e", "stderr", "-c", config]
    return [ours if kind == OURS else REFERENCE_BINARY, "serve", config]


def wait_for_port(port: int, daemon: Daemon) -> None:
    def listens() -> bool:
        if not daemon.runs():
            raise Failed(f"the server ended by itself:\n{daemon.said()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            return False
        return True

    wait_until(listens, "the server listens", seconds=120)

