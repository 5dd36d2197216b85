"""Cameras of a running hub, while what keeps their addresses is away (SPEC R171)."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command.actors import HUB
from command.requests import EnrolCamera
from consoles.site import running_site
from tests.consoles.support import settings


async def test_addresses_that_cannot_be_read_end_no_hub_and_are_read_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_site(settings(tmp_path)) as site, asyncio.timeout(60):
        await site.context.accounts.set_camera_address("cam1", "rtsp://127.0.0.1:1/nobody")
        with closing(sqlite3.connect(tmp_path / "var" / "access.sqlite3", isolation_level=None)) as file:
            file.execute("ALTER TABLE camera_addresses RENAME TO elsewhere")
            await site.hub.ask(EnrolCamera(camera="cam1", name="东门", lat=29.0, lon=113.0), HUB)
            while "cameras stay as they were" not in caplog.text:
                await site.clock.sleep(10)
            file.execute("ALTER TABLE elsewhere RENAME TO camera_addresses")
        while (await site.hub.read(lambda t: t.cameras.need("cam1").reason)) == "":
            await site.clock.sleep(10)  # it was tried at its address, where nobody listens
