"""Keeps one pull point at each enrolled ONVIF camera, so that what they notice is heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError
from edge.onvif.address import onvif_address
from edge.onvif.events import CameraEvent, watch
from edge.onvif.gateway import SCHEMES
from streams.sources import scheme_of

_log = logging.getLogger(__name__)

OnEvent = Callable[[str, CameraEvent], Awaitable[None]]
"""`on_event(camera_id, event)`; may raise anything, which is logged and ends nothing."""


class EventWatch:
    """`async with EventWatch(clock, on_event) as watching: await watching.sync(addresses)`; leaving ends every one."""

    def __init__(self, clock: Clock, on_event: OnEvent) -> None:
        self._clock = clock
        self._on_event = on_event
        self._tasks = asyncio.TaskGroup()
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sync({})
        await self._tasks.__aexit__(kind, error, trace)

    def sync(self, addresses: Mapping[str, str]) -> None:
        """Watch exactly the cameras of these addresses that are ONVIF; by camera id."""
        wanted = {camera: address for camera, address in addresses.items() if scheme_of(address) in SCHEMES}
        for camera, (address, task) in list(self._running.items()):
            if wanted.get(camera) != address:
                task.cancel()
                del self._running[camera]
        for camera in wanted.keys() - self._running.keys():
            task = self._tasks.create_task(self._watch(camera, wanted[camera]), name=f"events {camera}")
            self._running[camera] = (wanted[camera], task)

    async def _watch(self, camera: str, address: str) -> None:
        async def hear(event: CameraEvent) -> None:
            try:
                await self._on_event(camera, event)
            except Exception:  # noqa: BLE001 - whoever hears it, the camera is listened to further
                _log.exception("camera %s: an event was not taken", camera)

        try:
            at = onvif_address(address)
        except InvalidInputError as error:
            _log.warning("camera %s: %s", camera, error.detail)
            return
        await watch(at, self._clock, hear)
