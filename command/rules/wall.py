"""What desks send to the wall's screens: who may, and what stands there for everybody until somebody takes it off."""

from __future__ import annotations

from collections.abc import Iterable

from command import requests as q
from command.actors import Actor, Role
from command.facts import Recorded
from command.facts.wall import SentToWall, TakenOffWall
from command.kernel.errors import InvalidInputError
from command.kernel.limits import WALL_CAMERAS
from command.rows import ScreenRow, SentCamera
from command.rules.base import Decision, decides, folds
from command.tables import Tables

WALL = "wall"
_MAY: tuple[Role, ...] = ("dispatcher", "commander", "duty_leader", "camera_watch", "director", "hub")


@decides(q.SendToWall, *_MAY)
def send_to_wall(t: Tables, request: q.SendToWall, actor: Actor, now_ms: int) -> Decision:
    """Before what others sent, or in place of all of it where a layout is named."""
    cameras = tuple(dict.fromkeys(t.cameras.need(camera).id for camera in request.cameras))
    if request.tiles is not None and len(cameras) > request.tiles:
        raise InvalidInputError(f"{request.tiles} tiles do not show {len(cameras)} cameras")
    yield SentToWall(cameras=cameras, tiles=request.tiles)
    return WALL


@decides(q.TakeOffWall, *_MAY)
def take_off_wall(t: Tables, request: q.TakeOffWall, actor: Actor, now_ms: int) -> Decision:
    """Whoever sent them; what is not there is taken off already."""
    yield from take_off(t, request.cameras or (sent.camera for sent in _sent(t)))
    return WALL


def take_off(t: Tables, cameras: Iterable[str]) -> Decision:
    """Say that those of the cameras that are on the wall leave it."""
    there = {sent.camera for sent in _sent(t)}
    if gone := tuple(camera for camera in dict.fromkeys(cameras) if camera in there):
        yield TakenOffWall(cameras=gone)
    return WALL


def _sent(t: Tables) -> tuple[SentCamera, ...]:
    row = t.screens.get(WALL)
    return row.cameras if row else ()


@folds(SentToWall)
def sent_to_wall(t: Tables, fact: SentToWall, r: Recorded) -> None:
    """The newest first; past the bound the oldest leaves."""
    row = t.screens.get(WALL)
    sent = tuple(SentCamera(camera=camera, by=r.actor, at_ms=r.at_ms) for camera in fact.cameras)
    if fact.tiles is None and row is not None:
        sent += tuple(old for old in row.cameras if old.camera not in fact.cameras)
    tiles = fact.tiles or (row.tiles if row else None)
    t.screens.put(ScreenRow(id=WALL, cameras=sent[:WALL_CAMERAS], tiles=tiles))


@folds(TakenOffWall)
def taken_off_wall(t: Tables, fact: TakenOffWall, r: Recorded) -> None:
    """With the last one its layout goes too."""
    row = t.screens.need(WALL)
    left = tuple(sent for sent in row.cameras if sent.camera not in fact.cameras)
    if left:
        t.screens.put(ScreenRow(id=WALL, cameras=left, tiles=row.tiles))
    else:
        t.screens.drop(WALL)
