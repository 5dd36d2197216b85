"""An approval's life, pure: asked, warned yellow, warned red, decided (限时办理、电子监察)."""

from __future__ import annotations

import msgspec

from command.kernel.errors import InvalidInputError
from command.kernel.limits import CLOCK_SKEW_MS
from command.links.service_messages import Approval, ApprovalAsking, ApprovalDecision, ApprovalEventKind, ApprovalState
from command.services.problems import StaleRowError


def ask(approval_id: str, asking: ApprovalAsking, now_ms: int) -> Approval:
    """Return the new approval. Raises `InvalidInputError` unless asked ≤ warning ≤ due and asked not in the future."""
    if asking.asked_at_ms > now_ms + CLOCK_SKEW_MS:
        raise InvalidInputError("asked_at_ms lies in the future", now_ms=now_ms)
    if not asking.asked_at_ms <= asking.warn_ms <= asking.due_ms:
        raise InvalidInputError("an approval is asked for, then warned of, then due, in this order")
    return Approval(
        id=approval_id,
        ref=asking.ref,
        item=asking.item,
        subject=asking.subject,
        situation=asking.situation,
        asked_by=asking.asked_by,
        asked_at_ms=asking.asked_at_ms,
        warn_ms=asking.warn_ms,
        due_ms=asking.due_ms,
    )


def decide(approval: Approval, decision: ApprovalDecision, now_ms: int) -> Approval:
    """Return the approval decided; late is allowed, twice is not.

    Raises `StaleRowError` once it is decided, `InvalidInputError` for a refusal without a reason.
    """
    if approval.state != "waiting":
        raise StaleRowError(f"approval {approval.id} was {approval.state} by {approval.decided_by}", current=approval)
    if decision.decision == "refuse" and not decision.why.strip():
        raise InvalidInputError("a refusal needs its reason in why")
    state: ApprovalState = "granted" if decision.decision == "grant" else "refused"
    return msgspec.structs.replace(approval, state=state, decided_ms=now_ms, decided_by=decision.by, why=decision.why)


def warn(approval: Approval, now_ms: int) -> tuple[Approval, ApprovalEventKind] | None:
    """Return the approval with the earliest warning that is due and not yet given, or None."""
    if approval.state != "waiting":
        return None
    if approval.warned_ms is None and approval.warn_ms <= now_ms:
        return msgspec.structs.replace(approval, warned_ms=now_ms), "approval.warned"
    if approval.overdue_ms is None and approval.due_ms <= now_ms:
        return msgspec.structs.replace(approval, overdue_ms=now_ms), "approval.overdue"
    return None


def next_warning_ms(approval: Approval) -> int | None:
    """Return when `warn` will next have something to say, or None."""
    if approval.state != "waiting":
        return None
    if approval.warned_ms is None:
        return approval.warn_ms
    return approval.due_ms if approval.overdue_ms is None else None
