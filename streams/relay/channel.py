"""One camera being watched: a single subscription, each packet cut once for all its viewers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from command.kernel.clock import Clock
from streams.limits import RELAY_PICTURE_AGAIN_MS, RELAY_STILL_FRESH_MS
from streams.packets import Packet, Subscription
from streams.relay.viewer import Frame, Viewer, pack


class Stream(Protocol):
    """What the relay needs of a camera."""

    @property
    def id(self) -> str:
        """The camera's id."""
        ...

    def newest_still(self) -> Packet | None:
        """Return the newest key frame, dated now; None while the camera is not being pulled."""
        ...

    async def still(self) -> Packet:
        """Return the newest key frame, pulling the camera for it. Raises `UnavailableError`."""
        ...

    def want_key(self) -> None:
        """Ask the camera for a key frame soon, once for all who want one, where it can be asked."""
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
        self._repaired_ms: dict[Viewer, int] = {}
        self._key: Frame | None = None
        self._key_ms = 0
        self._newest_pts_ms = 0

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: Viewer, end: Callable[[], None]) -> None:
        """Send to this viewer from now on, first the newest key frame; `end` is called if the camera is taken away."""
        self._viewers[viewer] = end
        viewer.on_picture_lost(lambda: self._repair(viewer))
        still = self._kept_key()
        if still is None and (newest := self._stream.newest_still()) is not None:
            still = pack(newest)
        if still is not None and still.codec == viewer.codec:
            viewer.send_still(still, self._clock.now_ms())
        self._stream.want_key()

    def discard(self, viewer: Viewer) -> None:
        """Send nothing more to this viewer."""
        self._viewers.pop(viewer, None)
        self._repaired_ms.pop(viewer, None)
        viewer.let_go()

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
        self._newest_pts_ms = frame.pts_ms
        if frame.is_key:
            self._key, self._key_ms = frame, now_ms
        for viewer, end in self._viewers.items():
            if viewer.codec == frame.codec:
                viewer.send(frame, now_ms)
            else:  # the camera was set to another codec: its viewers have to agree on that one first
                end()

    def _repair(self, viewer: Viewer) -> None:
        """Show a viewer that lost its picture the kept key frame, unless that is old: then it waits for the next."""
        now_ms = self._clock.now_ms()
        if now_ms - self._repaired_ms.get(viewer, 0) < RELAY_PICTURE_AGAIN_MS:
            return
        self._repaired_ms[viewer] = now_ms
        still = self._kept_key()
        if still is not None and still.codec == viewer.codec and now_ms - self._key_ms <= RELAY_STILL_FRESH_MS:
            viewer.send_still(still, now_ms)
        self._stream.want_key()

    def _kept_key(self) -> Frame | None:
        """Return the newest key frame, dated as what was sent last, so that nothing goes back in time."""
        return self._key and msgspec.structs.replace(self._key, pts_ms=self._newest_pts_ms + 1)
