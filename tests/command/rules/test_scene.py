"""Cameras, what devices report, and recorded queries (SPEC R85-R87, R329)."""

from __future__ import annotations

import pytest

from command.actors import HUB
from command.facts import Level
from command.kernel.errors import UnknownIdError
from command.requests import (
    EnrolCamera,
    RecordQuery,
    RemoveCamera,
    ReportCamera,
    ReportDeviceAlarm,
    ShelveAlarm,
    TakeAlarm,
)
from tests.command.support import ADMIN, DISPATCHER, MINUTE_MS, START_MS, desk


async def test_a_camera_says_since_when_and_why_it_is_down() -> None:  # R85
    async with desk() as d:
        await d.ask(ReportCamera(camera="k1", up=True))
        await d.pass_time(MINUTE_MS)
        await d.ask(ReportCamera(camera="k1", up=False, reason="no route"))
        await d.pass_time(MINUTE_MS)
        await d.ask(ReportCamera(camera="k1", up=False, reason="wrong password"))
        row = await d.row("cameras", "k1")
        assert (row.state, row.since_ms, row.reason) == ("down", START_MS + MINUTE_MS, "wrong password")
        seq = d.hub.committed_seq
        await d.ask(ReportCamera(camera="k1", up=False, reason="wrong password"))
        assert d.hub.committed_seq == seq
        await d.ask(ReportCamera(camera="k1", up=True))
        assert (await d.row("cameras", "k1")).reason == ""


async def test_enrolling_a_camera_again_keeps_how_it_is() -> None:  # R86
    async with desk() as d:
        await d.ask(ReportCamera(camera="k1", up=True))
        await d.ask(EnrolCamera(camera="k1", name="新名", lat=30.5, lon=114.3, reads_plates=True), ADMIN)
        row = await d.row("cameras", "k1")
        assert (row.name, row.state, row.reads_plates) == ("新名", "up", True)
        await d.ask(RemoveCamera(camera="k1"), ADMIN)
        for request in (RemoveCamera(camera="k1"), ReportCamera(camera="k1", up=True)):
            with pytest.raises(UnknownIdError):
                await d.ask(request)


async def test_a_query_is_on_record_with_who_and_why() -> None:  # R87
    async with desk() as d:
        await d.ask(RecordQuery(what="vehicle", terms="京A12345", reason="盘查", results=3), HUB)
        stored = (await d.hub.journal.read("live", 0, 1000))[-1]
        assert stored.actor == "hub"
        assert '"reason":"盘查"'.encode() in stored.data
        assert b'"fact":"query_made"' in stored.data


async def test_another_alarm_of_a_device_is_heard_though_the_first_was_taken_or_put_aside() -> None:  # R1133
    async with desk() as d:

        async def report(detail: str, level: Level = 3) -> tuple[str, str, int]:
            row = await d.row("alarms", await d.ask(ReportDeviceAlarm(subject="k1", level=level, detail=detail)))
            return row.state, row.detail, row.level

        first = await d.ask(ReportDeviceAlarm(subject="k1", level=3, detail="报警输入 1"))
        await d.ask(ShelveAlarm(alarm=first, minutes=60, why="门坏了"), DISPATCHER)
        assert (await report("报警输入 1"))[0] == "shelved"
        assert await report("报警输入 2") == ("raised", "报警输入 2;报警输入 1", 3)
        await d.ask(TakeAlarm(alarm=first), DISPATCHER)
        for known in ("报警输入 1", "报警输入 2", ""):
            assert (await report(known))[0] == "taken"
        assert await report("画面遮挡或移位", 4) == ("raised", "画面遮挡或移位;报警输入 2;报警输入 1", 3)
        assert (await report("视频丢失", 4))[1] == "视频丢失;画面遮挡或移位;报警输入 2"
        await report("东门;西门")
        await d.ask(TakeAlarm(alarm=first), DISPATCHER)
        assert (await report("东门;西门"))[0] == "taken"
        assert len(await d.table("alarms")) == 1


async def test_what_a_device_reports_stands_as_one_alarm_at_its_cameras_place() -> None:  # R329
    async with desk() as d:
        camera = await d.row("cameras", "k1")
        first = await d.ask(ReportDeviceAlarm(subject="k1", level=2, detail="视频报警:入侵检测"))
        again = await d.ask(ReportDeviceAlarm(subject="k1", level=2, detail="视频报警:入侵检测"))
        assert first == again
        alarm = await d.row("alarms", first)
        assert (alarm.kind, alarm.level, alarm.subject, alarm.count) == ("device_alarm", 2, "k1", 2)
        assert (alarm.lat, alarm.lon) == (camera.lat, camera.lon)
        elsewhere = await d.ask(ReportDeviceAlarm(subject="34020000001340000001", level=1, lat=29.144, lon=113.116))
        assert (await d.row("alarms", elsewhere)).lat == 29.144
