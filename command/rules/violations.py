"""Violations: found by the rules, put together as evidence, reviewed by people, sent on once."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor, Role
from command.facts import Recorded
from command.facts.violations import (
    Finding,
    ViolationClaimed,
    ViolationConfirmed,
    ViolationFound,
    ViolationOverdue,
    ViolationPacked,
    ViolationPlateCorrected,
    ViolationRejected,
    ViolationSent,
    ViolationTakenBack,
)
from command.kernel import ga36
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError
from command.kernel.limits import OPEN_VIOLATIONS, VIOLATION_AGAIN_MS, VIOLATION_CLAIM_MS, VIOLATION_TAKE_BACK_MS
from command.rows import DeadlineRow, RuleVersion, ViolationRow
from command.rules.base import Decision, check_room, decides, drop_deadline, fires, folds, over, set_deadline
from command.tables import Tables

REVIEW = "violation_review"
REVIEWERS: tuple[Role, ...] = ("dispatcher", "duty_leader", "commander", "camera_watch", "hub")
"""As far as roles go; that it is a person is asked besides."""
_DAY_MS = 24 * 60 * 60 * 1000
_UNREVIEWED = ("found", "confirmed_once")


@decides(q.ReportViolation, "hub")
def report_violation(t: Tables, request: q.ReportViolation, actor: Actor, now_ms: int) -> Decision:
    """By a version of a rule that was in force then; one passage is one violation, however often it is judged."""
    finding = request.finding
    version = _version(t, finding)
    if not (version.holds(finding.began_ms) and version.holds(finding.ended_ms)):
        raise InvalidInputError(f"version {version.version} of {finding.rule} was not in force then")
    for row in t.violations.of(finding.plate):
        if _same(row.finding, finding):
            return row.id
    check_room(t.violations, OPEN_VIOLATIONS)
    violation = t.next_id("v")
    yield ViolationFound(violation=violation, finding=finding, registered_by=version.by)
    return violation


@decides(q.RecordPack, "hub")
def record_pack(t: Tables, request: q.RecordPack, actor: Actor, now_ms: int) -> Decision:
    """Once pictures and clip came, or are known to be missing, the evidence is whole and changes no more.

    Nor does its manifest once somebody decided on it: what was looked at is what is sent.
    """
    row = t.violations.need(request.violation)
    is_decided = row.state != "found"
    if row.manifest and (row.clip != "pending" or (is_decided and request.manifest != row.manifest)):
        return row.id
    if (row.manifest, row.clip, row.unseen) != (request.manifest, request.clip, request.unseen):
        yield ViolationPacked(
            violation=row.id,
            manifest=request.manifest,
            clip=request.clip,
            clip_why=request.clip_why,
            parts=request.parts,
            unseen=request.unseen,
        )
    return row.id


@decides(q.ClaimViolation, *REVIEWERS)
def claim_violation(t: Tables, request: q.ClaimViolation, actor: Actor, now_ms: int) -> Decision:
    """Alone, for a while; asked again in its second half, the while is longer."""
    row = _to_review(t, request.violation, actor, now_ms)
    until_ms = row.claimed_until_ms or 0
    if row.claimed_by != actor.id or until_ms - now_ms <= VIOLATION_CLAIM_MS // 2:
        yield ViolationClaimed(violation=row.id, until_ms=now_ms + VIOLATION_CLAIM_MS)
    return row.id


@decides(q.CorrectViolationPlate, *REVIEWERS)
def correct_plate(t: Tables, request: q.CorrectViolationPlate, actor: Actor, now_ms: int) -> Decision:
    """By who looks at it; whoever confirms it later sees both."""
    row = _claimed(t, request.violation, actor, now_ms)
    plate = ga36.normalise(request.plate)
    if plate is None:
        raise InvalidInputError("not a number plate")
    if plate != (row.corrected or row.finding.plate):
        yield ViolationPlateCorrected(violation=row.id, plate=plate)
    return row.id


@decides(q.ConfirmViolation, *REVIEWERS)
def confirm_violation(t: Tables, request: q.ConfirmViolation, actor: Actor, now_ms: int) -> Decision:
    """By who looks at the evidence as it is now, of which each scene is there; by two where the county wants two."""
    row = _claimed(t, request.violation, actor, now_ms)
    _check_evidence(row, request.manifest)
    if row.unseen:
        raise ConflictError("the evidence does not show the scene: nobody can confirm it so", current=row)
    wanted = t.limits.interval_speed_reviewers if row.finding.kind == "interval_speed" else 1
    yield ViolationConfirmed(violation=row.id, manifest=request.manifest, final=len(row.reviewed_by) + 1 >= wanted)
    return row.id


@decides(q.RejectViolation, *REVIEWERS)
def reject_violation(t: Tables, request: q.RejectViolation, actor: Actor, now_ms: int) -> Decision:
    """Nothing comes of it; one of two is enough."""
    row = _claimed(t, request.violation, actor, now_ms)
    _check_evidence(row, request.manifest)
    text = request.text.strip()
    if request.reason == "other" and not text:
        raise InvalidInputError("another reason needs words")
    yield ViolationRejected(violation=row.id, manifest=request.manifest, reason=request.reason, text=text)
    return row.id


@decides(q.TakeBackViolation, *REVIEWERS)
def take_back(t: Tables, request: q.TakeBackViolation, actor: Actor, now_ms: int) -> Decision:
    """By who decided last, at once: the link to the case service waits for as long."""
    row = t.violations.need(request.violation)
    if row.state not in ("confirmed_once", "confirmed", "rejected"):
        raise ConflictError(f"violation {row.id} is {row.state}", state=row.state, current=row)
    if row.reviewed_by[-1] != actor.id:
        raise NoRightError("somebody else decided it")
    if now_ms - (row.reviewed_ms or 0) > VIOLATION_TAKE_BACK_MS:
        raise ConflictError("it is too late to take that back", current=row)
    yield ViolationTakenBack(violation=row.id)
    return row.id


@decides(q.RecordViolationSent, "hub")
def record_sent(t: Tables, request: q.RecordViolationSent, actor: Actor, now_ms: int) -> Decision:
    """Once."""
    row = t.violations.need(request.violation)
    if row.state == "confirmed":
        yield ViolationSent(violation=row.id, case=request.case)
    elif row.state != "sent":
        raise ConflictError(f"violation {row.id} is {row.state}", state=row.state)
    return row.id


@fires(REVIEW)
def review_overdue(t: Tables, deadline: DeadlineRow, now_ms: int) -> Decision:
    """Nobody finished it in time: it stays in the queue, and says so."""
    row = t.violations.need(deadline.subject)
    if row.state in _UNREVIEWED and not row.overdue:
        yield ViolationOverdue(violation=row.id)
    return row.id


def _version(t: Tables, finding: Finding) -> RuleVersion:
    match finding.kind:
        case "interval_speed":
            versions: tuple[RuleVersion, ...] = t.sections.need(finding.rule).versions
        case "restricted_area":
            versions = t.restrictions.need(finding.rule).versions
        case _:
            versions = t.regions.need(finding.rule).versions
    for version in versions:
        if version.version == finding.version:
            return version
    raise InvalidInputError(f"there is no version {finding.version} of {finding.rule}")


def _same(a: Finding, b: Finding) -> bool:
    if (a.kind, a.rule) != (b.kind, b.rule):
        return False
    again_ms = 0 if a.kind == "interval_speed" else VIOLATION_AGAIN_MS
    return a.began_ms <= b.ended_ms + again_ms and b.began_ms <= a.ended_ms + again_ms


def _to_review(t: Tables, violation: str, actor: Actor, now_ms: int) -> ViolationRow:
    """Return it where this person may look at it now."""
    if actor.has("hub"):
        raise NoRightError("a person reviews what the rules find")
    row = t.violations.need(violation)
    if row.state not in _UNREVIEWED:
        raise ConflictError(f"violation {row.id} is {row.state}", state=row.state, current=row)
    if row.claimed_by not in ("", actor.id) and now_ms < (row.claimed_until_ms or 0):
        raise ConflictError(f"{row.claimed_by} looks at violation {row.id}", by=row.claimed_by, current=row)
    if actor.id in row.reviewed_by:
        raise ConflictError("a second person has to look at it", current=row)
    if row.registered_by == actor.id:
        raise NoRightError("who registered the rule does not review what it finds")
    return row


def _claimed(t: Tables, violation: str, actor: Actor, now_ms: int) -> ViolationRow:
    row = _to_review(t, violation, actor, now_ms)
    if row.claimed_by != actor.id or now_ms >= (row.claimed_until_ms or 0):
        raise ConflictError(f"violation {row.id} is to be claimed first", current=row)
    return row


def _check_evidence(row: ViolationRow, manifest: str) -> None:
    if not row.manifest or row.manifest != manifest:
        raise ConflictError("the evidence is another by now: look at it again", current=row)


def _free_others(t: Tables, person: str, violation: str) -> None:
    for other in [row for row in t.violations if row.claimed_by == person and row.id != violation]:
        t.violations.put(replace(other, claimed_by="", claimed_until_ms=None))


@folds(ViolationFound)
def violation_found(t: Tables, fact: ViolationFound, r: Recorded) -> None:
    """In the queue, and due some day."""
    due_ms = r.at_ms + t.limits.violation_review_days * _DAY_MS
    t.violations.put(
        ViolationRow(
            id=fact.violation, finding=fact.finding, plate=fact.finding.plate, state="found",
            registered_by=fact.registered_by, found_ms=r.at_ms, due_ms=due_ms,
        )
    )  # fmt: skip
    set_deadline(t, REVIEW, fact.violation, due_ms)


@folds(ViolationPacked)
def violation_packed(t: Tables, fact: ViolationPacked, r: Recorded) -> None:
    """What to look at."""
    row = t.violations.need(fact.violation)
    t.violations.put(replace(row, manifest=fact.manifest, clip=fact.clip, clip_why=fact.clip_why, unseen=fact.unseen))


@folds(ViolationClaimed)
def violation_claimed(t: Tables, fact: ViolationClaimed, r: Recorded) -> None:
    """One at a time for each person."""
    _free_others(t, r.actor, fact.violation)
    row = t.violations.need(fact.violation)
    t.violations.put(replace(row, claimed_by=r.actor, claimed_until_ms=fact.until_ms))


@folds(ViolationPlateCorrected)
def violation_plate_corrected(t: Tables, fact: ViolationPlateCorrected, r: Recorded) -> None:
    """Beside the plate that was read."""
    t.violations.put(replace(t.violations.need(fact.violation), corrected=fact.plate, corrected_by=r.actor))


@folds(ViolationConfirmed)
def violation_confirmed(t: Tables, fact: ViolationConfirmed, r: Recorded) -> None:
    """For the second person, or for the case service."""
    row = t.violations.need(fact.violation)
    t.violations.put(
        replace(
            row, state="confirmed" if fact.final else "confirmed_once", reviewed_by=(*row.reviewed_by, r.actor),
            reviewed_ms=r.at_ms, claimed_by="", claimed_until_ms=None,
        )
    )  # fmt: skip
    if fact.final:
        drop_deadline(t, REVIEW, fact.violation)


@folds(ViolationRejected)
def violation_rejected(t: Tables, fact: ViolationRejected, r: Recorded) -> None:
    """Over."""
    row = t.violations.need(fact.violation)
    t.violations.put(
        replace(
            row, state="rejected", reviewed_by=(*row.reviewed_by, r.actor), reviewed_ms=r.at_ms, reason=fact.reason,
            text=fact.text, claimed_by="", claimed_until_ms=None,
        )
    )  # fmt: skip
    drop_deadline(t, REVIEW, fact.violation)
    over(t, r.at_ms, t.violations)


@folds(ViolationTakenBack)
def violation_taken_back(t: Tables, fact: ViolationTakenBack, r: Recorded) -> None:
    """To be reviewed as before, by the same person if they like: it is theirs to look at."""
    row = t.violations.need(fact.violation)
    before = row.reviewed_by[:-1]
    _free_others(t, r.actor, fact.violation)
    t.violations.put(
        replace(
            row, state="confirmed_once" if before else "found", reviewed_by=before, reviewed_ms=None, reason=None,
            text="", claimed_by=r.actor, claimed_until_ms=r.at_ms + VIOLATION_CLAIM_MS,
        )
    )  # fmt: skip
    if not row.overdue:
        set_deadline(t, REVIEW, fact.violation, row.due_ms)


@folds(ViolationSent)
def violation_sent(t: Tables, fact: ViolationSent, r: Recorded) -> None:
    """Over here; it goes on in the case service."""
    row = t.violations.need(fact.violation)
    t.violations.put(replace(row, state="sent", case=fact.case, sent_ms=r.at_ms))
    over(t, r.at_ms, t.violations)


@folds(ViolationOverdue)
def violation_overdue(t: Tables, fact: ViolationOverdue, r: Recorded) -> None:
    """Said in the queue."""
    t.violations.put(replace(t.violations.need(fact.violation), overdue=True))
    drop_deadline(t, REVIEW, fact.violation)
