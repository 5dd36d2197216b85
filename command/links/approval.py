"""The approval link: what needs a leader's yes is asked in the approval service, and decided here or there, once."""

from __future__ import annotations

import logging

from command.actors import Actor
from command.facts import Recorded
from command.facts.plans import ApprovalDecided, ApprovalRequested
from command.hub import Hub
from command.kernel.errors import ConflictError, UnknownIdError
from command.links.catching_up import CatchingUp
from command.links.clients import ApprovalClient
from command.links.naming import name_of, named
from command.links.service_messages import Approval, ApprovalAsking, ApprovalDecision, ApprovalEvent
from command.requests import DecideApproval, RecordApprovalNotice, Request
from command.rows import ApprovalRow

APPROVAL_SERVICE = Actor(id="approval-service", name="approval-service", roles=frozenset({"service"}))
"""Who decides where the service says so."""

_NAME_CHARS = 200
"""What the service's names hold at most; a plan's may be longer."""

log = logging.getLogger(__name__)


class ApprovalLink:
    """Tells the approval service. `site` tells this installation from others that use the same service."""

    name = "approval"

    def __init__(self, hub: Hub, client: ApprovalClient, site: str) -> None:
        self._hub = hub
        self._client = client
        self._site = site
        self._catching_up = CatchingUp("approval")
        self.disagreed = 0
        """Approvals that were decided here and there at the same time, differently."""

    async def tell(self, fact: Recorded) -> bool:
        """Ask, or say that it was decided here."""
        match fact.fact:
            case ApprovalRequested():
                await self._asked(fact.fact.approval)
            case ApprovalDecided() as decided if fact.actor != APPROVAL_SERVICE.id:
                await self._decide(await self._asked(decided.approval), decided)
            case _:
                return False
        return True

    async def catch_up(self) -> None:
        """Ask again what waits here: a service that lost it has it again, and one that decided it says so.

        Raises as `CatchingUp.over`: again later.
        """
        waiting = await self._hub.read(lambda t: [a.id for a in t.approvals if a.state == "waiting"])
        await self._catching_up.over(waiting, self._ask_again)

    async def _ask_again(self, approval: str) -> None:
        there = await self._asked(approval)
        if there.state != "waiting":
            await self._hub.ask(_decision(approval, there), APPROVAL_SERVICE)

    async def _decide(self, asked: Approval, decided: ApprovalDecided) -> None:
        decision = ApprovalDecision(
            decision="grant" if decided.granted else "refuse",
            by=decided.by or "triune",
            why=decided.why or ("" if decided.granted else "不同意"),
        )
        try:
            await self._client.decide(f"{asked.ref}/decision", asked.id, decision)
        except ConflictError:
            # Decided there at the same time; its webhook met the decision here and lost.
            there = await self._client.approval(asked.id)
            if (there.state == "granted") != decided.granted:
                self.disagreed += 1
                log.warning("approval %s is %s there and not here", decided.approval, there.state)

    async def _asked(self, approval: str) -> Approval:
        row = await self._hub.read(lambda t: t.approvals.need(approval))
        asking = _asking(row, self._site)
        return await self._client.ask(asking.ref, asking)


def _asking(row: ApprovalRow, site: str) -> ApprovalAsking:
    return ApprovalAsking(
        ref=f"{site}/{name_of(row.id, row.requested_ms)}",
        item=row.item[:_NAME_CHARS],
        subject=(row.subject or row.item)[:_NAME_CHARS],
        asked_by=row.requested_by,
        asked_at_ms=row.requested_ms,
        warn_ms=row.warn_ms,
        due_ms=row.due_ms,
        situation=row.situation,
    )


def _decision(approval: str, there: Approval) -> DecideApproval:
    return DecideApproval(approval=approval, granted=there.state == "granted", why=there.why, by=there.decided_by)


async def request_of(event: ApprovalEvent, site: str, hub: Hub) -> Request | None:
    """Return what a webhook asks of the hub; None for what concerns another site or says nothing new.

    `UnknownIdError` where it is about an approval of the same id in a past that is no longer on record.
    """
    approval = event.approval
    if not approval.ref.startswith(f"{site}/"):
        return None
    asked, requested_ms = named(approval.ref.removeprefix(f"{site}/"))
    # Another hub may have asked, and this one not know of it yet: then only the request tells.
    row = await hub.read(lambda t: t.approvals.get(asked))
    if row is not None and requested_ms not in (None, row.requested_ms):
        raise UnknownIdError(f"{approval.ref} is another approval than the {asked} on record")
    match event.kind:
        case "approval.warned":
            return RecordApprovalNotice(approval=asked, notice="warned")
        case "approval.overdue":
            return RecordApprovalNotice(approval=asked, notice="overdue")
        case "approval.decided":
            return _decision(asked, approval)
        case "approval.requested":
            return None
