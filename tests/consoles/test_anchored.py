"""What a running hub keeps outside of its record, and what it says of that (SPEC R924, R926, R1200)."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import aiohttp
import msgspec
import pytest

from command import requests as q
from command.actors import HUB
from consoles.http import health
from consoles.site import running_site
from tests.consoles.support import settings
from tests.ports import free_port


async def text_of(url: str, path: str) -> str:
    async with aiohttp.ClientSession(url) as http, http.get(path) as response:
        return await response.text()


async def test_an_anchor_gets_what_was_signed_before_it_was_set_and_one_of_another_past_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(health, "HEALTH_AGE_MS", 0)
    anchor, before, since = tmp_path / "anchor", settings(tmp_path / "before"), settings(tmp_path / "since")

    def kept() -> list[int]:
        return [msgspec.json.decode(line)["seq"] for line in anchor.read_bytes().splitlines()]

    async with running_site(before) as site:
        await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
    first = site.hub.committed_seq
    shutil.copytree(before.data, since.data)
    async with running_site(msgspec.structs.replace(since, anchors=[str(anchor)])) as site:
        await site.hub.ask(q.ReportCall(dialled="110", caller="2"), HUB)
        assert "anchor" not in await text_of(site.http_url, "/health/ready")
    assert kept() == [first, site.hub.committed_seq]
    assert "unencrypted" not in caplog.text
    in_the_clear = f"http://0.0.0.0:{free_port()}/"
    async with running_site(msgspec.structs.replace(before, anchors=[str(anchor), in_the_clear])) as site:
        assert f"signed heads go unencrypted to {in_the_clear}" in caplog.text
        while f"triune_anchor_1_kept_seq {float(first)}" not in await text_of(site.http_url, "/metrics"):
            await asyncio.sleep(0)  # noqa: TID251 - the anchor is brought what it lacks
        assert "anchor 1: has what the record does not" in await text_of(site.http_url, "/health/ready")
        assert kept()[2:] == [first]
