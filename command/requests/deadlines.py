"""The request that the hub makes of itself."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.requests.base import Request


class FireDeadline(Request, frozen=True, tag="fire_deadline"):
    """An instant that a fact set has come."""

    deadline: Annotated[str, Meta(max_length=200)]
