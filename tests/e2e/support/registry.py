"""A registry daemon on a folder: ours, or the reference that it takes the place of."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from .process import Daemon, environment, free_port, wait_until
from .web import Response, request

PROJECT = Path(__file__).resolve().parents[3]
OURS = Path(os.environ.get("REGISTRY_BINARY", PROJECT / "build/release/registry")).resolve()
REFERENCE = Path(os.environ.get("REFERENCE_BINARY", "/usr/bin/docker-registry"))
SECRET = "some-shared-secret"
REPORTS_OF_SANITIZERS = (
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "WARNING: ThreadSanitizer",
    "runtime error: ",
)

CONFIG = """\
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: {delete}}}}}
http: {{addr: "{addr}", secret: {secret}}}
"""


def write_config(file: Path, root: Path, addr: str, delete: bool = True) -> Path:
    text = CONFIG.format(root=root, addr=addr, secret=SECRET, delete=str(delete).lower())
    file.write_text(text)
    return file


class Registry:
    """Runs until stop() or kill(); start() begins again with the same folder and address."""

    def __init__(
        self,
        binary: Path,
        root: Path,
        work: Path,
        *,
        listen: str = "127.0.0.1",
        delete=True,
        variables: Mapping[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
    ):
        """`variables` override the configuration: {"HTTP_PREFIX": "/p/"}. `ready`: in place of a
        port that is listened on."""
        self.binary = binary
        self.root = root
        self.ready = ready or self.accepts_connections
        self.env = environment(**{f"REGISTRY_{k}": v for k, v in (variables or {}).items()})
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}"
        self.port = port
        self.config = write_config(work / f"config-{port}.yml", root, f"{listen}:{port}", delete)
        self.log = work / f"registry-{port}.log"
        self.start()

    def start(self) -> None:
        assert self.binary.exists(), f"{self.binary} does not exist: build it, or set its variable"
        self.daemon = Daemon([self.binary, "serve", self.config], self.log, self.env)
        wait_until(self.is_listening, f"{self.binary} listens")

    def is_listening(self) -> bool:
        assert self.daemon.runs(), f"{self.binary} ended by itself:\n{self.daemon.said()}"
        return self.ready()

    def accepts_connections(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True

    def stop(self) -> int:
        return self.daemon.stop()

    def __enter__(self) -> "Registry":
        return self

    def __exit__(self, *_: object) -> None:
        crashed = not self.daemon.runs() and not self.daemon.asked_to_end
        self.stop()
        assert not crashed, f"{self.binary} ended by itself"
        self.assert_no_report()

    def assert_no_report(self) -> None:
        """Of a sanitizer, of any process so far: one that was killed has no status of its own."""
        said = self.daemon.said()
        reports = [report for report in REPORTS_OF_SANITIZERS if report in said]
        assert not reports, f"{self.binary}: {reports}\n{said}"

    def kill(self) -> None:
        self.daemon.kill()

    def request(self, method: str, path: str, body=None, headers=None) -> Response:
        return request(self.address, method, path, body, headers)

    def get(self, path: str, headers=None) -> Response:
        return self.request("GET", path, headers=headers)

    def files(self) -> Path:
        """The tree that both registries share."""
        return self.root / "docker/registry/v2"


class Factory:
    """Starts registries for one test or module, and ends those that still run."""

    def __init__(self, binary: Path, work: Path):
        self._binary = binary
        self._work = work
        self._running = ExitStack()

    def __call__(self, root: Path, **options) -> Registry:
        return self._running.enter_context(Registry(self._binary, root, self._work, **options))

    def close(self) -> None:
        self._running.close()


def until_closed(factory: Factory) -> Iterator[Factory]:
    yield factory
    factory.close()
