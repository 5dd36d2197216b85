from __future__ import annotations

import asyncio

import pytest

from command.kernel.clock import SystemClock
from consoles.demo.dome import dome
from edge.onvif.address import onvif_address
from edge.onvif.client import OnvifClient
from edge.onvif.discovery import Discovery
from edge.onvif.trial import with_credentials

CLOCK = SystemClock()


async def test_the_dome_is_found_and_let_into_by_what_its_label_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.onvif.discovery.ONVIF_INTERFACES", 1)  # the loopback: nobody else is asked
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(dome(8554, CLOCK))
        found = [device for device in await Discovery(CLOCK).find() if device.name == "新墙互通球机"]
        at_ours = []
        for one in found:  # a demonstration on the same machine shows another
            user, _, password = one.location.partition(" / ")
            address = onvif_address(with_credentials(one.address.text(), user, password))
            async with OnvifClient(address, CLOCK) as camera:
                if (await camera.stream_uri("main")).endswith("@127.0.0.1:8554/cam05"):
                    at_ours.append([stored.preset.name for stored in await camera.presets("main")])
        assert ["匝道口", "收费站", "服务区"] in at_ours
        serving.cancel()
