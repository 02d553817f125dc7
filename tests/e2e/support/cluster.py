"""What stands for a cluster where there is none: `kubectl`, answered from a pod on this machine.

It stands for kubectl alone. The daemon and the programs that `exec` runs are real, the logs are what
the daemon wrote, and `scale` ends and starts it. What it does not know it refuses.
"""

import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .kubernetes import Object, kustomize
from .pod import Pod
from .process import wait_until
from .registry import PROJECT
from .volume import hand_over

OFFLINE = "registry-offline"  # the pod of docs/operations.md that has the volume without the daemon
REGISTRY_2 = "registry:2"


class Refused(Exception):
    """What kubectl would say on stderr."""


@dataclass
class Said:
    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0


@dataclass
class Cluster:
    pod: Pod
    deployment: Object = field(init=False)
    claim: Object = field(init=False)
    offline: Object | None = None
    last_logs: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        objects = kustomize(PROJECT / "deploy/kubernetes")
        self.deployment, self.claim = objects["Deployment"], objects["PersistentVolumeClaim"]

    def kubectl(self, arguments: list[str], stdin: bytes) -> Said:
        assert arguments[:1] in (["-n"], ["apply"]), "without -n gitea it is another namespace"
        words, _, inside = split_at(arguments, "--")
        verb, *rest = words if words[0] == "apply" else words[2:]
        if words[0] != "apply" and words[1] != "gitea":
            return Said(stderr=b"another namespace", code=1)
        known = getattr(self, f"_{verb.replace('-', '_')}", None)
        if known is None:
            return Said(stderr=f"nothing here stands for: kubectl {verb}".encode(), code=1)
        try:
            return known(rest, inside, stdin)
        except Refused as refusal:
            return Said(stderr=f"{refusal}\n".encode(), code=1)

    # What the Deployment's controller and the kubelet do.

    @property
    def _container(self) -> Object:
        return self.deployment["spec"]["template"]["spec"]["containers"][0]

    def _runs(self) -> bool:
        return self.pod.daemon is not None and self.pod.daemon.runs()

    def restart(self) -> None:
        """Strategy Recreate."""
        if self.pod.daemon:
            self.last_logs.append(self.pod.daemon.log)
        self.pod.stop()
        if self.deployment["spec"]["replicas"] == 0:
            return
        security = self.deployment["spec"]["template"]["spec"]["securityContext"]
        if "fsGroup" in security:
            hand_over(self.pod.volume, security["fsGroupChangePolicy"])
        env = {each["name"]: each["value"] for each in self._container.get("env", [])}
        reference = self._container["image"] == REGISTRY_2
        self.pod.start(security.get("runAsUser", 0), env, reference=reference)

    def begin_with_registry_2(self) -> None:
        """A Deployment as registry:2 has it: as root, and with no word about the volume."""
        self._container["image"] = REGISTRY_2
        self._container["readinessProbe"]["httpGet"]["path"] = "/v2/"
        self.deployment["spec"]["template"]["spec"]["securityContext"] = {}

    def become_ready(self) -> None:
        path = self._container["readinessProbe"]["httpGet"]["path"]
        wait_until(lambda: 200 <= self.pod.get(path)[0] < 400, f"the probe {path} passes", 15)

    # What kubectl is asked for.

    def _exec(self, words, inside, stdin) -> Said:
        takes_input = "-i" in words
        [target] = [word for word in words if word != "-i"]
        if target == "deploy/registry" and not self._runs():
            raise Refused("error: unable to upgrade connection: container not found")
        if target == f"pod/{OFFLINE}" and not self.offline:
            raise Refused(f'Error from server (NotFound): pods "{OFFLINE}" not found')
        if target not in ("deploy/registry", f"pod/{OFFLINE}"):
            raise Refused(f"exec into {target}")
        done = self.pod.run(*inside, stdin=stdin if takes_input else b"")
        return Said(done.stdout, done.stderr, done.returncode)

    def _logs(self, words, _inside, _stdin) -> Said:
        options = set(words) - {"deploy/registry"}
        if not options <= {"--since=1h", "--previous"}:
            raise Refused(f"logs {options}")
        daemon = self.pod.daemon
        log = self.last_logs[-1] if "--previous" in options else daemon and daemon.log
        return Said(log.read_bytes() if log else b"")

    def _get(self, words, _inside, _stdin) -> Said:
        if words == ["pods", "-l", "app=registry"]:
            return Said(self._pods().encode())
        if words == ["pvc", "registry-pvc"]:
            size = self.claim["spec"]["resources"]["requests"]["storage"]
            head = "NAME           STATUS   CAPACITY   ACCESS MODES   STORAGECLASS"
            return Said(f"{head}\nregistry-pvc   Bound    {size}   RWO   longhorn\n".encode())
        if words[:3] == ["deployment", "registry", "-o"]:
            return Said(str(value_at(self.deployment, words[3])).encode())
        raise Refused(f"get {words}")

    def _pods(self) -> str:
        lines = ["NAME                        READY   STATUS    RESTARTS   AGE"]
        if self._runs():
            self.become_ready()
            lines.append("registry-5d4b8c7f9d-x2x7k   1/1     Running   0          1h")
        return "\n".join(lines) + "\n"

    def _scale(self, words, _inside, _stdin) -> Said:
        replicas = {"--replicas=0": 0, "--replicas=1": 1}[words[1]]
        assert words[0] == "deployment/registry"
        self.deployment["spec"]["replicas"] = replicas
        self.restart()
        return Said(b"deployment.apps/registry scaled\n")

    def _rollout(self, words, _inside, _stdin) -> Said:
        assert words[1] == "deployment/registry"
        if words[0] == "restart":
            self.restart()
        elif words[0] == "status":
            self.become_ready()
        else:
            raise Refused(f"rollout {words[0]}")
        return Said(b'deployment "registry" successfully rolled out\n')

    def _wait(self, words, _inside, _stdin) -> Said:
        if "--for=delete" in words:
            return Said(code=1 if self._runs() else 0)
        if words[:2] == ["--for=condition=Ready", f"pod/{OFFLINE}"]:
            return Said(code=0 if self.offline else 1)
        raise Refused(f"wait {words}")

    def _set(self, words, _inside, _stdin) -> Said:
        what, target, *values = words
        assert target == "deployment/registry"
        env = {each["name"]: each["value"] for each in self._container.get("env", [])}
        for value in values:
            name, equals, text = value.partition("=")
            if what == "image":
                assert name == self._container["name"]
                self._container["image"] = text
            elif equals:
                env[name] = text
            else:
                assert env.pop(name.removesuffix("-"), None) is not None, f"{name} is not set"
        self._container["env"] = [{"name": name, "value": env[name]} for name in env]
        self.restart()
        return Said(b"deployment.apps/registry updated\n")

    def _patch(self, words, _inside, _stdin) -> Said:
        target, name, kind, option, text = words
        assert (target, name, kind, option) == ("deployment", "registry", "--type=json", "-p")
        for step in json.loads(text):
            assert step["op"] in ("replace", "add"), step
            put_at(self.deployment, step["path"], step["value"], step["op"])
        self.restart()
        return Said(b"deployment.apps/registry patched\n")

    def _apply(self, words, _inside, stdin) -> Said:
        if words == ["-k", "deploy/kubernetes"]:
            self.deployment = kustomize(PROJECT / "deploy/kubernetes")["Deployment"]
            self.restart()
            return Said(b"deployment.apps/registry created\n")
        assert words == ["-f", "-"]
        [self.offline] = yaml.safe_load_all(stdin)
        assert self.offline["kind"] == "Pod" and self.offline["metadata"]["name"] == OFFLINE
        return Said(f"pod/{OFFLINE} created\n".encode())

    def _delete(self, words, _inside, _stdin) -> Said:
        if words == ["pod", OFFLINE] and self.offline:
            self.offline = None
        elif words == ["deployment", "registry", "--ignore-not-found"]:
            self.pod.stop()
        else:
            raise Refused(f"delete {words}")
        return Said(f'"{words[1]}" deleted\n'.encode())

    def _port_forward(self, words, _inside, _stdin) -> Said:
        assert words[0] == "svc/registry" and words[1] in ("5000:5000", "5001:5001")
        return Said()  # whoever asks sees the pod's ports already


def split_at(words: list[str], mark: str) -> tuple[list[str], str, list[str]]:
    if mark not in words:
        return words, "", []
    at = words.index(mark)
    return words[:at], mark, words[at + 1 :]


def value_at(root: Object, jsonpath: str):
    value = root
    for step in re.findall(r"\.(\w+)|\[(\d+)\]", jsonpath):
        value = value[step[0]] if step[0] else value[int(step[1])]
    return copy.deepcopy(value)


def put_at(root: Object, pointer: str, value: object, operation: str) -> None:
    """RFC 6902, as far as it is needed."""
    *parents, last = pointer.lstrip("/").split("/")
    place = root
    for step in parents:
        place = place[int(step) if isinstance(place, list) else step]
    assert operation == "add" or last in place, f"{pointer} is not there to be replaced"
    place[last] = value
