"""One camera's recording: when it has the camera's packets, and what of them goes to the cutter."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

from command.facts.recording import RecordingPolicy
from streams.camera_spec import CameraStatus
from streams.limits import RECORD_GAP_MS, RECORD_QUEUE_FRAMES
from streams.packets import Packet, Subscription
from streams.recorder.cutter import Cutter, Step
from streams.recorder.gaps import Cause
from streams.recorder.ring import PreEventRing
from streams.recorder.schedule import covers


class Stream(Protocol):
    """What a camera offers whoever reads its packets."""

    def subscribe(self, limit: int) -> AbstractAsyncContextManager[Subscription]:
        """Read packets from now on."""
        ...

    def newest_still(self) -> Packet | None:
        """Return the kept key frame that a subscription begins with."""
        ...

    @property
    def status(self) -> CameraStatus:
        """Whether pictures come, and why not."""
        ...


class Recording:
    """Taken through `attach` and `collect` once a flush by its owner."""

    def __init__(self, policy: RecordingPolicy) -> None:
        self.policy = policy
        self.cutter = Cutter()
        self._ring = PreEventRing(policy.pre_s * 1000)
        self._until_ms = 0
        self._taken_ms = 0
        """When packets were last taken: what came since is wanted where `_until_ms` is after that."""
        self._came_ms = 0
        self._stream: Stream | None = None
        self._still: Packet | None = None
        self._subscription: Subscription | None = None
        self._held = AsyncExitStack()
        self._dropped = 0

    @property
    def lost_packets(self) -> int:
        """Pictures that came and were not recorded, though they should have been."""
        now = self._subscription.queue.dropped if self._subscription else 0
        return self._dropped + now + self.cutter.lost_packets

    def event(self, at_ms: int) -> None:
        """Something happened that is worth recording."""
        self._until_ms = max(self._until_ms, at_ms + self.policy.post_s * 1000)

    def goes_on_from(self, before: Recording) -> None:
        """Take over what goes on before the camera: it was recorded under another policy until now."""
        self._until_ms = before._until_ms

    async def attach(self, stream: Stream | None, now_ms: int) -> None:
        """Hold the camera's packets where the policy wants them now, and only then."""
        wanted = self._is_wanted(now_ms)
        if stream is not None and wanted and stream is self._stream:
            return
        await self.detach()
        if stream is not None and wanted:
            # A key frame from before is for screens, which want a picture at once: here it would be dated wrongly.
            self._still = stream.newest_still()
            self._subscription = await self._held.enter_async_context(stream.subscribe(RECORD_QUEUE_FRAMES))
            self._stream = stream
            self._came_ms = now_ms

    def _is_wanted(self, now_ms: int) -> bool:
        policy = self.policy
        return policy.mode in ("continuous", "event") or (
            policy.mode == "scheduled" and covers(policy.schedule, now_ms)
        )

    def cause(self, now_ms: int) -> Cause | None:
        """Return why nothing is recorded now; none where pictures come and are wanted."""
        if not self._is_wanted(now_ms):
            return Cause("not_scheduled")
        if self._stream is None:
            return Cause("camera_down", "nobody pulls it here")
        if now_ms - self._came_ms > RECORD_GAP_MS:
            status = self._stream.status
            return Cause("camera_down", status.reason if status.state == "down" else "")
        if self.policy.mode == "event" and now_ms >= self._until_ms:
            return Cause("no_event")
        return None

    async def detach(self) -> None:
        """Let the camera go; it may stop then."""
        if self._subscription is not None:
            self._dropped += self._subscription.queue.dropped
        self._stream = self._subscription = None
        await self._held.aclose()

    def collect(self, now_ms: int) -> list[Step]:
        """Return what there is to write of what came since the last time."""
        if self._subscription is None:
            return self.end()
        taken_ms, self._taken_ms = self._taken_ms, now_ms
        packets = self._fresh(self._subscription.queue.take())
        if packets:
            self._came_ms = now_ms
        if self.policy.mode == "event":
            if taken_ms >= self._until_ms:
                steps = self.cutter.end()
                self._ring.put(packets)
                return steps
            packets = [*self._ring.take(), *packets]
        return self.cutter.put(packets)

    def end(self) -> list[Step]:
        """Close what is open."""
        return self.cutter.end()

    def _fresh(self, packets: Sequence[Packet]) -> Sequence[Packet]:
        still, self._still = self._still, None if packets else self._still
        if packets and still is not None and packets[0].data is still.data:
            return packets[1:]
        return packets
