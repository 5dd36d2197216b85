"""A county's own services: they are told where the hub is reached, and why they tell nothing is said."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.kernel.clock import SystemClock
from consoles.settings import Outside
from consoles.site import running_site
from tests.command.services.peers import TOKEN, approval_service
from tests.consoles.support import settings
from tests.ports import free_port


async def test_a_service_elsewhere_tells_the_hub_where_it_is_advertised(tmp_path: Path) -> None:  # R782
    clock, kept = SystemClock(), tmp_path / "county.sqlite3"

    def subscribed() -> list[str]:
        with sqlite3.connect(kept) as db:
            return [url for (url,) in db.execute("SELECT url FROM subscribers")]

    async with approval_service(kept, clock) as service:
        chosen = replace(
            settings(tmp_path), approval=Outside(url=service.url, token=TOKEN), advertise="https://hub.county.example/"
        )
        async with running_site(chosen):
            while not subscribed():
                await clock.sleep(20)
        assert subscribed() == ["https://hub.county.example/api/v1/hooks/approval"]


async def test_why_a_service_does_not_tell_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """R782."""
    caplog.set_level(logging.WARNING, "consoles.parts.outside")
    clock = SystemClock()
    away = Outside(url=f"http://127.0.0.1:{free_port()}", token=TOKEN)
    async with running_site(replace(settings(tmp_path), approval=away)):
        while not (told := [r.getMessage() for r in caplog.records if r.name == "consoles.parts.outside"]):
            await clock.sleep(20)
    assert told[0].startswith("the approval service does not tell of changes yet: ")
