"""Requests about what cameras show that are kept to some roles: who may not see it does not decide on it."""

from __future__ import annotations

from command import requests
from command.access.kept_cameras import hides
from command.actors import Actor
from command.kernel.errors import NoRightError
from consoles.http.context import Context, Space

_ON_VIOLATIONS = (
    requests.ClaimViolation, requests.CorrectViolationPlate, requests.ConfirmViolation, requests.RejectViolation,
    requests.TakeBackViolation,
)  # fmt: skip


async def may_review(context: Context, space: Space, asked: requests.Request, actor: Actor) -> None:
    """Raise `NoRightError` where a violation is asked about whose cameras are not all the actor's to look at."""
    if not context.kept_to or not isinstance(asked, _ON_VIOLATIONS):
        return
    row = await space.hub.read(lambda t: t.violations.get(asked.violation))
    if hides(context.kept_to, row, actor):
        raise NoRightError("pictures of this camera are not for your role")
