"""What an ONVIF camera notices by itself is an alarm, where it is one (SPEC R357)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.simulators.clips import Clip
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
