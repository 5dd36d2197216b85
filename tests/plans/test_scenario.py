from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command.kernel.geo import distance_m
from plans.expand import expand
from plans.limits import SCENARIO_EVENTS
from plans.scenario import CallRings, UnitFix, UnitStep
from plans.scenario_format import Known, load_scenario
from plans.yaml_lines import PlanError

KNOWN = Known(
    units=frozenset({"u1", "u2"}),
    cameras=frozenset({"c1"}),
    phases=frozenset({"first"}),
    tasks=frozenset({"close", "cordon"}),
    approvals=frozenset({"cordon"}),
)

SCENARIO = """\
id: tanker-night
title: {zh: 夜间油罐车侧翻, en: Tanker on its side at night}
plan: tanker
starts_at: 2026-03-14T02:30:00+08:00
ends: 01:00:00
fix_every_s: 10
events:
  - {kind: call, at: 00:00:05, call: k1, dialled: 122, caller: 00010000001, text: 车翻了,
     place: {lat: 29.1, lon: 113.2}}
  - {kind: answer, at: 00:00:12, call: k1}
  - {kind: open, at: 00:01:00, call: k1, situation: s1, title: 侧翻, service: 122, incident: accident, level: 3,
     place: {lat: 29.1, lon: 113.2, text: G4}}
  - {kind: end_call, at: 00:01:10, call: k1, outcome: situation}
  - {kind: activate, at: 00:01:30, situation: s1}
  - {kind: order, at: 00:02:00, situation: s1, units: [u1], text: 前往, task: close}
  - {kind: respond, at: 00:02:00, unit: u1, sign_s: 20, depart_s: 60, arrive_s: 400, feed_back_s: 1800, result: 已处置}
  - kind: track
    at: 00:03:00
    unit: u1
    speed_kmh: 72
    waypoints:
      - {lat: 29.0, lon: 113.0}
      - {lat: 29.01, lon: 113.0}
      - {lat: 29.01, lon: 113.01}
  - kind: track
    at: 00:03:05
    unit: u2
    waypoints:
      - {lat: 29.0, lon: 113.0, after_s: 0}
      - {lat: 29.01, lon: 113.0, after_s: 20}
      - {lat: 29.01, lon: 113.0, after_s: 60}
  - {kind: sighting, at: 00:05:00, camera: c1, plate: 湘F12345}
  - {kind: camera_down, at: 00:06:00, camera: c1, reason: no route}
  - {kind: link_down, at: 00:06:00, link: case, reason: refused}
  - {kind: decide, at: 00:10:00, task: cordon, granted: true, by: 值班领导}
  - {kind: task_done, at: 00:11:00, task: close}
  - {kind: inject, at: 00:12:00, to: commander, text: 起火}
  - {kind: next_phase, at: 00:13:00, phase: first}
"""


def test_calls_steps_and_fixes_come_in_the_order_of_time() -> None:
    scenario = load_scenario(SCENARIO, KNOWN)
    assert scenario.starts_ms == int(datetime(2026, 3, 13, 18, 30, tzinfo=UTC).timestamp() * 1000)
    happened = expand(scenario)
    offsets = [happening.offset_ms for happening in happened]
    assert offsets == sorted(offsets)
    call = happened[0].event
    assert isinstance(call, CallRings)
    assert (happened[0].offset_ms, call.dialled, call.caller) == (5000, "122", "00010000001")
    steps = [(h.offset_ms, h.event.step, h.event.result) for h in happened if isinstance(h.event, UnitStep)]
    assert steps == [
        (140_000, "signed", ""),
        (180_000, "departed", ""),
        (520_000, "arrived", ""),
        (1_920_000, "fed_back", "已处置"),
    ]


def test_a_track_at_one_speed_becomes_a_fix_every_so_many_seconds() -> None:
    happened = expand(load_scenario(SCENARIO, KNOWN))
    fixes = [(h.offset_ms, h.event) for h in happened if isinstance(h.event, UnitFix) and h.event.unit == "u1"]
    # 1112 m north and 972 m east at 20 m/s last 104.220 s.
    assert [at for at, _ in fixes] == [180_000 + 10_000 * n for n in range(11)] + [180_000 + 104_220]
    for (_, a), (_, b) in pairwise(fixes[:6]):
        assert distance_m(a.lat, a.lon, b.lat, b.lon) == pytest.approx(200, abs=0.5)
    assert all(fix.speed_kmh == pytest.approx(72, abs=0.1) for _, fix in fixes)
    assert (fixes[0][1].heading_deg, round(fixes[-1][1].heading_deg)) == (0.0, 90)
    assert (fixes[-1][1].lat, fixes[-1][1].lon) == (29.01, 113.01)


def test_a_track_with_times_waits_where_its_author_says() -> None:
    happened = expand(load_scenario(SCENARIO, KNOWN))
    fixes = [
        (h.offset_ms - 185_000, h.event) for h in happened if isinstance(h.event, UnitFix) and h.event.unit == "u2"
    ]
    assert [(at, fix.lat) for at, fix in fixes] == [
        (0, 29.0), (10_000, 29.005), (20_000, 29.01), (30_000, 29.01), (40_000, 29.01), (50_000, 29.01),
        (60_000, 29.01),
    ]  # fmt: skip
    assert [fix.speed_kmh > 0 for _, fix in fixes] == [True, True, True, False, False, False, False]


def test_nothing_happens_after_the_end() -> None:
    short = SCENARIO.replace("ends: 01:00:00", "ends: 00:13:00")
    assert max(happening.offset_ms for happening in expand(load_scenario(short, KNOWN))) == 780_000


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: inject", "kind: «injects", "none of call, answer"),
        ("  - {kind: inject, ", "  - «{", "this key is missing; it is one of call, answer"),
        ("at: 00:12:00", "at: «0:12", "regex"),
        ("at: 00:12:00", "at: «02:00:00", "after the end"),
        ("ends: 01:00:00", "ends: «25:00:00", "at most 24 hours"),
        ("2026-03-14T02:30:00+08:00", "«2026-03-14", "Invalid RFC3339"),
        ("answer, at: 00:00:12, call: k1", "answer, at: 00:00:12, call: «k2", "no call k2"),
        ("answer, at: 00:00:12, call: k1", "answer, at: 00:00:01, call: «k1", "comes later"),
        ("answer, at: 00:00:12, call: k1", "call, at: 00:00:12, call: «k1", "already in the scenario"),
        ("activate, at: 00:01:30, situation: s1", "activate, at: 00:01:30, situation: «s9", "no situation s9"),
        ("units: [u1]", "units: [«u9]", "no unit u9"),
        ("units: [u1]", "units: «[]", "at least 1"),
        ("sighting, at: 00:05:00, camera: c1", "sighting, at: 00:05:00, camera: «c9", "no camera c9"),
        ("task_done, at: 00:11:00, task: close", "task_done, at: 00:11:00, task: «open", "no task open"),
        ("decide, at: 00:10:00, task: cordon", "decide, at: 00:10:00, task: «close", "needs no approval"),
        ("phase: first", "phase: «last", "no phase last"),
        ("after_s: 60", "after_s: «20", "times start at 0 and grow"),
        ("lon: 113.0, after_s: 0", "lon: 113.0, after_s: «1", "times start at 0 and grow"),
        ("{lat: 29.01, lon: 113.0, after_s: 60}", "«{lat: 29.01, lon: 113.0}", "each waypoint needs its time"),
        ("{lat: 29.01, lon: 113.01}", "{lat: 29.01, lon: 113.01, after_s: «5}", "one or the other"),
        ("arrive_s: 400", "arrive_s: «40", "before depart_s, at 60 s"),
        ("speed_kmh: 72", "speed_kmh: «900", "<= 300"),
        ("{lat: 29.01, lon: 113.01}", "{lat: «129.01, lon: 113.01}", "<= 90"),
    ],
)
def test_a_mistake_is_named_where_it_stands(old: str, new: str, says: str) -> None:
    assert SCENARIO.count(old) == 1
    before, after = SCENARIO.replace(old, new).split("«")
    with pytest.raises(PlanError) as caught:
        load_scenario(before + after, KNOWN)
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    there = [problem.message for problem in caught.value.problems if (problem.line, problem.column) == place]
    assert any(says in message for message in there), caught.value.problems


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(PlanError, match=r"line 4, column 12: starts_at: Expected `datetime` with a timezone"):
        load_scenario(SCENARIO.replace("+08:00", ""), KNOWN)


def test_too_many_events_or_fixes_are_refused() -> None:
    event = "  - {kind: inject, at: 00:00:01, to: officer, text: x}\n"
    with pytest.raises(PlanError, match=f"at most {SCENARIO_EVENTS} events"):
        load_scenario(SCENARIO + event * SCENARIO_EVENTS, KNOWN)
    track = """\
  - {kind: track, at: 00:00:00, unit: u1, speed_kmh: 0.001, waypoints: [{lat: 0, lon: 1}, {lat: 1, lon: 1}]}
"""
    slow = SCENARIO.replace("fix_every_s: 10", "fix_every_s: 1").replace("ends: 01:00:00", "ends: 24:00:00")
    with pytest.raises(PlanError, match="more than 200000 fixes and events"):
        load_scenario(slow + track * 3, KNOWN)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_edit_of_a_good_scenario_crashes_it(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SCENARIO)))
    end = data.draw(st.integers(start, min(len(SCENARIO), start + 40)))
    bits = st.sampled_from(["\n", "  - ", "{", "}", "[", "]", ": ", "null", "at: 99:59:59", "call: k1", "kind: track"])
    source = SCENARIO[:start] + data.draw(st.one_of(bits, st.text(max_size=8))) + SCENARIO[end:]
    try:
        expand(load_scenario(source, KNOWN))
    except PlanError as error:
        assert error.problems  # noqa: PT017 - loading may also succeed
