"""Which camera of the register each device of GA/T 1400 is, and under which id others know each camera of ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from command.hub import Hub
from command.kernel.errors import TriuneError
from consoles.parts.viid.store import Device, ViidStore
from edge.limits import VIID_STRANGERS

log = logging.getLogger(__name__)
_FRESH_MS = 5000
_WRITE_MS = 2000


class Devices:
    """Knows them for a moment, since other hubs may assign some too. Run `run`, which writes down who was heard."""

    def __init__(
        self, hub: Hub, store: ViidStore, server_id: str, channels: Callable[[], Awaitable[dict[str, str]]]
    ) -> None:
        self._hub = hub
        self._store = store
        self._server_id = server_id
        self._channels = channels
        """Returns the GB/T 28181 channel of each camera that is one."""
        self._cameras: dict[str, str] = {}
        self._ids: dict[str, tuple[str, str]] = {}
        self._read_ms: int | None = None
        self._reading, self._writing = asyncio.Lock(), asyncio.Lock()
        self._heard: dict[str, tuple[str, int]] = {}

    async def camera_of(self, *devices: str) -> str:
        """Return the enrolled camera that the first of these that is adopted is; empty where none is."""
        await self._look()
        camera = next((camera for device in devices if (camera := self._cameras.get(device, ""))), "")
        enrolled = camera != "" and await self._hub.read(lambda t: t.cameras.get(camera) is not None)
        return camera if enrolled else ""

    async def ids(self) -> dict[str, tuple[str, str]]:
        """Return for each camera the id that it is told under, and the system that its passages come from, if any.

        That is the device that it was adopted as, its GB/T 28181 channel, or an id made of our own.
        """
        await self._look()
        return self._ids

    async def told_as(self, camera: str) -> tuple[str, str]:
        """Return the same for one camera, also for one that was removed since."""
        found = (await self.ids()).get(camera)
        return found or ((await self._store.own_devices(self._server_id, [camera]))[camera], "")

    async def assign(self, device: str, camera: str) -> None:
        """Say which camera a device is; empty: none."""
        await self._store.assign(device, camera)
        self._read_ms = None

    async def known(self) -> list[Device]:
        """Return all devices, with what was heard until now."""
        await self._write()
        return await self._store.devices()

    def heard(self, device: str, peer: str, *, taken: bool) -> None:
        """Note that a passage of a device came."""
        _, refused = self._heard.get(device, ("", 0))
        if device in self._heard or len(self._heard) < VIID_STRANGERS:
            self._heard[device] = (peer, refused + (not taken))

    async def run(self) -> None:
        """Write down now and then who was heard, until cancelled."""
        while True:
            await self._hub.clock.sleep(_WRITE_MS)
            try:
                await self._write()
            except TriuneError as error:
                log.warning("which devices were heard of is not kept now: %s", error.detail)

    async def _write(self) -> None:
        async with self._writing:  # whoever looks writes as well
            while self._heard:
                device, (peer, refused) = next(iter(self._heard.items()))
                await self._store.heard(device, peer, refused)
                _, more = self._heard.pop(device)
                if more > refused:  # some came while it was written
                    self._heard[device] = (peer, more - refused)

    async def _look(self) -> None:
        async with self._reading:
            now_ms = self._hub.clock.now_ms()
            if self._read_ms is None or now_ms - self._read_ms >= _FRESH_MS:
                await self._read(now_ms)

    async def _read(self, now_ms: int) -> None:
        adopted = [device for device in await self._store.devices() if device.camera]
        cameras = await self._hub.read(lambda t: [camera.id for camera in t.cameras])
        ids = {camera: (channel, "") for camera, channel in (await self._channels()).items() if camera in cameras}
        ids |= {device.camera: (device.device, device.peer) for device in adopted}
        own = await self._store.own_devices(self._server_id, [camera for camera in cameras if camera not in ids])
        self._ids = ids | {camera: (device, "") for camera, device in own.items()}
        self._cameras = {device.device: device.camera for device in adopted}
        self._read_ms = now_ms
