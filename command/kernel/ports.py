"""Ports to listen at: how they are written, and what is said where one cannot be had."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from command.kernel.errors import UnavailableError


def address(host: str, port: int) -> str:
    """Return `host:port` as URLs have it, an IPv6 address in brackets (RFC 3986)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def listening_at(host: str, port: int) -> Iterator[None]:
    """Raise `UnavailableError` where the block cannot bind: taken, not ours to take, or no address of this machine."""
    try:
        yield
    except OSError as error:
        # Event loops put a sentence of their own before the system's, with the address once more; a name that is not
        # known has a number of the resolver's, below nought.
        told = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise UnavailableError(f"cannot listen on {address(host, port)}: {told}") from error
