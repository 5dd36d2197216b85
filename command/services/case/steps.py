"""The seven steps of a case (案卷), pure: opening, advancing, returning (退回), assessing.

The steps are those of digital city management (CJ/T 315, GB/T 30428): 信息采集 collected, 案卷建立 opened,
任务派遣 assigned, 任务处理 handled, 处理反馈 fed back, 核实结案 verified, 考核评价 assessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never, get_args

import msgspec

from command.facts.plans import CaseStep
from command.kernel.errors import InvalidInputError, TooManyError
from command.kernel.limits import CASE_STEPS, CLOCK_SKEW_MS
from command.links.service_messages import Case, CaseAssessment, CaseEventKind, CaseMove, CaseOpening, CaseStepTaken
from command.services.problems import StaleRowError

STEPS: tuple[CaseStep, ...] = get_args(CaseStep)

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS

STEP_LIMITS_MS: Mapping[CaseStep, int] = {
    "assigned": 30 * _MINUTE_MS,
    "handled": 24 * _HOUR_MS,
    "fed_back": 4 * _HOUR_MS,
    "verified": 24 * _HOUR_MS,
    "assessed": 72 * _HOUR_MS,
}
"""Time for each step from the one before: our own defaults, since no national figure was found."""

_RETURNABLE: tuple[CaseStep, ...] = ("assigned", "handled", "fed_back")


def open_case(number: str, opening: CaseOpening, now_ms: int, limits_ms: Mapping[CaseStep, int]) -> Case:
    """Return the new case: collected when the report says, opened now."""
    if opening.at_ms > now_ms + CLOCK_SKEW_MS:
        raise InvalidInputError("at_ms lies in the future", now_ms=now_ms)
    collected = CaseStepTaken(step="collected", at_ms=min(opening.at_ms, now_ms), by=opening.source)
    opened = CaseStepTaken(step="opened", at_ms=now_ms, by=opening.source)
    return Case(
        number=number,
        situation=opening.situation,
        source=opening.source,
        kind=opening.kind,
        level=opening.level,
        title=opening.title,
        place=opening.place,
        step="opened",
        opened_ms=now_ms,
        changed_ms=now_ms,
        due_ms=_due_ms("opened", now_ms, limits_ms),
        closed_ms=None,
        history=(collected, opened),
        violation=opening.violation or None,
    )


def move_case(case: Case, move: CaseMove, now_ms: int, limits_ms: Mapping[CaseStep, int]) -> tuple[Case, CaseEventKind]:
    """Return the case after one step on or back, and what to call that.

    Clocks differ: an instant a little before the last step or after now is taken as that. Raises `StaleRowError`
    for a step out of order, `InvalidInputError` for an instant further off than `CLOCK_SKEW_MS` or a return
    without a reason, `TooManyError` past `CASE_STEPS`.
    """
    if len(case.history) >= CASE_STEPS:
        raise TooManyError(f"case {case.number} has been moved too often", limit=CASE_STEPS)
    last_ms = case.history[-1].at_ms
    if not last_ms - CLOCK_SKEW_MS <= move.at_ms <= now_ms + CLOCK_SKEW_MS:
        raise InvalidInputError("at_ms lies before the last step or in the future", last_ms=last_ms, now_ms=now_ms)
    move = msgspec.structs.replace(move, at_ms=max(last_ms, min(move.at_ms, now_ms)))
    match move.move:
        case "advance":
            return _advance(case, move, limits_ms)
        case "return":
            return _return(case, move, limits_ms), "case.returned"
        case never:
            assert_never(never)


def _advance(case: Case, move: CaseMove, limits_ms: Mapping[CaseStep, int]) -> tuple[Case, CaseEventKind]:
    place = STEPS.index(case.step)
    if STEPS[place + 1 : place + 2] != (move.step,):
        raise StaleRowError(f"a case at {case.step} cannot advance to {move.step}", current=case)
    late = case.due_ms is not None and move.at_ms > case.due_ms
    taken = CaseStepTaken(step=move.step, at_ms=move.at_ms, by=move.by, text=move.text, due_ms=case.due_ms, late=late)
    case = _moved(case, taken, limits_ms)
    if move.step == "verified":
        return msgspec.structs.replace(case, closed_ms=move.at_ms), "case.closed"
    if move.step == "assessed":
        return msgspec.structs.replace(case, assessment=assess(case)), "case.advanced"
    return case, "case.advanced"


def _return(case: Case, move: CaseMove, limits_ms: Mapping[CaseStep, int]) -> Case:
    if case.step not in _RETURNABLE or STEPS[STEPS.index(case.step) - 1] != move.step:
        raise StaleRowError(f"a case at {case.step} cannot be returned to {move.step}", current=case)
    if not move.text.strip():
        raise InvalidInputError("a return needs its reason in text")
    taken = CaseStepTaken(step=move.step, at_ms=move.at_ms, by=move.by, text=move.text, returned=True)
    return _moved(case, taken, limits_ms)


def assess(case: Case) -> CaseAssessment:
    """Judge a case from its history: which steps were late, how often it was returned, how long it took to close."""
    late = tuple(dict.fromkeys(taken.step for taken in case.history if taken.late))
    closed_ms = case.closed_ms if case.closed_ms is not None else case.changed_ms
    return CaseAssessment(
        on_time=not late,
        late_steps=late,
        returns=sum(taken.returned for taken in case.history),
        duration_ms=closed_ms - case.history[0].at_ms,
    )


def _moved(case: Case, taken: CaseStepTaken, limits_ms: Mapping[CaseStep, int]) -> Case:
    return msgspec.structs.replace(
        case,
        step=taken.step,
        changed_ms=taken.at_ms,
        due_ms=_due_ms(taken.step, taken.at_ms, limits_ms),
        history=(*case.history, taken),
    )


def _due_ms(step: CaseStep, at_ms: int, limits_ms: Mapping[CaseStep, int]) -> int | None:
    following = STEPS[STEPS.index(step) + 1 : STEPS.index(step) + 2]
    limit_ms = limits_ms.get(following[0]) if following else None
    return None if limit_ms is None else at_ms + limit_ms
