"""What is known of a registered device, and how it is shown to technicians."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

import msgspec
from msgspec.structs import replace

from edge.gb28181.registrar import Registered
from edge.gb28181.told import Item
from edge.limits import GB28181_BEAT_MS, GB28181_BEATS_MISSED, GB28181_CATALOGUE_ITEMS
from edge.sip.peer import Peer

SIGNED_OFF = "it signed off"
_AWAY = ("OFF", "VLOST", "DEFECT")
"""What a channel is where it gives no picture (annex A.2.5)."""


class Outcome(msgspec.Struct, frozen=True):
    """How the newest INVITE ended: a SIP status, 0 where none came, and in words."""

    at_ms: int
    channel: str
    status: int
    words: str


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """A device as technicians see it. Instants are UTC milliseconds of the hub's clock."""

    device: str
    online: bool
    """Registered, and heard of since the hub started."""
    waiting: bool
    """Registered before the hub was restarted, and neither heard of nor missed since."""
    reason: str
    """Why it is not online; or what it says of itself that is not well."""
    address: str
    version: str
    algorithm: str
    registered_ms: int
    expires_ms: int
    heard_ms: int
    keepalive_ms: int | None
    clock_off_ms: int | None
    """How far the device's clock is ahead of ours."""
    name: str
    manufacturer: str
    model: str
    firmware: str
    catalogue: str
    """How complete the list of channels is."""
    subscriptions: tuple[str, ...]
    last_invite: Outcome | None
    channels: tuple[Item, ...]


@dataclass(slots=True)
class Device:
    """One registered device; only the platform changes it."""

    id: str
    peer: Peer
    registered_ms: int
    version: str = "2.0"
    algorithm: str = ""
    expires_ms: int = 0
    heard_ms: int = 0
    keepalive_ms: int | None = None
    clock_off_ms: int | None = None
    name: str = ""
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    fault: str = ""
    offline: str = "not registered yet"
    """Why it is offline; empty while it is online."""
    restored_ms: int | None = None
    """When the hub started that knows it from before; None once it was heard of since."""
    catalogue: dict[str, Item] = field(default_factory=dict)
    catalogue_revision: int = 0
    """Grows with each change of the catalogue."""
    catalogue_words: str = "not asked yet"
    is_catalogued: bool = False
    subscriptions: set[str] = field(default_factory=set)
    last_invite: Outcome | None = None

    def register(self, registered: Registered, peer: Peer, now_ms: int) -> bool:
        """Take a registration; say whether it is a new one, or the first since the hub started, and not one renewed."""
        is_new = bool(self.offline) or self.peer.host != peer.host
        if is_new:
            self.registered_ms, self.offline = now_ms, ""
        is_new, self.restored_ms = is_new or self.restored_ms is not None, None
        self.peer, self.version, self.algorithm = peer, registered.version, registered.algorithm
        self.expires_ms, self.heard_ms = now_ms + registered.expires_s * 1000, now_ms
        return is_new

    @property
    def encoding(self) -> str:
        """How XML to this device is declared."""
        return "GB18030" if self.version >= "3" else "GB2312"

    def why_offline(self, now_ms: int) -> str:
        """Return why the device counts as offline by now; empty where it does not."""
        if now_ms >= self.expires_ms:
            return "its registration ran out"
        if self.restored_ms is not None:
            silent = now_ms - self.restored_ms >= GB28181_BEAT_MS * GB28181_BEATS_MISSED
            return "registered before the hub was restarted, and not heard of since" if silent else ""
        if now_ms - self.heard_ms >= GB28181_BEAT_MS * GB28181_BEATS_MISSED:
            return f"no keepalive for {GB28181_BEAT_MS * GB28181_BEATS_MISSED // 1000} s"
        return ""

    def restore(self, now_ms: int) -> None:
        """The hub knows it from before it was restarted."""
        self.restored_ms = now_ms
        self.offline = self.offline or self.why_offline(now_ms)
        if self.offline:
            self.restored_ms = None

    @property
    def waiting(self) -> str:
        """Why it is not known whether it is still there; empty where it was heard of since the hub started."""
        return "" if self.restored_ms is None else "registered before the restart, waiting for its keepalive"

    def has(self, items: Iterable[Item], *, is_all: bool) -> None:
        """These came of its catalogue; where some did not, what else was known of it stays."""
        came = {item.channel: item for item in items}
        catalogue = came if is_all else {**came, **self.catalogue, **came}
        self.catalogue = dict(islice(catalogue.items(), GB28181_CATALOGUE_ITEMS))
        self.catalogue_revision += 1

    def change(self, event: str, item: Item) -> None:
        """Take a change of the catalogue: an item that came, went, was changed, or is on or off."""
        self.catalogue_revision += 1
        known = self.catalogue.get(item.channel)
        if event == "DEL":
            self.catalogue.pop(item.channel, None)
        elif event in ("ADD", "UPDATE"):
            if known or len(self.catalogue) < GB28181_CATALOGUE_ITEMS:
                self.catalogue[item.channel] = _updated(known, item) if known else item
        elif known and event in ("ON", *_AWAY):
            self.catalogue[item.channel] = replace(known, online=event == "ON")

    def state(self) -> DeviceState:
        """Return what technicians see."""
        return DeviceState(
            device=self.id, online=not (self.offline or self.waiting), waiting=bool(self.waiting),
            reason=self.offline or self.waiting or self.fault,
            address=f"{self.peer.transport}://{self.peer.host}:{self.peer.port}", version=self.version,
            algorithm=self.algorithm, registered_ms=self.registered_ms, expires_ms=self.expires_ms,
            heard_ms=self.heard_ms, keepalive_ms=self.keepalive_ms, clock_off_ms=self.clock_off_ms, name=self.name,
            manufacturer=self.manufacturer, model=self.model, firmware=self.firmware, catalogue=self.catalogue_words,
            subscriptions=tuple(sorted(self.subscriptions)), last_invite=self.last_invite,
            channels=tuple(self.catalogue.values()),
        )  # fmt: skip

    def diagnosis(self, now_ms: int) -> str:
        """Say in one line how far the device got."""
        if self.offline:
            return f"registered {ago(now_ms - self.registered_ms)}, offline: {self.offline}"
        if self.waiting:
            return f"{self.waiting}; last heard {ago(now_ms - self.heard_ms)}"
        heard = f"last heard {ago(now_ms - self.heard_ms)}"
        invite = f", {self.last_invite.words}" if self.last_invite else ""
        return f"registered {ago(now_ms - self.registered_ms)} over {self.peer.transport.upper()}, {heard}{invite}"


def _updated(known: Item, item: Item) -> Item:
    """Return what is known now: some devices say of an item only what changed."""
    said = {name: getattr(item, name) for name in item.__struct_fields__}
    return replace(known, **{name: value for name, value in said.items() if value not in ("", None)})


def ago(duration_ms: int) -> str:
    """Say how long ago something was."""
    seconds = duration_ms // 1000
    return f"{seconds} s ago" if seconds < 600 else f"{seconds // 60} min ago"
