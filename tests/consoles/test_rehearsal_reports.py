"""What rehearsals came to is kept when they end, and taken out as a file (SPEC R1112)."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command.facts.plan_definition import Bilingual
from command.kernel.errors import UnknownIdError
from consoles.http.app import make_app
from consoles.http.rehearsal import rehearsals
from consoles.parts.serving import serving
from plans import reports
from plans.evaluate import Evaluation
from plans.reports import Report, Reports
from tests.consoles.support import Person, mirror, signed_in
from tests.consoles.test_rehearsal import BEGIN, director_at, post, view_once

REPORTS = "/api/v1/rehearsals/reports"


async def kept(person: Person) -> list[dict[str, Any]]:
    """Return the list of what earlier ones came to."""
    status, overview = await person.get("/api/v1/rehearsals")
    assert status == 200
    return list(overview["reports"])


async def table(person: Person, report: str, language: str) -> tuple[dict[str, str], list[dict[str, str]], str]:
    """Take a report out; gives what is said of it, its rows and what it is called."""
    async with person.http.get(f"{REPORTS}/{report}?language={language}") as answer:
        assert answer.status == 200
        text, name = (await answer.read()).decode("utf-8-sig"), answer.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(text)))
    blank = lines.index([])
    about = {line[0]: line[1] for line in lines[:blank]}
    return about, [dict(zip(lines[blank + 1], line, strict=True)) for line in lines[blank + 2 :]], name


@asynccontextmanager
async def director_at_again(tmp_path: Path) -> AsyncIterator[Person]:
    """The director at another start, on the same folder of reports."""
    (tmp_path / "again").mkdir()
    async with (
        director_at(tmp_path / "again") as (site, _, _),
        rehearsals(site.context, [], tmp_path / "reports") as routes,
        serving(make_app(site.context, routes), "127.0.0.1", 0) as url,
        signed_in(url, "director") as person,
    ):
        yield person


async def test_marks_outlast_the_rehearsal_and_the_hub_and_are_taken_out_as_a_file(tmp_path: Path) -> None:  # R1112
    async with director_at(tmp_path) as (_, url, person):
        assert await kept(person) == []
        await post(person, "", BEGIN | {"speed": "max"})
        view = await view_once(person, lambda run: run["state"] == "ended")
        async with mirror(person, "rehearsal-1") as console:
            while not await kept(person):  # at its end, whoever looks or not
                await console.take()
        _, ended = await person.get("/api/v1/rehearsals/rehearsal-1")
        await post(person, "/rehearsal-1/control", {"action": "stop"})
        [before] = await kept(person)
        assert ended["run"]["report"] == before["id"]
        assert before["whole"]
        assert before["total"] == view["evaluation"]["total"]
        async with signed_in(url, "wall") as wall:
            assert (await wall.get(f"{REPORTS}/{before['id']}"))[0] == 403
    async with director_at_again(tmp_path) as person:
        [report] = await kept(person)
        assert report == before
        about, rows, name = await table(person, report["id"], "zh")
        assert about["内容"].startswith("演练评估：")
        assert about["内容"].endswith("小演练")
        assert (about["导调"], about["总分（0–100）"]) == ("director", f"{report['total']:.1f}")
        assert about["演练中的时间"] == "2026-03-14 02:30:00 – 2026-03-14 03:30:00 (脚本走完)"
        assert about["任务"].startswith("按时 1，迟 1")
        assert [row["结果"] for row in rows] == ["迟", "按时", "进行中"]
        assert rows[0]["完成"] == "2026-03-14 02:39:00"
        assert rows[0]["完成人"] == "脚本"
        assert "rehearsal-" in name
        about, rows, _ = await table(person, report["id"], "en")
        assert about["What"].endswith("Small")
        assert [row["Mark"] for row in rows] == ["late", "on time", "open"]
        assert (await person.get(f"{REPORTS}/1-rehearsal-9"))[0] == 404
        assert (await person.get(f"{REPORTS}/{report['id']}?language=de"))[0] == 400


async def test_one_that_is_removed_or_loses_its_hub_on_the_way_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    async with director_at(tmp_path) as (_, _, person):  # R1112
        for space in ("rehearsal-1", "rehearsal-2", "rehearsal-3"):
            await post(person, "", BEGIN)
            await post(person, f"/{space}/control", {"action": "pause"})
        assert (await post(person, "/rehearsal-1/control", {"action": "stop"}))[0] == 204
        assert await kept(person) == [], "nothing of the plan was begun"
        for space in ("rehearsal-2", "rehearsal-3"):
            await post(person, f"/{space}/control", {"action": "jump", "to_s": 150})
        await view_once(person, lambda run: run["now_ms"] >= run["starts_ms"] + 150_000, "rehearsal-2")
        await view_once(person, lambda run: run["now_ms"] >= run["starts_ms"] + 150_000, "rehearsal-3")
        assert (await post(person, "/rehearsal-2/control", {"action": "stop"}))[0] == 204
        assert [(each["id"].split("-", 1)[1], each["whole"]) for each in await kept(person)] == [("rehearsal-2", False)]
    async with director_at_again(tmp_path) as person:
        left = await kept(person)
        assert {each["id"].split("-", 1)[1] for each in left} == {"rehearsal-2", "rehearsal-3"}
        about, rows, _ = await table(person, left[0]["id"], "zh")
        assert about["演练中的时间"].endswith("(中途撤除，脚本到 2026-03-14 03:30:00 为止)")
        assert [row["结果"] for row in rows] == ["进行中", "未下达", "未下达"]


def report(number: int) -> Report:
    """What one came to that was begun at an instant."""
    return Report(
        id=f"{number}-rehearsal-1", plan=Bilingual(zh="预案", en="Plan"), version="1", phases={},
        scenario=Bilingual(zh="脚本", en="Script"), by="director", began_ms=number, made_ms=number, starts_ms=0,
        ends_ms=1, now_ms=1,
        evaluation=Evaluation(marks=(), total=None, counted=0, on_time=0, late=0, missed=0, out_of_order=0),
        tasks=[], refused=0, told=0,
    )  # fmt: skip


def test_the_newest_are_kept_and_a_file_that_is_none_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1112
    monkeypatch.setattr(reports, "REPORTS_KEPT", 2)
    folder = Reports(tmp_path / "rehearsals")
    for number in (100, 20, 3000):
        folder.keep(report(number))
    assert [each.began_ms for each in folder.newest()] == [3000, 100]
    with pytest.raises(UnknownIdError):
        folder.need("20-rehearsal-1")
    (tmp_path / "rehearsals" / "zz.json").write_bytes(b"{")
    again = Reports(tmp_path / "rehearsals")
    assert again.newest() == folder.newest()
    assert msgspec.json.encode(again.need("100-rehearsal-1")) == msgspec.json.encode(report(100))


def test_one_that_a_disk_does_not_take_is_not_said_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1168
    folder = Reports(tmp_path / "rehearsals")

    def hangs(_descriptor: int) -> None:
        raise OSError("the disk hangs")

    with monkeypatch.context() as at_fault:
        at_fault.setattr(os, "fsync", hangs)
        with pytest.raises(OSError, match="the disk hangs"):
            folder.keep(report(100))
    assert folder.newest() == Reports(tmp_path / "rehearsals").newest() == []
    folder.keep(report(100))
    assert [each.id for each in Reports(tmp_path / "rehearsals").newest()] == ["100-rehearsal-1"]
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "rehearsals").glob("*rehearsal*")} == {0}
