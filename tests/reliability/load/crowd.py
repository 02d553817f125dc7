"""Many connections that say little, each from one of several addresses of this machine."""

import resource
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from support.registry import Registry
from support.unable import cannot_run

DESCRIPTORS = 12_000
SECONDS = 30  # for an answer, or to take what is sent
SOURCES = 16  # addresses, as each has ports for less than 30,000 connections
AT_ONCE = struct.pack("ii", 1, 0)  # of SO_LINGER: a reset, not an end


def need_descriptors() -> None:
    """Of this process and of the daemons that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        hard = max(hard, DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, PermissionError) as error:
        cannot_run(f"opening {DESCRIPTORS} files: {error}")


def is_alive(peer: socket.socket) -> bool:
    """Reads over what it was answered."""
    peer.setblocking(False)
    try:
        while peer.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass
    finally:
        peer.settimeout(SECONDS)
    return False


class Crowd:
    """Ends with all of its connections closed."""

    def __init__(self, registry: Registry, count: int):
        self._registry = registry
        self.peers = [self._connect(number) for number in range(count)]

    def _connect(self, number: int) -> socket.socket:
        source = (f"127.0.0.{2 + number % SOURCES}", 0)
        address = ("127.0.0.1", self._registry.port)
        return socket.create_connection(address, timeout=SECONDS, source_address=source)

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        for peer in self.peers:
            peer.close()

    def say(self, text: Callable[[int], bytes]) -> None:
        for number, peer in enumerate(self.peers):
            with suppress(ConnectionError):  # ended: they are many, and it may shed them
                peer.sendall(text(number))

    def dribble(self, text: bytes, seconds: float) -> None:
        """A byte from each, over and over."""
        end, at = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self.say(lambda _: text[at : at + 1])
            at = (at + 1) % len(text)
            time.sleep(0.1)

    def close_half(self) -> None:
        for peer in self.peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        for peer in self.peers:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            peer.close()

    def connected(self) -> int:
        """Those that the daemon has not ended."""
        return sum(is_alive(peer) for peer in self.peers)
