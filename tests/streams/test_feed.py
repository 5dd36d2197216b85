"""A camera's pictures decoded as far as somebody wants them: key frames, and all while something moves (SPEC R521)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from command.kernel.clock import SystemClock
from streams.coded import ParameterSets
from streams.coded_motion import CodedMotion
from streams.feed import PictureFeed
from streams.keyframes import Picture
from streams.limits import FEED_LOOKS, FEED_RUN_PACKETS
from streams.packets import Packet, Subscription
from streams.plates.motion import MotionGate

WIDTH, HEIGHT, FRAME_MS, START_MS = 640, 360, 40, 1_800_000_000_000


def scenes(moving: Sequence[range], count: int) -> Iterable[Picture]:
    """A street in which a car drives in some frames, and stands out of sight in the others."""
    chance = np.random.default_rng(5)
    street = chance.integers(60, 200, (HEIGHT // 20, WIDTH // 20, 3)).repeat(20, 0).repeat(20, 1).astype(np.uint8)
    car = chance.integers(0, 255, (60, 90, 3)).astype(np.uint8)
    for i in range(count):
        picture = street.copy()
        for run in moving:
            if i in run:
                x = 10 * (i - run.start)
                picture[200:260, x : x + 90] = car[:, : max(0, WIDTH - x)]
        yield picture


def coded(pictures: Iterable[Picture], key_every: int, options: dict[str, str] | None = None) -> list[Packet]:
    """H.264 of pictures, as packets that a camera publishes."""
    encoder = av.VideoCodecContext.create("libx264", "w")
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, 25), Fraction(25)
    encoder.options = {
        "preset": "ultrafast", "tune": "zerolatency",
        "x264-params": f"keyint={key_every}:min-keyint={key_every}:scenecut=0:repeat-headers=1", **(options or {}),
    }  # fmt: skip
    coded_pictures: list[bytes] = []
    for i, picture in enumerate(pictures):
        if not i:
            encoder.height, encoder.width = picture.shape[:2]
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = i
        coded_pictures += [bytes(packet) for packet in encoder.encode(frame)]
    coded_pictures += [bytes(packet) for packet in encoder.encode(None)]
    sets = ParameterSets("h264")
    complete = [sets.complete(data) for data in coded_pictures]
    return [Packet(data, START_MS + i * FRAME_MS, is_key, 0) for i, (data, is_key) in enumerate(complete)]


class GateLooks:
    """Judges pictures as the plate reader's gate does."""

    def __init__(self) -> None:
        self.gate = MotionGate()
        self.seen: list[int] = []
        self.wanted = 0
        self.shown = asyncio.Event()

    def is_due(self, camera: str, at_ms: int) -> bool:
        due = self.gate.is_due(at_ms)
        self.wanted += due
        return due

    def is_moving(self, camera: str, at_ms: int) -> bool:
        return self.gate.is_moving(at_ms)

    async def frame(self, camera: str, picture: Picture, at_ms: int) -> None:
        self.gate.passes(picture, at_ms)
        self.seen.append((at_ms - START_MS) // FRAME_MS)
        self.shown.set()


class OneByOne(Subscription):
    """Hands over each packet, or some at once, when the picture of those before was judged."""

    def __init__(self, packets: Sequence[Packet], looks: GateLooks, at_once: int = 1) -> None:
        super().__init__(1)
        self._at_once = at_once
        self._left = list(reversed(packets))
        self._looks = looks

    async def take(self) -> list[Packet]:
        for _ in range(5):  # until the feed has asked whether the picture is wanted
            await SystemClock().sleep(0)
        while len(self._looks.seen) < self._looks.wanted:
            self._looks.shown.clear()
            await self._looks.shown.wait()
        return [self._left.pop() for _ in range(min(self._at_once, len(self._left)))]


async def watched(packets: Sequence[Packet], looks: GateLooks | None = None, at_once: int = 1) -> list[int]:
    """Return the numbers of the frames that were looked at."""
    looks = looks or GateLooks()

    @asynccontextmanager
    async def subscribing() -> AsyncIterator[Subscription]:
        yield OneByOne(packets, looks, at_once)

    async with asyncio.timeout(60):
        await PictureFeed("a", looks).run(subscribing())
    return looks.seen


async def test_of_a_still_scene_only_key_frames_are_decoded() -> None:  # R520
    seen = await watched(coded(scenes([], 300), key_every=50))
    assert [frame for frame in seen if frame > 40] == [50, 100, 150, 200, 250]


async def test_a_car_between_key_frames_far_apart_is_noticed_by_the_size_of_pictures_and_left_alone_soon_after() -> (
    None
):
    seen = await watched(coded(scenes([range(120, 170)], 400), key_every=250))
    assert [frame for frame in seen if 40 < frame < 120] == []
    first = next(frame for frame in seen if frame >= 120)
    assert first <= 130
    driving = [frame for frame in seen if first <= frame < 170]
    assert all(later - earlier <= 6 for earlier, later in pairwise(driving))
    assert [frame for frame in seen if frame > 170 + 45] == [250]


async def test_a_car_is_noticed_where_packets_come_late_and_many_at_once() -> None:
    seen = await watched(coded(scenes([range(120, 220)], 300), key_every=250), at_once=40)
    assert [frame for frame in seen if 120 <= frame < 240]
    assert len([frame for frame in seen if 120 <= frame < 250]) >= 2


async def test_where_sizes_say_nothing_and_key_frames_are_far_apart_all_is_decoded() -> None:
    chance = np.random.default_rng(1)
    noisy = [
        (picture.astype(np.int16) + chance.integers(-20, 20, picture.shape, dtype=np.int16))
        .clip(0, 255)
        .astype(np.uint8)
        for picture in scenes([range(190, 215)], 215)
    ]
    seen = await watched(coded(noisy, 80, {"crf": "8"}))
    assert next(frame for frame in seen if frame >= 190) <= 195


async def test_a_scene_that_is_coded_large_for_nothing_is_learnt() -> None:  # R522
    motion = CodedMotion()
    motion.take(Packet(bytes(100_000), 0, True, 0))
    assert not any(motion.take(Packet(bytes(size), 0, False, 0)) for size in [300, 400] * 20)
    assert not any(motion.take(Packet(bytes(size), 0, False, 0)) for size in [9000, 300, 300, 9000, 300, 300])
    assert any(motion.take(Packet(bytes(5000), 0, False, 0)) for _ in range(3))
    motion.forget()
    assert not any(motion.take(Packet(bytes(5000), 0, False, 0)) for _ in range(50))
    assert motion.tells


async def test_a_change_of_resolution_and_garbage_are_survived() -> None:  # R523
    before, large = coded(scenes([range(75)], 75), key_every=25), coded([np.zeros((1080, 1920, 3), np.uint8)] * 50, 25)
    chance = random.Random(7)
    torn = [
        Packet(chance.randbytes(2000), packet.pts_ms, packet.is_key, 0) if chance.random() < 0.3 else packet
        for packet in before
    ]
    after_ms = before[-1].pts_ms + FRAME_MS - START_MS
    later = [Packet(packet.data, packet.pts_ms + after_ms, packet.is_key, 0) for packet in large]
    seen = await watched([*torn, *later])
    assert 75 in seen
    assert any(frame > 75 for frame in seen)


async def test_a_stream_without_further_key_frames_is_not_kept_for_ever() -> None:
    packets = coded(scenes([], 3), key_every=250)
    still = [Packet(packets[1].data, START_MS + i * FRAME_MS, False, 0) for i in range(1, 3 * FEED_RUN_PACKETS)]
    feed = PictureFeed("a", looks := GateLooks())

    @asynccontextmanager
    async def subscribing() -> AsyncIterator[Subscription]:
        yield OneByOne([packets[0], *still], looks)

    await feed.run(subscribing())
    assert max(looks.seen) < 60


class Stuck(GateLooks):
    """Never comes to an end with a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = 0

    def is_due(self, camera: str, at_ms: int) -> bool:
        return True

    def is_moving(self, camera: str, at_ms: int) -> bool:
        return True

    async def frame(self, camera: str, picture: Picture, at_ms: int) -> None:
        self.at_once += 1
        await asyncio.Event().wait()


@pytest.mark.parametrize("count", [1, 60])
async def test_a_looker_that_never_answers_is_shown_only_so_much(count: int) -> None:
    looks = Stuck()
    await watched(coded(scenes([], count), key_every=25), looks)
    assert looks.at_once <= FEED_LOOKS
