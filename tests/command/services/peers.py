"""What the service tests talk with: running services, a caller that checks the contract, a webhook receiver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
from aiohttp import web

from command.kernel.clock import Clock
from command.links.signing import verify
from command.services.approval import app as approval_app
from command.services.case import app as case_app
from command.services.case.cases import CaseSettings
from command.services.running import RunningService
from tests.command.services.json_schema import check
from tests.ports import free_port

TOKEN = "a-token-for-the-tests"
ROOT_SECRET = b"root secret of the tests"
START_MS = 1_790_000_000_000  # 2026-09-21 in Beijing


@asynccontextmanager
async def case_service(path: Path, clock: Clock, settings: CaseSettings | None = None) -> AsyncIterator[RunningService]:
    async with asyncio.TaskGroup() as group:
        service = await case_app.start(
            group, path=path, clock=clock, token=TOKEN, webhook_secret=ROOT_SECRET, settings=settings
        )
        try:
            yield service
        finally:
            await service.stop()


@asynccontextmanager
async def approval_service(path: Path, clock: Clock) -> AsyncIterator[RunningService]:
    async with asyncio.TaskGroup() as group:
        service = await approval_app.start(group, path=path, clock=clock, token=TOKEN, webhook_secret=ROOT_SECRET)
        try:
            yield service
        finally:
            await service.stop()


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


class Caller:
    """Speaks HTTP to a service and holds every exchange against the service's own OpenAPI document."""

    def __init__(self, session: aiohttp.ClientSession, url: str, document: dict[str, Any]) -> None:
        self.session = session
        self.url = url
        self.document = document

    async def __call__(
        self, method: str, template: str, body: object = None, *, key: str = "", query: str = "", **path: str
    ) -> Answer:
        url = self.url + template.format(**{name: quote(value, safe="") for name, value in path.items()}) + query
        headers = {"idempotency-key": key} if key else {}
        data = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else None
        async with self.session.request(method, url, data=data, headers=headers) as response:
            answer = Answer(response.status, await response.json(content_type=None), dict(response.headers))
            operation = self.document["paths"][template][method.lower()]
            described = operation["responses"].get(str(answer.status), operation["responses"]["default"])
            (content_type,) = described["content"]
            assert response.content_type == content_type
        check(answer.body, described["content"][content_type]["schema"], self.document)
        if answer.status < 300 and body is not None:
            sent = msgspec.json.decode(data or b"")
            check(sent, operation["requestBody"]["content"]["application/json"]["schema"], self.document)
        return answer


@asynccontextmanager
async def caller(service: RunningService) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {TOKEN}"}) as session:
        async with session.get(service.url + "/openapi.json") as response:
            document = await response.json()
        yield Caller(session, service.url, document)


class Receiver:
    """A subscriber: verifies what comes, answers as told, and lets each event take effect once."""

    def __init__(self, clock: Clock, statuses: list[int] | None = None) -> None:
        self.url = ""
        self.secret = ""
        self.attempts: list[tuple[str, int]] = []
        self.effects: dict[str, dict[str, Any]] = {}
        self._clock = clock
        self._statuses = statuses or []
        self._changed = asyncio.Condition()

    @property
    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.effects.values()]

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        event_id = verify(self.secret, request.headers, body, self._clock.now_ms())
        event = msgspec.json.decode(body)
        assert event["id"] == event_id
        status = self._statuses.pop(0) if self._statuses else 204
        async with self._changed:
            self.attempts.append((event_id, status))
            if status < 300 or status == 599:  # 599: the effect happened, the answer is lost
                self.effects.setdefault(event_id, event)
            self._changed.notify_all()
        return web.Response(status=status)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(condition)


@asynccontextmanager
async def receiver(clock: Clock, statuses: list[int] | None = None, port: int | None = None) -> AsyncIterator[Receiver]:
    taking = Receiver(clock, statuses)
    app = web.Application()
    app.router.add_post("/hooks", taking.take)
    runner = web.AppRunner(app)
    await runner.setup()
    # One that no outgoing connection is given while nobody listens.
    await web.TCPSite(runner, "127.0.0.1", port or free_port()).start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    try:
        yield taking
    finally:
        await runner.cleanup()
