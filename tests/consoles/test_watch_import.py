"""Watch lists by file over HTTP, and what an entry would have matched: who may, what is told, what is on record."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import openpyxl

from command import facts
from command.actors import HUB
from command.facts.scene import QueryMade
from command.readings import Sighting
from command.requests import ApproveWatches, EnrolCamera
from consoles.limits import WATCH_FILE_BYTES
from consoles.site import Site
from tests.consoles.support import Person, signed_in, site_with_people

CSV = "车牌,原因,有效期,形近\n湘F12345,被盗,30天,是\n湘FI2345,写错,30天,\n湘f·12345,重复,30天,是\n".encode("gbk")
IMPORT = "/api/v1/watches/import"


async def send(person: Person, data: bytes, key: str | None = None, query: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"X-CSRF-Token": person.csrf} | ({"Idempotency-Key": key} if key else {})
    async with person.http.post(IMPORT + query, data=io.BytesIO(data), headers=headers) as response:
        return response.status, msgspec.json.decode(await response.read())


async def check(person: Person, **asked: object) -> tuple[int, dict[str, Any]]:
    async with person.http.post(
        "/api/v1/watches/check", data=msgspec.json.encode(asked), headers={"X-CSRF-Token": person.csrf}
    ) as response:
        return response.status, msgspec.json.decode(await response.read())


async def patterns(site: Site) -> list[tuple[str, str]]:
    return await site.hub.read(lambda t: [(watch.pattern, watch.state) for watch in t.watches])


async def test_a_trial_tells_what_would_come_and_asks_for_nothing(tmp_path: Path) -> None:  # R544, R547
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        status, told = await send(person, CSV, query="?dry_run=1")
        assert (status, told["rows"], told["good"], told["requested"]) == (200, 3, 1, 0)
        assert [(each["row"], each["column"]) for each in told["problems"]] == [(3, "车牌")]
        assert [(each["row"], each["of"], each["of_row"]) for each in told["duplicates"]] == [(4, "file", 2)]
        assert told["entries"][0]["entry"]["look_alike"] is True
        assert await patterns(site) == []


async def test_what_is_right_is_asked_for_once_however_often_the_file_is_sent(tmp_path: Path) -> None:  # R547
    async with (
        site_with_people(tmp_path, "dispatcher", "duty_leader") as site,
        signed_in(site.http_url, "dispatcher") as person,
        signed_in(site.http_url, "duty_leader") as leader,
    ):
        status, first = await send(person, CSV, key="list-0001")
        assert (status, first["requested"]) == (200, 1)
        status, again = await send(person, CSV, key="list-0001")
        assert (status, again["requested"], again["batch"]) == (200, 1, first["batch"])
        status, other = await send(person, CSV, key="list-0002")
        assert (status, other["requested"]) == (200, 0)
        assert other["duplicates"][0] == {
            "row": 2,
            "pattern": "湘F12345",
            "of": "list",
            "of_row": 0,
            "watch": first["batch"],
        }
        assert await patterns(site) == [("湘F12345", "requested")]
        assert (await person.ask(ApproveWatches(watches=[first["batch"]])))[0] == 403
        assert (await leader.ask(ApproveWatches(watches=[first["batch"]])))[0] == 200
        assert await patterns(site) == [("湘F12345", "active")]


async def test_a_sheet_is_taken_and_what_is_no_list_is_refused(tmp_path: Path) -> None:  # R543, R544
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["plate", "reason", "until"], ["湘F54321", "stolen", "30 days"]):
        book.active.append(row)
    sheet = io.BytesIO()
    book.save(sheet)
    async with (
        site_with_people(tmp_path, "dispatcher", "wall") as site,
        signed_in(site.http_url, "dispatcher") as person,
        signed_in(site.http_url, "wall") as wall,
    ):
        assert (await send(person, sheet.getvalue()))[1]["requested"] == 1
        assert (await send(person, b"\x89PNG no list"))[0] == 400
        assert (await send(person, bytes(WATCH_FILE_BYTES + 1)))[0] == 413
        assert (await send(wall, CSV))[0] == 403
        assert await patterns(site) == [("湘F54321", "requested")]


async def test_an_entry_is_tried_against_what_passed_of_late_and_that_is_on_record(tmp_path: Path) -> None:  # R550
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        now_ms = site.clock.now_ms()
        await site.hub.ask(EnrolCamera(camera="c1", name="路口", lat=29.1, lon=113.1), HUB)
        await site.context.readings.add_sightings("live", [
            Sighting(
                camera="c1", plate=plate, colour="blue", first_ms=now_ms - ago, last_ms=now_ms, reads=3, confidence=0.9
            )
            for ago, plate in enumerate(("湘F80345", "湘FB0345", "湘F80345", "湘A00001"), start=1)
        ])  # fmt: skip
        for pattern, code in (("湘FI*", "impossible_pattern"), ("*", "invalid_input"), ("?F*", "invalid_input")):
            status, told = await check(person, pattern=pattern, reason="试")
            assert (status, told["code"], bool(told["detail"])) == (200, code, True)
        status, told = await check(person, pattern="湘f·8034?")
        assert (status, told["pattern"], "sightings" in told) == (200, "湘F8034?", False)
        before = site.hub.committed_seq
        status, told = await check(person, pattern="湘F80345", reason="嫌疑")
        assert (status, told["sightings"], [each["seen"] for each in told["plates"]]) == (200, 2, [2])
        status, told = await check(person, pattern="湘F80345", reason="嫌疑", look_alike=True)
        assert {each["plate"] for each in told["plates"]} == {"湘F80345", "湘FB0345"}
        recorded = [facts.decode(each.data, each.seq) for each in await site.hub.journal.read("live", before, 10)]
        made = [fact for fact in recorded if isinstance(fact, QueryMade)]
        assert [(fact.reason, fact.results) for fact in made] == [("嫌疑", 2), ("嫌疑", 3)]
        assert [fact.terms for fact in made] == [  # R864
            "watch 湘F80345, 30 days", "watch 湘F80345 and look-alikes, 30 days",
        ]  # fmt: skip


async def test_the_list_goes_out_as_a_file_with_a_reason_and_to_leaders_alone(tmp_path: Path) -> None:  # R546
    async with (
        site_with_people(tmp_path, "dispatcher", "duty_leader") as site,
        signed_in(site.http_url, "dispatcher") as person,
        signed_in(site.http_url, "duty_leader") as leader,
    ):
        await send(person, CSV)
        assert (await person.get("/api/v1/watches/export.csv?reason=x"))[0] == 403
        assert (await leader.get("/api/v1/watches/export.csv"))[0] == 400
        async with leader.http.get("/api/v1/watches/export.csv?reason=核对") as response:
            text = (await response.read()).decode("utf-8-sig")
        assert "湘F12345,被盗" in text
        async with person.http.get("/api/v1/watches/template.csv") as response:
            assert (await response.read()).decode("utf-8-sig").startswith("车牌,")
