"""Approvals, warnings and cases (SPEC R79-R84)."""

from __future__ import annotations

import pytest

from command.kernel.errors import ConflictError, InvalidInputError, UnknownIdError
from command.requests import DecideApproval, RecordApprovalNotice, RecordCase, RequestApproval
from tests.command.support import ACTORS, COMMANDER, HOUR_MS, LEADER, MINUTE_MS, START_MS, Desk, desk

SERVICE = ACTORS["service"]


async def asked(d: Desk, **changes: object) -> str:
    given: dict[str, object] = {"item": "封路", "subject": "省道", "due_minutes": 20} | changes
    return await d.ask(RequestApproval(**given), COMMANDER)  # type: ignore[arg-type]  # tests vary the fields


async def test_the_yellow_and_the_red_warning_come_once_each() -> None:  # R79
    async with desk() as d:
        row = await asked(d)
        assert (await d.row("approvals", row)).warn_ms == START_MS + 15 * MINUTE_MS
        await d.pass_time(15 * MINUTE_MS)
        yellow = await d.alarm("approval_warning", row)
        assert yellow is not None
        assert yellow.level == 4
        await d.pass_time(5 * MINUTE_MS)
        assert await d.alarm("approval_warning", row) is None
        red = await d.alarm("approval_overdue", row)
        assert red is not None
        assert (red.level, red.count) == (2, 1)
        await d.pass_time(HOUR_MS)
        await d.ask(DecideApproval(approval=row, granted=True), LEADER)
        assert await d.table("alarms") == {}
        decided = await d.row("approvals", row)
        assert (decided.state, decided.overdue, decided.warned, decided.decided_by) == (
            "granted", True, True, "duty_leader",
        )  # fmt: skip


async def test_a_decision_in_time_needs_no_warning() -> None:  # R79
    async with desk() as d:
        row = await asked(d)
        await d.ask(DecideApproval(approval=row, granted=False, why="x"), LEADER)
        await d.pass_time(HOUR_MS)
        decided = await d.row("approvals", row)
        assert (decided.warned, decided.overdue, decided.decided_ms) == (False, False, START_MS)
        assert set(await d.table("deadlines")) == {"sweep:tables"}  # R165, and no warning any more


async def test_an_approval_is_decided_once() -> None:  # R80
    async with desk() as d:
        row = await asked(d)
        await d.ask(DecideApproval(approval=row, granted=True, by="张书记"), SERVICE)
        await d.ask(DecideApproval(approval=row, granted=True), LEADER)
        assert (await d.row("approvals", row)).decided_by == "张书记"
        with pytest.raises(ConflictError):
            await d.ask(DecideApproval(approval=row, granted=False), LEADER)


async def test_nobody_decides_what_they_asked_for_or_in_anothers_name() -> None:  # R81
    async with desk() as d:
        row = await asked(d)
        with pytest.raises(ConflictError):
            await d.ask(DecideApproval(approval=row, granted=True), COMMANDER)
        await d.ask(DecideApproval(approval=row, granted=True, by="县长"), LEADER)
        assert (await d.row("approvals", row)).decided_by == "duty_leader"


async def test_the_services_warning_and_the_hubs_are_one() -> None:  # R82
    async with desk() as d:
        row = await asked(d)
        for notice in ("warned", "overdue", "overdue", "warned"):
            await d.ask(RecordApprovalNotice(approval=row, notice=notice), SERVICE)
        seq = d.hub.committed_seq
        await d.pass_time(HOUR_MS)
        assert d.hub.committed_seq == seq
        red = await d.alarm("approval_overdue", row)
        assert red is not None
        assert red.count == 1
        with pytest.raises(UnknownIdError):
            await d.ask(RecordApprovalNotice(approval="none", notice="warned"), SERVICE)


async def test_a_late_yellow_warning_says_nothing_beside_the_red_one() -> None:  # R82
    """Notices of the service may come out of order."""
    async with desk() as d:
        row = await asked(d)
        await d.ask(RecordApprovalNotice(approval=row, notice="overdue"), SERVICE)
        await d.ask(RecordApprovalNotice(approval=row, notice="warned"), SERVICE)
        assert await d.alarm("approval_warning", row) is None


async def test_the_warning_comes_before_the_due_time() -> None:  # R83
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await asked(d, warn_minutes=21)
        with pytest.raises(UnknownIdError):
            await asked(d, situation="none")


async def test_a_case_is_what_the_case_service_says() -> None:  # R84
    async with desk() as d:
        situation = await d.situation()
        case = RecordCase(case="〔2026〕12号", situation=situation, step="opened")
        for _ in range(2):
            await d.ask(case, SERVICE)
        assert (await d.row("situations", situation)).case == "〔2026〕12号"
        await d.ask(RecordCase(case="〔2026〕12号", situation=situation, step="assessed", closed=True), SERVICE)
        row = await d.row("cases", "〔2026〕12号")
        assert (row.step, row.closed_ms) == ("assessed", START_MS)
        kinds = [m.kind for m in await d.marks(situation)]
        assert kinds == ["situation_opened", "case_opened", "case_advanced", "case_closed"]
        with pytest.raises(UnknownIdError):
            await d.ask(RecordCase(case="x", situation="none", step="opened"), SERVICE)
