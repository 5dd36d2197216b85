"""A clip is one file that plays, and says what it lacks (SPEC R313)."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import av
import pytest
from msgspec.structs import replace

from command.kernel.errors import ConflictError, InvalidInputError, UnknownIdError
from streams.limits import RECORD_CLIP_MS
from streams.recorder.clips import export
from streams.recorder.gaps import Gap
from streams.recorder.sheets import Asked, Clip, Shift, clip_about, clip_file
from tests.streams.recorder.support import Rig, rig
from tests.streams.test_fmp4 import AT_MS, coded


def asked(from_s: float, to_s: float) -> Asked:
    from_ms, to_ms = AT_MS + int(from_s * 1000), AT_MS + int(to_s * 1000)
    return Asked(camera="k1", from_ms=from_ms, to_ms=to_ms, why="移送", who="zhang", at_ms=AT_MS)


def shown(path: Path) -> list[int]:
    with av.open(io.BytesIO(path.read_bytes()), "r") as container:
        return [round((frame.time or 0) * 1000) for frame in container.decode(video=0)]


async def made(one: Rig, folder: Path, wanted: Asked) -> tuple[Clip, list[int]]:
    clip = await export(one.store, wanted)
    path = clip_file(folder, clip.id)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == clip.sha256
    assert path.stat().st_size == clip.size
    assert clip_about(folder, clip.id) == clip
    return clip, shown(path)


async def test_it_begins_at_the_key_frame_before_and_keeps_the_hubs_time_over_a_gap(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(15)
        await one.run(10, silent=["k1"])
        await one.run(15)
        clip, times = await made(one, tmp_path / "clips", asked(12.5, 30))
        assert clip.begins_ms == AT_MS + 12_000
        assert clip.gaps == [Gap(AT_MS + 15_000, AT_MS + 25_000, "camera_down")]
        assert clip.missing_ms == 10_000
        assert times == [*range(0, 3000, 40), *range(13_000, 18_000, 40)]
        # Reaching into what is being written, and past it.
        clip, times = await made(one, tmp_path / "clips", asked(36, 60))
        assert times[0] == 0
        assert times[-1] >= 3900
        assert [gap.to_ms - AT_MS for gap in clip.gaps] == [60_000]


async def test_what_was_recorded_twice_after_the_clock_was_set_back_comes_one_after_the_other(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(20)
    async with rig(tmp_path, start_ms=AT_MS + 5000) as one:
        await one.run(20)
        clip, times = await made(one, tmp_path / "clips", asked(0, 60))
        assert len(times) >= 39 * 25
        assert times == sorted(set(times))
        assert clip.shifts == [Shift(AT_MS + 5000, -15_000)]


async def test_what_cannot_be_one_file_is_told(tmp_path: Path) -> None:
    async with rig(tmp_path) as one:
        await one.run(12)
        large = [replace(p, at_ms=0) for p in coded("h264", size=(640, 360), pictures=25, b_frames=0)]
        one.cameras["k1"].bring(one.clock.now_ms(), [replace(p, at_ms=AT_MS) for p in large])
        one.clock.advance(one.clock.now_ms() + 1000)
        await one.recorder.flush()
        with pytest.raises(ConflictError) as told:
            await export(one.store, asked(0, 60))
        assert told.value.extra["at_ms"] == pytest.approx(AT_MS + 12_000, abs=100)
        with pytest.raises(UnknownIdError):
            await export(one.store, asked(-60, -30))
        with pytest.raises(InvalidInputError):
            await export(one.store, asked(0, RECORD_CLIP_MS / 1000 + 1))
        assert not list((tmp_path / "clips").glob("*"))
        with pytest.raises(UnknownIdError):
            clip_about(tmp_path / "clips", "../index")
