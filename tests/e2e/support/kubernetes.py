"""What `kubectl apply -k` would send, and the Kubernetes API's own word on it."""

import copy
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from .process import PATH, output, run
from .registry import PROJECT

CHECKER = PROJECT / "tests/e2e/kubernetes"
SECONDS_TO_INSTALL = 300

Object = dict  # of Kubernetes, as it is in YAML


@dataclass(frozen=True)
class Objects:
    """The objects of a deployment, one of each kind."""

    by_kind: dict[str, Object]

    def __getitem__(self, kind: str) -> Object:
        return self.by_kind[kind]

    def __iter__(self) -> Iterator[Object]:
        return iter(self.by_kind.values())


def kustomize(folder: Path) -> Objects:
    built = list(yaml.safe_load_all(output("kubectl", "kustomize", folder)))
    by_kind = {each["kind"]: each for each in built}
    assert len(by_kind) == len(built), "a kind comes twice"
    return Objects(by_kind)


class Schemas:
    """npm's kubernetes-models, in the versions of package-lock.json, kept under build/."""

    def __init__(self) -> None:
        self._folder = PROJECT / "build/kubernetes-models"
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKER / "check.js", self._folder)
        if not self._is_installed():
            self._install()

    def _is_installed(self) -> bool:
        kept = self._folder / "installed.json"
        return kept.exists() and kept.read_bytes() == (CHECKER / "package-lock.json").read_bytes()

    def _install(self) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CHECKER / name, self._folder)
        # npm is to reach its registry as whoever runs the tests does, certificates and all.
        env = {**os.environ, "PATH": PATH}
        command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        run(*command, env=env, cwd=self._folder, timeout=SECONDS_TO_INSTALL)
        shutil.copy(CHECKER / "package-lock.json", self._folder / "installed.json")

    def complaints(self, objects: Iterable[Object]) -> list[str]:
        """Values that the API refuses, and fields that it does not know."""
        sent = json.dumps(list(objects)).encode()
        return json.loads(run("node", "check.js", cwd=self._folder, stdin=sent).stdout)


def changed(original: Object, path: str, value: object) -> Object:
    """A copy with the value at a path like spec/template/spec/containers/0/image."""
    copied = copy.deepcopy(original)
    *parents, last = path.split("/")
    place = copied
    for step in parents:
        place = place[int(step) if isinstance(place, list) else step]
    place[last] = value
    return copied
