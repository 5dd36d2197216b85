"""What a gateway needs of the hub. The same gateway runs in the hub's process or far from it behind a websocket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from command.readings import CallForHelp, Position


class Uplink(Protocol):
    """The hub as gateways see it."""

    async def device_known(self, kind: str, device: str) -> bool:
        """Say whether a device of that kind ("jt808", "osmand", "owntracks", "gb28181") is enrolled under this id."""
        ...

    async def issue_device_token(self, kind: str, device: str) -> str:
        """Make and store (hashed) a new token for an enrolled device, e.g. the JT/T 808 authentication code."""
        ...

    async def check_device_token(self, kind: str, device: str, token: str) -> bool:
        """Say whether the token is the one last issued to that device."""
        ...

    async def positions(self, batch: Sequence[Position]) -> None:
        """Hand over fixes. Returns once they are durable, which is when a device may be answered yes.

        Raises `UnavailableError` when they cannot be stored now: do not acknowledge, the device sends again.
        """
        ...

    async def calls_for_help(self, batch: Sequence[CallForHelp]) -> None:
        """Hand over calls of devices that cannot say where they are; returns and raises as `positions` does."""
        ...
