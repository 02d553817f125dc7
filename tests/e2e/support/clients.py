"""Clients that several test files use."""

import json
from dataclasses import dataclass
from pathlib import Path

from .process import output, run


@dataclass(frozen=True)
class Skopeo:
    env: dict[str, str]

    def __call__(self, *arguments: object, **options):
        return run("skopeo", *arguments, env=self.env, **options)

    def output(self, *arguments: object) -> str:
        return output("skopeo", *arguments, env=self.env)

    def push(self, source: str, target: str, *options: object) -> str:
        """Copies to docker://target; returns the digest that was pushed."""
        arguments = ("copy", "--dest-tls-verify=false", *options, source, f"docker://{target}")
        self(*arguments)
        return self.digest(target)

    def digest(self, target: str) -> str:
        """The digest a client computes from the bytes that the registry serves."""
        raw = self("inspect", "--raw", "--tls-verify=false", f"docker://{target}").stdout
        return output("skopeo", "manifest-digest", "/dev/stdin", env=self.env, stdin=raw)

    def pull(self, source: str, folder: Path, *options: object) -> "Pulled":
        """Copies from docker://source into a folder, byte for byte."""
        copy = ("copy", "--src-tls-verify=false", *options, f"docker://{source}", f"dir:{folder}")
        self(*copy)
        return Pulled(folder)


@dataclass(frozen=True)
class Pulled:
    """skopeo's "dir" format: manifest.json, and each blob under its hex digest."""

    folder: Path

    @property
    def manifest(self) -> bytes:
        return (self.folder / "manifest.json").read_bytes()

    def blob(self, digest: str) -> bytes:
        return (self.folder / digest.removeprefix("sha256:")).read_bytes()

    def blobs(self) -> list[bytes]:
        """The config and the layers, in the order of the manifest."""
        manifest = json.loads(self.manifest)
        return [self.blob(part["digest"]) for part in (manifest["config"], *manifest["layers"])]
