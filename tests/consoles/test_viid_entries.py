"""Which entries of the watch list are told to lower systems, and as what (SPEC R810, R811)."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from command.facts.watchlist import WatchArea, WatchHours
from command.rows import CameraRow, WatchRow
from consoles.parts.areas import Areas
from consoles.parts.viid import entries
from consoles.parts.viid.entries import Chosen, id_of
from consoles.parts.viid.entries import chosen as chosen_of
from edge.limits import VIID_CASCADE_TOLLGATES
from edge.viid.cascade import dispositions
from edge.viid.orders import is_cancelled, read_disposition
from edge.viid.values import Fields
from tests.edge.viid.site import NOW_MS, SERVER

PEER = "43062100005030000009"
END_MS = NOW_MS + 3_600_000


def watch(number: int, pattern: str = "湘F12345", **more: object) -> WatchRow:
    row = WatchRow(
        id=f"w{number}", pattern=pattern, reason="张三涉毒", level=2, until_ms=END_MS, state="active",
        requested_by="lisi", requested_ms=NOW_MS - 5000, approved_by="wangwu", office="刑侦大队",
    )  # fmt: skip
    return replace(row, **more)


def camera(number: int) -> CameraRow:
    return CameraRow(
        id=f"k{number}",
        name="南门",
        lat=29.1,
        lon=113 + number / 1000,
        bearing_deg=0.0,
        field_deg=60.0,
        reads_plates=True,
    )


def chosen(rows: list[WatchRow], cameras: list[CameraRow], devices: dict[str, str], server: str, now_ms: int) -> Chosen:
    inside = Areas().inside({row.area for row in rows if row.area}, cameras)
    return chosen_of(rows, inside, devices, server, now_ms)


def test_only_what_is_in_force_and_can_be_said_is_told() -> None:  # R810 R811
    cameras, devices = [camera(1), camera(2)], {"k1": "1" * 20, "k2": "2" * 20}
    ring = WatchArea(cameras=(), ring=((112.9, 29.0), (113.0015, 29.0), (113.0015, 29.2), (112.9, 29.2)))
    found = chosen(
        [
            watch(1, state="requested"), watch(2, state="lifted"), watch(3, state="expired"), watch(4, until_ms=NOW_MS),
            watch(5, "湘F123*"), watch(6, "湘F1234?"), watch(7, hours=WatchHours(from_min=0, to_min=60)),
            watch(8, area=WatchArea(cameras=("k9",), ring=())), watch(9, look_alike=True), watch(10, area=ring),
            watch(11, area=WatchArea(cameras=("k2", "k1"), ring=())), watch(12, action="intercept"),
        ],
        cameras, devices, SERVER, NOW_MS,
    )  # fmt: skip
    assert found.left == {"pattern": 2, "hours": 1, "area": 1}
    told = {entry.watch: entry.tollgates for entry in found.entries.values()}
    assert told == {"w9": (), "w10": ("1" * 20,), "w11": ("1" * 20, "2" * 20), "w12": ()}
    assert all(entry.plate == "湘F12345" for entry in found.entries.values())


def test_an_area_of_more_devices_than_others_read_is_not_told_as_a_smaller_one() -> None:  # R811
    cameras = [camera(number) for number in range(VIID_CASCADE_TOLLGATES + 1)]
    devices = {row.id: f"{number:020d}" for number, row in enumerate(cameras)}
    area = WatchArea(cameras=tuple(devices), ring=())
    assert chosen([watch(1, area=area)], cameras, devices, SERVER, NOW_MS).left == {"area": 1}
    found = chosen([watch(1, area=area)], cameras[1:], devices, SERVER, NOW_MS)
    (entry,) = found.entries.values()
    body = dispositions([entry], PEER, SERVER, "http://10.0.0.2:8120", NOW_MS)
    (told,) = Fields(body).inner("DispositionListObject").list("DispositionObject")
    assert len(read_disposition(told, SERVER, NOW_MS).tollgates) == VIID_CASCADE_TOLLGATES


def test_of_too_many_the_gravest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:  # R810
    monkeypatch.setattr(entries, "VIID_CASCADED", 2)
    rows = [watch(1, level=3), watch(2, level=1), watch(3, level=2, requested_ms=NOW_MS - 9000), watch(4, level=2)]
    found = chosen(rows, [], {}, SERVER, NOW_MS)
    assert [entry.watch for entry in found.entries.values()] == ["w2", "w3"]
    assert found.left == {"many": 2}


def test_entries_of_one_instant_have_ids_of_their_own_and_another_history_others() -> None:  # R810
    found = chosen([watch(number) for number in range(1, 2001)], [], {}, SERVER, NOW_MS)
    assert len(found.entries) == 2000
    assert {len(name) for name in found.entries} == {33}
    assert id_of(watch(7), SERVER) != id_of(watch(7, requested_ms=NOW_MS), SERVER)


def test_no_word_of_why_or_who_goes_out_and_our_own_reader_understands_it() -> None:  # R811
    (entry,) = chosen([watch(7, level=4)], [], {}, SERVER, NOW_MS).entries.values()
    body = dispositions([entry], PEER, SERVER, "http://10.0.0.2:8120", NOW_MS)
    text = json.dumps(body, ensure_ascii=False)
    assert not [word for word in ("张三", "lisi", "wangwu", "刑侦", "w7") if word in text]
    (told,) = Fields(body).inner("DispositionListObject").list("DispositionObject")
    read = read_disposition(told, SERVER, NOW_MS)
    assert (read.id, read.pattern, read.level, read.until_ms, read.tollgates) == (
        entry.id, "湘F12345", 3, END_MS // 1000 * 1000, (),
    )  # fmt: skip
    assert (read.address, read.applicant) == ("http://10.0.0.2:8120/VIID/DispositionNotifications", SERVER)
    assert not is_cancelled(told)
    ends = dispositions([entry], PEER, SERVER, "http://10.0.0.2:8120", NOW_MS, ends=True)
    (told,) = Fields(ends).inner("DispositionListObject").list("DispositionObject")
    assert is_cancelled(told)
    assert told.text("DispositionRemoveReason") == "已撤控"  # R853
