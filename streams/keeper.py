"""Keeps one running task for each enrolled camera."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from command.kernel.clock import Clock
from command.kernel.errors import UnknownIdError
from streams.camera import Camera, examine
from streams.camera_spec import CameraSpec, OnStatus
from streams.feed import Looker
from streams.source import standard_sources
from streams.sources import Sources
from streams.turns import Turns


class CameraKeeper:
    """`async with CameraKeeper(clock, on_status) as keeper: await keeper.sync(cameras)`; leaving stops every camera."""

    def __init__(
        self,
        clock: Clock,
        on_status: OnStatus,
        looker: Looker | None = None,
        *,
        sources: Sources | None = None,
    ) -> None:
        self._sources = sources or standard_sources()
        self._clock = clock
        self._on_status = on_status
        self._looker = looker
        self._turns = Turns()
        self._known = True
        self._tasks = asyncio.TaskGroup()
        self._running: dict[str, tuple[Camera, asyncio.Task[None]]] = {}
        self._syncing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.sync({})
        await self._tasks.__aexit__(kind, error, trace)

    async def sync(self, cameras: Mapping[str, CameraSpec]) -> None:
        """Start, stop and restart tasks so that exactly `cameras` run, as they are described now."""
        async with self._syncing:
            stale = [key for key, (camera, _) in self._running.items() if cameras.get(key) != camera.spec]
            stopping = [self._running.pop(key)[1] for key in stale]
            for task in stopping:
                task.cancel()
            if stopping:
                await asyncio.wait(stopping)
            for key, spec in cameras.items():
                if key not in self._running:
                    camera = Camera(
                        spec,
                        self._clock,
                        self._on_status,
                        sources=self._sources,
                        turns=self._turns,
                        looker=self._looker,
                        examine=examine,
                    )
                    camera.keep_known(self._known)
                    self._running[key] = (camera, self._tasks.create_task(camera.run(), name=f"camera {key}"))

    def keep_known(self, known: bool) -> None:
        """Say whether cameras that nobody needs are looked at now and then, all of them (of several hubs one does)."""
        self._known = known
        for camera, _ in self._running.values():
            camera.keep_known(known)

    def running(self) -> list[str]:
        """Return which cameras run."""
        return list(self._running)

    def camera(self, camera_id: str) -> Camera:
        """Return a running camera. Raises `UnknownIdError`."""
        if camera_id not in self._running:
            raise UnknownIdError(f"no camera {camera_id!r}")
        return self._running[camera_id][0]

    def address(self, camera_id: str) -> str:
        """Return where a running camera is pulled from. Raises `UnknownIdError`."""
        return self.camera(camera_id).spec.url
