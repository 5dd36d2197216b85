"""Ports of the loopback for servers of tests."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

_PORTS = range(10_240, 32_768)
"""Below those that the system gives to outgoing connections: one could take the port while its server is down."""
_dice = random.SystemRandom()  # tests that seed `random` would all begin at the same ports


def _take(port: int, probes: ExitStack) -> None:
    """Hold a port, for TCP and for UDP. Raises `OSError` where somebody has one of the two."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        probes.enter_context(socket.socket(type=kind)).bind(("127.0.0.1", port))


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody has now, neither for TCP nor for UDP."""
    ports: list[int] = []
    with ExitStack() as probes:
        while len(ports) < count:
            port = _dice.choice(_PORTS)
            try:
                _take(port, probes)
            except OSError:
                continue
            ports.append(port)
    return ports


def free_port() -> int:
    """A port of the loopback that nobody has now, neither for TCP nor for UDP."""
    return free_ports(1)[0]


def free_range(count: int) -> int:
    """The first, which is even, of so many such ports in a row."""
    while True:
        first = _dice.choice(_PORTS[:-count]) & ~1
        with ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    _take(port, probes)
            except OSError:
                continue
        return first
