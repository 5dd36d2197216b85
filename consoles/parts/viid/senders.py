"""One sender for everybody who is to be told over GA/T 1400: upper systems, subscriptions, and dispositions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import aiohttp
import msgspec

from command.blobs import Blobs
from command.hub import Hub
from command.kernel.errors import TriuneError, UnavailableError, UnknownIdError
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.store import ViidStore, receiver_of
from consoles.parts.viid.tells import upper_receiver
from edge.limits import VIID_BATCH_BYTES, VIID_PICTURE_BYTES
from edge.viid import notices
from edge.viid.bodies import Verdict, each_of
from edge.viid.catalogue import OwnDevice
from edge.viid.codes import DEVICES, MOTOR_VEHICLES, StatusCode
from edge.viid.device_teller import DeviceTeller
from edge.viid.faults import contained
from edge.viid.notices import Body, Notice, Passage
from edge.viid.orders import Disposition, Subscription
from edge.viid.remote import Remote
from edge.viid.sender import Deliver, Item, Sender, SenderState
from edge.viid.upper import Upper

log = logging.getLogger(__name__)
_AFTER_MS = 24 * 60 * 60 * 1000
"""What waits for an order is told for so long after its end."""
_SHED_EVERY_MS = 60_000
_CATALOGUE = "catalogue/"
_Order = Upper | Subscription | Disposition
_Write = Callable[[list[Passage]], Body]
_Post = Callable[[dict[str, object]], Awaitable[list[Verdict]]]


class Senders:
    """Run `run`, on the hub that tells for all.

    `password_of(peer)` is what a system asks us for; what has waited longer than `keep_ms` is dropped. `own_devices`
    are ours as a system is told of them.
    """

    def __init__(
        self, hub: Hub, blobs: Blobs, store: ViidStore, devices: Devices, server_id: str, uppers: Sequence[Upper],
        pushing: Sequence[str], http: aiohttp.ClientSession, password_of: Callable[[str], str], keep_ms: int,
        own_devices: Callable[[str], Awaitable[Sequence[OwnDevice]]],
    ) -> None:  # fmt: skip
        self.uppers = uppers
        self.shed = 0
        self._hub = hub
        self._blobs = blobs
        self._store = store
        self._devices = devices
        self._server_id = server_id
        self._pushing = pushing
        self._http = http
        self._password_of = password_of
        self._keep_ms = keep_ms
        self._own_devices = own_devices
        self._shed_ms = 0
        self._running: dict[str, tuple[Sender | DeviceTeller, asyncio.Task[None], _Order]] = {}

    def states(self) -> list[SenderState]:
        """Return how each sender does."""
        return [sender.state for sender, _, _ in self._running.values()]

    async def run(self) -> None:
        """Tell whoever is to be told until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for upper in self.uppers:
                tasks.create_task(upper.run(), name=f"viid-upper-{upper.state.id}")
            try:
                while True:
                    changes = self._store.orders_changed.count
                    try:
                        with contained("who is to be told"):
                            await self._sync(tasks)
                            await self._shed()
                    except TriuneError as error:
                        log.warning("who is to be told over GA/T 1400 stays as it was for now: %s", error.detail)
                    await self._store.orders_changed.wait(changes)
            finally:
                for _, task, _ in self._running.values():
                    task.cancel()
                self._running.clear()

    async def _sync(self, tasks: asyncio.TaskGroup) -> None:
        wanted: dict[str, _Order] = {
            upper_receiver(upper.state.id): upper for upper in self.uppers if upper.state.id in self._pushing
        }
        after_ms = self._hub.clock.now_ms() - _AFTER_MS
        for subscription, _, ended in await self._store.orders("subscription", Subscription):
            if not ended and subscription.until_ms > after_ms:
                if MOTOR_VEHICLES in subscription.details:
                    wanted[receiver_of("subscription", subscription.peer, subscription.id)] = subscription
                if DEVICES in subscription.details:
                    wanted[f"{_CATALOGUE}{subscription.peer}/{subscription.id}"] = subscription
        for disposition, _, ended in await self._store.orders("disposition", Disposition):
            if not ended and disposition.until_ms > after_ms:
                wanted[receiver_of("disposition", disposition.peer, disposition.id)] = disposition
        for receiver, (_, task, told) in list(self._running.items()):
            if wanted.get(receiver) != told:
                task.cancel()
                del self._running[receiver]
        for receiver, told in wanted.items():
            if receiver not in self._running:
                sender = self._sender(receiver, told)
                self._running[receiver] = (sender, tasks.create_task(sender.run(), name=f"viid-{receiver}"), told)

    async def _shed(self) -> None:
        now_ms = self._hub.clock.now_ms()
        if now_ms - self._shed_ms < _SHED_EVERY_MS:
            return
        self._shed_ms = now_ms
        if gone := await self._store.shed(now_ms - self._keep_ms):
            self.shed += gone
            log.warning("%d passages that waited longest to be told are dropped", gone)

    def _sender(self, receiver: str, told: _Order) -> Sender | DeviceTeller:
        if isinstance(told, Subscription) and receiver.startswith(_CATALOGUE):
            return self._device_teller(receiver, told)
        interval_ms = told.interval_s * 1000 if isinstance(told, Subscription) else 0
        write: _Write
        post: _Post
        match told:
            case Upper():
                write, post = notices.vehicles, partial(told.post, "/VIID/MotorVehicles")
            case Subscription():
                write = partial(notices.subscribed, self._server_id, told)
                post = partial(self._remote(told.peer).post, told.address)
            case Disposition():
                write = partial(notices.disposed, self._server_id, told)
                post = partial(self._remote(told.peer).post, told.address)
        return Sender(self._store, receiver, self._telling(write, post), self._hub.clock, interval_ms)

    def _device_teller(self, receiver: str, asked: Subscription) -> DeviceTeller:
        clock, remote = self._hub.clock, self._remote(asked.peer)

        async def find() -> list[OwnDevice]:
            now_ms, devices = clock.now_ms(), await self._own_devices(asked.peer)
            return [one for one in devices if asked.wants(DEVICES, one.id, self._server_id, now_ms)]

        async def tell(some: Sequence[OwnDevice]) -> list[Verdict]:
            return await remote.post(asked.address, notices.devices(self._server_id, asked, some, clock.now_ms()))

        return DeviceTeller(receiver, find, tell, clock, asked.interval_s * 1000)

    def _remote(self, peer: str) -> Remote:
        return Remote(self._http, self._server_id, self._server_id, self._password_of(peer))

    def _telling(self, write: _Write, post: _Post) -> Deliver:
        async def deliver(items: Sequence[Item]) -> list[tuple[str, Verdict]]:
            keys, passages, wrong = await self._passages(items)
            if not passages:
                return wrong
            ids, body = write(passages)
            return wrong + each_of(keys, ids, await post(body))

        return deliver

    async def _passages(self, items: Sequence[Item]) -> tuple[list[str], list[Passage], list[tuple[str, Verdict]]]:
        """Return the first of them that go into one body, by key, with their pictures; and those nobody can read."""
        keys: list[str] = []
        passages: list[Passage] = []
        wrong: list[tuple[str, Verdict]] = []
        size = 0
        for item in items:
            try:
                notice = msgspec.json.decode(item.body, type=Notice)
            except msgspec.MsgspecError as error:
                wrong.append((item.key, Verdict(item.key, StatusCode.OTHER, str(error))))
                continue
            picture = await self._picture(notice.sighting.picture)
            size += len(picture or b"")
            if passages and size > VIID_BATCH_BYTES:
                break
            device, _ = await self._devices.told_as(notice.sighting.camera)
            keys.append(item.key)
            passages.append(Passage(notice.sighting, device, picture, notice.hit))
        return keys, passages, wrong

    async def _picture(self, name: str | None) -> bytes | None:
        """Return it where it is there and not too large: a passage without its picture is better than none."""
        if not name:
            return None
        try:
            picture = await self._blobs.get(name)
        except (UnknownIdError, UnavailableError) as error:
            log.warning("a passage is told without its picture: %s", error.detail)
            return None
        return picture if len(picture) <= VIID_PICTURE_BYTES else None
