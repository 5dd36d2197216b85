"""Whose a device was at any instant (SPEC R923, R1033)."""

from __future__ import annotations

import pytest

from command.patrol.holders import Holding, devices_of, holder_at, holdings, known_from_ms, of_unit, turns
from command.rows import DeviceRow, HoldersRow
from command.tables import Tables


@pytest.fixture
def tables() -> Tables:
    t = Tables()
    for device in ("kept", "handed", "forgotten"):
        t.devices.put(DeviceRow(id=device, kind="jt808", unit="u1"))
    t.holders.put(HoldersRow(id="handed", units=("u2", "u1"), from_ms=(0, 100)))
    t.holders.put(HoldersRow(id="forgotten", units=("u1", "u2", "u1"), from_ms=(50, 70, 70)))
    return t


def test_each_instant_is_of_one_holder_however_it_is_asked_for(tables: Tables) -> None:
    for device in ("kept", "handed", "forgotten", "stranger"):
        of = list(holdings(tables, device, 10, 200))
        assert [(one.from_ms, one.to_ms) for one in of[:1] + of[-1:]] == [(10, of[0].to_ms), (of[-1].from_ms, 200)]
        for at_ms in range(10, 201):
            [one] = [held for held in of if held.from_ms <= at_ms <= held.to_ms]
            assert holder_at(tables, device, at_ms) == one.unit, (device, at_ms)
    assert [held.unit for held in holdings(tables, "forgotten", 10, 200)] == ["", "u1", "u1"]


def test_a_unit_is_told_of_what_it_is_known_to_have_had(tables: Tables) -> None:
    tables.devices.put(DeviceRow(id="handed", kind="jt808", unit="u3"))
    assert devices_of(tables, "u2") == ["forgotten", "handed"]
    assert of_unit(tables, "u2", 0, 200) == [Holding("handed", "u2", 0, 99)]
    assert (known_from_ms(tables, ["kept", "handed"]), known_from_ms(tables, ["kept", "forgotten"])) == (0, 50)


def test_turns_are_those_within_the_time(tables: Tables) -> None:
    assert turns(tables, 0, 99) == {"forgotten": (50, 70, 70)}
    assert turns(tables, 50, 100) == {"handed": (100,), "forgotten": (70, 70)}
    assert turns(tables, 100, 200) == {}
