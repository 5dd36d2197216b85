"""The harness itself: it finds what was lost, what happened twice, and what went back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from command import requests as q
from command.access.keys import SiteKey
from command.actors import HUB
from command.blobs import FolderBlobs
from command.hub import Hub
from command.journal.sqlite import SqliteJournal
from command.readings import Position, Sighting
from command.readings.sqlite import SqliteReadings
from consoles.http.context import LIVE
from tests.crash.audit import Auditor
from tests.crash.cars import WANTED, Passage, car
from tests.crash.ground import Ground
from tests.crash.ledger import Asked, Ledger
from tests.crash.screens import Picture
from tests.crash.waiting import CLOCK, ViolationError
from tests.damage import flipped

CALLERS = ("13500000001", "13500000002", "13500000003")


@asynccontextmanager
async def recording(data: Path) -> AsyncIterator[Hub]:
    SiteKey.load(data / "site.key")  # made before all that is sealed with it
    journal = SqliteJournal(data / "journal.sqlite3")
    try:
        hub = Hub(LIVE, CLOCK, journal)
        await hub.load()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(hub.run())
            yield hub
            running.cancel()
    finally:
        await journal.close()


async def asked_and_answered(hub: Hub, ledger: Ledger) -> None:
    for caller in CALLERS:
        request = q.ReportCall(dialled="110", caller=caller)
        asked = Asked("taker", f"key of {caller}", caller, request)
        ledger.note(asked)
        asked.answer = await hub.ask(request, HUB, asked.key)


async def test_a_record_that_kept_everything_is_counted_right_and_what_it_lacks_is_found(tmp_path: Path) -> None:
    ledger = Ledger()
    auditor = Auditor(Ground("sqlite", [], tmp_path), ledger)
    async with recording(tmp_path) as hub:
        await asked_and_answered(hub, ledger)
        await auditor.count()
        assert auditor.head == hub.head
        lost = q.ReportCall(dialled="110", caller="13599999999")
        ledger.note(Asked("taker", "lost", lost.caller, lost, ledger.asked[0].answer))
        with pytest.raises(ViolationError, match="stands in the record 0 times"):
            await auditor.count()


async def test_what_happened_twice_or_was_never_asked_is_found(tmp_path: Path) -> None:
    ledger = Ledger()
    async with recording(tmp_path) as hub:
        await asked_and_answered(hub, ledger)
        await hub.ask(ledger.asked[0].request, HUB, "the same under another key")
        with pytest.raises(ViolationError, match="stands in the record 2 times"):
            await Auditor(Ground("sqlite", [], tmp_path), ledger).count()
        del ledger.asked[0]
        with pytest.raises(ViolationError, match="what nobody asked for"):
            await Auditor(Ground("sqlite", [], tmp_path), ledger).count()


async def test_an_answer_that_names_something_else_is_found(tmp_path: Path) -> None:
    ledger = Ledger()
    async with recording(tmp_path) as hub:
        await asked_and_answered(hub, ledger)
        ledger.asked[0].answer = ledger.asked[1].answer
        with pytest.raises(ViolationError, match="was answered"):
            await Auditor(Ground("sqlite", [], tmp_path), ledger).count()


async def test_a_deadline_that_did_not_come_is_found(tmp_path: Path) -> None:
    ledger = Ledger()
    async with recording(tmp_path) as hub:
        station = q.EnrolStation(
            station="st1", name="所", service="110", lat=29.0, lon=113.0, leader="李", leader_phone="1"
        )
        unit = q.EnrolUnit(
            unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=[]
        )
        for request in (station, unit, q.StartShift(unit="u1", until_ms=CLOCK.now_ms() + 3_600_000)):
            await hub.ask(request, HUB)
        opened = await hub.ask(q.OpenSituation(title="a", service="110", kind="accident", level=3), HUB)
        order = q.IssueOrder(situation=opened.subject, unit="u1", text="go")
        ledger.note(Asked("commander", "order", "go", order, await hub.ask(order, HUB, "order")))
        with pytest.raises(ViolationError, match="came 0 times"):
            await Auditor(Ground("sqlite", [], tmp_path), ledger).count()


@pytest.mark.parametrize(
    ("reported", "stored", "wrong"),
    [([1, 2, 3], [1, 2, 3], None), ([1, 2, 3], [1, 3], "are lost"), ([1, 3], [1, 2, 3], "reported 2 fixes")],
)
async def test_fixes_are_counted(reported: list[int], stored: list[int], wrong: str | None, tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.fixes["car"] += reported
    async with recording(tmp_path) as hub:
        await asked_and_answered(hub, ledger)
    readings = SqliteReadings(tmp_path / "readings.sqlite3")
    fixes = [Position(device="car", at_ms=at_ms, lat=29.0, lon=113.0, source="jt808") for at_ms in stored]
    await readings.add_positions(LIVE, fixes)
    await readings.close()
    auditor = Auditor(Ground("sqlite", [], tmp_path), ledger)
    if wrong is None:
        await auditor.count()
    else:
        with pytest.raises(ViolationError, match=wrong):
            await auditor.count()


@pytest.mark.parametrize(
    ("stored", "wrong"),
    [
        ([("k1", "湘F00001", 1), ("k1", "湘F00001", 2), ("k2", "湘F00001", 1)], None),
        ([("k1", "湘F00001", 1), ("k1", "湘F00001", 2)], "1 acknowledged passages are lost, the first is .*k2"),
        (
            [("k1", "湘F00001", n) for n in (1, 2, 3)] + [("k2", "湘F00001", 1)],
            "1 passages are there twice or were never told: .*=3,",
        ),
        ([("k1", "湘F00001", 1), ("k1", "湘F00002", 2), ("k2", "湘F00001", 1)], "1 acknowledged passages are lost"),
    ],
)
async def test_passages_are_counted(stored: list[tuple[str, str, int]], wrong: str | None, tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.passages.update([Passage("k1", "湘F00001", n) for n in (1, 2)] + [Passage("k2", "湘F00001", 1)])
    async with recording(tmp_path) as hub:
        await asked_and_answered(hub, ledger)
    readings = SqliteReadings(tmp_path / "readings.sqlite3")
    seen = [
        Sighting(camera=camera, plate=plate, colour="blue", first_ms=at_ms, last_ms=at_ms, reads=1, confidence=0.9)
        for camera, plate, at_ms in stored
    ]
    await readings.add_sightings(LIVE, seen)
    await readings.close()
    auditor = Auditor(Ground("sqlite", [], tmp_path), ledger)
    if wrong is None:
        await auditor.count()
    else:
        with pytest.raises(ViolationError, match=wrong):
            await auditor.count()


@pytest.mark.parametrize(
    ("lost", "wrong"),
    [
        ("", None),
        ("its name", "1 acknowledged passages are lost"),
        ("picture", "1 pictures are lost"),
        ("byte", "is not whole"),
        ("hit", "1 acknowledged hits are lost"),
        ("once", "1 hits are there twice or were never told"),
    ],
)
async def test_pictures_and_hits_are_counted(lost: str, wrong: str | None, tmp_path: Path) -> None:
    ledger = Ledger()
    blobs = FolderBlobs(tmp_path / "blobs", SiteKey.load(tmp_path / "site.key").box("blobs"))
    async with recording(tmp_path) as hub:
        await asked_and_answered(hub, ledger)
        await hub.ask(q.EnrolCamera(camera="k1", name="k1", lat=29.0, lon=113.0), HUB)
        entry = q.RequestWatch(pattern=WANTED, reason="失窃", level=2, until_ms=CLOCK.now_ms() + 3_600_000)
        watch = (await hub.ask(entry, HUB)).subject
        await hub.ask(q.ApproveWatch(watch=watch), HUB)
        seen = car("k1", 10, CLOCK.now_ms(), WANTED)
        ledger.saw(seen)
        passage = seen.sighting
        hit = q.ReportHit(
            watch=watch, plate=WANTED, camera="k1", seen_ms=passage.first_ms, confidence=0.9,
            picture=passage.picture or "",
        )  # fmt: skip
        if lost != "hit":
            await hub.ask(hit, HUB)
        if lost == "once":
            await hub.ask(replace(hit, seen_ms=passage.first_ms - 1), HUB)
    if lost != "picture":
        name = await blobs.add(seen.jpeg)
        if lost == "byte":
            path = tmp_path / "blobs" / name[:2] / name
            path.write_bytes(flipped(path.read_bytes()))
    readings = SqliteReadings(tmp_path / "readings.sqlite3")
    await readings.add_sightings(LIVE, [replace(passage, picture=None) if lost == "its name" else passage])
    await readings.close()
    auditor = Auditor(Ground("sqlite", [], tmp_path), ledger)
    if wrong is None:
        await auditor.count()
    else:
        with pytest.raises(ViolationError, match=wrong):
            await auditor.count()


def test_a_picture_that_goes_back_is_found() -> None:
    picture = Picture()
    picture.take({"type": "snapshot", "seq": 7, "table": "positions", "rows": {"u1": {"at_ms": 5}}}, "hub1")
    with pytest.raises(ViolationError, match="went back"):
        picture.take({"type": "beat", "seq": 6, "accepting": True}, "hub2")
    older = {"type": "delta", "seq": 7, "tables": {"positions": {"u1": {"at_ms": 4}}}}
    with pytest.raises(ViolationError, match="an older place"):
        picture.take(older, "hub1")
    picture.take({"type": "delta", "seq": 8, "tables": {"positions": {"u1": {"at_ms": 6}}}}, "hub1")
    picture.join()
    picture.take({"type": "delta", "seq": 8, "tables": {"positions": {"u1": {"at_ms": 4}}}}, "hub2")
    assert picture.tables["positions"]["u1"] == {"at_ms": 6}, "the later place is kept, as in the pages"


def test_an_order_that_goes_back_is_found() -> None:
    picture = Picture()
    issued = {"state": "issued", "overdue": False}
    rows = {"orders": {"o1": issued | {"overdue": True}}}
    picture.take({"type": "delta", "seq": 1, "tables": rows}, "hub1")
    picture.join()
    with pytest.raises(ViolationError, match="an older order"):
        picture.take({"type": "snapshot", "seq": 2, "table": "orders", "rows": {"o1": issued}}, "hub2")
