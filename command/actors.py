"""Who asks: a person, a device, a service or the hub, with the roles that decide what they may do and see.

A device that is a telephone exchange has that role alone; the others report where they are, and tell of no call.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Role = Literal[
    "call_taker", "dispatcher", "commander", "duty_leader", "officer", "director", "camera_watch", "administrator",
    "wall", "device", "exchange", "service", "hub",
]  # fmt: skip

ROLES: frozenset[Role] = frozenset(get_args(Role))
PEOPLE: frozenset[Role] = ROLES - {"device", "exchange", "service", "hub"}
DESK: frozenset[Role] = frozenset({"call_taker", "dispatcher", "commander", "duty_leader"})


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """An identity. `unit` is the unit that an officer or device belongs to; `station` limits where it may act."""

    id: str
    name: str
    roles: frozenset[Role]
    unit: str = ""
    station: str = ""

    def has(self, *roles: Role) -> bool:
        """Say whether any of the roles is held."""
        return not self.roles.isdisjoint(roles)


HUB = Actor(id="hub", name="hub", roles=frozenset({"hub"}))
"""The hub asking itself: deadlines, conclusions from readings."""
