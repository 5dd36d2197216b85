"""Consoles that are sent the very same bytes, and the short way to the sockets of most of them.

Nearly always nothing waits in a console's transport, and a frame goes to its socket in one call of the system. Asking
each console and its transport first costs more than the rest of Python's part: by the next tick the memory of a
thousand of them has left the processor's caches. So the sockets of those for whom nothing waits stand in one array, and
whoever puts bytes into a transport takes its console out of there first.
"""

from __future__ import annotations

import os
from array import array

from consoles.console import Console


class Recipients:
    """The consoles of one audience. A console is `ready`, or looked at before each frame."""

    def __init__(self) -> None:
        self._ready: dict[int, Console] = {}
        """By its socket: nothing waits in its transport, and it is not behind."""
        self._sockets: array[int] | None = array("i")
        """The keys of these; None where they have changed since."""
        self._looked_at: dict[Console, None] = {}

    def __len__(self) -> int:
        return len(self._ready) + len(self._looked_at)

    def add(self, console: Console) -> None:
        """Send it what comes from now on."""
        console.recipients = self
        self._looked_at[console] = None

    def remove(self, console: Console) -> None:
        """Send it nothing any more."""
        self.look_at(console)
        del self._looked_at[console]
        console.recipients = None

    def look_at(self, console: Console) -> None:
        """Look before the next frame whether something still waits for it."""
        if self._ready.pop(console.socket, None):
            self._sockets = None
            self._looked_at[console] = None

    def send(self, frame: bytes) -> list[Console]:
        """Hand a frame to everybody but those who are behind, or for whom too much waits already; return these."""
        looked_at, length = list(self._looked_at), len(frame)
        if self._sockets is None:
            self._sockets = array("i", self._ready)
        for near in self._sockets:
            try:
                written = os.write(near, frame)
            except OSError:  # full, or gone: the transport finds out which
                written = 0
            if written < length:
                self._ready[near].wait_for(frame[written:])
        late = [console for console in looked_at if not console.offer(frame)]
        for console in looked_at:
            if console.ready:
                del self._looked_at[console]
                self._ready[console.socket] = console
                self._sockets = None
        return late
