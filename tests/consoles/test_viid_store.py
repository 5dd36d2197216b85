"""What GA/T 1400 keeps, in files and in PostgreSQL (SPEC R587, R589, R592)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command.hub import Hub
from command.journal.memory import MemoryJournal
from command.kernel.clock import VirtualClock
from command.links.viid import SCHEMA
from consoles.parts.viid import store as viid_store
from consoles.parts.viid.devices import Devices
from consoles.parts.viid.store import ViidStore, receiver_of
from edge.limits import VIID_ORDERS_OF_PEER
from edge.viid.orders import Disposition, Subscription
from edge.viid.sender import Item
from tests.databases import Databases
from tests.edge.viid.site import DEVICE, NOW_MS, SERVER

PEER = "43060000005030000001"


def subscription(name: str, until_ms: int = NOW_MS + 60_000, peer: str = PEER) -> Subscription:
    return Subscription(
        id=name, peer=peer, title="t", resources=(SERVER,), address="http://10.0.0.1/", from_ms=NOW_MS,
        until_ms=until_ms, interval_s=0, applicant="",
    )  # fmt: skip


def disposition(name: str) -> Disposition:
    return Disposition(
        id=name, peer=PEER, title="t", pattern="湘F12345", level=1, address="http://10.0.0.1/",
        until_ms=NOW_MS + 60_000, reason="r", applicant="",
    )  # fmt: skip


@asynccontextmanager
async def opened(databases: Databases) -> AsyncIterator[tuple[ViidStore, VirtualClock]]:
    async with databases(SCHEMA, "viid") as db:
        clock = VirtualClock(NOW_MS)
        yield ViidStore(db, clock), clock
        await db.close()


async def test_devices_wait_to_be_adopted_and_strangers_are_bounded(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viid_store, "VIID_STRANGERS", 2)
    async with opened(databases) as (store, clock):
        await store.assign(DEVICE, "k1")
        for number in range(4):
            clock.advance(NOW_MS + number)
            await store.heard(f"{number:020d}", PEER, 1)
        await store.heard(DEVICE, PEER, 0)
        await store.heard("3".zfill(20), PEER, 2)
        known = {device.device: (device.camera, device.peer, device.refused) for device in await store.devices()}
        assert known == {DEVICE: ("k1", PEER, 0), "3".zfill(20): ("", PEER, 3), "2".zfill(20): ("", PEER, 1)}
        await store.assign(DEVICE, "")
        assert not [device for device in await store.devices() if device.camera]


async def test_what_was_heard_is_written_down_once_however_many_look(databases: Databases) -> None:  # R1044
    async def no_channels() -> dict[str, str]:
        return {}

    async with opened(databases) as (store, clock):
        devices = Devices(Hub("live", clock, MemoryJournal()), store, SERVER, no_channels)
        for refused in range(3):
            devices.heard(DEVICE, PEER, taken=not refused)
        found = await asyncio.gather(*(devices.known() for _ in range(4)))
        for known in found:
            assert [(device.device, device.refused) for device in known] == [(DEVICE, 2)]
        devices.heard(DEVICE, PEER, taken=False)
        assert [device.refused for device in await devices.known()] == [3]


async def test_cameras_keep_the_ids_that_they_are_told_under(databases: Databases) -> None:
    async with opened(databases) as (store, _):
        first = await store.own_devices(SERVER, ["k1", "k2"])
        assert first == {"k1": "43062100001190000001", "k2": "43062100001190000002"}
        assert await store.own_devices(SERVER, ["k3", "k2"]) == {"k3": "43062100001190000003", "k2": first["k2"]}
    async with opened(databases) as (store, _):
        assert await store.own_devices(SERVER, ["k1"]) == {"k1": first["k1"]}


async def test_orders_are_kept_changed_ended_and_of_old_ones_the_newest_stay(databases: Databases) -> None:
    async with opened(databases) as (store, clock):
        await store.keep_order("subscription", subscription("s1"))
        await store.keep_order("subscription", subscription("s1", NOW_MS + 90_000))
        await store.keep_order("disposition", disposition("s1"), "w7")
        assert await store.order("subscription", Subscription, PEER, "s1") == (
            subscription("s1", NOW_MS + 90_000),
            "",
            False,
        )
        assert await store.order("subscription", Subscription, "x", "s1") is None
        assert await store.of_watch("w7") == disposition("s1")
        assert await store.counts(PEER, NOW_MS) == (2, 2)
        assert await store.counts("x", NOW_MS) == (0, 2)
        await store.end_order("disposition", PEER, "s1")
        assert await store.of_watch("w7") is None
        assert [ended for _, _, ended in await store.orders("disposition", Disposition)] == [True]
        for number in range(VIID_ORDERS_OF_PEER + 3):
            await store.keep_order("subscription", subscription(f"old{number}", NOW_MS + number))
        clock.advance(NOW_MS + 80_000)
        await store.keep_order("subscription", subscription("new", NOW_MS + 99_000))
        names = {asked.id for asked, _, _ in await store.orders("subscription", Subscription, PEER)}
        assert len(names) == VIID_ORDERS_OF_PEER + 2
        assert {"s1", "new"} < names
        assert "old2" not in names
        assert not await store.orders("subscription", Subscription, "x")


async def test_what_waits_stays_in_order_over_a_restart_until_it_is_settled(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viid_store, "VIID_WAITING", 2)
    receiver = receiver_of("subscription", PEER, "s1")
    async with opened(databases) as (store, clock):
        for number in range(4):
            clock.advance(NOW_MS + number)
            await store.put([(receiver, f"k{number}", b"x"), ("other", "k", b"y")])
        await store.put([(receiver, "k0", b"again")])
        assert await store.next(receiver, 2) == [Item("k0", b"x"), Item("k1", b"x")]
    async with opened(databases) as (store, _):
        await store.settle(receiver, ["k0"])
        assert await store.waiting() == {"other": 1, receiver: 3}
        assert await store.shed(NOW_MS) == 1
        assert [item.key for item in await store.next(receiver, 9)] == ["k2", "k3"]
        assert await store.shed(NOW_MS + 1) == 1
        await store.keep_order("subscription", subscription("s1"))
        await store.end_order("subscription", PEER, "s1")
        assert await store.waiting() == {}


async def test_whoever_waits_for_news_misses_none_and_marks_are_kept(databases: Databases) -> None:
    async with opened(databases) as (store, _):
        turn, other = store.turn("r"), store.turn("other")
        await store.put([("r", "k", b"x")])
        await store.news("r", turn)
        assert (store.turn("r"), store.turn("other")) == (turn + 1, other)
        changes = store.orders_changed.count
        await store.keep_order("subscription", subscription("s1"))
        await store.orders_changed.wait(changes)
        assert store.orders_changed.count == changes + 1
        assert await store.mark("m") == 0
        for value in (3, 2):
            await store.set_mark("m", value)
            assert await store.mark("m") == value
