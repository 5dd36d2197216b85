"""From any request an operator finds its facts, and from any row the request. Rules R126 and R127 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from command import requests as q
from command.actors import HUB
from command.batch import Committed
from command.hub import Hub
from command.journal.memory import MemoryJournal
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.correlation import key_of
from consoles.limits import ASKS_WATCHED, LOG_LINES_PER_S
from consoles.observe.asks import Asks
from consoles.observe.logs import writing
from tests.command.support import START_MS
from tests.consoles.support import mirror, signed_in, site_with_people

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = "13812345678"


def told(stream: io.StringIO, message: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in found if line["message"] == message]


async def test_one_id_leads_from_the_request_to_the_fact_to_the_row_and_back(tmp_path: Path) -> None:
    stream = io.StringIO()
    with writing(SystemClock(), stream, "json"):
        async with (
            site_with_people(tmp_path, "call_taker") as site,
            signed_in(site.http_url, "call_taker") as person,
            mirror(person) as console,
        ):
            await console.subscribe("situations")
            headers = {"X-CSRF-Token": person.csrf, "traceparent": f"00-{TRACE}-{SPAN}-01"}
            ask = q.OpenSituation(title="火灾", service="119", kind="accident", level=2)
            body = msgspec.json.encode(ask)
            async with person.http.post("/api/v1/requests", data=body, headers=headers) as response:
                assert response.status == 200, await response.text()
                answer, request_id = await response.json(), response.headers["X-Request-Id"]
            await console.until(answer["seq"])
            row = console.tables["situations"][answer["subject"]]
            stored = await site.hub.journal.answered("live", answer["seq"] - 1, 1)
    assert re.fullmatch(f"{TRACE}-[0-9a-f]{{16}}", request_id), "it is a span of the caller's trace"
    assert SPAN not in request_id
    (committed,) = [line for line in told(stream, "committed") if line["request_id"] == request_id]
    assert committed["subject"] == answer["subject"] == row["id"]
    assert committed["first_seq"] <= committed["last_seq"] == answer["seq"]
    assert (committed["request"], committed["actor"]) == ("open_situation", "call_taker")
    # And back: the row was pushed with its number, the journal has the key for it, and in the key is the request.
    assert console.seq >= committed["last_seq"]
    assert stored[0][0] == committed["key"]
    assert committed["key"].startswith(request_id)
    (answered,) = [line for line in told(stream, "answered") if line["request_id"] == request_id]
    assert answered["keys"] == [committed["key"]]
    assert (answered["route"], answered["status"]) == ("/api/v1/requests", 200)


async def test_a_key_of_the_callers_own_is_told_with_each_request_that_used_it(tmp_path: Path) -> None:
    stream = io.StringIO()
    with writing(SystemClock(), stream, "json"):
        async with site_with_people(tmp_path, "call_taker") as site, signed_in(site.http_url, "call_taker") as person:
            opened = q.OpenSituation(title=f"火灾 {CALLER}", service="119", kind="accident", level=2)
            first, again = await person.ask(opened, f"call-{CALLER}"), await person.ask(opened, f"call-{CALLER}")
    assert first == again
    assert first[0] == 200
    (committed,) = [line for line in told(stream, "committed") if line["request"] == "open_situation"]
    answered = [line for line in told(stream, "answered") if line["keys"] == ["call_taker/call-***"]]
    assert len({line["request_id"] for line in answered}) == 2, "the repetition has an id of its own"
    assert committed["request_id"] == answered[0]["request_id"]
    assert CALLER not in stream.getvalue()


async def test_refusals_are_told_and_neither_paths_nor_queries_with_what_they_name(tmp_path: Path) -> None:
    stream = io.StringIO()
    with writing(SystemClock(), stream, "json"):
        async with site_with_people(tmp_path, "wall") as site, signed_in(site.http_url, "wall") as person:
            status, _ = await person.get("/api/v1/sightings/picture?plate=F12345&camera=k1")
            assert status == 403
            async with person.http.get("/health/live") as response:
                assert len(response.headers["X-Request-Id"]) == 49
    (refused,) = [line for line in told(stream, "refused") if line["route"] == "/api/v1/sightings/picture"]
    assert refused["status"] == 403
    assert refused["level"] == "warning"
    assert "F12345" not in stream.getvalue()
    assert "/health/live" not in stream.getvalue(), "who only reads is told of when debugging"


async def test_facts_of_gateways_and_of_the_hub_itself_are_told_when_debugging_only() -> None:
    for level, number in ((logging.INFO, 0), (logging.DEBUG, 1)):
        stream = io.StringIO()
        with writing(SystemClock(), stream, "json", level):
            asks = await _asked_without_request()
        assert len(told(stream, "committed")) == number
        assert asks.durable_s.up_to()[-1] == 0


async def test_an_ask_whose_client_went_away_is_told_once_it_is_durable_and_waiting_ones_are_bounded() -> None:
    asks, stream, keys, left = Asks(), io.StringIO(), list[str](), asyncio.Event()
    asked = asyncio.Event()

    async def handler(_request: web.Request) -> web.StreamResponse:
        try:
            keys.extend(key_of(None) for _ in range(ASKS_WATCHED + 1))
            asked.set()
            await asyncio.Event().wait()
        finally:
            left.set()
        raise AssertionError

    app = web.Application()
    asks.watch(app)
    app.router.add_post("/ask", handler)
    async with TestServer(app, handler_cancellation=True) as server:
        with writing(SystemClock(), stream, "json"):
            async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
                client = tasks.create_task(http.post(server.make_url("/ask")))
                await asked.wait()
                client.cancel()
            await left.wait()
            asks.on_commit([_committed(keys[-1])])
            asks.on_commit([_committed(keys[0])])
    (line,) = told(stream, "committed")
    assert keys[-1].startswith(line["request_id"])
    assert line["subject"] == "c1"
    assert len(asks._asked) == ASKS_WATCHED - 1, "the oldest was forgotten, the newest is told of"


async def test_of_each_of_many_requests_in_one_second_it_is_told_what_it_recorded() -> None:
    """R882: their pages made the keys, so that no line but this leads from a request's id to its number."""
    asks, stream, number = Asks(), io.StringIO(), 2 * LOG_LINES_PER_S

    async def handler(request: web.Request) -> web.StreamResponse:
        asks.on_commit([_committed(key_of(request.headers["Idempotency-Key"]))])
        return web.Response()

    app = web.Application()
    asks.watch(app)
    app.router.add_post("/ask", handler)
    ids: dict[str, str] = {}
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        with writing(VirtualClock(START_MS), stream, "json"):
            for n in range(number):
                async with http.post(server.make_url("/ask"), headers={"Idempotency-Key": f"page{n}"}) as response:
                    ids[response.headers["X-Request-Id"]] = f"page{n}"
            asks.on_commit([_committed("of a gateway")])
    assert {line["request_id"]: line["key"] for line in told(stream, "committed")} == ids
    assert len(told(stream, "answered")) == LOG_LINES_PER_S, "other lines are bounded as before"


def _committed(key: str) -> Committed:
    return Committed(key=key, actor="a", kind="report_call", subject="c1", first_seq=1, last_seq=2)


async def _asked_without_request() -> Asks:
    hub, asks = Hub("live", SystemClock(), MemoryJournal()), Asks()
    hub.on_commit(asks.on_commit)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(hub.run())
        await hub.ask(q.ReportCall(dialled="110", caller=CALLER), HUB)
        running.cancel()
    return asks


async def test_the_time_of_requests_is_measured_by_route(tmp_path: Path) -> None:
    async with site_with_people(tmp_path) as site, aiohttp.ClientSession(site.http_url) as http:
        async with http.get("/api/v1/calls/c1/duplicates") as response:
            assert response.status == 401
        async with http.get("/metrics") as response:
            text = await response.text()
    labels = 'method="GET",route="/api/v1/calls/{call}/duplicates",status="401"'
    assert f"triune_http_request_duration_seconds_count{{{labels}}}" in text
