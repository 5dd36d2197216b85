"""A lease that hubs of a test hold in turns."""

from __future__ import annotations

from collections.abc import Callable

from command.leases import SoleHub


class Turns(SoleHub):
    """All leases of one hub, held or not as the test says."""

    def __init__(self, *, held: bool = True) -> None:
        self._held = held
        self._listeners: list[Callable[[], None]] = []

    def holds(self, name: str) -> bool:
        """As it was said last."""
        return self._held and bool(name)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call it each time."""
        self._listeners.append(listener)

    def pass_on(self, *, held: bool) -> None:
        """Win or lose them."""
        self._held = held
        for listener in self._listeners:
            listener()
