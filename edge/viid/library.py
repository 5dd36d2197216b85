"""What the server needs of the hub: who keeps passages, subscriptions and dispositions, and says how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from edge.viid.bodies import Verdict
from edge.viid.catalogue import Listed, OwnDevice
from edge.viid.orders import Disposition, OrderState, Subscription
from edge.viid.vehicle import Vehicle

AlarmOutcome = Literal["matched", "unmatched", "refused"]
"""What a notice of a vehicle that we asked for was: it, another one, or nothing that can be taken."""


class Library(Protocol):
    """The view library that others bring things to. Every method raises `RefusedError` or another `TriuneError`."""

    async def take(self, peer: str, vehicle: Vehicle, picture: bytes | None) -> Verdict:
        """Keep a passage; returns once it is durable, and whoever looks out for the vehicle knows."""
        ...

    async def take_devices(self, peer: str, devices: Sequence[Listed]) -> Sequence[Verdict]:
        """Keep what a system says of its devices; return what became of each."""
        ...

    async def own_devices(self, peer: str) -> Sequence[OwnDevice]:
        """Return our cameras as a system is told of them, none that came from it."""
        ...

    def noticed(self, subscription: str, passages: int) -> None:
        """Passages came for something that we subscribed to elsewhere."""
        ...

    async def awaited(self, peer: str, disposition: str) -> str:
        """Return the plate of a disposition of ours that a system was told, while it is in force here."""
        ...

    def alarmed(self, peer: str, outcome: AlarmOutcome) -> None:
        """A system told of a vehicle that we had asked it to look out for."""
        ...

    async def subscribe(self, subscription: Subscription, host: str) -> None:
        """Begin or change a subscription of a system that speaks from `host`."""
        ...

    async def end_subscription(self, peer: str, subscription: str) -> None:
        """End one of its own."""
        ...

    async def subscriptions(self, peer: str) -> Sequence[tuple[Subscription, OrderState]]:
        """Return those of a system."""
        ...

    async def dispose(self, disposition: Disposition, host: str) -> None:
        """Ask that a vehicle be looked out for; somebody of ours has to approve it."""
        ...

    async def end_disposition(self, peer: str, disposition: str, why: str) -> None:
        """Look out no longer."""
        ...

    async def dispositions(self, peer: str) -> Sequence[tuple[Disposition, OrderState]]:
        """Return those of a system."""
        ...
