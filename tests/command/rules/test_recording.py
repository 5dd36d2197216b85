"""What is recorded of a camera, and the alarm while the recorder cannot do its work (SPEC R302, R309)."""

from __future__ import annotations

import pytest

from command.facts.recording import Hours, RecordingPolicy
from command.kernel.errors import InvalidInputError, NoRightError, UnknownIdError
from command.requests import EnrolCamera, ReportRecorder, SetRecording, SetRecordings
from tests.command.support import ACTORS, ADMIN, desk

_NIGHTS = Hours(days=(6, 7), from_min=22 * 60, to_min=6 * 60)


async def test_what_is_recorded_stays_when_a_camera_is_enrolled_again() -> None:  # R302
    policy = RecordingPolicy(mode="scheduled", schedule=(_NIGHTS,), keep_days=90)
    async with desk() as d:
        await d.ask(SetRecording(camera="k1", policy=policy), ADMIN)
        seq = d.hub.committed_seq
        await d.ask(SetRecording(camera="k1", policy=policy), ADMIN)
        assert d.hub.committed_seq == seq
        await d.ask(EnrolCamera(camera="k1", name="新名", lat=30.5, lon=114.3), ADMIN)
        assert (await d.row("cameras", "k1")).recording == policy
        with pytest.raises(InvalidInputError):
            await d.ask(SetRecording(camera="k1", policy=RecordingPolicy(mode="scheduled")), ADMIN)
        with pytest.raises(UnknownIdError):
            await d.ask(SetRecording(camera="k99", policy=policy), ADMIN)
        with pytest.raises(NoRightError):
            await d.ask(SetRecording(camera="k1", policy=RecordingPolicy()), ACTORS["camera_watch"])


async def test_a_group_is_set_whole_or_not_at_all() -> None:  # R652
    policy = RecordingPolicy(mode="continuous")
    async with desk() as d:
        await d.ask(EnrolCamera(camera="k8", name="八号", lat=30.5, lon=114.3), ADMIN)
        with pytest.raises(UnknownIdError):
            await d.ask(SetRecordings(cameras=("k1", "k8", "k99"), policy=policy), ADMIN)
        assert (await d.row("cameras", "k1")).recording.mode == "off"
        seq = d.hub.committed_seq
        await d.ask(SetRecordings(cameras=("k1", "k8"), policy=policy), ADMIN)
        assert d.hub.committed_seq == seq + 2, "each camera's own fact"
        assert [(await d.row("cameras", camera)).recording for camera in ("k1", "k8")] == [policy, policy]
        with pytest.raises(NoRightError):
            await d.ask(SetRecordings(cameras=("k1",), policy=policy), ACTORS["camera_watch"])


async def test_a_recorder_that_fails_is_one_alarm_until_it_is_well() -> None:  # R309
    async with desk() as d:

        async def standing() -> list[tuple[str, int]]:
            return await d.hub.read(lambda t: [(a.detail, a.count) for a in t.alarms if a.kind == "recording_failing"])

        await d.ask(ReportRecorder(recorder="recorder", ok=True))
        assert await standing() == []
        for reason in ("disk full", "disk full", "no such folder"):
            await d.ask(ReportRecorder(recorder="recorder", ok=False, reason=reason))
            assert await standing() == [(reason, 1)]
        await d.ask(ReportRecorder(recorder="recorder", ok=True))
        assert await standing() == []
