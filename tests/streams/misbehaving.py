"""A camera that misbehaves by a seed, on virtual time, and somebody who watches that the hub keeps its promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Final, Literal, Self

from command.kernel.clock import Clock
from streams.camera import Camera
from streams.camera_spec import CameraSpec, CameraStatus
from streams.limits import (
    CAMERA_EXAMINE_MS,
    CAMERA_FROZEN_MS,
    CAMERA_KEY_MS,
    CAMERA_OPEN_MS,
    CAMERA_PROBE_MS,
    CAMERA_QUEUE_FRAMES,
    CAMERA_RETRY_LONGEST_MS,
)
from streams.packets import Codec, Packet
from streams.sources import SourceError, Sources
from streams.stamps import REORDERED_MS
from streams.turns import Turns

FRAME_MS: Final = 2000
"""A picture every other second: a day of these shows all that can happen, and takes seconds."""
_GOP: Final = 8
CLOCK_STEP_MS: Final = 60_000
"""By how much the hub's own clock is set, at most."""
_CHANGES_MS: Final = (7_000, 45_000, 240_000, 900_000)
_GARBAGE: Final = b"garbage"

Mood = Literal[
    "good", "refuses", "hangs_up", "mute", "no_key", "freezes", "drops", "garbage", "jumps", "bursts", "resizes",
    "lies", "breaks", "lingers",
]  # fmt: skip
BAD: Final = frozenset({"refuses", "hangs_up", "mute", "no_key", "freezes", "drops", "garbage", "lies", "breaks"})
"""Moods in which it cannot stay up."""


class Misbehaving:
    """The camera: its mood changes by itself; every connection lives through the moods as they come."""

    def __init__(self, clock: Clock, hub_clock: Clock, dice: Random) -> None:
        self.clock = clock
        self.hub_clock = hub_clock
        self.dice = dice
        self.mood: Mood = "good"
        self.mood_since_ms = clock.now_ms()
        self.attempts: list[int] = []
        self.open = 0
        self.most_open = 0
        self.moods_seen: set[str] = set()

    async def change_moods(self) -> None:
        """Be otherwise every few minutes, good half of the time."""
        moods: list[Mood] = list(Mood.__args__)  # type: ignore[attr-defined]  # what a Literal lists
        while True:
            self.mood = "good" if self.mood != "good" else self.dice.choice(moods)
            self.mood_since_ms = self.clock.now_ms()
            self.moods_seen.add(self.mood)
            await self.clock.sleep(self.dice.choice(_CHANGES_MS))

    def source(self, _address: str, _clock: Clock) -> _Connection:
        """Return a connection to it."""
        self.attempts.append(self.clock.now_ms())
        return _Connection(self)


class _Connection:
    def __init__(self, camera: Misbehaving) -> None:
        self._camera = camera

    async def __aenter__(self) -> AsyncIterator[Packet]:
        camera = self._camera
        if camera.mood == "breaks":
            raise RuntimeError("rtsp://admin:s3cret@camera is our own fault")
        if camera.mood == "refuses":
            raise SourceError("connection refused")
        camera.open += 1
        camera.most_open = max(camera.most_open, camera.open)
        return self._packets()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._camera.open -= 1
        if self._camera.mood == "lingers":
            await self._camera.clock.sleep(24 * 3600 * 1000)

    async def _packets(self) -> AsyncIterator[Packet]:
        camera, clock = self._camera, self._camera.clock
        number, base_ms = 0, camera.dice.randrange(10**9)
        started_ms = clock.now_ms()
        while True:
            mood = camera.mood
            match mood:
                case "hangs_up" | "refuses" | "breaks":
                    raise SourceError("the camera closed the connection")
                case "mute" | "freezes" | "no_key":
                    await clock.sleep(3_600_000)
                case "drops" if number >= _GOP:
                    raise SourceError("connection lost")
                case "lies":
                    await clock.sleep(CAMERA_KEY_MS)
                    raise SourceError("it says that it sends H.264 and sends H.265")
                case "jumps" if camera.dice.random() < 0.05:
                    base_ms += camera.dice.choice((-86_400_000, -3000, -300, 300, 3000, 86_400_000))
                case "bursts" if camera.dice.random() < 0.1:
                    await clock.sleep(camera.dice.randrange(CAMERA_FROZEN_MS // 2))
                    started_ms = min(started_ms, clock.now_ms() - number * FRAME_MS)
            yield self._packet(number, base_ms + number * FRAME_MS, mood)
            number += 1
            await clock.sleep_until(started_ms + number * FRAME_MS)

    def _packet(self, number: int, pts_ms: int, mood: Mood) -> Packet:
        data = _GARBAGE if mood == "garbage" else b"640x360" if mood != "resizes" else b"1920x1080"
        codec: Codec = "h265" if mood == "resizes" else "h264"
        return Packet(data, pts_ms, number % _GOP == 0, self._camera.hub_clock.now_ms(), codec)


async def examine(key: Packet) -> tuple[int, int] | None:
    """Look at a picture as the decoder would."""
    width, _, height = key.data.partition(b"x")
    return (int(width), int(height)) if height else None


@dataclass
class Watch:
    """Checks the hub's promises on one camera, and keeps what it saw."""

    peer: Misbehaving
    camera: Camera
    clock: Clock
    statuses: list[tuple[int, CameraStatus]] = field(default_factory=list)
    packets: int = 0

    @classmethod
    def of(cls, clock: Clock, true: Clock, dice: Random, turns: Turns, name: str, *, always: bool) -> Self:
        """Return a watch of a new camera; `clock` is the hub's, which is set now and then, and `true` is not."""
        sources = Sources()
        peer = Misbehaving(true, clock, dice)
        sources.register("sim", peer.source)
        statuses: list[tuple[int, CameraStatus]] = []

        async def on_status(_camera: str, status: CameraStatus) -> None:
            statuses.append((clock.now_ms(), status))

        spec = CameraSpec(name, f"sim:{name}", always=always)
        camera = Camera(spec, clock, on_status, sources=sources, turns=turns, examine=examine)
        return cls(peer, camera, true, statuses)

    async def read(self, dice: Random) -> None:
        """Come and go as viewers do, some of them slow, and check what they get."""
        while True:
            await self.clock.sleep(dice.randrange(600_000))
            leaves_at_ms = self.clock.now_ms() + dice.randrange(900_000)
            try:
                async with (
                    asyncio.timeout((leaves_at_ms - self.clock.now_ms()) / 1000),
                    self.camera.subscribe() as subscription,
                ):
                    highest_ms = 0
                    while True:
                        packets = await subscription.take()
                        assert 1 <= len(packets) <= CAMERA_QUEUE_FRAMES
                        highest_ms = self.check(packets, highest_ms)
                        await self.clock.sleep(dice.choice((0, 0, 0, 60_000)))
            except TimeoutError:
                continue

    def check(self, packets: list[Packet], highest_ms: int) -> int:
        """Whoever joins begins at a key frame; time does not go back, nor run away from ours."""
        assert highest_ms or packets[0].is_key
        for packet in packets:
            assert packet.pts_ms > (highest_ms if packet.is_key else highest_ms - REORDERED_MS)
            # What a late joiner is shown first is older than it is dated.
            assert not highest_ms or packet.pts_ms - packet.at_ms < REORDERED_MS + CAMERA_QUEUE_FRAMES
            highest_ms = max(highest_ms, packet.pts_ms)
        self.packets += len(packets)
        return highest_ms

    async def check_state(self) -> None:
        """The state is true within a time that depends on whether the camera is being pulled."""
        settle_ms = CAMERA_FROZEN_MS + CAMERA_OPEN_MS + CAMERA_KEY_MS + CAMERA_EXAMINE_MS + CLOCK_STEP_MS
        connected_ms = wanted_ms = self.clock.now_ms()
        while True:
            await self.clock.sleep(5000)
            now_ms = self.clock.now_ms()
            view = self.camera.view()
            if not view.readers and not self.camera.spec.always:
                wanted_ms = now_ms  # and it is looked at seldom until somebody wants it
            is_wanted = now_ms - wanted_ms > settle_ms + CAMERA_RETRY_LONGEST_MS
            held_ms = now_ms - self.peer.mood_since_ms
            wait_ms = settle_ms + (CAMERA_RETRY_LONGEST_MS if is_wanted else CAMERA_PROBE_MS)
            if held_ms > wait_ms and self.peer.mood in ("good", "jumps", "bursts", "resizes"):
                assert view.state == "up", (self.peer.mood, held_ms, view)
            if held_ms > wait_ms and self.peer.mood in BAD - {"drops"}:
                assert view.state == "down", (self.peer.mood, held_ms, view)
                assert view.reason
                assert "s3cret" not in view.reason
            if view.pulled:
                connected_ms = now_ms
            assert now_ms - max(connected_ms, *self.peer.attempts[-1:], 0) < wait_ms, "it never stops trying"
            assert self.peer.open <= 1
