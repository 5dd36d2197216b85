"""Ports that media comes in at: a bounded range, that a firewall can be told of, lent one stream at a time."""

from __future__ import annotations

import socket
from typing import Final

from streams.limits import MEDIA_SOCKET_BYTES
from streams.sources import SourceError


class MediaPorts:
    """Opens sockets at `host`, at even ports from `first` to `last`; senders may use the odd one above for RTCP.

    `advertised` is the address that devices are told, where it is another one (a hub behind a translator).
    """

    def __init__(self, host: str, first: int, last: int, advertised: str | None = None) -> None:
        assert 0 < first <= last <= 0xFFFF
        self.host: Final = host
        self.advertised: Final = advertised or host
        self.first: Final = first
        self.last: Final = last
        self._ports: Final = range(first + first % 2, last + 1, 2)
        self._turn = 0

    def udp(self) -> socket.socket:
        """Return a socket at the next free port. Raises `SourceError` where none is free."""
        opened = self._open(socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MEDIA_SOCKET_BYTES)
        return opened

    def tcp(self) -> socket.socket:
        """Return a socket that listens at the next free port. Raises `SourceError` where none is free."""
        opened = self._open(socket.SOCK_STREAM)
        opened.listen(4)
        return opened

    def _open(self, kind: socket.SocketKind) -> socket.socket:
        # Each time from the next port on: what a device still sends to the last one then meets nobody.
        for _ in self._ports:
            port = self._ports[self._turn]
            self._turn = (self._turn + 1) % len(self._ports)
            opened = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, kind)
            opened.setblocking(False)
            try:
                if kind == socket.SOCK_STREAM:
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                opened.bind((self.host, port))
            except OSError:
                opened.close()
            else:
                return opened
        raise SourceError(f"no free port for media from {self.first} to {self.last}")
