"""A storage of its own for podman or buildah: what one pushed, the other has never seen."""

from dataclasses import dataclass
from pathlib import Path

from .process import output, run
from .unable import need_mounts


@dataclass(frozen=True)
class Storage:
    program: str
    folder: Path
    env: dict[str, str]

    def __call__(self, *arguments: object, **options):
        return run(*self._command(), *arguments, env=self.env, **options)

    def output(self, *arguments: object) -> str:
        return output(*self._command(), *arguments, env=self.env)

    def _command(self) -> tuple[object, ...]:
        # vfs copies instead of mounting overlays: it works on every file system.
        place = ("--root", self.folder / "root", "--runroot", self.folder / "run")
        return (self.program, *place, "--storage-driver", "vfs")

    def make_image(self, name: str, *files: Path) -> str:
        """Commits an image from scratch with these files; returns its id."""
        container = self.output("from", "scratch")
        self("add", container, *files, "/")
        return self.output("commit", "--quiet", container, name)

    def files_of(self, image: str) -> dict[str, bytes]:
        """The regular files of an image, by name."""
        root = Path(self.output("mount", self.output("from", image)))
        return {file.name: file.read_bytes() for file in root.rglob("*") if file.is_file()}


def own_storage(program: str, folder: Path, env: dict[str, str]) -> Storage:
    need_mounts()
    return Storage(program, folder, env)
