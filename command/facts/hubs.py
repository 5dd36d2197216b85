"""Facts of the hubs themselves."""

from __future__ import annotations

from command.facts.base import Fact


class HubTakenOut(Fact, frozen=True, tag="hub_taken_out"):
    """A hub that was not heard of since `heard_ms` is gone for good: what it alone recorded counts as lost.

    `who` did it at `taken_ms`: a person's id, `hub` where its time was over, `user@machine` of a command.
    """

    hub: int
    url: str
    who: str
    why: str
    heard_ms: int
    taken_ms: int
