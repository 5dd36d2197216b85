"""A service that forgets its subscriber, or signs otherwise, is subscribed to again. Rule R1005 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from command.kernel.clock import SystemClock
from command.kernel.errors import SignInRequiredError, UnavailableError
from command.kernel.limits import SUBSCRIBE_AGAIN_MS, WEBHOOK_BACKOFF_LONGEST_MS
from command.links.approval import APPROVAL_SERVICE, ApprovalLink, request_of
from command.links.case import CaseLink
from command.links.clients import ApprovalClient, CaseClient
from command.links.service_messages import ApprovalDecision, ApprovalEvent, CaseMove, Paging
from command.links.signing import sign
from command.links.subscriber import Subscriber
from command.requests import RequestApproval
from command.services.approval import app as approval_app
from command.services.case import app as case_app
from tests.command.links.following import SITE, following, pass_time, service_on, told
from tests.command.services.peers import TOKEN
from tests.command.support import DISPATCHER, Desk, desk
from tests.ports import free_port


@asynccontextmanager
async def hooks(at: Desk) -> AsyncIterator[tuple[str, list[Subscriber]]]:
    """Hear webhooks at a URL, each by the subscriber in the list, as the hub does."""
    hears: list[Subscriber] = []

    async def approval(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            hears[0].hear(request.headers, body)
        except SignInRequiredError:
            return web.Response(status=401)
        asked = await request_of(msgspec.json.decode(body, type=ApprovalEvent), SITE, at.hub)
        if asked is not None:
            await at.ask(asked, APPROVAL_SERVICE)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/approval", approval)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/approval", hears
    finally:
        await runner.cleanup()


class County:
    def __init__(self, at: Desk, client: ApprovalClient, subscriber: Subscriber, port: int, tmp_path: Path) -> None:
        self.at = at
        self.client = client
        self.subscriber = subscriber
        self._port = port
        self._tmp_path = tmp_path

    @asynccontextmanager
    async def service(self, name: str = "approval", secret: bytes = b"the key") -> AsyncIterator[None]:
        path = self._tmp_path / f"{name}.sqlite3"
        async with service_on(approval_app, self._port, path, self.at.clock, secret):
            yield

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once it is so; who sleeps meanwhile is woken in turn."""
        async with asyncio.timeout(90):
            while not holds():
                await self.turn()

    async def turn(self) -> None:
        await pass_time(self.at)

    async def granted(self) -> None:
        """Grant there whatever is asked, and return once it is granted here."""
        while not (asked := [a for a in (await self.client.approvals(Paging())).items if a.state == "waiting"]):
            await self.turn()
        for one in asked:
            await self.client.decide(f"theirs/{one.id}", one.id, ApprovalDecision(decision="grant", by="局长"))
        async with asyncio.timeout(90):
            while [a for a in (await self.at.table("approvals")).values() if a.state == "waiting"]:
                await self.turn()

    async def ask(self) -> None:
        await self.at.ask(RequestApproval(item="封路", subject="危化品处置", due_minutes=30), DISPATCHER)


@asynccontextmanager
async def county(tmp_path: Path) -> AsyncIterator[County]:
    port = free_port()
    async with desk() as at, hooks(at) as (url, hears), ApprovalClient(f"http://127.0.0.1:{port}", TOKEN) as client:
        link = ApprovalLink(at.hub, client, SITE)
        subscriber = Subscriber("approval", client, url, link.catch_up, at.clock)
        hears.append(subscriber)
        async with following(at, tmp_path, link), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(subscriber.run())
            yield County(at, client, subscriber, port, tmp_path)
            running.cancel()


@pytest.mark.parametrize(("name", "secret"), [("approval", b"another key"), ("anew", b"the key")])
async def test_a_decision_comes_from_a_service_with_another_key_and_from_one_begun_anew(
    tmp_path: Path, name: str, secret: bytes
) -> None:
    async with county(tmp_path) as here:
        async with here.service():
            await here.until(lambda: not here.subscriber.problems())
            await here.ask()
            await here.granted()
            await here.ask()
            while len((await here.client.approvals(Paging())).items) < 2:
                await here.turn()
        async with here.service(name, secret):
            await here.granted()
            await here.ask()
            await here.granted()
            await here.until(lambda: not here.subscriber.problems())


async def test_while_a_service_is_away_health_says_so_and_what_it_lost_is_asked_again(tmp_path: Path) -> None:
    async with county(tmp_path) as here:
        async with here.service():
            await here.ask()
            await here.granted()
            with (
                closing(sqlite3.connect(tmp_path / "approval.sqlite3")) as before,
                closing(sqlite3.connect(tmp_path / "backup.sqlite3")) as backup,
            ):
                before.backup(backup)
            await here.ask()
            while len((await here.client.approvals(Paging())).items) < 2:
                await here.turn()
        await here.until(lambda: bool(here.subscriber.problems()))
        assert here.subscriber.problems()[0].startswith("approval: the service does not tell of changes yet: ")
        async with here.service("backup"):  # subscribed as before, and knows nothing of what waits
            await here.until(lambda: not here.subscriber.problems())
            await here.granted()


async def test_what_a_stranger_sends_has_the_service_asked_again_once_a_second_and_is_told_for_a_while(
    tmp_path: Path,
) -> None:
    async with county(tmp_path) as here, here.service():
        await here.until(lambda: not here.subscriber.problems())
        subscriber, clock, asked = here.subscriber, here.at.clock, list[int]()
        subscribe, answered = here.client.subscribe, 0

        async def counted(url: str) -> object:
            nonlocal answered
            asked.append(clock.now_ms())
            try:
                return await subscribe(url)
            finally:
                answered += 1

        here.client.subscribe = counted  # type: ignore[method-assign,assignment]
        secret = (await subscribe("http://127.0.0.1:1/other")).secret  # no other subscriber can sign to the hub
        began_ms = clock.now_ms()
        while clock.now_ms() < began_ms + 10_000:
            with pytest.raises(SignInRequiredError):
                subscriber.hear(sign(secret, "evt", clock.now_ms(), b"{}"), b"{}")
            await here.turn()
            while answered < len(asked):  # however long a busy machine takes for that, no time passes
                await SystemClock().sleep(1)
        assert 3 <= len(asked) <= 12
        assert subscriber.problems()[0].startswith("approval: what the service tells is refused: no webhook-signature")
        await here.until(lambda: clock.now_ms() > began_ms + 10_000 + 2 * WEBHOOK_BACKOFF_LONGEST_MS)
        assert not subscriber.problems()
        assert len(asked) <= 24 + 2 * WEBHOOK_BACKOFF_LONGEST_MS // SUBSCRIBE_AGAIN_MS


async def test_steps_that_a_case_took_unheard_are_fetched(tmp_path: Path) -> None:
    async with (
        desk() as at,
        service_on(case_app, 0, tmp_path / "case.sqlite3", at.clock) as service,
        CaseClient(service.url, TOKEN) as client,
    ):
        link = CaseLink(at.hub, client, SITE)
        async with following(at, tmp_path, link) as follower:
            situation = await at.situation()
            await told(at, follower)
            number = (await at.row("situations", situation)).case
            move = CaseMove(move="advance", step="assigned", by="李四", at_ms=at.clock.now_ms())
            await client.move_case("theirs", number, move)
            assert (await at.row("cases", number)).step == "opened"
            await link.catch_up()
            assert (await at.row("cases", number)).step == "assigned"
            await link.catch_up()
            assert (await at.row("cases", number)).step == "assigned"


async def test_what_the_record_cannot_take_yet_is_fetched_later(tmp_path: Path) -> None:
    fails = True

    async def catch_up() -> None:
        if fails:
            raise UnavailableError("the disk is full")

    async with county(tmp_path) as here, here.service(), asyncio.TaskGroup() as tasks:
        subscriber = Subscriber("approval", here.client, "http://127.0.0.1:1/approval", catch_up, here.at.clock)
        running = tasks.create_task(subscriber.run())
        wanted = ["approval: the service was not asked yet what it decided unheard: the disk is full"]
        await here.until(lambda: subscriber.problems() == wanted)
        fails = False
        await here.until(lambda: not subscriber.problems())
        running.cancel()
