"""Each layer includes only itself and those to its left (docs/architecture.md)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ["base", "http", "oci", "config", "storage", "content", "maintenance", "api", "app"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def sources(layer: str) -> list[Path]:
    folders = [ROOT / "src" / layer, ROOT / "include" / "registry" / layer]
    return sorted(file for folder in folders for file in folder.rglob("*.[ch]pp"))


def layer_of(include: str) -> str | None:
    """Of a public header; None for a private one, which stands beside its source."""
    parts = include.split("/")
    return parts[1] if parts[0] == "registry" else None


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_includes_only_those_to_its_left(layer: str) -> None:
    allowed = LAYERS[: LAYERS.index(layer) + 1]
    files = sources(layer)
    assert files, f"the layer {layer} has no files"
    wrong = [
        f"{file.relative_to(ROOT)} includes {include}"
        for file in files
        for include in INCLUDE.findall(file.read_text())
        if (used := layer_of(include)) is not None and used not in allowed
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("layer", LAYERS)
def test_private_headers_stand_beside_their_source(layer: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} includes {include}"
        for file in sources(layer)
        for include in INCLUDE.findall(file.read_text())
        if layer_of(include) is None and not (file.parent / include).exists()
    ]
    assert not wrong, "\n".join(wrong)


def test_every_folder_of_the_source_is_a_layer() -> None:
    folders = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
    assert folders == set(LAYERS)
