"""What desks send to the wall: in which order, by whom, and until when (SPEC R480, R481)."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from command.facts.wall import Tiles
from command.kernel.errors import InvalidInputError, NoRightError, UnknownIdError
from command.kernel.limits import WALL_CAMERAS
from command.requests import EnrolCamera, RemoveCamera, SendToWall, TakeOffWall
from command.rows import ScreenRow
from tests.command.support import ACTORS, ADMIN, COMMANDER, DISPATCHER, Desk, desk


async def sent(d: Desk) -> list[tuple[str, str]]:
    row: ScreenRow = await d.row("screens", "wall")
    return [(each.camera, each.by) for each in row.cameras]


async def test_the_newest_is_the_largest_and_each_says_who_sent_it() -> None:  # R480
    async with desk() as d:
        await d.ask(SendToWall(cameras=("k1",)), DISPATCHER)
        await d.ask(SendToWall(cameras=("k2",)), COMMANDER)
        assert await sent(d) == [("k2", COMMANDER.id), ("k1", DISPATCHER.id)]
        await d.ask(SendToWall(cameras=("k1", "k1")), COMMANDER)
        assert await sent(d) == [("k1", COMMANDER.id), ("k2", COMMANDER.id)]
        await d.ask(TakeOffWall(cameras=("k1",)), DISPATCHER)
        assert await sent(d) == [("k2", COMMANDER.id)]
        seq = d.hub.committed_seq
        await d.ask(TakeOffWall(cameras=("k1",)), DISPATCHER)
        assert d.hub.committed_seq == seq, "what is off already is no news"


async def test_a_layout_is_the_whole_wall_until_all_is_taken_off() -> None:  # R481
    async with desk() as d:
        await d.ask(SendToWall(cameras=("k1",)), DISPATCHER)
        await d.ask(SendToWall(cameras=("k2",), tiles=4), COMMANDER)
        assert await sent(d) == [("k2", COMMANDER.id)]
        await d.ask(SendToWall(cameras=("k1",)), DISPATCHER)
        assert (await d.row("screens", "wall")).tiles == 4
        await d.ask(TakeOffWall(), DISPATCHER)
        assert await d.table("screens") == {}
        await d.ask(SendToWall(cameras=("k1",)), DISPATCHER)
        assert (await d.row("screens", "wall")).tiles is None


@pytest.mark.parametrize("tiles", get_args(Tiles))
async def test_every_layout_of_the_desk_goes_to_the_wall(tiles: Tiles) -> None:  # R793
    slots = Path(__file__).parents[3] / "consoles/web/src/components/video/slots.ts"
    assert f"LAYOUTS = {list(get_args(Tiles))}" in slots.read_text(encoding="utf-8")
    async with desk() as d:
        await d.ask(SendToWall(cameras=("k1",), tiles=tiles), DISPATCHER)
        assert (await d.row("screens", "wall")).tiles == tiles


async def test_past_the_bound_the_one_sent_longest_ago_leaves() -> None:  # R480
    async with desk() as d:
        names = [f"n{n}" for n in range(WALL_CAMERAS + 1)]
        for name in names:
            await d.ask(EnrolCamera(camera=name, name=name, lat=30.5, lon=114.3), ADMIN)
            await d.ask(SendToWall(cameras=(name,)), DISPATCHER)
        assert [camera for camera, _ in await sent(d)] == names[:0:-1]


async def test_a_camera_that_is_removed_leaves_the_wall() -> None:  # R480
    async with desk() as d:
        await d.ask(SendToWall(cameras=("k1", "k2")), DISPATCHER)
        await d.ask(RemoveCamera(camera="k1"), ADMIN)
        assert await sent(d) == [("k2", DISPATCHER.id)]


async def test_what_cannot_be_shown_is_refused() -> None:  # R480, R481
    async with desk() as d:
        with pytest.raises(UnknownIdError):
            await d.ask(SendToWall(cameras=("k1", "k99")), DISPATCHER)
        with pytest.raises(InvalidInputError):
            await d.ask(SendToWall(cameras=("k1", "k2"), tiles=1), DISPATCHER)
        with pytest.raises(NoRightError):
            await d.ask(SendToWall(cameras=("k1",)), ACTORS["wall"])
        assert await d.table("screens") == {}
