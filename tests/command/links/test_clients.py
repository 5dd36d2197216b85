"""The hub's clients against the real services, and against services that are away, slow, wrong or too talkative."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from command.facts import Place
from command.kernel.clock import VirtualClock
from command.kernel.errors import (
    ConflictError,
    InvalidInputError,
    SignInRequiredError,
    TooManyError,
    TriuneError,
    UnavailableError,
    UnknownIdError,
)
from command.kernel.limits import SERVICE_ANSWER_BYTES
from command.links import clients
from command.links.clients import ApprovalClient, CaseClient
from command.links.service_messages import ApprovalAsking, ApprovalDecision, CaseMove, CaseOpening, Paging
from tests.command.services.peers import START_MS, TOKEN, approval_service, case_service, receiver

OPENING = CaseOpening(
    source="hub",
    situation="S1",
    kind="natural_disaster",
    level=2,
    title="洞庭湖大堤管涌",
    at_ms=START_MS,
    place=Place(lat=29.2, lon=113.0, text="鹿角镇"),
)
ASKING = ApprovalAsking(
    ref="A1", item="i", subject="s", asked_by="李四", asked_at_ms=START_MS, warn_ms=START_MS + 1, due_ms=START_MS + 2
)


async def test_a_case_from_opening_to_assessment(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with case_service(tmp_path / "c.sqlite", clock) as service, CaseClient(service.url + "/", TOKEN) as client:
        case = await client.open_case("k", OPENING)
        assert case.number == "岳阳县案〔2026〕000001"
        assert case.place == OPENING.place
        assert await client.open_case("k", OPENING) == case
        for step in ("assigned", "handled", "fed_back", "verified", "assessed"):
            move = CaseMove(move="advance", step=step, by="张三", at_ms=START_MS)
            case = await client.move_case(step, case.number, move)
        assert case.assessment is not None
        assert case.assessment.on_time
        assert await client.case(case.number) == case
        assert (await client.cases(Paging(open=False))).items == (case,)
        assert (await client.cases(Paging(open=True, limit=1))).items == ()
        with pytest.raises(ConflictError, match="cannot advance") as conflict:
            await client.move_case("more", case.number, CaseMove(move="advance", step="opened", by="x", at_ms=START_MS))
        assert conflict.value.extra["service_code"] == "stale_row"


async def test_an_approval_asked_granted_and_told_of(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with (
        receiver(clock) as taking,
        approval_service(tmp_path / "a.sqlite", clock) as service,
        ApprovalClient(service.url, TOKEN) as client,
    ):
        subscription = await client.subscribe(taking.url)
        assert await client.subscribe(taking.url) == subscription
        taking.secret = subscription.secret
        waiting = await client.ask("k", ASKING)
        granted = await client.decide("d", waiting.id, ApprovalDecision(decision="grant", by="王五"))
        assert (granted.state, granted.ref) == ("granted", "A1")
        assert await client.approval(waiting.id) == granted
        assert (await client.approvals(Paging())).items == (granted,)
        await taking.until(lambda: taking.kinds == ["approval.requested", "approval.decided"])
        assert await client.unsubscribe(subscription.id) == subscription


async def test_refusals_come_out_as_the_error_of_their_status(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with case_service(tmp_path / "c.sqlite", clock) as service:
        async with CaseClient(service.url, TOKEN) as client:
            with pytest.raises(UnknownIdError):
                await client.case("../cases")
            with pytest.raises(InvalidInputError, match="Idempotency-Key"):
                await client.open_case("", OPENING)
        async with CaseClient(service.url, "some other token here") as client:
            with pytest.raises(SignInRequiredError):
                await client.cases(Paging())


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def odd_service(handler: Handler) -> AsyncIterator[CaseClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with CaseClient(f"http://127.0.0.1:{runner.addresses[0][1]}", TOKEN) as client:
            yield client
    finally:
        await runner.cleanup()


def answering(status: int, body: bytes) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    return handle


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>", UnavailableError),
        (200, b'{"number": 5}', UnavailableError),
        (200, b"\xff", UnavailableError),
        (200, b'{"x":' + b"[" * 100_000, UnavailableError),
        (302, b"", UnavailableError),
        (500, b"oops", UnavailableError),
        (503, b'{"detail": "busy", "code": "unavailable"}', UnavailableError),
        (418, b"{}", UnavailableError),
        (429, b'{"detail": 5}', TooManyError),
        (409, b"[" * 100_000, ConflictError),
    ],
)
async def test_odd_answers_become_the_right_error(status: int, body: bytes, error: type[TriuneError]) -> None:
    async with odd_service(answering(status, body)) as client:
        with pytest.raises(error) as caught:
            await client.case("x")
        assert type(caught.value) is error


async def test_an_answer_without_end_is_cut_off() -> None:
    sent_bytes = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal sent_bytes
        response = web.StreamResponse()
        await response.prepare(request)
        while sent_bytes < 100 * SERVICE_ANSWER_BYTES:
            await response.write(b" " * 65536)
            sent_bytes += 65536
        return response

    async with odd_service(handle) as client:
        with pytest.raises(UnavailableError, match="larger than"):
            await client.case("x")
    assert sent_bytes < 10 * SERVICE_ANSWER_BYTES


async def test_a_service_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "SERVICE_CALL_MS", 50)

    async def handle(_: web.Request) -> web.StreamResponse:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async with odd_service(handle) as client:
        with pytest.raises(UnavailableError, match=r"does not answer: .*Timeout"):
            await client.case("x")


async def test_a_service_that_is_away_is_unavailable_and_back_after_its_restart(tmp_path: Path) -> None:
    path, clock = tmp_path / "c.sqlite", VirtualClock(START_MS)
    async with case_service(path, clock) as service:
        url = service.url
    async with CaseClient(url, TOKEN) as client:
        with pytest.raises(UnavailableError):
            await client.open_case("k", OPENING)
    async with case_service(path, clock) as service, CaseClient(service.url, TOKEN) as client:
        assert (await client.open_case("k", OPENING)).number.endswith("000001")


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://127.0.0.1:99999", "http://[half"])
async def test_an_address_that_is_none_is_unavailable(url: str) -> None:
    async with CaseClient(url, TOKEN) as client:
        with pytest.raises(UnavailableError):
            await client.case("x")
