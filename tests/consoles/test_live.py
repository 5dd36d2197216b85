"""The live websocket: snapshot, deltas, resume, filters, sessions that end. Rules R94 to R103 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from aiohttp import WSCloseCode, WSMsgType
from prometheus_client import REGISTRY
from yarl import URL

from command import requests as q
from command.actors import HUB
from consoles import push
from consoles.bench.crowded_site import crowded_site
from consoles.http import live
from consoles.limits import BEAT_MS, CONSOLE_MESSAGE_BYTES
from consoles.site import Site
from tests.consoles.support import PASSWORD, mirror, signed_in, site_with_people


async def test_a_call_reaches_every_subscribed_console(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "call_taker", "dispatcher") as site,
        signed_in(site.http_url, "call_taker") as person,
        signed_in(site.http_url, "dispatcher") as other,
        mirror(person) as console,
    ):
        await console.subscribe("calls")
        status, answer = await person.ask(q.ReportCall(dialled="119", caller="13900000001"), key="call-0001")
        assert status == 200
        await console.until(answer["seq"])
        assert console.tables["calls"][answer["subject"]]["state"] == "ringing"
        status, again = await person.ask(q.ReportCall(dialled="119", caller="13900000001"), key="call-0001")
        assert (status, again) == (200, answer)
        opened = q.OpenSituation(title="积水", service="119", kind="public_security", level=4)
        status, another = await other.ask(opened, key="call-0001")
        assert (status, another["subject"][0]) == (200, "s"), "one person's key says nothing about another's"


async def test_the_wall_is_not_told_who_called(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "wall") as site,
        signed_in(site.http_url, "wall") as person,
        mirror(person) as console,
    ):
        await console.subscribe("calls")
        answer = await site.hub.ask(q.ReportCall(dialled="110", caller="13900000001", address="某路 1 号"), HUB)
        await console.until(answer.seq)
        row = console.tables["calls"][answer.subject]
        assert (row["caller"], row["address"]) == ("", "")


async def test_resuming_brings_what_was_missed_and_only_that(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        first = await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
        async with mirror(person) as console:
            await console.subscribe("calls")
            seq, tables = console.seq, console.tables
        second = await site.hub.ask(q.ReportCall(dialled="110", caller="2"), HUB)
        async with mirror(person) as console:
            console.tables = tables
            await console.subscribe("calls", after=seq)
            sent = [m for m in console.messages if m["type"] in ("delta", "snapshot")]
            assert [set(m["tables"]["calls"]) for m in sent] == [{second.subject}]
            assert set(console.tables["calls"]) == {first.subject, second.subject}


async def test_a_console_ahead_of_the_hub_gets_a_snapshot(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
        async with mirror(person) as console:
            await console.subscribe("calls", after=site.hub.committed_seq + 1)
            assert [m["type"] for m in console.messages] == ["welcome", "snapshot", "beat"]


async def test_a_filter_brings_only_the_rows_of_one_situation(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        opened = [
            (await site.hub.ask(q.OpenSituation(title=t, service="110", kind="accident", level=4), HUB)).subject
            for t in ("甲", "乙")
        ]
        async with mirror(person) as console:
            await console.subscribe("marks", situation=opened[0])
            assert {m["situation"] for m in console.tables["marks"].values()} == {opened[0]}
            answer = await site.hub.ask(q.NoteSituation(situation=opened[1], text="不相干"), HUB)
            answer = await site.hub.ask(q.NoteSituation(situation=opened[0], text="相干"), HUB)
            await console.until(answer.seq)
            assert {m["situation"] for m in console.tables["marks"].values()} == {opened[0]}


def refusals(code: str) -> float:
    return REGISTRY.get_sample_value("triune_console_messages_refused_total", {"code": code}) or 0.0


async def test_hostile_subscriptions_are_answered_and_the_connection_lives(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "dispatcher") as site,
        signed_in(site.http_url, "dispatcher") as person,
        mirror(person) as console,
    ):
        deep = '{"type":"subscribe","tables":' + '{"calls":' * 6000
        before = refusals("invalid_input"), refusals("no_right")
        for bad in (
            '{"type":"subscribe"}', "[]", "nonsense", "", deep, '{"type":"subscribe","tables":{"deadlines":{}}}',
            '{"type":"subscribe","tables":{"calls":{}},"after":-1}', '{"type":"beat"}',
        ):  # fmt: skip
            await console.socket.send_str(bad)
            assert (await console.take())["type"] == "refused", bad
        await console.socket.send_bytes(b'{"type":"subscribe","tables":{"calls":{}}}')
        assert (await console.take())["type"] == "refused"
        assert (refusals("invalid_input"), refusals("no_right")) == (before[0] + 8, before[1] + 1)
        await console.subscribe("calls")
        assert console.tables["calls"] == {}
        await console.socket.send_str(" " * (CONSOLE_MESSAGE_BYTES + 1))
        async with asyncio.timeout(60):
            while (message := await console.socket.receive()).type is not WSMsgType.CLOSE:
                pass
        assert message.data == WSCloseCode.MESSAGE_TOO_BIG
        assert refusals("invalid_input") == before[0] + 9


async def test_an_officer_is_sent_only_what_concerns_the_own_unit(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "officer") as site, signed_in(site.http_url, "officer") as person:
        hub = site.hub
        station = q.EnrolStation(
            station="st", name="所", service="110", lat=29.1, lon=113.1, leader="长", leader_phone="1"
        )
        await hub.ask(station, HUB)
        for unit in ("u1", "u2"):
            enrol = q.EnrolUnit(
                unit=unit, name=unit, kind="patrol_car", service="110", station="st", phone="1", officers=["甲"]
            )
            await hub.ask(enrol, HUB)
            await hub.ask(q.StartShift(unit=unit, until_ms=hub.clock.now_ms() + 3_600_000), HUB)
        situation = await hub.ask(q.OpenSituation(title="甲", service="110", kind="accident", level=4), HUB)
        async with mirror(person) as console:
            await console.subscribe("orders", "situations")
            await hub.ask(q.IssueOrder(situation=situation.subject, unit="u2"), HUB)
            mine = await hub.ask(q.IssueOrder(situation=situation.subject, unit="u1"), HUB)
            await console.until(mine.seq)
            assert set(console.tables["orders"]) == {mine.subject}
            assert set(console.tables["situations"]) == {situation.subject}
            status, _ = await person.ask(q.StepOrder(order=mine.subject, step="signed"))
            assert status == 200


async def _all_left(site: Site) -> None:
    async with asyncio.timeout(60):
        while len(site.context.spaces["live"].feed):
            await site.hub.read(lambda _: None)


@pytest.mark.parametrize(
    "change",
    [
        "signed out",
        "password changed",
        "disabled",
        "role taken",
        "device token replaced",
        "device token revoked",
    ],
)
async def test_an_open_console_ends_with_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(live, "CONSOLE_RECHECK_MS", 50)
    async with site_with_people(tmp_path, "wall") as site, signed_in(site.http_url, "wall") as person:
        accounts = site.context.accounts
        headers = {}
        if change.startswith("device"):
            await site.hub.ask(q.EnrolDevice(device="pbx", kind="pbx"), HUB)
            headers = {"Authorization": f"Bearer {await accounts.issue('pbx')}"}
        async with person.http.ws_connect("/api/v1/live", headers=headers) as socket:
            assert (await socket.receive_json(timeout=60))["type"] == "welcome"
            assert len(site.context.spaces["live"].feed) == 1
            match change:
                case "signed out":
                    await person.http.delete("/api/v1/session", headers={"X-CSRF-Token": person.csrf})
                case "password changed":
                    await accounts.set_password("wall", "another-password")
                case "disabled":
                    await accounts.disable("wall")
                case "role taken":
                    await accounts.set_roles("wall", frozenset({"officer"}))
                case "device token revoked":
                    await accounts.revoke("pbx")
                case _:
                    await accounts.issue("pbx")
            await socket.receive(timeout=60)
            assert socket.close_code == live.SESSION_ENDED
        await _all_left(site)


async def test_an_open_console_of_who_moves_to_another_unit_comes_again_as_that_person(  # R1050
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CONSOLE_RECHECK_MS", 50)
    async with site_with_people(tmp_path, "officer") as site, signed_in(site.http_url, "officer") as person:
        async with person.http.ws_connect("/api/v1/live") as socket:
            assert (await socket.receive_json(timeout=60))["actor"]["unit"] == "u1"
            await site.context.accounts.set_person("officer", "张", "u2")
            await socket.receive(timeout=60)
            assert socket.close_code == WSCloseCode.SERVICE_RESTART
        async with person.http.ws_connect("/api/v1/live") as socket:
            actor = (await socket.receive_json(timeout=60))["actor"]
            assert (actor["name"], actor["unit"]) == ("张", "u2")
        await _all_left(site)


async def test_nothing_follows_the_closing_frame_and_nothing_is_kept_for_its_answer(  # R1244
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CONSOLE_RECHECK_MS", 50)
    async with site_with_people(tmp_path, "wall") as site, signed_in(site.http_url, "wall") as person:
        feed = site.context.spaces["live"].feed
        async with person.http.ws_connect("/api/v1/live", autoclose=False) as socket:
            assert (await socket.receive_json(timeout=60))["type"] == "welcome"
            assert len(feed) == 1
            await site.context.accounts.disable("wall")
            assert (await socket.receive(timeout=60)).type == WSMsgType.CLOSE
            assert len(feed) == 0


async def test_a_ping_is_answered_with_its_text(tmp_path: Path) -> None:  # R1244
    async with site_with_people(tmp_path, "wall") as site, signed_in(site.http_url, "wall") as person:
        async with person.http.ws_connect("/api/v1/live", autoping=False) as socket:
            assert (await socket.receive_json(timeout=60))["type"] == "welcome"
            for text in (b"", "在吗".encode(), bytes(125)):
                await socket.ping(text)
                answer = await socket.receive(timeout=60)
                assert (answer.type, answer.data) == (WSMsgType.PONG, text)
            await socket.close()
            assert socket.close_code == WSCloseCode.OK
        await _all_left(site)


async def test_a_console_that_does_not_answer_any_more_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half open: its network is gone and nobody told the hub. It reads no ping and sends no pong."""
    monkeypatch.setattr(push, "CONSOLE_PING_MS", 100)
    monkeypatch.setattr("consoles.console.CONSOLE_SILENT_MS", 150)
    async with site_with_people(tmp_path, "wall") as site, signed_in(site.http_url, "wall") as person:
        url = URL(site.http_url)
        cookie = "; ".join(f"{c.key}={c.value}" for c in person.http.cookie_jar)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(
            f"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nCookie: {cookie}\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        assert b"101" in await reader.readline()
        async with asyncio.timeout(60):
            await reader.read()
        writer.close()
        await _all_left(site)


async def test_consoles_whose_process_is_stopped_are_let_go_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP: the kernel goes on taking bytes for them, and nobody reads. Rule R205."""
    async with crowded_site(tmp_path, "calls") as (site, crowd):
        await crowd.grow(20)
        await site.context.accounts.create("taker", "taker", frozenset({"call_taker"}), "", PASSWORD)
        async with signed_in(site.http_url, "taker") as person, mirror(person) as console:
            await console.subscribe("calls")
            feed = site.context.spaces["live"].feed
            assert len(feed) == 21
            # Not before: on a busy machine the crowd's process is as silent while it comes.
            monkeypatch.setattr(push, "CONSOLE_PING_MS", 400)
            monkeypatch.setattr("consoles.console.CONSOLE_SILENT_MS", 600)
            monkeypatch.setattr(push, "BEAT_MS", 100)
            os.kill(crowd.pid, signal.SIGSTOP)
            try:
                begun_ms = feed._listened_ms  # which leaves out what the hub itself was kept waiting
                async with asyncio.timeout(60):
                    while len(feed) > 1:
                        await console.take()
                assert feed._listened_ms - begun_ms < 400 * 1.5 + 2 * BEAT_MS
                answer = await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
                await console.until(answer.seq)
            finally:
                os.kill(crowd.pid, signal.SIGCONT)


async def test_connections_count_before_they_subscribe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CONSOLES", 2)
    async with (
        site_with_people(tmp_path, "wall") as site,
        signed_in(site.http_url, "wall") as person,
        mirror(person),
        mirror(person),
    ):
        status, problem = await person.get("/api/v1/live")
        assert (status, problem["code"]) == (429, "too_many")
