"""A connected console: its socket, what it asked for, and how far it has got."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from command.access.visibility import sees_own_rows_only
from command.actors import Actor
from command.rows import Row
from consoles.limits import CONSOLE_BUFFER_BYTES, CONSOLE_SILENT_MS

if TYPE_CHECKING:
    from consoles.recipients import Recipients

Filters = Mapping[str, str | None]
"""Tables subscribed, each with the one situation whose rows are wanted, or None for all."""


@dataclass(frozen=True)
class Audience:
    """Consoles that are sent the very same bytes."""

    actor: Actor
    tables: tuple[tuple[str, str | None], ...]


@dataclass(eq=False, slots=True)
class Console:
    """One connected console. While it is behind, `complete_seq` is up to where it has been sent everything."""

    actor: Actor
    transport: asyncio.Transport
    filters: dict[str, str | None] = field(default_factory=dict)
    audience: Audience | None = None
    recipients: Recipients | None = None
    behind: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    behind_since_ms: int | None = None
    complete_seq: int = 0
    heard_ms: int = 0
    """When it last said something, or took something off its socket."""
    pinged_ms: int = 0
    waiting_bytes: int = 0
    socket: int = -1
    """Our own descriptor of its socket, which stays ours when the transport has closed: the transport's number may be
    another connection's by then. -1 where the transport does not put bytes on as they are, and once we let go of it."""

    def __post_init__(self) -> None:
        """Take the socket, where there is one without encryption."""
        near = self.transport.get_extra_info("socket")
        if near is not None and self.transport.get_extra_info("sslcontext") is None:
            self.socket = os.dup(near.fileno())

    def let_go(self) -> None:
        """Give the socket up: the connection ends with it and the transport."""
        if self.socket >= 0:
            os.close(self.socket)
            self.socket = -1

    def send(self, frame: bytes) -> None:
        """Hand the frame to the socket, after what waits there. Nothing waits here; `congested` says when to stop."""
        written = 0
        if self._clear:
            try:
                written = os.write(self.socket, frame)
            except OSError:  # full, or gone: the transport finds out which
                written = 0
        if written < len(frame):
            self.wait_for(frame[written:])

    def wait_for(self, rest: bytes) -> None:
        """Have the transport send what the socket did not take."""
        if self.recipients is not None:
            self.recipients.look_at(self)
        if not self.transport.is_closing():  # uvloop's raises once it is closed; its handler will say goodbye
            self.transport.write(rest)

    def offer(self, frame: bytes) -> bool:
        """Send the frame unless it is behind or too much waits there already; say whether that was so."""
        if self.behind_since_ms is not None or self.congested:
            return False
        self.send(frame)
        return True

    @property
    def ready(self) -> bool:
        """Say whether it may be sent a frame without a look at anything but its socket."""
        return self.behind_since_ms is None and self._clear

    @property
    def _clear(self) -> bool:
        return self.socket >= 0 and not self.transport.is_closing() and not self.transport.get_write_buffer_size()

    def is_silent(self, listened_ms: int) -> bool:
        """Say whether it is gone, as far as anybody can tell; who reads slowly is there, whatever waits for it."""
        if self.transport.is_closing():
            return False
        waiting_bytes = self.transport.get_write_buffer_size()
        if waiting_bytes < self.waiting_bytes:
            self.heard_ms = listened_ms
        self.waiting_bytes = waiting_bytes
        return listened_ms - self.heard_ms > CONSOLE_SILENT_MS

    @property
    def congested(self) -> bool:
        """Say whether the socket holds more than a console may have waiting."""
        return not self.transport.is_closing() and self.transport.get_write_buffer_size() > CONSOLE_BUFFER_BYTES


def audience_of(actor: Actor, filters: Filters) -> Audience:
    """Consoles differ in what they get only by role, by unit where that limits the rows, and by what they asked for."""
    own = any(sees_own_rows_only(actor, table) for table in filters)
    name, unit = (actor.id, actor.unit) if own else ("", "")
    return Audience(Actor(id=name, name="", roles=actor.roles, unit=unit), tuple(sorted(filters.items(), key=str)))
