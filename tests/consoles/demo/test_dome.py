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


PRESETS = ["匝道口", "收费站", "服务区"]


async def test_the_dome_is_found_and_let_into_by_what_its_label_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.onvif.discovery.ONVIF_INTERFACES", 1)  # the loopback: nobody else is asked
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(dome(8554, CLOCK))
        async with asyncio.timeout(60):
            while await _presets_at("@127.0.0.1:8554/cam05") != PRESETS:  # it may not be served yet when asked first
                pass
        serving.cancel()


async def _presets_at(stream: str) -> list[str]:
    """Presets of the one dome that shows this stream: a demonstration on the same machine shows another."""
    for one in await Discovery(CLOCK).find():
        if one.name == "新墙互通球机":
            user, _, password = one.location.partition(" / ")
            address = onvif_address(with_credentials(one.address.text(), user, password))
            async with OnvifClient(address, CLOCK) as camera:
                if (await camera.stream_uri("main")).endswith(stream):
                    return [stored.preset.name for stored in await camera.presets("main")]
    return []
