"""A camera's clip can be followed by another without a break, so that a watched car passes just once."""

from __future__ import annotations

import asyncio
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from command.kernel.clock import SystemClock
from consoles.demo.cameras import ClipServer
from edge.simulators.clips import load_clip
from edge.simulators.street_video import Street, render

FPS, SECONDS = 10, 2


def _street(seed: int) -> Street:
    return Street(name="x", vehicles=(), seconds=SECONDS, width=320, height=180, fps=FPS, seed=seed)


def _grey(path: str, frames: int) -> list[NDArray[np.uint8]]:
    with av.open(path, options={"rtsp_transport": "tcp"} if path.startswith("rtsp") else {}) as container:
        decoded = container.decode(video=0)
        return [next(decoded).to_ndarray(format="gray").astype(np.uint8, copy=False) for _ in range(frames)]


async def test_another_clip_is_shown_for_one_turn_and_the_stream_does_not_break(tmp_path: Path) -> None:
    usual, watched = (render(_street(seed), tmp_path) for seed in (1, 2))
    scenes = [_grey(str(path), 1)[0].astype(int) for path in (usual, watched)]
    clock = SystemClock()
    async with ClipServer({"cam04": load_clip(usual)}, clock) as server, asyncio.TaskGroup() as tasks:
        port = await server.listen()
        player = tasks.create_task(asyncio.to_thread(_grey, f"rtsp://127.0.0.1:{port}/cam04", FPS * SECONDS * 4))
        while not server.players("cam04"):
            await clock.sleep(20)
        await server.show_once("cam04", load_clip(watched))
        pictures = await player
    shown = [min((0, 1), key=lambda i: np.abs(picture - scenes[i]).mean()) for picture in pictures]
    turns = [(scene, len(list(run))) for scene, run in groupby(shown)]
    assert [scene for scene, _ in turns] == [0, 1, 0]
    assert turns[1] == (1, FPS * SECONDS)
