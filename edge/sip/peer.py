"""Whom a message came from or goes to."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Peer(NamedTuple):
    """An address as it is seen here, behind whatever NAT; for TCP it is one connection."""

    transport: Literal["udp", "tcp"]
    host: str
    port: int
