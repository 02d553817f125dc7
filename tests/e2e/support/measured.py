"""A daemon whose metrics can be read."""

from pathlib import Path

from .process import free_port
from .registry import Registry
from .web import request


def start(ours, root: Path, **variables: str) -> Registry:
    """With a debug server, which `registry.debug` asks."""
    debug = f"127.0.0.1:{free_port()}"
    variables |= {"HTTP_DEBUG_ADDR": debug, "HTTP_DEBUG_PROMETHEUS_ENABLED": "true"}
    registry = ours(root, variables=variables)
    registry.debug = lambda path: request(debug, "GET", path)
    return registry


def metric(registry: Registry, name: str) -> float:
    lines = registry.debug("/metrics").body.decode().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name} "))
    return float(line.split()[1])
