"""What an ONVIF camera notices by itself is an alarm, or a reason to record (SPEC R357, R1022)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from command.actors import HUB
from command.facts.recording import RecordingPolicy
from command.requests import SetRecording
from consoles.site import Site
from edge.simulators.clips import Clip
from tests.command.support import FlakyJournal
from tests.consoles.cameras import drawn
from tests.consoles.test_ptz import place


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return drawn(tmp_path_factory.mktemp("clips"))


async def test_an_alarm_input_is_an_alarm_at_the_camera_and_motion_is_none(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip) as here, asyncio.timeout(60):
        here.dome.notice("tns1:RuleEngine/CellMotionDetector/Motion", "region 1", active=True)
        here.dome.notice("tns1:Device/Trigger/DigitalInput", "input 2", active=True)
        here.dome.notice("tns1:Device/Trigger/DigitalInput", "input 2", active=False)
        while not (alarms := await here.site.hub.read(lambda t: list(t.alarms))):
            await here.site.clock.sleep(20)

        (alarm,) = alarms
        assert (alarm.kind, alarm.subject, alarm.level) == ("device_alarm", here.camera, 3)
        assert "input 2" in alarm.detail
        row = await here.site.hub.read(lambda t: t.cameras.need(here.camera))
        assert (alarm.lat, alarm.lon) == (row.lat, row.lon)


async def test_an_alarm_input_while_the_record_is_away_is_an_alarm_once_it_is_back(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip) as here, asyncio.timeout(60):
        hub = here.site.hub
        hub.journal = journal = FlakyJournal(hub.journal)
        journal.is_full = True
        here.dome.notice("tns1:Device/Trigger/DigitalInput", "input 2", active=True)
        while "alarms: 1 of cameras wait for the record" not in await ready(here.site):
            await here.site.clock.sleep(20)
        journal.is_full = False
        while not (alarms := await hub.read(lambda t: [one for one in t.alarms if one.kind == "device_alarm"])):
            await here.site.clock.sleep(20)
        assert [alarm.subject for alarm in alarms] == [here.camera]
        async with here.people["administrator"].http.get("/metrics") as metrics:
            assert "triune_own_alarms_recorded_total 1.0" in await metrics.text()


async def ready(site: Site) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{site.http_url}/health/ready") as answer:
        return await answer.text()


async def test_motion_starts_the_recording_of_a_camera_that_records_on_event(tmp_path: Path, clip: Clip) -> None:
    async with place(tmp_path, clip, "dispatcher") as here, asyncio.timeout(90):
        begun_ms = here.site.clock.now_ms() - 5000
        policy = RecordingPolicy(mode="event", pre_s=2, post_s=5)
        await here.site.hub.ask(SetRecording(camera=here.camera, policy=policy), HUB)

        async def spans() -> list[Any]:
            path = f"/api/v1/cameras/{here.camera}/recordings?from_ms={begun_ms}&to_ms={begun_ms + 120_000}"
            status, told = await here.people["dispatcher"].get(path)
            assert status == 200, told
            found: list[Any] = told["spans"]
            return found

        while here.rtsp.players("live") == 0:  # it holds the last seconds, so it pulls
            await here.site.clock.sleep(20)
        assert await spans() == []
        while not await spans():
            here.dome.notice("tns1:RuleEngine/CellMotionDetector/Motion", "region 1", active=True)
            await here.site.clock.sleep(200)
        assert not await here.site.hub.read(lambda t: list(t.alarms)), "motion is no alarm"
