"""A camera in a process of its own: 720p25 over RTSP, with a burnt-in clock.

`python -m consoles.bench.relay_camera FOLDER SECONDS` prints a `Camera` as a line of JSON; each further line of input
is answered with an `Instant`. The process ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from command.kernel.clock import SystemClock
from consoles.bench import burnt_clock
from edge.simulators.clips import load_clip
from edge.simulators.rtsp_camera import RtspCameras

BITS_PER_S = 2_000_000
_PATH = "camera"


class Camera(msgspec.Struct, frozen=True):
    """Where it is, and the clip that it sends for ever."""

    url: str
    clip: str


class When(msgspec.Struct, frozen=True, tag="when"):
    """Ask for an `Instant`."""


class Instant(msgspec.Struct, frozen=True):
    """When the frame with number 0 was sent last, UTC, and after how long it comes again."""

    began_ms: int
    round_ms: int


async def _serve(folder: Path, seconds: int) -> None:
    path = folder / "clip.mp4"
    burnt_clock.render(path, seconds, BITS_PER_S)
    clip = load_clip(path)
    async with RtspCameras({_PATH: clip}, SystemClock()) as cameras:
        port = await cameras.listen()
        _say(Camera(f"rtsp://127.0.0.1:{port}/{_PATH}", str(path)))
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            _say(Instant(cameras.round_began_ms(_PATH), clip.duration_ms))


def _say(what: msgspec.Struct) -> None:
    sys.stdout.write(msgspec.json.encode(what).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
