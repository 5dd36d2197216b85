"""Tables: what a console missed, tombstones, undo (SPEC R17, R18)."""

from __future__ import annotations

from msgspec.structs import replace

from command.kernel.limits import TOMBSTONES
from command.rows import DeviceRow, MarkRow, WatchRow
from command.tables import Tables
from tests.command.support import in_change_order, picture


def put(t: Tables, key: str, unit: str = "") -> None:
    t.seq += 1
    t.devices.put(DeviceRow(id=key, kind="mobile", unit=unit))


def drop(t: Tables, key: str) -> None:
    t.seq += 1
    t.devices.drop(key)


def test_what_was_missed_is_the_newest_word_on_each_row() -> None:
    t = Tables()
    for key in ("a", "b", "c"):
        put(t, key)
    put(t, "a", "u1")
    drop(t, "b")
    drop(t, "none")
    assert t.devices.changes_since(6) == t.devices.changes_since(5) == {}
    assert t.devices.changes_since(4) == {"b": None}
    assert t.devices.changes_since(3) == {"b": None, "a": t.devices.need("a")}
    put(t, "b")
    assert t.devices.changes_since(5) == {"b": t.devices.need("b")}


def test_who_was_away_for_longer_than_drops_are_remembered_takes_a_snapshot() -> None:
    t = Tables()
    for n in range(TOMBSTONES + 1):
        put(t, f"d{n}")
        drop(t, f"d{n}")
    before = t.devices.changes_since(0)
    assert before is not None
    assert len(before) == TOMBSTONES + 1
    t.settle()
    assert t.devices.changes_since(1) is None
    after = t.devices.changes_since(2)
    assert after is not None
    assert len(after) == TOMBSTONES


def test_undo_takes_back_puts_and_drops_and_their_order() -> None:
    t = Tables()
    for key in ("a", "b", "c", "d"):
        put(t, key)
    drop(t, "c")
    drop(t, "d")
    t.settle()
    before = picture(t)
    point = t.savepoint()
    put(t, "a", "u1")
    drop(t, "b")
    put(t, "b", "u2")
    put(t, "c")
    drop(t, "a")
    put(t, "new")
    inner = t.savepoint()
    middle = picture(t)
    drop(t, "new")
    t.undo_to(inner)
    assert picture(t) == middle
    t.undo_to(point)
    assert picture(t) == before
    assert in_change_order(t.devices)
    assert t.settle() == {}


def mark(t: Tables, key: str, situation: str) -> None:
    t.seq += 1
    t.marks.put(MarkRow(id=key, situation=situation, at_ms=0, actor="hub", kind="noted", args={}))


def test_rows_of_a_group_are_found_also_after_drops_and_undoing() -> None:
    t = Tables()
    for key, situation in (("1", "s1"), ("2", "s2"), ("3", "s1"), ("3", "s1")):
        mark(t, key, situation)
    point = t.savepoint()
    t.marks.drop("1")
    t.marks.drop("2")
    mark(t, "4", "s2")
    assert {s: [m.id for m in t.marks.of(s)] for s in ("s1", "s2", "s3")} == {"s1": ["3"], "s2": ["4"], "s3": []}
    t.undo_to(point)
    assert {s: [m.id for m in t.marks.of(s)] for s in ("s1", "s2")} == {"s1": ["1", "3"], "s2": ["2"]}
    t.marks.keep_newest("s1", 1)
    assert [m.id for m in t.marks.of("s1")] == ["3"], "the oldest went, as before anything was undone"


def test_how_many_rows_are_open_is_counted_also_after_undoing() -> None:
    t = Tables()
    wanted = WatchRow(
        id="w", pattern="*", reason="x", level=2, until_ms=9, state="active", requested_by="a", requested_ms=1
    )
    t.watches.put(wanted)
    point = t.savepoint()
    t.watches.put(replace(wanted, ended_ms=5))
    t.watches.put(replace(wanted, id="v"))
    t.watches.put(replace(wanted, id="x"))
    t.watches.drop("w")
    assert t.watches.open == 2
    t.undo_to(point)
    assert t.watches.open == 1
    t.watches.drop("w")
    assert t.watches.open == 0
