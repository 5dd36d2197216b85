"""Hubs that were taken out."""

from __future__ import annotations

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.hubs import HubTakenOut
from command.rules.base import Decision, decides, folds
from command.tables import Tables


@decides(q.RecordHubTakenOut, "hub")
def record_hub_taken_out(t: Tables, request: q.RecordHubTakenOut, actor: Actor, now_ms: int) -> Decision:
    """On record, with who did it and why."""
    yield HubTakenOut(
        hub=request.hub, url=request.url, who=request.who, why=request.why, heard_ms=request.heard_ms,
        taken_ms=request.taken_ms,
    )  # fmt: skip
    return str(request.hub)


@folds(HubTakenOut)
def hub_taken_out(t: Tables, fact: HubTakenOut, r: Recorded) -> None:
    """On record in the journal; which hubs there are is in the roll that they share."""
