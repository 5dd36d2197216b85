"""Requests about what the wall shows."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from command.facts.wall import Tiles
from command.kernel.limits import WALL_CAMERAS
from command.requests.base import Id, Request


class SendToWall(Request, frozen=True, tag="send_to_wall"):
    """Show cameras on the wall, the first the largest; with `tiles` in that layout and in place of all sent before."""

    cameras: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=WALL_CAMERAS)]
    tiles: Tiles | None = None


class TakeOffWall(Request, frozen=True, tag="take_off_wall"):
    """Take cameras off the wall; without any, all that were sent."""

    cameras: Annotated[tuple[Id, ...], Meta(max_length=WALL_CAMERAS)] = ()
