"""Ports of the loopback for servers of tests."""

from __future__ import annotations

import random
import socket

_PORTS = range(10_240, 32_768)
"""Below those that the system gives to outgoing connections: one could take the port while its server is down."""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on now."""
    probes: list[socket.socket] = []
    while len(probes) < count:
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", random.choice(_PORTS)))
        except OSError:
            probe.close()
        else:
            probes.append(probe)
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    return free_ports(1)[0]
