"""One camera being watched: a single subscription, each packet cut once for all its viewers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from command.kernel.clock import Clock
from streams.packets import Packet, Subscription
from streams.relay.viewer import Viewer, pack


class Stream(Protocol):
    """What the relay needs of a camera."""

    @property
    def id(self) -> str:
        """The camera's id."""
        ...

    def newest_still(self) -> Packet | None:
        """Return the newest key frame, dated now; None while the camera is not up."""
        ...

    def subscribe(self) -> AbstractAsyncContextManager[Subscription]:
        """Read its packets."""
        ...


class Channel:
    """Owned by the task in `run`, which lasts until cancelled or until the camera is no more."""

    def __init__(self, stream: Stream, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._viewers: dict[Viewer, Callable[[], None]] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: Viewer, end: Callable[[], None]) -> None:
        """Send to this viewer from now on, first the newest key frame; `end` is called if the camera is taken away."""
        self._viewers[viewer] = end
        if (still := self._stream.newest_still()) is not None:
            viewer.send_still(pack(still), self._clock.now_ms())

    def discard(self, viewer: Viewer) -> None:
        """Send nothing more to this viewer."""
        self._viewers.pop(viewer, None)

    async def run(self) -> None:
        """Pass the camera's packets to the viewers."""
        async with self._stream.subscribe() as subscription:
            while packets := await subscription.take():
                for packet in packets:
                    self._send(packet)
        for end in self._viewers.values():
            end()

    def _send(self, packet: Packet) -> None:
        frame = pack(packet)
        now_ms = self._clock.now_ms()
        for viewer in self._viewers:
            viewer.send(frame, now_ms)
