"""Who may ask for what (SPEC R20), and that nothing is without a rule."""

from __future__ import annotations

import pytest
from msgspec import inspect as mi

from command import rules
from command.actors import DESK, ROLES, Role
from command.kernel.errors import NoRightError
from command.requests import REQUESTS
from command.tables import Tables
from tests.command.random_requests import RandomRequests
from tests.command.support import ACTORS, START_MS

WHO: dict[str, set[Role]] = {
    "report_call": {"exchange", "service", "call_taker", "dispatcher"},
    "answer_call": {"call_taker", "dispatcher"},
    "hang_up_call": {"exchange", "service", "call_taker", "dispatcher"},
    "locate_call": {*DESK, "exchange", "service"},
    "classify_call": {*DESK},
    "link_call": {*DESK},
    "end_call": {*DESK},
    "open_situation": {*DESK},
    "set_level": {"dispatcher", "commander", "duty_leader"},
    "locate_situation": {*DESK},
    "note_situation": {*DESK, "officer", "director"},
    "merge_situation": {"dispatcher", "commander"},
    "close_situation": {"dispatcher", "commander"},
    "pin_focus": {*DESK, "director"},
    "issue_order": {"call_taker", "dispatcher", "commander"},
    "step_order": {"officer", "dispatcher"},
    "feed_back": {"officer", "dispatcher"},
    "refuse_order": {"officer"},
    "recall_order": {"dispatcher", "commander"},
    "send_message": {*DESK},
    "record_message": {"service"},
    "fix_evidence": {*DESK, "officer", "camera_watch"},
    "enrol_station": {"administrator"},
    "enrol_unit": {"administrator"},
    "enrol_device": {"administrator"},
    "retire_station": {"administrator"},
    "retire_unit": {"administrator"},
    "retire_device": {"administrator"},
    "start_shift": {"administrator", "dispatcher", "officer"},
    "end_shift": {"administrator", "dispatcher", "officer"},
    "draw_fence": {"administrator", "commander"},
    "remove_fence": {"administrator", "commander"},
    "report_patrol": set(),
    "raise_sos": {"officer", "device", "dispatcher"},
    "clear_sos": {"dispatcher", "commander", "duty_leader"},
    "take_alarm": {*DESK, "camera_watch"},
    "shelve_alarm": {*DESK, "camera_watch"},
    "clear_alarm": {*DESK, "camera_watch"},
    "enrol_camera": {"administrator", "camera_watch"},
    "remove_camera": {"administrator"},
    "report_camera": set(),
    "set_recording": {"administrator"},
    "set_recordings": {"administrator"},
    "lock_recording": set(),
    "release_recording": set(),
    "record_clip": set(),
    "report_recorder": set(),
    "record_hub_taken_out": set(),
    "set_violation_section": {"administrator", "commander"},
    "set_violation_restriction": {"administrator", "commander"},
    "set_violation_regions": {"administrator", "commander"},
    "end_violation_rule": {"administrator", "commander"},
    "report_violation": set(),
    "record_violation_pack": set(),
    "record_violation_sent": set(),
    "claim_violation": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "correct_violation_plate": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "confirm_violation": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "reject_violation": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "take_back_violation": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "request_watch": {"call_taker", "dispatcher", "commander", "camera_watch", "officer"},
    "request_watches": {"call_taker", "dispatcher", "commander", "camera_watch", "officer"},
    "approve_watches": {"duty_leader", "commander"},
    "approve_watch": {"duty_leader", "commander"},
    "lift_watch": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "request_library": set(),
    "offer_library_file": set(),
    "approve_library": {"duty_leader", "commander"},
    "decline_library_file": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "offer_library_terms": {"call_taker", "dispatcher", "commander", "camera_watch", "officer"},
    "approve_library_terms": {"duty_leader", "commander"},
    "decline_library_terms": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "report_library": set(),
    "lift_library": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "restore_library_line": {"dispatcher", "duty_leader", "commander", "camera_watch"},
    "report_hit": set(),
    "confirm_hit": {"call_taker", "dispatcher", "commander", "camera_watch"},
    "reject_hit": {"call_taker", "dispatcher", "commander", "camera_watch"},
    "report_device_alarm": set(),
    "report_reading": set(),
    "report_link": set(),
    "record_query": set(),
    "publish_plan": {"administrator", "commander"},
    "activate_plan": {"commander", "duty_leader", "dispatcher"},
    "finish_task": {"call_taker", "dispatcher", "commander", "duty_leader", "camera_watch", "officer"},
    "next_phase": {"commander", "duty_leader"},
    "stand_down_plan": {"commander", "duty_leader"},
    "request_approval": {*DESK},
    "decide_approval": {"duty_leader", "commander", "service"},
    "record_approval_notice": {"service"},
    "record_case": {"service"},
    "send_to_wall": {"dispatcher", "commander", "duty_leader", "camera_watch", "director"},
    "take_off_wall": {"dispatcher", "commander", "duty_leader", "camera_watch", "director"},
    "fire_deadline": set(),
}
"""Besides the hub itself, which may ask for everything."""


def test_every_request_has_a_decision_and_every_fact_a_fold() -> None:  # R20
    assert rules.unruled() == (set(), set())
    assert set(WHO) == set(REQUESTS)


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("kind", sorted(REQUESTS))
def test_a_role_may_ask_for_this_and_nothing_else(kind: str, role: Role) -> None:  # R20
    maker = RandomRequests(0)
    tables = Tables()
    shape = mi.type_info(REQUESTS[kind])
    assert isinstance(shape, mi.StructType)
    fields = {f.name: maker._value(f.type, f.name, tables, START_MS) for f in shape.fields}
    request = REQUESTS[kind](**fields)
    if role == "hub" or role in WHO[kind]:
        rules.decide(tables, request, ACTORS[role], START_MS)  # not begun, so only the right is judged
    else:
        with pytest.raises(NoRightError):
            rules.decide(tables, request, ACTORS[role], START_MS)
