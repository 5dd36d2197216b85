"""A device that nobody here wrote: sipp registers, keeps alive, answers and sends (SPEC R320-R330)."""

from __future__ import annotations

import pytest

from tests.edge.gb28181.site import DEVICE, Hub, ends_well, running, sipp
from tests.paths import shared

pytestmark = pytest.mark.data


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_a_device_registers_by_digest_keeps_alive_and_reports_an_alarm(transport: str) -> None:  # R320 R323 R329
    hub = Hub()
    scenario = shared("data/gb28181/register_keepalive.xml")
    async with running(hub) as platform, sipp(platform, scenario, transport=transport) as process:
        await ends_well(process)
        (state,) = platform.states()
        assert (state.device, state.online, state.algorithm, state.version) == (DEVICE, True, "MD5", "2.0")
        assert state.keepalive_ms is not None
        assert state.address.startswith("udp" if transport == "u1" else "tcp")
        ((device, alarm),) = hub.alarms
        assert (device, alarm.device, alarm.priority, alarm.method) == (DEVICE, "34020000001340000001", 1, 2)
        assert (alarm.lat, alarm.lon) == (29.144, 113.116)
