"""docs/operations.md taken apart, and its commands run as an operator would run them."""

import base64
import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .cluster import Cluster, Said
from .process import PATH, environment, run

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
MARK = "=== end of a block ==="

# Hands its words and its input to the test, and says what it gets back.
SHIM = """\
#!/usr/bin/python3
import base64, json, os, socket, sys
reads = "-i" in sys.argv or sys.argv[-2:] == ["-f", "-"]
stdin = sys.stdin.buffer.read() if reads else b""
asked = {"words": sys.argv[1:], "stdin": base64.b64encode(stdin).decode()}
server = socket.socket(socket.AF_UNIX)
server.connect(os.environ["KUBECTL_SOCKET"])
server.sendall(json.dumps(asked).encode() + b"\\n")
said = json.loads(server.makefile().readline())
sys.stdout.buffer.write(base64.b64decode(said["stdout"]))
sys.stdout.flush()
sys.stderr.buffer.write(base64.b64decode(said["stderr"]))
sys.exit(said["code"])
"""

# The real kubectl, asked about a server that is not there: all that it can still find wrong is in
# the command itself.
AGAINST_NO_SERVER = """\
#!/bin/sh
case "$*" in
  *"-f -") ;;
  *) exec </dev/null ;;
esac
said=$(/usr/bin/kubectl --kubeconfig "$NO_SERVER" "$@" 2>&1) && printf '%s\\n' "$said" && exit 0
case $said in
  *refused*) ;;
  *) printf '%s\\n' "kubectl $*: $said" >> "$COMPLAINTS" ;;
esac
"""
NO_SERVER = """\
#!/bin/sh
case "$*" in
  *"-f -") ;;
  *) exec </dev/null ;;
esac
said=$(/usr/bin/kubectl --kubeconfig "$NO_SERVER" "$@" 2>&1) && exit 0
case $said in
  *refused*) exit 0 ;;
esac
printf '%s\\n' "kubectl $*: $said" >&2
exit 1
"""
NO_SERVER = """\
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
users: [{name: none, user: {}}]
current-context: none
"""


@dataclass(frozen=True)
class Block:
    language: str  # "sh" is run; "sh cluster" needs a cluster
    text: str


@dataclass(frozen=True)
class Section:
    title: str
    text: str

    def blocks(self, language: str) -> list[Block]:
        found = [Block(*match) for match in BLOCK.findall(self.text)]
        return [block for block in found if block.language == language]


def sections(document: str) -> dict[str, Section]:
    """By their titles; a "#" in a block begins no section."""
    prose = BLOCK.sub(lambda match: "\n" * match.group().count("\n"), document)
    lines = document.splitlines(keepends=True)
    starts = [(prose[: m.start()].count("\n"), m.group(2)) for m in HEADING.finditer(prose)]
    ends = [line for line, _ in starts[1:]] + [len(lines)]
    found = {}
    for (begin, title), end in zip(starts, ends, strict=True):
        assert title not in found, f"two sections are called {title}"
        found[title] = Section(title, "".join(lines[begin + 1 : end]))
    return found


class Operator:
    """A shell outside of the pod: kubectl, and what the port-forward shows."""

    def __init__(self, cluster: Cluster, folder: Path, socket: Path):
        self._cluster = cluster
        self._folder = folder
        tools = folder / "bin"
        tools.mkdir()
        write_program(tools / "kubectl", SHIM)
        self._env = environment(folder, KUBECTL_SOCKET=str(socket), PATH=f"{tools}:{PATH}")

    def do(self, blocks: list[Block], timeout: float = 120) -> list[str]:
        """Runs blocks in one shell, which ends at the first failure; what each one printed."""
        script = "".join(f"{block.text}\nwait\necho '{MARK}'\n" for block in blocks)
        shell = ("bash", "-euo", "pipefail", "-c", script)
        command = self._cluster.pod.from_outside(*shell)
        done = run(*command, env=self._env, cwd=self._folder, check=False, timeout=timeout)
        said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        assert done.returncode == 0, f"{done.returncode}: {script}\n{said}"
        return done.stdout.decode().split(f"{MARK}\n")[:-1]


@contextmanager
def operator_of(cluster: Cluster, folder: Path) -> Iterator[Operator]:
    folder.mkdir()
    socket = folder / "kubectl.socket"
    with serve_kubectl(cluster, socket):
        yield Operator(cluster, folder, socket)


@contextmanager
def serve_kubectl(cluster: Cluster, path: Path) -> Iterator[None]:
    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = json.loads(self.rfile.readline())
            try:
                said = cluster.kubectl(asked["words"], base64.b64decode(asked["stdin"]))
            except Exception as error:  # of a test's own, too: the block must fail, and say why
                said = Said(stderr=f"kubectl {asked['words']}: {error!r}\n".encode(), code=1)
            streams = {"stdout": said.stdout, "stderr": said.stderr}
            answer = {name: base64.b64encode(stream).decode() for name, stream in streams.items()}
            self.wfile.write(json.dumps({**answer, "code": said.code}).encode() + b"\n")

    with socketserver.ThreadingUnixStreamServer(str(path), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def complaints_of_kubectl(block: Block, folder: Path) -> str:
    """What the real kubectl finds wrong with the commands of a block; nobody is asked anything."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    write_program(tools / "kubectl", AGAINST_NO_SERVER)
    write_program(tools / "curl", "#!/bin/sh\nexit 1\n")
    (folder / "no-server").write_text(NO_SERVER)
    complaints = folder / "complaints"
    complaints.write_text("")
    places = {"NO_SERVER": str(folder / "no-server"), "COMPLAINTS": str(complaints)}
    env = environment(folder, **places, PATH=f"{tools}:{PATH}")
    run("bash", "-c", f"{block.text}\nwait", env=env, cwd=folder, check=False)
    return complaints.read_text()
