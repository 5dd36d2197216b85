"""Why each camera is not recorded just now, and the turns of that which are still to be written down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from streams.limits import RECORD_FLUSH_MS, RECORD_GAP_MS, RECORD_TURNS
from streams.recorder.gaps import Cause
from streams.recorder.whys import Turn

# By when a cause is seen, pictures have been missing for so long already.
_SEEN_AFTER_MS = RECORD_GAP_MS + 2 * RECORD_FLUSH_MS


class Causes:
    """`note` what is so with each flush; `turns` are what changed, until they are `written`."""

    def __init__(self) -> None:
        self._now: dict[str, tuple[int, Cause | None]] = {}
        self._failed: dict[str, Cause] = {}
        self._turns: list[Turn] = []

    @property
    def turns(self) -> list[Turn]:
        """What is to be written down, oldest first."""
        return list(self._turns)

    def note(self, camera: str, cause: Cause | None, now_ms: int) -> None:
        """Nothing is recorded of a camera for this cause, or something is: then only its writing may fail."""
        cause = cause or self._failed.get(camera)
        since_ms, before = self._now.get(camera, (now_ms, None))
        if camera in self._now and before == cause:
            return
        if before and cause and before.reason == cause.reason and before.detail:
            return  # the first words stay: a camera that is down is refused in other words each minute
        at_ms = now_ms
        if before is None and cause is not None and camera in self._now:
            at_ms = max(since_ms, now_ms - _SEEN_AFTER_MS)
        elif before and cause and before.reason == cause.reason:
            at_ms = since_ms  # more is known of the same
        self._turn(camera, at_ms, cause)

    def stop(self, but: Collection[str], now_ms: int, why: str = "") -> None:
        """Of no others anything is recorded here."""
        for camera in self._now.keys() - but:
            self.note(camera, Cause("recorder_stopped", why), now_ms)

    def fail(self, failed: Mapping[str, Cause]) -> None:
        """What was to be written of these cameras was not."""
        self._failed |= failed

    def hung(self, from_ms: int, to_ms: int) -> None:
        """The disk did not answer in this time, whatever else was so with the cameras."""
        for camera, (_, cause) in list(self._now.items()):
            if cause is None:
                self._turn(camera, from_ms, Cause("disk_hung"))
                self._turn(camera, to_ms, None)

    def written(self, turns: int, cameras: Iterable[str]) -> None:
        """The first so many turns are down, and something of these cameras."""
        del self._turns[:turns]
        for camera in cameras:
            self._failed.pop(camera, None)

    def _turn(self, camera: str, at_ms: int, cause: Cause | None) -> None:
        self._now[camera] = (at_ms, cause)
        self._turns = [*self._turns[1 - RECORD_TURNS :], Turn(camera, at_ms, cause)]
