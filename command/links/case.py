"""The case link: every situation becomes a case, and the case follows the situation through its seven steps."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from command.actors import HUB, Actor
from command.facts import Recorded
from command.facts.calls import SituationClosed, SituationMerged, SituationOpened
from command.facts.orders import OrderArrived, OrderFedBack, OrderIssued
from command.facts.plans import CaseStep
from command.hub import Hub
from command.kernel.errors import ConflictError, UnknownIdError
from command.links.catching_up import CatchingUp
from command.links.clients import CaseClient
from command.links.naming import name_of, named
from command.links.service_messages import Case, CaseMove, CaseOpening
from command.requests import RecordCase
from command.rows import SituationRow, SituationState

STEPS: tuple[CaseStep, ...] = get_args(CaseStep)
_WANTED: dict[SituationState, CaseStep] = {
    "received": "opened", "dispatched": "assigned", "signed": "assigned", "departed": "assigned",
    "on_scene": "handled", "fed_back": "fed_back", "closed": "verified",
}  # fmt: skip


class CaseLink:
    """Tells the case service. `site` tells this installation from others that use the same service."""

    name = "case"

    def __init__(self, hub: Hub, client: CaseClient, site: str) -> None:
        self._hub = hub
        self._client = client
        self._site = site
        self._catching_up = CatchingUp("case")

    async def tell(self, fact: Recorded) -> bool:
        """Open or advance the case of the situation that the fact is about.

        Told from what is so now, so that after an outage a case takes all its steps at once. A situation that was
        merged away gets no case; one that it has already is verified with a word about where the work goes on.
        """
        match fact.fact:
            case SituationOpened() | SituationClosed() | SituationMerged() as about:
                situation = about.situation
            case OrderIssued() | OrderArrived() | OrderFedBack() as about:
                situation = await self._hub.read(lambda t: t.orders.need(about.order).situation)
            case _:
                return False
        row = await self._hub.read(lambda t: t.situations.need(situation))
        if row.merged_into and not row.case:
            return False
        case = await self._case_of(row)
        await record(self._hub, case, HUB)
        await self._advance(case, _WANTED[row.state], fact, f"并入 {row.merged_into}" if row.merged_into else "")
        return True

    async def catch_up(self) -> None:
        """Record how far the open cases came in the service. Raises as `CatchingUp.over`: again later.

        One that the service lost is opened anew by what next happens in its situation.
        """
        opened = await self._hub.read(lambda t: [case.id for case in t.cases if case.closed_ms is None])
        await self._catching_up.over(opened, self._look_again)

    async def _look_again(self, number: str) -> None:
        case, row = await self._client.case(number), await self._hub.read(lambda t: t.cases.need(number))
        if case.source == _source(self._site) and named(case.situation)[0] == row.situation:
            await record(self._hub, case, HUB)

    async def _case_of(self, row: SituationRow) -> Case:
        if row.case:
            try:
                return await self._client.case(row.case)
            except UnknownIdError:  # the service lost it, and begins anew
                pass
        opening = _opening(row, self._site)
        return await self._client.open_case(f"{self._site}/{opening.situation}", opening)

    async def _advance(self, case: Case, wanted: CaseStep, fact: Recorded, text: str) -> None:
        """Take the steps between, one by one; whoever works in the case service may have taken some already."""
        while STEPS.index(case.step) < STEPS.index(wanted):
            step = STEPS[STEPS.index(case.step) + 1]
            # After an outage the fact is older than the case, and a step is never before the one before it.
            at_ms = max(fact.at_ms, case.changed_ms)
            move = CaseMove(move="advance", step=step, by=fact.actor or "triune", at_ms=at_ms, text=text)
            try:
                moved = await self._client.move_case(
                    f"{self._site}/{case.situation}/{step}/{name_of(str(fact.seq), fact.at_ms)}", case.number, move
                )
            except ConflictError:
                moved = await self._client.case(case.number)
            await record(self._hub, moved, HUB)
            if STEPS.index(moved.step) <= STEPS.index(case.step):
                return  # somebody returned it meanwhile: it is theirs until something happens here
            case = moved


async def record(hub: Hub, case: Case, actor: Actor) -> None:
    """Record what the hub has not heard of a case yet, step by step, each once.

    The link and the webhook hear of the same steps, in any order; a step is known by its place in the case's history,
    so whoever is first records it, and an older word never takes a case back. `UnknownIdError` where the case is about
    a situation of the same id in a past that is no longer on record.
    """
    situation, opened_ms = named(case.situation)
    # Another hub may have opened it, and this one not know of it yet: then only the asking tells.
    row = await hub.read(lambda t: t.situations.get(situation))
    if row is not None and opened_ms not in (None, row.opened_ms):
        raise UnknownIdError(f"case {case.number} is about another {situation} than the one on record")
    if not case.history:
        await hub.ask(_recording(case, case.step), actor)
        return
    taken = [one.step for one in case.history]
    # The row begins as opened; a step said twice in a row would be no fact, and its key not remembered.
    steps = [taken[0], *(after for before, after in pairwise(taken) if after != before)]
    if steps[0] == "collected":
        steps = steps[1:] or ["opened"]
    for place, step in enumerate(steps):
        await hub.ask(_recording(case, step), actor, f"case-service/{case.number}/{place}")
    if case.closed_ms is not None:
        await hub.ask(_recording(case, steps[-1], closed=True), actor, f"case-service/{case.number}/closed")


def _recording(case: Case, step: CaseStep, *, closed: bool = False) -> RecordCase:
    return RecordCase(case=case.number, situation=named(case.situation)[0], step=step, closed=closed)


def _source(site: str) -> str:
    return f"triune:{site}"


def _opening(row: SituationRow, site: str) -> CaseOpening:
    return CaseOpening(
        source=_source(site),
        situation=name_of(row.id, row.opened_ms),
        kind=row.kind,
        level=row.level,
        title=row.title,
        at_ms=row.opened_ms,
        place=row.place,
    )
