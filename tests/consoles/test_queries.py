"""Queries state a reason and are on record before they are answered (domain: 每次查询须填事由并留痕)."""

from __future__ import annotations

from pathlib import Path

import msgspec

from command import facts
from command import requests as q
from command.access.visibility import seen_by
from command.actors import Actor
from command.facts.scene import QueryMade
from command.readings import Sighting
from command.requests import AnswerCall, ReportCall
from command.rows import CallRow, OrderRow
from tests.consoles.support import signed_in, site_with_people


def passage(plate: str, at_ms: int) -> Sighting:
    return Sighting(
        camera="c1", plate=plate, colour="blue", first_ms=at_ms, last_ms=at_ms + 500, reads=4, confidence=0.99
    )


async def test_a_query_of_sightings_is_answered_and_stands_in_the_journal_under_the_askers_name(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "officer") as site, signed_in(site.http_url, "officer") as person:
        now_ms = site.clock.now_ms()
        await site.context.readings.add_sightings(
            "live", [passage("湘F12345", now_ms - 1000), passage("湘A00001", now_ms)]
        )
        status, found = await person.get("/api/v1/sightings?plate=湘F*&reason=盘查")
        assert (status, [s["plate"] for s in found]) == (200, ["湘F12345"])
        [stored] = await site.hub.journal.read("live", 0, 10)
        fact = facts.decode(stored.data, stored.seq)
        assert stored.actor == "officer"
        assert fact == QueryMade(what="sightings", terms="湘F*", reason="盘查", results=1)


async def test_a_query_without_a_reason_or_for_every_car_is_refused_and_leaves_no_answer(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "officer") as site, signed_in(site.http_url, "officer") as person:
        for path in ("plate=湘F*", "plate=*?*&reason=盘查", "plate=F&reason=盘查", "reason=盘查"):
            assert (await person.get(f"/api/v1/sightings?{path}"))[0] == 400, path
        assert site.hub.committed_seq == 0


async def test_nobody_writes_such_a_record_by_hand(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "commander") as site, signed_in(site.http_url, "commander") as person:
        record = q.RecordQuery(what="sightings", terms="湘F12345", reason="无", results=0)
        assert (await person.ask(record))[0] == 403


async def test_a_stale_expectation_gets_the_row_as_it_is_now(tmp_path: Path) -> None:  # R18
    async with (
        site_with_people(tmp_path, "dispatcher", "call_taker") as site,
        signed_in(site.http_url, "dispatcher") as one,
        signed_in(site.http_url, "call_taker") as other,
    ):
        call = (await one.ask(ReportCall(dialled="110", caller="13512345678")))[1]["subject"]
        assert (await one.ask(AnswerCall(call=call)))[0] == 200
        status, problem = await other.ask(AnswerCall(call=call))
        assert (status, problem["code"]) == (409, "conflict")
        assert problem["current"]["id"] == call
        assert (problem["current"]["state"], problem["current"]["answered_by"]) == ("answered", "dispatcher")


def test_a_conflict_shows_nobody_a_row_that_is_not_theirs() -> None:  # R20
    order = OrderRow(
        id="o1", situation="s1", unit="u2", text="", state="signed", issued_ms=1, issued_by="d", sign_by_ms=2
    )  # fmt: skip
    officer = Actor(id="o", name="o", roles=frozenset({"officer"}), unit="u1")
    assert seen_by(officer, order) is None
    assert seen_by(msgspec.structs.replace(officer, unit="u2"), order) == order
    assert seen_by(Actor(id="w", name="w", roles=frozenset({"administrator"})), order) is None
    call = CallRow(id="c1", dialled="110", caller="13512345678", state="answered", arrived_ms=1)
    seen = seen_by(Actor(id="w", name="w", roles=frozenset({"wall"})), call)
    assert isinstance(seen, CallRow)
    assert seen.caller == ""
    assert seen_by(officer, "no row") is None
