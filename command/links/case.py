"""The case link: every situation becomes a case, and the case follows the situation through its seven steps."""

from __future__ import annotations

from typing import get_args

from command.actors import HUB
from command.facts import Recorded
from command.facts.calls import SituationClosed, SituationOpened
from command.facts.orders import OrderArrived, OrderFedBack, OrderIssued
from command.facts.plans import CaseStep
from command.hub import Hub
from command.kernel.errors import ConflictError
from command.links.clients import CaseClient
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

    async def tell(self, fact: Recorded) -> None:
        """Open or advance the case of the situation that the fact is about."""
        match fact.fact:
            case SituationOpened() | SituationClosed() as about:
                situation = about.situation
            case OrderIssued() | OrderArrived() | OrderFedBack() as about:
                situation = await self._hub.read(lambda t: t.orders.need(about.order).situation)
            case _:
                return
        row = await self._hub.read(lambda t: t.situations.need(situation))
        if row.merged_into:
            return
        case = await self._client.open_case(f"{self._site}/{row.id}", _opening(row, self._site))
        await self._record(case)
        await self._advance(case, _WANTED[row.state], fact)

    async def _advance(self, case: Case, wanted: CaseStep, fact: Recorded) -> None:
        """Take the steps between, one by one; whoever works in the case service may have taken some already."""
        while STEPS.index(case.step) < STEPS.index(wanted):
            step = STEPS[STEPS.index(case.step) + 1]
            move = CaseMove(move="advance", step=step, by=fact.actor or "triune", at_ms=fact.at_ms)
            try:
                case = await self._client.move_case(f"{self._site}/{case.situation}/{step}", case.number, move)
            except ConflictError:
                case = await self._client.case(case.number)
                await self._record(case)
                return
            await self._record(case)

    async def _record(self, case: Case) -> None:
        await self._hub.ask(record_of(case), HUB)


def record_of(case: Case) -> RecordCase:
    """Return what the hub records of a case."""
    return RecordCase(case=case.number, situation=case.situation, step=case.step, closed=case.closed_ms is not None)


def _opening(row: SituationRow, site: str) -> CaseOpening:
    return CaseOpening(
        source=f"triune:{site}",
        situation=row.id,
        kind=row.kind,
        level=row.level,
        title=row.title,
        at_ms=row.opened_ms,
        place=row.place,
    )
