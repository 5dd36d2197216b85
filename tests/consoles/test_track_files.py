"""Where patrols were, taken out as a file: on record with its hash, readable, harmless (SPEC R1060 to R1064)."""

from __future__ import annotations

import csv
import hashlib
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import hdrs
from msgspec.structs import replace

from command import requests as q
from command.actors import HUB
from command.kernel import limits
from command.kernel.geo import wgs84_to_gcj02
from command.kernel.local_time import local_text
from command.patrol.sos import stand_in
from command.readings import CallForHelp, Position
from consoles.http import track_files as module
from consoles.http.csv_file import csv_of
from tests.consoles.support import ROLES, Person, signed_in
from tests.consoles.test_sightings import recorded
from tests.consoles.test_tracks import ADMIN, HOUR_MS, LAT, LON, MINUTE_MS, fix, site_with

CIRCLE = {"lat": LAT, "lon": LON, "radius_m": 300}


async def take(person: Person, what: str, **terms: Any) -> tuple[int, bytes, Mapping[str, str]]:
    headers = {"X-CSRF-Token": person.csrf}
    data = msgspec.json.encode({"reason": "群众投诉", **terms})
    async with person.http.post(f"/api/v1/positions/{what}/file", data=data, headers=headers) as response:
        return response.status, await response.read(), response.headers


def parts(data: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What the file says of itself, and its rows by their heads."""
    text = data.decode()
    assert text.startswith("\ufeff"), "so that Excel and WPS read Chinese"
    assert text.count("\r\n") == text.count("\n")
    lines = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    end = lines.index([])
    head, *rows = lines[end + 1 :]
    return dict(line for line in lines[:end]), [dict(zip(head, row, strict=True)) for row in rows]


def shift(from_ms: int) -> list[Position]:
    """Of "car1": four minutes at a place, a leap that nobody believes, a call without a place, and a gap after it."""
    rest = [fix("car1", from_ms + n * MINUTE_MS, speed_kmh=0.0, heading_deg=90.0, accuracy_m=4.0) for n in range(5)]
    leap = fix("car1", rest[-1].at_ms + 1000, 90_000.0)
    call = CallForHelp(device="car1", at_ms=leap.at_ms + 1000, source="jt808")
    return [*rest, leap, stand_in(call, rest[-1])]


async def test_a_way_is_taken_out_whole_and_is_on_record_with_its_hash(tmp_path: Path) -> None:  # R1060, R1061
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        to_ms = site.clock.now_ms() // 1000 * 1000
        from_ms = to_ms - HOUR_MS
        fixes = shift(from_ms)
        await site.context.readings.add_positions("live", [*fixes, fix("radio1", from_ms), fix("car2", from_ms)])
        status, data, headers = await take(person, "track", unit="u1", case="s7", from_ms=from_ms, to_ms=to_ms)
        assert (status, headers[hdrs.CONTENT_TYPE]) == (200, "text/csv; charset=utf-8")
        about, rows = parts(data)
        assert about["内容"] == "轨迹：单位 巡1（u1）"
        assert (about["事由"], about["案件或警情"], about["行数"]) == ("群众投诉", "s7", "10")
        assert about["取出人"] == "dispatcher (dispatcher)"
        assert about["时段（北京时间）"] == f"{local_text(from_ms)} – {local_text(to_ms)}"
        assert about["小结 car1"].split("；")[1:] == [
            "有定位 0 小时 4 分 0 秒", "无定位 0 小时 56 分 0 秒（中断 1 次）", "行程 0.0 公里",
            f"最长停留 0 小时 4 分 0 秒（{local_text(from_ms)} 起）", "一键报警 1 次", "定位 6 个，其中未采信 1 个",
        ]  # fmt: skip
        car = [row for row in rows if row["设备"] == "car1"]
        assert [row["标记"] for row in car] == [
            *["停留 1"] * 5, "无定位 1", "漂移，未采信", "一键报警；位置不详",
        ]  # fmt: skip
        first, gap, call = car[0], car[5], car[7]
        assert (first["时间（北京时间）"], first["单位"]) == (local_text(from_ms), "巡1")
        assert (float(first["纬度 WGS-84"]), float(first["经度 WGS-84"])) == (LAT, LON)
        gcj = wgs84_to_gcj02(LAT, LON)
        assert (float(first["纬度 GCJ-02"]), float(first["经度 GCJ-02"])) == pytest.approx(gcj, abs=1e-6)
        assert (first["速度 km/h"], first["方向（度）"], first["精度 m"]) == ("0.0", "90.0", "4.0")
        assert first["来源"] == "JT/T 808 车载终端"
        assert (gap["时间（北京时间）"], gap["无定位至"]) == (local_text(fixes[4].at_ms), local_text(to_ms))
        assert (gap["纬度 WGS-84"], call["纬度 WGS-84"], call["精度 m"]) == ("", "", "")
        assert [row["标记"] for row in rows[8:]] == ["", "无定位 1"], "another device of the unit, and not another unit"
        [(actor, fact)] = await recorded(site)
        assert (actor, fact.what, fact.reason, fact.case) == ("dispatcher", "patrol_track_file", "群众投诉", "s7")
        assert fact.terms.endswith("; unit u1 巡1")
        assert (fact.results, fact.sha256) == (10, hashlib.sha256(data).hexdigest())
        digest = headers["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":")
        assert b64decode(digest).hex() == fact.sha256


async def test_who_was_there_is_taken_out_in_the_language_of_the_page(tmp_path: Path) -> None:  # R1060, R1063
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        at_ms = site.clock.now_ms() // 1000 * 1000 - HOUR_MS
        there = [fix("car1", at_ms), fix("car1", at_ms + 5000), fix("radio1", at_ms), fix("stray", at_ms + 1000)]
        await site.context.readings.add_positions("live", there)
        span = {"from_ms": at_ms, "to_ms": at_ms + MINUTE_MS}
        status, data, headers = await take(person, "present", circle=CIRCLE, language="en", **span)
        assert status == 200
        about, rows = parts(data)
        assert about["What"] == "Who was there: within 300 m of 29.14000,113.11000"
        assert [list(row.values()) for row in rows] == [
            ["巡1", "u1", "所", "car1", local_text(at_ms), local_text(at_ms + 5000), "2"],
            ["巡1", "u1", "所", "radio1", local_text(at_ms), local_text(at_ms), "1"],
            ["unit not known", "", "", "stray", local_text(at_ms + 1000), local_text(at_ms + 1000), "1"],
        ]
        assert list(rows[0])[:3] == ["Unit", "Unit ID", "Station"]
        assert 'filename="present-q' in headers[hdrs.CONTENT_DISPOSITION]
        ring = [[LON - 0.01, LAT - 0.01], [LON + 0.01, LAT - 0.01], [LON, LAT + 0.01]]
        _, data, _ = await take(person, "present", area=ring, **span)
        about, rows = parts(data)
        assert about["内容"].startswith("谁在现场：区域 29.13000,113.10000 ")
        assert len(rows) == 3
        assert [(fact.what, fact.results) for _, fact in await recorded(site)] == [("present_file", 3)] * 2


async def test_whoever_may_ask_may_take_out_and_nobody_else(tmp_path: Path) -> None:  # R1060
    may = {"dispatcher", "commander", "duty_leader"}
    span = {"from_ms": 0, "to_ms": 10}
    async with site_with(tmp_path, "", *ROLES) as site:
        await site.context.accounts.create("st1", "st1", frozenset({"dispatcher"}), "u1", "right-horse-battery")
        for role in ROLES:
            async with signed_in(site.http_url, role) as person:
                for what, terms in (("track", {"unit": "u1"}), ("present", {"circle": CIRCLE})):
                    status, _, _ = await take(person, what, **terms, **span)
                    assert status == (200 if role in may else 403), (role, what)
        assert {actor for actor, _ in await recorded(site)} == may
        async with signed_in(site.http_url, "st1") as person:
            assert (await take(person, "track", unit="u2", **span))[0] == 403
            assert (await take(person, "track", unit="u1", **span, reason=" "))[0] == 400
            assert (await take(person, "track", unit="u1", **span, language="fr"))[0] == 400


async def test_a_file_is_one_of_the_questions_of_an_hour(tmp_path: Path) -> None:  # R1060
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        for n in range(limits.QUERIES_AN_HOUR - 1):
            record = q.RecordQuery(what="sightings", terms=f"{n}", reason="办案", results=0)
            await site.hub.ask(record, replace(HUB, id="dispatcher"))
        assert (await take(person, "track", unit="u1", from_ms=0, to_ms=10))[0] == 200
        assert (await take(person, "track", unit="u1", from_ms=0, to_ms=10))[0] == 429


async def test_who_looks_after_questions_sees_the_hash(tmp_path: Path) -> None:  # R1060
    async with (
        site_with(tmp_path, "", "dispatcher", "duty_leader") as site,
        signed_in(site.http_url, "dispatcher") as person,
        signed_in(site.http_url, "duty_leader") as leader,
    ):
        _, data, _ = await take(person, "track", unit="u1", from_ms=0, to_ms=10)
        _, found = await leader.get("/api/v1/queries")
        assert [one["sha256"] for one in found["queries"]] == [hashlib.sha256(data).hexdigest()]


async def test_a_file_does_not_become_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # R1062
    monkeypatch.setattr(module, "PATROL_FILE_LINES", 3)
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        at_ms = site.clock.now_ms() - HOUR_MS
        await site.context.readings.add_positions("live", [fix("car1", at_ms + n) for n in range(3)])
        span: dict[str, Any] = {"from_ms": at_ms, "to_ms": at_ms + MINUTE_MS}
        assert (await take(person, "track", unit="u1", **span))[0] == 200
        await site.context.readings.add_positions("live", [fix("car1", at_ms + 3)])
        status, refused, _ = await take(person, "track", unit="u1", **span)
        assert (status, msgspec.json.decode(refused)["most"]) == (413, 3)
        assert b"a file holds 3 lines; ask for less time" in refused
        told = [(fact.results, bool(fact.sha256)) for _, fact in await recorded(site)]
        assert told == [(3, True), (0, False)], "that it was asked for is on record all the same"


async def test_no_cell_is_run_and_the_name_is_one_that_windows_takes(tmp_path: Path) -> None:  # R1063, R1064
    async with site_with(tmp_path, "", "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        unit = q.EnrolUnit(
            unit="u1", name='=cmd|"/c calc"!A1 : 巡?', kind="patrol_car", service="110", station="st1", phone="1",
            officers=[],
        )  # fmt: skip
        await site.hub.ask(unit, ADMIN)
        await site.hub.ask(q.EnrolDevice(device="013900001111", kind="osmand", unit="u1"), ADMIN)
        at_ms = site.clock.now_ms() - 1000
        await site.context.readings.add_positions("live", [fix("013900001111", at_ms)])
        terms: dict[str, Any] = {"unit": "u1", "reason": "@SUM(1+1)", "case": "-1", "from_ms": 0, "to_ms": at_ms}
        _, data, headers = await take(person, "track", **terms)
        about, rows = parts(data)
        assert (about["事由"], about["案件或警情"]) == ("'@SUM(1+1)", "'-1")
        assert {row["单位"] for row in rows} == {'\'=cmd|"/c calc"!A1 : 巡?'}
        assert "'013900001111" in {row["设备"] for row in rows}, "or a spreadsheet makes 1.39E+10 of it"
        [(_, fact)] = await recorded(site)
        stamp = local_text(at_ms)[:16].replace("-", "").replace(":", "").replace(" ", "-")
        plain, extended = headers[hdrs.CONTENT_DISPOSITION].removeprefix("attachment; ").split("; ")
        assert plain == f'filename="track-{fact.query}.csv"'
        name = "%E8%BD%A8%E8%BF%B9_%3Dcmd___c_calc_%21A1___%E5%B7%A1__19700101-0800_"
        assert extended == f"filename*=UTF-8''{name}{stamp}_{fact.query}.csv"


def test_what_a_spreadsheet_would_run_or_change_is_held_as_text() -> None:  # R1063
    cells = ["=1", "+1", "-1", "@x", " =1", "\t1", "＝1", "|1", "0139", "123456789012", "0", "12345678901", "巡1"]
    text = csv_of([], ["head"], ([cell] for cell in cells))
    told = [row[0] for row in list(csv.reader(text.splitlines()))[2:]]
    assert told == [*(f"'{cell}" for cell in cells[:10]), *cells[10:]]
