"""Who registered, kept over a restart of the hub: where each device is reached, and its channels, sealed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, fields

import msgspec

from command.access.keys import Box
from command.kernel.clock import Clock
from command.kernel.database import Database, Statement
from command.kernel.errors import UnavailableError
from edge.gb28181.devices import Device
from edge.gb28181.told import Item
from edge.limits import GB28181_DEVICES, GB28181_KEEP_MS
from edge.sip.peer import Peer

log = logging.getLogger(__name__)

SCHEMA = ("CREATE TABLE registrations (device TEXT PRIMARY KEY, kept BLOB NOT NULL, channels BLOB NOT NULL)",)
"""What the database is to be opened with."""

# What is agreed with a device anew after a restart, and what is kept apart.
_NOT_KEPT = frozenset({"id", "peer", "catalogue", "catalogue_revision", "subscriptions", "last_invite", "restored_ms"})
_KEPT = tuple(each.name for each in fields(Device) if each.name not in _NOT_KEPT)


class _Kept(msgspec.Struct, frozen=True):
    peer: Peer
    told: dict[str, str | int | bool | None]


@dataclass(slots=True)
class RegistrationCounters:
    """Everything only grows."""

    restored: int = 0
    unreadable: int = 0
    failed_writes: int = 0


class Registrations:
    """Written behind: new registrations at once, what devices say later now and then. Of one hub, nobody else's."""

    def __init__(self, db: Database, box: Box, clock: Clock) -> None:
        self._db = db
        self._box = box
        self._clock = clock
        self._changed: dict[str, Device] = {}
        self._gone: set[str] = set()
        self._stored: dict[str, int] = {}
        """The revision of each device's catalogue that is written."""
        self._soon = asyncio.Event()
        self.counters = RegistrationCounters()

    async def load(self) -> list[Device]:
        """Return the devices as they were when the hub ended; those that were not offline wait to be heard of.

        What cannot be opened with this site's key is left out. Raises `UnavailableError`.
        """
        now_ms, found = self._clock.now_ms(), []
        for device, kept, channels in await self._db.rows(
            "SELECT device, kept, channels FROM registrations ORDER BY device LIMIT ?", GB28181_DEVICES
        ):
            try:
                found.append(self._opened(device, kept, channels, now_ms))
            except (UnavailableError, msgspec.MsgspecError, TypeError) as error:
                self.counters.unreadable += 1
                log.warning("the registration of GB/T 28181 device %s cannot be read: %s", device, error)
        self.counters.restored += len(found)
        return found

    def _opened(self, device: str, kept: bytes, channels: bytes, now_ms: int) -> Device:
        said = msgspec.msgpack.decode(self._box.open(kept, f"registration {device}"), type=_Kept)
        items = msgspec.msgpack.decode(self._box.open(channels, f"channels {device}"), type=list[Item])
        found = Device(device, said.peer, **{name: said.told[name] for name in _KEPT})  # type: ignore[arg-type]  # as they were written
        found.catalogue = {item.channel: item for item in items}
        self._stored[device] = found.catalogue_revision
        found.restore(now_ms)
        return found

    def note(self, device: Device, *, soon: bool = False) -> None:
        """Something about the device is other than before; `soon` is not left to the next turn."""
        self._gone.discard(device.id)
        self._changed[device.id] = device
        if soon:
            self._soon.set()

    def forget(self, device: str) -> None:
        """The device made room for another."""
        self._changed.pop(device, None)
        self._stored.pop(device, None)
        self._gone.add(device)

    async def run(self) -> None:
        """Write what changed until cancelled; what cannot be written now is tried again."""
        while True:
            try:
                async with asyncio.timeout(GB28181_KEEP_MS / 1000):
                    await self._soon.wait()
            except TimeoutError:
                pass
            self._soon.clear()
            await self.write()

    async def write(self) -> None:
        """Write what changed."""
        changed, gone = list(self._changed.values()), list(self._gone)
        if not changed and not gone:
            return
        self._changed.clear()
        self._gone.clear()
        statements = [self._statement(device) for device in changed]
        statements += [("DELETE FROM registrations WHERE device = ?", (device,)) for device in gone]
        revisions = {device.id: device.catalogue_revision for device in changed}
        try:
            await self._db.write(*statements)
        except (UnavailableError, asyncio.CancelledError) as error:
            self._changed = {device.id: device for device in changed} | self._changed
            self._gone |= {device for device in gone if device not in self._changed}
            if isinstance(error, asyncio.CancelledError):
                raise
            log.warning("registrations of GB/T 28181 devices are not kept now: %s", error.detail)
            self.counters.failed_writes += 1
            return
        self._stored |= revisions

    def _statement(self, device: Device) -> Statement:
        told = {name: getattr(device, name) for name in _KEPT}
        kept = self._box.seal(msgspec.msgpack.encode(_Kept(device.peer, told)), f"registration {device.id}")
        if self._stored.get(device.id) == device.catalogue_revision:
            return "UPDATE registrations SET kept = ? WHERE device = ?", (kept, device.id)
        items = msgspec.msgpack.encode(list(device.catalogue.values()))
        return (
            "INSERT INTO registrations (device, kept, channels) VALUES (?, ?, ?) "
            "ON CONFLICT (device) DO UPDATE SET kept = excluded.kept, channels = excluded.channels",
            (device.id, kept, self._box.seal(items, f"channels {device.id}")),
        )
