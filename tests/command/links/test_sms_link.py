"""Texts to a real HTTP gateway that takes, refuses, throttles, breaks and sleeps. Rule R113 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from command.journal.memory import MemoryJournal
from command.links import sms
from command.links.sms import SmsGateway, SmsLink
from command.requests import SendMessage
from tests.command.links.following import SITE, following, told, until
from tests.command.support import DISPATCHER, MINUTE_MS, Desk, desk


class Gateway:
    """Answers as told, then 200; remembers what it took by id."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.on_last: Callable[[], None] = lambda: None
        self.attempts = 0
        self.texts: dict[str, dict[str, Any]] = {}
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.attempts += 1
        status = self.answers.pop(0) if self.answers else 200
        if not self.answers:
            self.on_last()
        if status == 0:
            await asyncio.get_running_loop().create_future()  # answers never
        body = msgspec.json.decode(await request.read())
        assert request.headers["Authorization"] == "Bearer secret"
        assert request.headers["Idempotency-Key"] == body["id"]
        if status < 300:
            assert self.texts.setdefault(body["id"], body) == body
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=headers)

    async def elsewhere(self, _: web.Request) -> web.Response:
        return web.Response(status=200)


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    taking = Gateway()
    app = web.Application()
    app.router.add_post("/sms", taking.take)
    app.router.add_get("/elsewhere", taking.elsewhere)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/sms"
    try:
        yield taking
    finally:
        await runner.cleanup()


async def text_one(at: Desk, text: str = "到岗") -> str:
    return await at.ask(SendMessage(units=["u1"], text=text), DISPATCHER)


@pytest.mark.parametrize("answer", [429, 500, 503, 302, 401, 404, 408, 0])
async def test_what_is_not_about_the_text_keeps_it_waiting(
    tmp_path: Path, answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if answer == 0:
        monkeypatch.setattr(sms, "SMS_CALL_MS", 100)
    async with gateway() as there, desk() as at, aiohttp.ClientSession() as http:
        there.answers = [answer, answer]
        there.on_last = monkeypatch.undo  # who answers is waited for: a busy machine takes longer
        link = SmsLink(at.hub, SmsGateway(http, there.url, "secret"), SITE)
        async with following(at, tmp_path, link) as follower:
            first, second = await text_one(at, "一"), await text_one(at, "二")
            await until(at, lambda t: "sms" in t.links.rows and t.links.need("sms").state == "down")
            await until(at, lambda t: t.messages.need(second).state == "sent")
            await told(at, follower)
        assert [body["text"] for body in there.texts.values()] == ["一", "二"]
        assert there.attempts == 4
        assert (await at.row("messages", first)).state == "sent"
        assert (await at.row("links", "sms")).state == "up"


async def test_a_text_refused_for_good_is_recorded_and_the_next_one_sent(tmp_path: Path) -> None:
    async with gateway() as there, desk() as at, aiohttp.ClientSession() as http:
        there.answers = [422]
        link = SmsLink(at.hub, SmsGateway(http, there.url, "secret"), SITE)
        async with following(at, tmp_path, link) as follower:
            bad, good = await text_one(at), await text_one(at)
            await told(at, follower)
        row = await at.row("messages", bad)
        assert (row.state, "422" in row.why) == ("failed", True)
        assert (await at.row("messages", good)).state == "sent"


async def test_what_was_sent_before_a_restart_is_not_sent_again(tmp_path: Path) -> None:
    journal = MemoryJournal()
    async with gateway() as there, aiohttp.ClientSession() as http:
        async with (
            desk(journal) as at,
            following(at, tmp_path, SmsLink(at.hub, SmsGateway(http, there.url, "secret"), SITE)) as follower,
        ):
            await text_one(at)
            await told(at, follower)
        (tmp_path / "links.sqlite3").unlink()  # the cursor is lost, as after a restored backup
        async with (
            desk(journal, enrolled=False) as at,
            following(at, tmp_path, SmsLink(at.hub, SmsGateway(http, there.url, "secret"), SITE)) as follower,
        ):
            await told(at, follower)
        assert there.attempts == 1


async def test_a_text_that_is_too_old_is_not_sent(tmp_path: Path) -> None:
    async with gateway() as there, desk() as at, aiohttp.ClientSession() as http:
        old = await text_one(at)
        await at.pass_time(61 * MINUTE_MS)
        async with following(at, tmp_path, SmsLink(at.hub, SmsGateway(http, there.url, "secret"), SITE)) as follower:
            await told(at, follower)
        assert there.attempts == 0
        assert (await at.row("messages", old)).state == "failed"


async def test_a_text_that_gets_a_number_again_is_sent_too(tmp_path: Path) -> None:
    """As after a restore to an earlier moment: the gateway took a text that the record no longer has."""
    (tmp_path / "later").mkdir()
    async with gateway() as there, aiohttp.ClientSession() as http:
        async with (
            desk() as at,
            following(at, tmp_path, SmsLink(at.hub, SmsGateway(http, there.url, "secret"), SITE)) as follower,
        ):
            gone = await text_one(at, "一")
            await told(at, follower)
            await at.pass_time(1000)
        async with (
            desk(clock=at.clock) as restored,
            following(
                restored, tmp_path / "later", SmsLink(restored.hub, SmsGateway(http, there.url, "secret"), SITE)
            ) as follower,
        ):
            assert await text_one(restored, "二") == gone
            await told(restored, follower)
        assert [body["text"] for body in there.texts.values()] == ["一", "二"]
