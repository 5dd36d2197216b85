"""Registers, finding, review and sending of violations (SPEC R600, R601, R604, R609–R611)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from command.facts.violations import (
    Exemption,
    Finding,
    JudgedPassage,
    MeasuringPoint,
    PictureRegion,
    Restriction,
    SpeedSection,
    Step,
)
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError, TooManyError, UnknownIdError
from command.requests import (
    ClaimViolation,
    ConfirmViolation,
    CorrectViolationPlate,
    EndRule,
    RecordPack,
    RecordViolationSent,
    RejectViolation,
    ReportViolation,
    SetRegions,
    SetRestriction,
    SetSection,
    TakeBackViolation,
)
from command.rules import violation_register
from command.settings import Limits
from tests.command.support import ACTORS, ADMIN, COMMANDER, DISPATCHER, HOUR_MS, LEADER, START_MS, Desk, actor, desk

DAY_MS = 24 * HOUR_MS
MANIFEST = "ab" * 32
WATCH = ACTORS["camera_watch"]
LEFT = ((0.0, 0.2), (0.5, 0.2), (0.5, 1.0))


def point(camera: str) -> MeasuringPoint:
    return MeasuringPoint(camera=camera, device="GD", clock_error_ms=100, frame_error_ms=40)


def section(**changes: Any) -> SpeedSection:
    given: dict[str, Any] = {
        "name": "滨江路", "start": point("k1"), "end": point("k2"), "length_m": 2000.0, "length_error_m": 20.0,
        "measured_by": "计量所", "measured_ms": START_MS - DAY_MS, "limit_small_kmh": 60, "limit_large_kmh": 50,
        "certificate": "JL-1", "certificate_until_ms": START_MS + 300 * DAY_MS,
    }  # fmt: skip
    return SpeedSection(**given | changes)


async def registered(d: Desk, who: Any = ADMIN) -> int:
    """Register the section and return its version."""
    await d.ask(SetSection(section="sec1", definition=section()), who)
    version: int = (await d.row("sections", "sec1")).versions[0].version
    return version


def finding(version: int, after_s: int = 60, **changes: Any) -> Finding:
    from_ms = START_MS + after_s * 1000
    passages = tuple(
        JudgedPassage(
            camera=camera, first_ms=at_ms, last_ms=at_ms + 500, reads=5, confidence=0.97, source="camera",
            picture=MANIFEST, box=(1, 2, 30, 10),
        )
        for camera, at_ms in (("k1", from_ms), ("k2", from_ms + 80_000))
    )  # fmt: skip
    given: dict[str, Any] = {
        "kind": "interval_speed", "plate": "京A12345", "colour": "blue", "plate_kind": "ordinary", "rule": "sec1",
        "version": version, "passages": passages, "speed_kmh": 87.6, "limit_kmh": 60,
        "steps": (Step(step="speed", args={"speed_kmh": 87.6}),),
    }  # fmt: skip
    return Finding(**given | changes)


async def found(d: Desk, **changes: Any) -> str:
    """Return a violation whose pictures are there."""
    violation = await d.ask(ReportViolation(finding=finding(await registered(d), **changes)))
    await d.ask(RecordPack(violation=violation, manifest=MANIFEST, clip="pending"))
    return violation


@pytest.mark.parametrize(
    "definition",
    [
        section(end=point("k1")),
        section(measured_ms=START_MS + DAY_MS),
        section(certificate_until_ms=START_MS),
        section(length_m=100.0, length_error_m=100.0),
    ],
)
async def test_a_section_that_could_prove_nothing_is_refused(definition: SpeedSection) -> None:  # R600
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(SetSection(section="sec1", definition=definition), ADMIN)
        with pytest.raises(UnknownIdError):
            await d.ask(SetSection(section="sec1", definition=section(start=point("k9"))), ADMIN)


async def test_a_rule_never_holds_for_what_was_before_it() -> None:  # R600
    async with desk() as d:
        with pytest.raises(InvalidInputError, match="never for what was before"):
            await d.ask(SetSection(section="sec1", definition=section(), from_ms=START_MS - 1), ADMIN)
        await registered(d)
        await d.pass_time(HOUR_MS)
        await d.ask(SetSection(section="sec1", definition=section(limit_small_kmh=80)), COMMANDER)
        newest, former = (await d.row("sections", "sec1")).versions
        assert (former.from_ms, former.until_ms, former.by) == (START_MS, START_MS + HOUR_MS, "administrator")
        assert (newest.from_ms, newest.until_ms, newest.by) == (START_MS + HOUR_MS, None, "commander")
        assert former.holds(START_MS + HOUR_MS - 1)
        assert not former.holds(START_MS + HOUR_MS)
        await d.pass_time(HOUR_MS)
        await d.ask(EndRule(register="sections", rule="sec1", why="改造"), ADMIN)
        assert (await d.row("sections", "sec1")).versions[0].until_ms == START_MS + 2 * HOUR_MS
        with pytest.raises(ConflictError):
            await d.ask(EndRule(register="sections", rule="sec1", why="改造"), ADMIN)


async def test_a_version_that_was_to_come_gives_way_to_a_newer_one() -> None:  # R600
    async with desk() as d:
        await d.ask(SetSection(section="sec1", definition=section(), from_ms=START_MS + 9 * HOUR_MS), ADMIN)
        await d.ask(SetSection(section="sec1", definition=section(), from_ms=START_MS + HOUR_MS), ADMIN)
        newest, never = (await d.row("sections", "sec1")).versions
        assert newest.holds(START_MS + 10 * HOUR_MS)
        assert not never.holds(START_MS + 9 * HOUR_MS)


@pytest.mark.parametrize(
    "definition",
    [
        Restriction(name="a"),
        Restriction(name="a", ring=((114.0, 30.0), (114.0, 30.0), (114.0, 30.0))),
        Restriction(name="a", ring=((114.0, 30.0), (115.0, 31.0), (115.0, 30.0), (114.0, 31.0))),
        Restriction(name="a", ring=((114.0, 30.0), (115.0, 31.0), (float("nan"), 30.0))),
    ],
)
async def test_a_restriction_without_a_place_is_refused(definition: Restriction) -> None:  # R600
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(SetRestriction(restriction="r1", definition=definition), ADMIN)


async def test_exempt_plates_are_kept_as_plates_are_compared() -> None:  # R600
    async with desk() as d:
        exempt = (Exemption(plate="京a·12345", why="运钞车", until_ms=START_MS + DAY_MS),)
        await d.ask(
            SetRestriction(restriction="r1", definition=Restriction(name="a", cameras=("k1",), exempt=exempt)), ADMIN
        )
        [version] = (await d.row("restrictions", "r1")).versions
        assert version.definition.exempt[0].plate == "京A12345"


@pytest.mark.parametrize(
    "regions",
    [
        (PictureRegion(name="a", ring=LEFT, lane=1), PictureRegion(name="a", ring=LEFT, lane=2)),
        (PictureRegion(name="a", ring=LEFT, use="bus"),),
        (PictureRegion(name="a", ring=LEFT, travel="away"),),
        (PictureRegion(name="a", ring=((0.0, 0.0), (1.0, 1.0), (0.5, 0.5))),),
    ],
)
async def test_regions_that_cannot_be_judged_by_are_refused(regions: tuple[PictureRegion, ...]) -> None:  # R600
    async with desk() as d:
        with pytest.raises(InvalidInputError):
            await d.ask(SetRegions(camera="k1", regions=regions), ADMIN)


async def test_no_more_rules_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:  # R600
    monkeypatch.setattr(violation_register, "VIOLATION_RULES", 1)
    async with desk() as d:
        await registered(d)
        with pytest.raises(TooManyError):
            await d.ask(SetSection(section="sec2", definition=section()), ADMIN)
        await registered(d)  # another version takes no room
        await d.ask(EndRule(register="sections", rule="sec1", why="x"), ADMIN)
        await d.ask(SetSection(section="sec2", definition=section()), ADMIN)
        assert set(await d.table("sections")) == {"sec2"}  # the one that ended made room


async def test_one_drive_is_one_violation_however_often_it_is_judged() -> None:  # R604
    async with desk() as d:
        version = await registered(d)
        first = await d.ask(ReportViolation(finding=finding(version)))
        assert await d.ask(ReportViolation(finding=finding(version))) == first
        assert await d.ask(ReportViolation(finding=finding(version, after_s=70))) == first  # overlaps it
        assert await d.ask(ReportViolation(finding=finding(version, after_s=600))) != first  # once more through
        assert await d.ask(ReportViolation(finding=finding(version, plate="京B22222"))) != first
        with pytest.raises(InvalidInputError, match="not in force"):
            await d.ask(ReportViolation(finding=finding(version, after_s=-5)))
        with pytest.raises(InvalidInputError, match="no version"):
            await d.ask(ReportViolation(finding=finding(version + 1)))


async def test_it_is_reviewed_by_whoever_claimed_it_and_sent_once() -> None:  # R609, R611
    async with desk() as d:
        violation = await found(d)
        confirm = ConfirmViolation(violation=violation, manifest=MANIFEST)
        with pytest.raises(ConflictError, match="claimed first"):
            await d.ask(confirm, COMMANDER)
        await d.ask(ClaimViolation(violation=violation), COMMANDER)
        with pytest.raises(ConflictError, match="looks at"):
            await d.ask(ClaimViolation(violation=violation), LEADER)
        with pytest.raises(ConflictError, match="another by now"):
            await d.ask(replace(confirm, manifest="cd" * 32), COMMANDER)
        await d.ask(CorrectViolationPlate(violation=violation, plate="京a·12346"), COMMANDER)
        with pytest.raises(InvalidInputError):
            await d.ask(CorrectViolationPlate(violation=violation, plate="12345"), COMMANDER)
        await d.ask(confirm, COMMANDER)
        row = await d.row("violations", violation)
        assert (row.state, row.reviewed_by, row.plate, row.corrected) == (
            "confirmed", ("commander",), "京A12345", "京A12346",
        )  # fmt: skip
        with pytest.raises(ConflictError):
            await d.ask(ClaimViolation(violation=violation), LEADER)
        seq = d.hub.committed_seq
        for _ in range(2):
            await d.ask(RecordViolationSent(violation=violation, case="C1"))
        assert d.hub.committed_seq == seq + 1
        assert (await d.row("violations", violation)).case == "C1"
        await d.pass_time(25 * HOUR_MS)
        assert await d.table("violations") == {}


async def test_who_registered_the_rule_never_reviews_what_it_finds() -> None:  # R609
    async with desk() as d:
        version = await registered(d, COMMANDER)
        violation = await d.ask(ReportViolation(finding=finding(version)))
        with pytest.raises(NoRightError, match="registered"):
            await d.ask(ClaimViolation(violation=violation), COMMANDER)
        with pytest.raises(NoRightError, match="a person"):
            await d.ask(ClaimViolation(violation=violation))
        await d.ask(ClaimViolation(violation=violation), WATCH)


async def test_a_claim_ends_by_itself_or_with_the_next_one() -> None:  # R609
    async with desk() as d:
        version = await registered(d)
        first, second = [
            await d.ask(ReportViolation(finding=finding(version, after_s=after_s))) for after_s in (60, 600)
        ]
        await d.ask(ClaimViolation(violation=first), COMMANDER)
        await d.ask(ClaimViolation(violation=second), COMMANDER)
        await d.ask(ClaimViolation(violation=first), LEADER)
        await d.pass_time(11 * 60_000)
        await d.ask(ClaimViolation(violation=second), DISPATCHER)
        assert (await d.row("violations", second)).claimed_by == "dispatcher"
        seq = d.hub.committed_seq
        await d.ask(ClaimViolation(violation=second), DISPATCHER)
        assert d.hub.committed_seq == seq  # nothing new to say


async def test_a_rejection_names_its_reason() -> None:  # R609
    async with desk() as d:
        violation = await found(d)
        await d.ask(ClaimViolation(violation=violation), WATCH)
        with pytest.raises(InvalidInputError, match="words"):
            await d.ask(RejectViolation(violation=violation, manifest=MANIFEST, reason="other", text=" "), WATCH)
        await d.ask(RejectViolation(violation=violation, manifest=MANIFEST, reason="misread"), WATCH)
        row = await d.row("violations", violation)
        assert (row.state, row.reason, row.reviewed_by) == ("rejected", "misread", ("camera_watch",))
        with pytest.raises(ConflictError):
            await d.ask(RecordViolationSent(violation=violation, case="C1"))


async def test_two_different_people_confirm_a_speed_where_the_county_wants_two() -> None:  # R610
    async with desk(limits=Limits(interval_speed_reviewers=2)) as d:
        violation = await found(d)
        confirm = ConfirmViolation(violation=violation, manifest=MANIFEST)
        await d.ask(ClaimViolation(violation=violation), WATCH)
        await d.ask(confirm, WATCH)
        assert (await d.row("violations", violation)).state == "confirmed_once"
        with pytest.raises(ConflictError, match="second person"):
            await d.ask(ClaimViolation(violation=violation), WATCH)
        other = actor("camera_watch", "zhao")
        await d.ask(ClaimViolation(violation=violation), other)
        await d.ask(confirm, other)
        row = await d.row("violations", violation)
        assert (row.state, row.reviewed_by) == ("confirmed", ("camera_watch", "zhao"))


async def test_what_nobody_reviewed_in_time_is_overdue_and_stays() -> None:  # R609
    async with desk(limits=Limits(violation_review_days=2)) as d:
        violation = await found(d)
        await d.pass_time(2 * DAY_MS + 1)
        row = await d.row("violations", violation)
        assert (row.overdue, row.state) == (True, "found")
        await d.ask(ClaimViolation(violation=violation), WATCH)
        await d.ask(ConfirmViolation(violation=violation, manifest=MANIFEST), WATCH)
        assert (await d.row("violations", violation)).state == "confirmed"


async def test_a_decision_is_taken_back_at_once_by_who_made_it_or_not_at_all() -> None:  # R693
    async with desk() as d:
        violation = await found(d)
        before = await d.row("violations", violation)
        take_back = TakeBackViolation(violation=violation)
        with pytest.raises(ConflictError):
            await d.ask(take_back, WATCH)
        for decide in (
            ConfirmViolation(violation=violation, manifest=MANIFEST),
            RejectViolation(violation=violation, manifest=MANIFEST, reason="other", text="看不清"),
        ):
            await d.ask(ClaimViolation(violation=violation), WATCH)
            await d.ask(decide, WATCH)
            with pytest.raises(NoRightError, match="somebody else"):
                await d.ask(take_back, LEADER)
            await d.pass_time(9_000)
            await d.ask(take_back, WATCH)
            row = await d.row("violations", violation)
            assert (row.claimed_by, replace(row, claimed_by="", claimed_until_ms=None)) == ("camera_watch", before)
        await d.pass_time(11 * DAY_MS)
        assert (await d.row("violations", violation)).overdue, "it is due as before"
        await d.ask(ClaimViolation(violation=violation), WATCH)
        await d.ask(ConfirmViolation(violation=violation, manifest=MANIFEST), WATCH)
        await d.pass_time(11_000)
        with pytest.raises(ConflictError, match="too late"):
            await d.ask(take_back, WATCH)
        await d.ask(RecordViolationSent(violation=violation, case="C1"))
        with pytest.raises(ConflictError, match="sent"):
            await d.ask(take_back, WATCH)


async def test_of_two_confirmations_the_last_is_taken_back() -> None:  # R693
    async with desk(limits=Limits(interval_speed_reviewers=2)) as d:
        violation, other = await found(d), actor("camera_watch", "zhao")
        for who in (WATCH, other):
            await d.ask(ClaimViolation(violation=violation), who)
            await d.ask(ConfirmViolation(violation=violation, manifest=MANIFEST), who)
        await d.ask(TakeBackViolation(violation=violation), other)
        row = await d.row("violations", violation)
        assert (row.state, row.reviewed_by) == ("confirmed_once", ("camera_watch",))


async def test_what_was_confirmed_is_what_is_sent() -> None:  # R837
    async with desk(limits=Limits(interval_speed_reviewers=2)) as d:
        violation, other = await found(d), actor("camera_watch", "zhao")
        later = RecordPack(violation=violation, manifest="cd" * 32, clip="ready", parts=("ef" * 32,))
        for who, state in ((WATCH, "confirmed_once"), (other, "confirmed")):
            await d.ask(ClaimViolation(violation=violation), who)
            await d.ask(ConfirmViolation(violation=violation, manifest=MANIFEST), who)
            seq = d.hub.committed_seq
            await d.ask(later)
            row = await d.row("violations", violation)
            assert (row.state, row.manifest, row.clip, d.hub.committed_seq) == (state, MANIFEST, "pending", seq)
        await d.ask(replace(later, manifest=MANIFEST, clip="missing", clip_why="decided", parts=()))
        row = await d.row("violations", violation)
        assert (row.manifest, row.clip, row.clip_why) == (MANIFEST, "missing", "decided")


async def test_evidence_of_a_decision_that_was_taken_back_grows_again() -> None:  # R837
    async with desk() as d:
        violation = await found(d)
        await d.ask(ClaimViolation(violation=violation), WATCH)
        await d.ask(RejectViolation(violation=violation, manifest=MANIFEST, reason="misread"), WATCH)
        later = RecordPack(violation=violation, manifest="cd" * 32, clip="ready")
        await d.ask(later)
        assert (await d.row("violations", violation)).manifest == MANIFEST
        await d.ask(TakeBackViolation(violation=violation), WATCH)
        await d.ask(later)
        row = await d.row("violations", violation)
        assert (row.state, row.manifest, row.clip) == ("found", "cd" * 32, "ready")


async def test_evidence_that_is_whole_changes_no_more() -> None:  # R608
    async with desk() as d:
        violation = await found(d)
        await d.ask(RecordPack(violation=violation, manifest="cd" * 32, clip="missing", clip_why="not_recorded"))
        seq = d.hub.committed_seq
        await d.ask(RecordPack(violation=violation, manifest="ef" * 32, clip="ready"))
        row = await d.row("violations", violation)
        assert (row.manifest, row.clip, d.hub.committed_seq) == ("cd" * 32, "missing", seq)
