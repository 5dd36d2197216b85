"""Who is sent which tables and rows. Rules R101 and R103 of docs/SPEC.md."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from command.access.visibility import concerns, seen_by, sees_own_rows_only, shown, tables_of
from command.actors import ROLES, Actor, Role
from command.facts import Place
from command.rows import AlarmRow, CallRow, OrderRow, QueryRow, Row, SituationRow


def person(*roles: Role, unit: str = "") -> Actor:
    return Actor(id="li", name="李", roles=frozenset(roles), unit=unit)


CALL = CallRow(
    id="c1", dialled="110", caller="13512345678", state="ringing", arrived_ms=1, address="荣湾路", form={"name": "王"},
    linked_why="王某来电", outcome_why="王某", place=Place(lat=30.0, lon=104.0, text="荣湾路 1 号 2 单元"),
)  # fmt: skip
ORDER = OrderRow(
    id="o1", situation="s1", unit="u1", text="去看", state="issued", issued_ms=1, issued_by="li", sign_by_ms=2
)  # fmt: skip
SOS = AlarmRow(id="a1", kind="sos", level=1, subject="u2", situation="s2", state="raised", raised_ms=1)
QUERY = QueryRow(id="q1", by="li", at_ms=1, what="search", terms="", reason="", case="", results=0)
BY_HAND = SituationRow(
    id="s1", title="斗殴", service="110", kind="public_security", level=4, state="received", opened_ms=1, changed_ms=1
)


@pytest.mark.parametrize("role", ["device", "service", "hub"])
def test_what_is_no_person_mirrors_nothing(role: Role) -> None:
    assert tables_of(person(role)) == frozenset()


def test_another_role_shows_whole_only_what_that_role_shows() -> None:
    officer, watching = person("officer", unit="u1"), person("officer", "camera_watch", unit="u1")
    assert all(sees_own_rows_only(officer, table) for table in ("orders", "situations", "alarms", "evidence"))
    assert sees_own_rows_only(watching, "evidence")
    assert not sees_own_rows_only(watching, "situations")
    assert not sees_own_rows_only(person("dispatcher"), "orders")


def test_an_officer_without_a_unit_is_concerned_by_no_units_business() -> None:
    alarm = AlarmRow(id="a1", kind="link_down", level=4, subject="", situation="", state="raised", raised_ms=1)
    assert not concerns(BY_HAND, person("officer"))
    assert not concerns(alarm, person("officer"))
    assert concerns(BY_HAND, person("officer", unit="u1")) is False


def test_an_officer_sees_who_calls_for_help_and_what_came_of_the_own_call() -> None:  # R1130
    officer = person("officer", unit="u1")
    assert concerns(SOS, officer)
    own = replace(BY_HAND, source="u1")
    assert seen_by(officer, own) == own
    assert not concerns(replace(BY_HAND, source="u2"), officer)
    assert "cameras" not in tables_of(officer)


@pytest.mark.parametrize(
    ("who", "row", "seen"),
    [
        (person("officer", unit="u1"), ORDER, True),
        (person("officer", unit="u2"), ORDER, False),
        (person("officer", unit="u1"), CALL, False),
        (person("administrator"), ORDER, False),
        (person("dispatcher"), CALL, True),
        (person("dispatcher"), QUERY, False),
    ],
)
def test_a_conflict_tells_of_the_row_as_it_is_only_whom_it_is_shown(
    who: Actor, row: Row, *, seen: bool
) -> None:  # R1131
    assert seen_by(who, row) == (row if seen else None)
    assert seen_by(who, None) is None
    told = seen_by(person("wall"), CALL)
    assert isinstance(told, CallRow)
    assert told.caller == ""


@pytest.mark.parametrize("roles", [("wall",), ("wall", "officer"), ("wall", "administrator")])
def test_who_only_counts_calls_learns_nothing_of_callers(roles: tuple[Role, ...]) -> None:
    row = shown(CALL, person(*roles))
    assert isinstance(row, CallRow)
    assert (row.caller, row.address, row.form, row.linked_why, row.outcome_why) == ("", "", {}, "", "")
    assert row.place is None  # R1129
    assert row.state == CALL.state


def test_who_takes_calls_sees_them_whole_whatever_else_they_are() -> None:
    assert shown(CALL, person("wall", "call_taker")) is CALL


def test_who_watches_cameras_is_sent_what_alarms_are_about_and_no_calls() -> None:  # R1089
    shown_there = tables_of(person("camera_watch"))
    assert tables_of(person("wall")) - {"calls"} <= shown_there, "alarms name orders, tasks and approvals"
    assert shown_there.isdisjoint({"calls", "evidence", "messages", "devices"})


def test_who_reviews_violations_sees_them_and_who_sets_rules_sees_those() -> None:  # R609
    who = {role for role in ROLES if "violations" in tables_of(person(role))}
    assert who == {"dispatcher", "commander", "duty_leader", "director", "camera_watch"}
    assert {"sections", "restrictions", "regions"} <= tables_of(person("administrator"))
