"""Requests about the hubs themselves."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.requests.base import Instant, Name, Reason, Request, Text


class RecordHubTakenOut(Request, frozen=True, tag="record_hub_taken_out"):
    """A hub was taken out of the roll; whichever hub sees to that writes it down."""

    hub: Annotated[int, Meta(ge=1)]
    url: Text
    who: Name
    why: Reason
    heard_ms: Instant
    taken_ms: Instant
