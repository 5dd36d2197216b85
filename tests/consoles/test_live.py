"""Push: snapshot, deltas, resume, filters, slow clients. Rules P1… of docs/SPEC.md."""

from __future__ import annotations

from pathlib import Path

from command import requests as q
from command.actors import HUB
from tests.consoles.support import mirror, signed_in, site_with_people


async def test_a_call_reaches_every_subscribed_console(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "call_taker") as site,
        signed_in(site.http_url, "call_taker") as person,
        mirror(person) as console,
    ):
        await console.subscribe("calls")
        status, answer = await person.ask(q.ReportCall(dialled="119", caller="13900000001"), key="call-0001")
        assert status == 200
        await console.until(answer["seq"])
        assert console.tables["calls"][answer["subject"]]["state"] == "ringing"
        status, again = await person.ask(q.ReportCall(dialled="119", caller="13900000001"), key="call-0001")
        assert (status, again) == (200, answer)


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
            await console.subscribe("calls", after=10_000)
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


async def test_hostile_subscriptions_are_answered_and_the_connection_lives(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "dispatcher") as site,
        signed_in(site.http_url, "dispatcher") as person,
        mirror(person) as console,
    ):
        for bad in ('{"type":"subscribe"}', "[]", "nonsense", '{"type":"subscribe","tables":{"deadlines":{}}}'):
            await console.socket.send_str(bad)
            assert (await console.take())["type"] == "refused", bad
        await console.subscribe("calls")
        assert console.tables["calls"] == {}


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
