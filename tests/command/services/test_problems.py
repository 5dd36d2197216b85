"""Every error is problem details (RFC 9457) and is counted; bad input harms nothing. Run against a real service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from command.kernel.clock import VirtualClock
from command.kernel.errors import InvalidInputError, NoRightError, UnavailableError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.services import api
from command.services.case import app as case_app
from command.services.problems import StaleRowError, problem_middleware
from command.services.running import RunningService
from tests.command.services.peers import ROOT_SECRET, START_MS, TOKEN, Caller, caller, case_service
from tests.command.services.test_case_service import CASES, opened, opening


class Row(msgspec.Struct, frozen=True):
    id: str
    seq: int


FAULTS: dict[str, Exception] = {
    "right": NoRightError("not yours", station="S1"),
    "away": UnavailableError("gone"),
    "stale": StaleRowError("moved on", current=Row("x", 7)),
    "bug": ZeroDivisionError("secret detail"),
    "json": msgspec.ValidationError("Expected `int`, got `str` - at `$.a`"),
    "text": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    "deep": RecursionError("too deep"),
}


async def fail(request: web.Request) -> web.Response:
    raise FAULTS[request.match_info["fault"]]


async def redirect(_: web.Request) -> web.Response:
    raise web.HTTPSeeOther("/elsewhere")


@pytest.fixture
async def faulty() -> AsyncIterator[str]:
    app = web.Application(middlewares=[problem_middleware])
    app.router.add_get("/fail/{fault}", fail)
    app.router.add_get("/redirect", redirect)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def count(code: str) -> float:
    return REGISTRY.get_sample_value("triune_http_problems_total", {"code": code}) or 0.0


@pytest.mark.parametrize(
    ("fault", "status", "code", "title"),
    [
        ("right", 403, "no_right", "Forbidden"),
        ("away", 503, "unavailable", "Service Unavailable"),
        ("stale", 409, "stale_row", "Conflict"),
        ("bug", 500, "internal", "Internal Server Error"),
        ("json", 400, "invalid_input", "Bad Request"),
        ("text", 400, "invalid_input", "Bad Request"),
        ("deep", 400, "invalid_input", "Bad Request"),
    ],
)
async def test_errors_become_problem_details_and_are_counted(
    faulty: str, fault: str, status: int, code: str, title: str
) -> None:
    before = count(code)
    async with aiohttp.ClientSession() as session, session.get(f"{faulty}/fail/{fault}") as response:
        problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["status"], problem["code"], problem["title"]) == (status, status, code, title)
    assert problem["type"] == f"urn:triune:problem:{code}"
    assert problem["detail"]
    assert count(code) == before + 1


async def test_extras_stand_beside_the_members_and_faults_of_ours_tell_nothing(
    faulty: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{faulty}/fail/right") as response:
            assert (await response.json(content_type=None))["station"] == "S1"
        async with session.get(f"{faulty}/fail/stale") as response:
            assert (await response.json(content_type=None))["current"] == {"id": "x", "seq": 7}
        async with session.get(f"{faulty}/fail/bug") as response:
            assert "secret detail" not in await response.text()
    assert "ZeroDivisionError: secret detail" in caplog.text


async def test_aiohttps_own_errors_keep_status_and_headers_and_redirects_pass(faulty: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{faulty}/nowhere") as response:
            assert (response.status, response.content_type) == (404, "application/problem+json")
        async with session.delete(f"{faulty}/redirect") as response:
            assert response.status == 405
            assert response.headers["Allow"] == "GET,HEAD"
            assert (await response.json(content_type=None))["code"] == "method_not_allowed"
        async with session.get(f"{faulty}/redirect", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/elsewhere")


@pytest.fixture
async def call(tmp_path: Path) -> AsyncIterator[Caller]:
    async with case_service(tmp_path / "case.sqlite", VirtualClock(START_MS)) as service, caller(service) as asking:
        yield asking


DEEP = b'{"source":"x","unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        DEEP,
        json.dumps(opening(level=5)).encode(),
        json.dumps(opening(level="3")).encode(),
        json.dumps(opening(kind="weather")).encode(),
        json.dumps(opening(title="")).encode(),
        json.dumps(opening(at_ms=-1)).encode(),
        json.dumps(opening(at_ms=10**30)).encode(),
        json.dumps(opening(place={"lat": 95.0, "lon": 113.0})).encode(),
        json.dumps(opening(place={"lat": 0, "lon": 0})).encode(),
        json.dumps(opening(place={"lat": float("nan"), "lon": 0})).encode(),
        json.dumps(opening(title="\ud800")).encode(),
    ],
)
async def test_a_bad_body_is_400_and_harms_nothing(call: Caller, body: bytes) -> None:
    before = count("invalid_input")
    answer = await call("POST", CASES, body, key="k")
    assert (answer.status, answer.body["code"]) == (400, "invalid_input")
    assert count("invalid_input") == before + 1
    assert (await call("GET", CASES)).body["items"] == []
    assert (await opened(call)).endswith("000001")


async def test_an_oversized_body_is_413(call: Caller) -> None:
    answer = await call("POST", CASES, b" " * (REQUEST_BODY_BYTES + 1), key="k")
    assert (answer.status, answer.body["code"]) == (413, "too_large")


async def test_a_body_that_never_comes_is_408_and_others_are_served_meanwhile(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "SERVICE_CALL_MS", 3000)  # soon, and later than the others are served on a busy machine
    port = int(call.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {CASES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{"
    writer.write(head.encode())
    await writer.drain()
    assert (await opened(call)).endswith("000001")
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("query", ["?limit=0", "?limit=201", "?limit=x", "?after=-1", "?open=perhaps"])
async def test_a_bad_query_is_400(call: Caller, query: str) -> None:
    assert (await call("GET", CASES, query=query)).status == 400


@pytest.mark.parametrize("key", ["", "k" * 201, "clé"])
async def test_a_missing_or_odd_idempotency_key_is_400(call: Caller, key: str) -> None:
    assert (await call("POST", CASES, opening(), key=key)).status == 400


@pytest.mark.parametrize("path", ["/api/v1/cases", "/openapi.json", "/api/v1/subscriptions", "/api/v1/nothing"])
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}é"])
async def test_nothing_but_health_and_the_sign_in_answers_without_the_token(
    call: Caller, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(call.url + path) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert (await response.json(content_type=None))["code"] == "sign_in_required"
        async with session.get(call.url + "/healthz") as response:
            assert await response.json() == {"status": "ok"}


async def test_a_taken_port_a_short_token_and_a_foreign_file_are_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff" * 1000)

    async def start(name: str, token: str = TOKEN, port: int = 0) -> RunningService:
        async with asyncio.TaskGroup() as group:
            return await case_app.start(
                group,
                path=tmp_path / name,
                clock=VirtualClock(START_MS),
                token=token,
                webhook_secret=ROOT_SECRET,
                port=port,
            )

    async with case_service(tmp_path / "case.sqlite", VirtualClock(START_MS)) as service:
        port = int(service.url.rsplit(":", 1)[1])
        for wrong, reason in (
            (start("other.sqlite", port=port), UnavailableError),
            (start("other.sqlite", token="short"), InvalidInputError),
            (start("photo.jpg"), UnavailableError),
        ):
            with pytest.raises(ExceptionGroup) as caught:
                await wrong
            assert caught.group_contains(reason)
