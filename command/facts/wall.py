"""Facts of the wall's screens: which cameras desks sent there."""

from __future__ import annotations

from typing import Literal

from command.facts.base import Fact

Tiles = Literal[1, 2, 4, 6, 8, 9, 10, 13, 16]
"""How many pictures a screen shows at once."""


class SentToWall(Fact, frozen=True, tag="sent_to_wall"):
    """A desk put cameras on the wall (上墙), the first the largest; with `tiles` as the whole of it, in that layout."""

    cameras: tuple[str, ...]
    tiles: Tiles | None = None


class TakenOffWall(Fact, frozen=True, tag="taken_off_wall"):
    """Cameras left the wall, which fills their places by itself."""

    cameras: tuple[str, ...]
