"""The county's forty cameras: RTSP at once, each up when its street is drawn; what happens before them now and then.

Outages, cars of the watch list, cars that break the rules, a lens that gets dirty.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Collection
from itertools import cycle
from pathlib import Path
from random import Random

import msgspec

from command.kernel.clock import Clock
from consoles.demo.clips import streets, views
from consoles.demo.county import County
from consoles.demo.rules import Drive, offences
from edge.simulators.clips import Clip, load_clip
from edge.simulators.rtsp_camera import RtspCameras
from edge.simulators.street_video import Street

log = logging.getLogger(__name__)

_NOT_DRAWN = Clip((), 0, ())
_DOWN_EVERY_S = (180, 420)
_DOWN_S = (45, 100)
_CAR_FIRST_S = (60, 150)
_CAR_EVERY_S = (480, 900)
_CLEAN_S = (75, 120)
_OFFENCE_FIRST_S = (20, 40)
_OFFENCE_AGAIN_S = (40, 60)
_OFFENCE_LATER_S = (900, 1500)
"""From one to the next: at first, while some were not found, and once there are cases enough to review."""


class ClipServer(RtspCameras):
    """Cameras whose clip can change while they are watched, to one of the same coding."""

    def __init__(self, clips: dict[str, Clip], clock: Clock) -> None:
        super().__init__(clips, clock)
        self._clock = clock
        self._once = {path: asyncio.Lock() for path in clips}

    def show(self, path: str, clip: Clip) -> None:
        """Go on with this clip once the turn of the present one is over."""
        self._cameras[path].clip = clip

    async def show_once(self, path: str, clip: Clip, *, now: bool = False) -> int:
        """Show this clip for one turn: the next one, which begins within the length of the present clip, or `now`.

        Return when it was this one's turn to be shown, UTC in ms.
        """
        async with self._once[path]:
            usual, began_ms = self._cameras[path].clip, self._clock.now_ms()
            self.show(path, clip)
            if now:
                self.give_key(path)
            await self._clock.sleep(clip.duration_ms // 2 if now else usual.duration_ms)
            self.show(path, usual)
            return began_ms


class Cameras:
    """Serves every camera at its id; `seed` decides which fails and when a watched car passes.

    `found` returns the plates of which the hub has violations.
    """

    def __init__(
        self, county: County, directory: Path, seed: int, clock: Clock, found: Callable[[], Collection[str]]
    ) -> None:
        self._found = found
        self._views = views(county)
        self._drives = offences({camera: view.usual for camera, view in self._views.items()})
        self._directory = directory
        self._rng = Random(f"{seed}/cameras")  # noqa: S311 - a demonstration that can be repeated, not a secret
        self._clock = clock
        self._server = ClipServer(dict.fromkeys(self._views, _NOT_DRAWN), clock)
        self._drawn: dict[Street, Clip] = {}

    async def run(self, port: int) -> None:
        """Serve until cancelled. Raises `OSError` where the port is taken."""
        for camera in self._views:
            self._server.set_up(camera, up=False)
        async with self._server as server:
            await server.listen(port)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._draw(), name="draw-clips")
                tasks.create_task(self._fail(), name="camera-outages")
                tasks.create_task(self._let_watched_cars_pass(), name="watched-cars")
                tasks.create_task(self._let_offenders_pass(), name="offenders")
                tasks.create_task(self._soil(), name="dirty-lens")

    async def _draw(self) -> None:
        """Have the clips drawn in a process of their own, which can be ended at any moment, and show each when done."""
        wanted = streets(self._views, self._drives)
        drawing = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "consoles.demo.clips", str(self._directory),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert drawing.stdin is not None
        assert drawing.stdout is not None
        try:
            drawing.stdin.write(msgspec.json.encode(wanted))
            drawing.stdin.close()
            for street in wanted:
                path = (await drawing.stdout.readline()).decode().strip()
                if not path:
                    log.error("the clips cannot be drawn; the cameras that miss theirs stay down")
                    return
                self._take(street, await asyncio.to_thread(load_clip, Path(path)))
        finally:
            if drawing.returncode is None and not drawing.stdout.at_eof():
                drawing.kill()
            await drawing.wait()

    def _take(self, street: Street, clip: Clip) -> None:
        self._drawn[street] = clip
        for camera, view in self._views.items():
            if view.usual == street:
                self._server.show(camera, clip)
                self._server.set_up(camera, up=True)

    async def _fail(self) -> None:
        """Every few minutes one camera is down for about a minute; never one that reads plates."""
        while True:
            await self._pause(_DOWN_EVERY_S)
            ordinary = [
                camera
                for camera, view in self._views.items()
                if view.usual in self._drawn and not (view.watched or view.soiled)
            ]
            if ordinary:
                camera = self._rng.choice(ordinary)
                self._server.set_up(camera, up=False)
                await self._pause(_DOWN_S)
                self._server.set_up(camera, up=True)

    async def _let_watched_cars_pass(self) -> None:
        await self._pause(_CAR_FIRST_S)
        passing = [(camera, view.watched) for camera, view in self._views.items() if view.watched]
        self._rng.shuffle(passing)
        for camera, street in cycle(passing):
            if watched := self._drawn.get(street):
                await self._server.show_once(camera, watched)
            await self._pause(_CAR_EVERY_S)

    async def _let_offenders_pass(self) -> None:
        """Each again until it is found, for a busy machine misses some; then all of them now and then."""
        pause_s = _OFFENCE_FIRST_S
        while True:
            for drive in self._missed() or self._drives:
                while any(each.street not in self._drawn for each in drive):
                    await self._pause((1, 1))
                await self._pause(pause_s)
                began_ms = self._clock.now_ms()
                for each in drive:
                    await self._clock.sleep_until(began_ms + each.after_ms)
                    began_ms = await self._server.show_once(each.camera, self._drawn[each.street], now=True)
            await self._pause(_OFFENCE_FIRST_S)  # until what passed is judged
            pause_s = _OFFENCE_AGAIN_S if self._missed() else _OFFENCE_LATER_S

    def _missed(self) -> list[Drive]:
        """Return the drives with a car that no violation is of."""
        found = self._found()
        return [
            drive
            for drive in self._drives
            if any(car.plate not in found for each in drive for car in each.street.vehicles)
        ]

    async def _soil(self) -> None:
        """After a while one lens is dirty, and stays so."""
        for camera, view in self._views.items():
            if view.soiled:
                while view.usual not in self._drawn or view.soiled not in self._drawn:
                    await self._pause((1, 1))
                await self._pause(_CLEAN_S)
                self._server.show(camera, self._drawn[view.soiled])

    async def _pause(self, between_s: tuple[int, int]) -> None:
        await self._clock.sleep(self._rng.randint(*between_s) * 1000)
