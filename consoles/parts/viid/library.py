"""What other view libraries bring goes into the record: passages as our own, dispositions as watches to be approved."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from command.actors import Actor
from command.blobs import Blobs
from command.hub import Hub
from command.kernel.errors import ConflictError, TooManyError
from command.passages import Passages
from command.requests import LiftWatch, RequestWatch
from command.requests.watchlist import GivenArea
from command.rows import WatchRow
from consoles.parts.viid.cascade_store import CascadeStore
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.entries import id_of, is_in_force
from consoles.parts.viid.lower_store import LowerStore
from consoles.parts.viid.store import ViidStore
from edge.limits import VIID_ORDERS, VIID_ORDERS_OF_PEER, VIID_PEERS
from edge.viid.bodies import RefusedError, Verdict
from edge.viid.catalogue import Listed, OwnDevice
from edge.viid.codes import StatusCode
from edge.viid.library import AlarmOutcome
from edge.viid.orders import Disposition, OrderState, Subscription, host_of
from edge.viid.vehicle import Vehicle

_REASON_CHARS, _OFFICE_CHARS = 500, 100
_CHANGED, _ENDED = "对方平台改了布控内容", "对方平台已撤控"
"""Why an entry is lifted, for our record and whoever reads it."""
_ONLINE = {"up": True, "down": False, "unknown": None}
_STATES: dict[str, OrderState] = {
    "requested": "waiting", "active": "in force", "lifted": "cancelled", "expired": "over",
}  # fmt: skip


class ViidLibrary:
    """The hub as a `edge.viid.library.Library`. `receivers` are hosts that may be told besides whoever asks."""

    def __init__(
        self, hub: Hub, blobs: Blobs, passages: Passages, store: ViidStore, devices: Devices,
        lowers: LowerStore, cascades: CascadeStore, server_id: str, receivers: Sequence[str],
    ) -> None:  # fmt: skip
        self._hub = hub
        self._blobs = blobs
        self._passages = passages
        self._store = store
        self._devices = devices
        self._lowers = lowers
        self._cascades = cascades
        self.alarms: Counter[tuple[str, AlarmOutcome]] = Counter()
        """Notices that came here of vehicles that systems were asked to look out for."""
        self.notices: Counter[str] = Counter()
        """Passages that came here for each thing that we subscribed to elsewhere."""
        self._server_id = server_id
        self._receivers = frozenset(receivers)

    async def take(self, peer: str, vehicle: Vehicle, picture: bytes | None) -> Verdict:
        """Keep the passage as one of our own cameras'."""
        camera = await self._devices.camera_of(vehicle.device, vehicle.tollgate)
        self._devices.heard(vehicle.device or vehicle.tollgate, peer, taken=bool(camera))
        if not camera:
            why = f"device {vehicle.device or vehicle.tollgate} is not adopted here: our administrator has to say which"
            raise RefusedError(f"{why} camera it is", StatusCode.INVALID_OPERATION)
        name = await self._blobs.add(picture) if picture is not None else None
        await self._passages.add([vehicle.sighting(camera, name)])
        return Verdict(vehicle.id)

    async def take_devices(self, peer: str, devices: Sequence[Listed]) -> list[Verdict]:
        """Keep them; they are cameras once an administrator says so."""
        refused = await self._lowers.take(peer, devices)
        return [
            Verdict(one.id, StatusCode.INVALID_OPERATION, refused[one.id]) if one.id in refused else Verdict(one.id)
            for one in devices
        ]

    async def own_devices(self, peer: str) -> list[OwnDevice]:
        """Return all cameras but those that came from the system itself."""
        ids = await self._devices.ids()
        cameras = await self._hub.read(lambda t: list(t.cameras))
        return [
            OwnDevice(
                id=ids[row.id][0], name=row.name, lat=row.lat, lon=row.lon, bearing_deg=row.bearing_deg,
                online=_ONLINE[row.state], reads_plates=row.reads_plates,
            )
            for row in cameras
            if row.id in ids and ids[row.id][1] != peer
        ]  # fmt: skip

    def noticed(self, subscription: str, passages: int) -> None:
        """Count them, of ids that may be ours."""
        known = subscription in self.notices or len(self.notices) < VIID_ORDERS_OF_PEER
        if known and subscription.startswith(self._server_id[:12]):
            self.notices[subscription] += passages

    async def awaited(self, peer: str, disposition: str) -> str:
        """Return the plate, of an entry that was told to this very system and is in force still."""
        told = await self._cascades.entry(peer, disposition)
        row = await self._hub.read(lambda t: t.watches.get(told.watch)) if told else None
        in_force = row is not None and is_in_force(row, self._hub.clock.now_ms())
        if told is None or row is None or not in_force or id_of(row, self._server_id) != told.id:
            raise RefusedError("no disposition of ours under that id is in force at you", StatusCode.INVALID_OPERATION)
        return told.plate

    def alarmed(self, peer: str, outcome: AlarmOutcome) -> None:
        """Count it, of systems that may be told."""
        if (peer, outcome) in self.alarms or len(self.alarms) < VIID_PEERS:
            self.alarms[peer, outcome] += 1

    async def subscribe(self, subscription: Subscription, host: str) -> None:
        """Keep it where it names something of ours and an address that may be told."""
        self._check_receiver(subscription.address, host)
        if not any([await self._is_ours(name) for name in subscription.resources]):
            raise RefusedError("ResourceURI names nothing of ours")
        known = await self._store.order("subscription", Subscription, subscription.peer, subscription.id)
        if known is None or known[2]:
            await self._check_room(subscription.peer)
        await self._store.keep_order("subscription", subscription)

    async def end_subscription(self, peer: str, subscription: str) -> None:
        """Tell it nothing more."""
        if await self._store.order("subscription", Subscription, peer, subscription) is None:
            raise RefusedError(f"no subscription {subscription} of yours", StatusCode.INVALID_OPERATION)
        await self._store.end_order("subscription", peer, subscription)

    async def subscriptions(self, peer: str) -> list[tuple[Subscription, OrderState]]:
        """Return those of a system, or of all for an empty one."""
        now_ms = self._hub.clock.now_ms()
        found = await self._store.orders("subscription", Subscription, peer)
        return [(asked, state_of(asked, now_ms, ended=ended)) for asked, _, ended in found]

    async def dispose(self, disposition: Disposition, host: str) -> None:
        """Ask for a watch; said again it is the same, said otherwise it takes the place of the one before."""
        self._check_receiver(disposition.address, host)
        known = await self._store.order("disposition", Disposition, disposition.peer, disposition.id)
        if known is not None and known[0] == disposition and not known[2]:
            return
        request = await self._watch(disposition)
        if known is not None and not known[2]:
            await self._lift(disposition.peer, known[1], _CHANGED)
        else:
            await self._check_room(disposition.peer)
        said = hashlib.sha256(msgspec.json.encode(disposition)).hexdigest()[:16]
        key = f"viid/{disposition.peer}/{disposition.id}/{said}/{known[1] if known else ''}"
        answer = await self._hub.ask(request, _actor(disposition.peer), key)
        await self._store.keep_order("disposition", disposition, answer.subject)

    async def end_disposition(self, peer: str, disposition: str, why: str) -> None:
        """Look out no longer."""
        known = await self._store.order("disposition", Disposition, peer, disposition)
        if known is None:
            raise RefusedError(f"no disposition {disposition} of yours", StatusCode.INVALID_OPERATION)
        await self._lift(peer, known[1], why)
        await self._store.end_order("disposition", peer, disposition)

    async def dispositions(self, peer: str) -> list[tuple[Disposition, OrderState]]:
        """Return those of a system, or of all for an empty one, as the watch list has them now."""
        found = await self._store.orders("disposition", Disposition, peer)
        rows = await self._hub.read(lambda t: {watch: t.watches.get(watch) for _, watch, _ in found})
        return [
            (asked, "cancelled" if ended else _state_of_watch(rows.get(watch), asked.peer))
            for asked, watch, ended in found
        ]

    async def _watch(self, asked: Disposition) -> RequestWatch:
        cameras = [camera for name in asked.tollgates if (camera := await self._camera_of(name))]
        if asked.tollgates and not cameras:
            raise RefusedError("TollgateList names nothing of ours")
        reason = " ".join(filter(None, (asked.title, asked.reason if asked.reason != asked.title else "")))
        return RequestWatch(
            pattern=asked.pattern, reason=f"{reason} (GA/T 1400 {asked.id})"[:_REASON_CHARS], level=asked.level,
            until_ms=asked.until_ms,
            office=(asked.applicant or asked.peer)[:_OFFICE_CHARS],
            area=GivenArea(cameras=cameras) if cameras else None,
        )  # fmt: skip

    async def _lift(self, peer: str, watch: str, why: str) -> None:
        row = await self._hub.read(lambda t: t.watches.get(watch))
        if row is None or row.requested_by != asker(peer) or row.state not in ("requested", "active"):
            return  # over already; or a hub restored to an earlier moment has given the id to another watch
        lift = LiftWatch(watch=watch, why=why or _ENDED)
        with suppress(ConflictError):  # somebody was quicker
            await self._hub.ask(lift, _actor(peer))

    async def _camera_of(self, name: str) -> str:
        """Return the camera that others know under an id, adopted from them or told to them."""
        ids = await self._devices.ids()
        return await self._devices.camera_of(name) or next((cam for cam, (told, _) in ids.items() if told == name), "")

    async def _is_ours(self, name: str) -> bool:
        """Say whether an id, or the beginning of ids, is of anything here."""
        ids = await self._devices.ids()
        return self._server_id.startswith(name) or any(told.startswith(name) for told, _ in ids.values())

    def _check_receiver(self, address: str, host: str) -> None:
        """Who is let in must not have us call on others in our network."""
        if host_of(address) not in {host, *self._receivers}:
            raise RefusedError(
                f"ReceiveAddr is not at {host}, where you speak from, nor a receiver set here",
                StatusCode.INVALID_OPERATION,
            )

    async def _check_room(self, peer: str) -> None:
        own, all_ = await self._store.counts(peer, self._hub.clock.now_ms())
        if own >= VIID_ORDERS_OF_PEER or all_ >= VIID_ORDERS:
            raise TooManyError(f"{own} orders of yours and {all_} in all are in force")


def state_of(asked: Subscription, now_ms: int, *, ended: bool) -> OrderState:
    """Return how a subscription stands."""
    if ended:
        return "cancelled"
    return "over" if now_ms >= asked.until_ms else "in force" if now_ms >= asked.from_ms else "waiting"


def _state_of_watch(row: WatchRow | None, peer: str) -> OrderState:
    return "over" if row is None or row.requested_by != asker(peer) else _STATES[row.state]


def asker(peer: str) -> str:
    """Return who the record says asked for the watches of a system."""
    return f"viid.{peer}"


def _actor(peer: str) -> Actor:
    return Actor(id=asker(peer), name=f"GA/T 1400 {peer}", roles=frozenset({"hub"}))
