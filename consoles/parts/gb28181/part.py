"""GB/T 28181 devices of the live space: their registration, pictures, movements, alarms and places, and their list."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.actors import HUB
from command.facts import Level
from command.hub import Hub
from command.kernel.clock import Clock
from command.kernel.database import SqliteDatabase
from command.kernel.errors import TriuneError
from command.requests import ReportDeviceAlarm
from command.uplink.hub_uplink import HubUplink
from consoles.http import metrics
from consoles.http.adoption import FoundCamera
from consoles.parts.agents.registry import SCHEME as AGENT_SCHEME
from consoles.parts.agents.registry import in_charge
from consoles.parts.base import Base
from consoles.settings import Gb28181, Settings
from edge.gb28181.alarm_words import words_of
from edge.gb28181.archive import Archive
from edge.gb28181.diagnosis import way_to
from edge.gb28181.ids import shows_pictures
from edge.gb28181.media import SCHEME, Gb28181Media
from edge.gb28181.pilot import Where, giving_keys, opens_ptz, where
from edge.gb28181.platform import Identity, Platform
from edge.gb28181.ports import MediaPorts
from edge.gb28181.registrations import SCHEMA as REGISTRATIONS
from edge.gb28181.registrations import Registrations
from edge.gb28181.told import Alarm
from streams.diagnosis import Way
from streams.ptz import OpenPtz
from streams.sources import Open

log = logging.getLogger(__name__)
_LEVELS: dict[int, Level] = {1: 1, 2: 2, 3: 3, 4: 4}


class Gateway:
    """The running platform and what the rest of the hub takes from it."""

    def __init__(
        self, platform: Platform, media: Gb28181Media, settings: Gb28181, adopted: Adopted, clock: Clock
    ) -> None:
        self.platform = platform
        self.server_id = settings.server_id
        self.adopted = adopted
        self.archive = Archive(platform, media, clock)
        """What they have recorded themselves."""
        self._media = media

    @property
    def open(self) -> Open:
        """Opens cameras at `gb28181://<device>/<channel>` whose devices are registered here."""
        return giving_keys(self.platform, self._media.open)

    @property
    def open_ptz(self) -> OpenPtz:
        """Moves them."""
        return opens_ptz(self.platform)

    @property
    def way(self) -> Way:
        """How they are gone to."""
        return way_to(self.platform, self._media)

    async def find(self) -> list[FoundCamera]:
        """Return the channels that may be cameras, for adoption."""
        return [
            FoundCamera(
                kind="gb28181",
                address=address_of(device.device, item.channel),
                name=item.name or item.channel,
                told=" ".join(filter(None, (item.manufacturer or device.manufacturer, item.model, item.address))),
            )
            for device in self.platform.states()
            for item in device.channels
            if shows_pictures(item.channel)
        ]


Channel = tuple[str, Where]
"""A channel, and the edge agent that its device comes to; empty where it comes to a hub."""


class Adopted:
    """Which channels are enrolled cameras, read anew after an address was changed."""

    def __init__(self, hub: Hub, accounts: Accounts) -> None:
        self._hub = hub
        self._accounts = accounts
        self._known: dict[Channel, str] | None = None
        self._changes = 0
        accounts.listen_addresses(self._forget)

    def _forget(self) -> None:
        self._known = None
        self._changes += 1

    async def cameras(self) -> dict[Where, str]:
        """Return the enrolled camera at each channel of devices that come to hubs."""
        return {channel: camera for (agent, channel), camera in (await self.everywhere()).items() if not agent}

    async def everywhere(self) -> dict[Channel, str]:
        """Return the enrolled camera at each channel, of devices at agents too."""
        known = self._known
        if known is None:
            changes = self._changes
            addresses = await self._accounts.camera_addresses()
            known = {channel: camera for camera, text in addresses.items() if (channel := _channel(text))}
            if changes == self._changes:  # or what was read may be of before the change
                self._known = known
        enrolled = await self._hub.read(lambda t: {camera for camera in known.values() if t.cameras.get(camera)})
        return {channel: camera for channel, camera in known.items() if camera in enrolled}


def _channel(address: str) -> Channel | None:
    agent, inner = in_charge(address) or ("", address)
    channel = where(inner)
    return (agent, channel) if channel else None


def address_of(device: str, channel: str, agent: str = "") -> str:
    """Return the address of a channel, of a camera that may be adopted; `agent` is the one that its device came to."""
    return (f"{AGENT_SCHEME}://{agent}/" if agent else "") + f"{SCHEME}://{device}/{channel}"


def password_of(settings: Gb28181, key: SiteKey) -> str:
    """Return what devices have to know where none is set: no two sites have the same, and nobody has to keep it."""
    return settings.password or key.derive("gb28181-password").hex()[:16]


@asynccontextmanager
async def gb28181(base: Base, uplink: HubUplink) -> AsyncIterator[Gateway | None]:
    """Serve GB/T 28181 devices, where the settings say so."""
    settings, hub = base.settings, base.hub
    own = settings.gb28181
    if own is None:
        yield None
        return
    adopted = Adopted(hub, base.kept.accounts)

    async def on_alarm(device: str, alarm: Alarm) -> None:
        camera = (await adopted.cameras()).get(Where(device, alarm.device))
        request = ReportDeviceAlarm(
            subject=camera or alarm.device, level=_LEVELS.get(alarm.priority, 4), detail=words_of(alarm),
            lat=alarm.lat, lon=alarm.lon,
        )  # fmt: skip
        # A device that got no answer says it again: with its own instant it is the same alarm.
        key = None if alarm.at_ms is None else f"gb28181/{device}/{alarm.device}/{alarm.sn}/{alarm.at_ms}"
        await hub.ask(request, HUB, key)

    identity = Identity(
        server=own.server_id, domain=own.domain, password=password_of(own, base.key), passwords=own.passwords
    )  # fmt: skip
    ports = MediaPorts(settings.host, *own.media_ports, advertised=own.address or None)
    async with AsyncExitStack() as stack:
        kept = _registrations(settings, base.key, hub.clock, stack)
        platform = await stack.enter_async_context(
            Platform(
                identity, uplink, on_alarm, hub.clock, settings.host, own.port, announced=own.address,
                datum=own.datum, kept=kept,
            )
        )  # fmt: skip
        base.measured.extend((
            metrics.gauge("gb28181_devices_online", "GB/T 28181 devices online", lambda: platform.online),
            metrics.counted("gb28181", "GB/T 28181 devices", platform.counters),
            metrics.counted("gb28181_registrar", "GB/T 28181 registrations", platform.registrar.counters),
            metrics.counted("gb28181_sip", "SIP of GB/T 28181", platform.endpoint.counters),
        ))  # fmt: skip
        base.connected.append(lambda: platform.online)
        if kept:
            told = "GB/T 28181 registrations over restarts"
            base.measured.append(metrics.counted("gb28181_kept", told, kept.counters))
        yield Gateway(platform, Gb28181Media(platform, ports), own, adopted, hub.clock)


def _registrations(settings: Settings, key: SiteKey, clock: Clock, stack: AsyncExitStack) -> Registrations | None:
    """Open where registrations are kept, of this hub alone: a device is registered at one. A hub goes on without."""
    try:
        db = SqliteDatabase(Path(settings.data) / "gb28181.sqlite3", REGISTRATIONS, "gb28181")
    except TriuneError as error:
        log.warning("GB/T 28181 registrations will not outlive a restart: %s", error.detail)
        return None
    stack.push_async_callback(db.close)
    return Registrations(db, key.box("gb28181"), clock)
