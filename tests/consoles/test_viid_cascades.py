"""What is told to lower systems that are full, away, broken or of other makes (SPEC R810-R813, R817)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import aiohttp
import pytest

from command.actors import HUB
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import TooManyError
from command.links.viid import SCHEMA
from command.requests import EnrolCamera, LiftWatch
from command.requests.watchlist import GivenArea
from consoles.parts.viid import cascade_store
from consoles.parts.viid.cascade_store import CascadeStore, KeptCascade, Told, ToldState
from edge.limits import (
    VIID_BACKOFF_FIRST_MS,
    VIID_CASCADE_BATCH,
    VIID_CASCADE_END_MS,
    VIID_CASCADE_LOOK_MS,
    VIID_CASCADE_REFUSED_MS,
)
from edge.viid import remote
from edge.viid.cascade import Cascade, Entry
from edge.viid.catalogue import Listed
from tests.consoles.test_areas import counted
from tests.consoles.viid_lower_system import PEER, Lower, agrees, served, teller
from tests.databases import Databases
from tests.edge.viid.site import NOW_MS, SERVER


async def test_what_a_full_system_does_not_take_now_is_told_until_it_does(databases: Databases) -> None:  # R812
    async with teller(databases) as at:
        await at.watch("湘F00001", level=1)
        await at.begin()
        await at.until(lambda state: state.agreed == 1 and state.waiting == 0)
        at.lower.answer = lambda _, told: [2 for _ in told]
        await at.watch("湘F00002")
        state = await at.until(lambda state: state.up is False)
        assert (state.reason, state.agreed) == ("busy: says so", 1)
        at.lower.answer = agrees
        await at.until(lambda state: state.up is True and state.agreed == 2 and state.waiting == 0)


async def test_what_is_over_does_not_wait_behind_what_a_system_has_no_room_for(databases: Databases) -> None:  # R812
    async with teller(databases, speed=0) as at:
        (first,) = await at.watch("湘F00001", level=1)
        await at.begin()
        await at.until(lambda state: state.agreed == 1 and state.waiting == 0)
        at.lower.answer = lambda method, told: [0 if method == "CANCEL" else 2 for _ in told]
        await at.watch("湘F00002")

        async def second() -> None:
            at_ms = at.clock.now_ms() + 1000
            while (at.clock.next_wake_ms() or 2**50) > at_ms:
                await SystemClock().sleep(1)
            at.clock.advance(at_ms)

        for _ in range(40):  # the pause is one of 32 s by now
            await second()
        await at.hub.ask(LiftWatch(watch=first, why="found"), HUB)
        await second()
        while at.lower.plates("CANCEL") != ["湘F00001"]:
            await SystemClock().sleep(5)


@pytest.mark.parametrize("fault", [500, 503, 302, 401, 0])
async def test_a_system_that_fails_or_hangs_is_tried_again_and_keeps_no_other_waiting(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:  # R812
    monkeypatch.setattr(remote, "_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    async with teller(databases, lambda _method, _told: fault) as at, served(Lower()) as other:
        await at.watch("湘F00001")
        await at.begin()
        await at.store.add(Cascade(peer=SERVER, url=other.url, title="t"))
        while not other.heard:
            await SystemClock().sleep(5)
        state = await at.until(lambda state: state.up is False)
        assert state.reason
        assert (state.agreed, state.waiting) == (0, 1)
        at.lower.answer = agrees
        await at.until(lambda state: state.up is True and state.agreed == 1)


async def test_what_is_refused_for_good_is_said_and_asked_once_more_after_an_hour(databases: Databases) -> None:  # R812
    async with teller(
        databases, lambda _, told: [4 if one["TargetFeature"] == "湘F00001" else 0 for one in told]
    ) as at:
        await at.watch("湘F00001", "湘F00002")
        await at.begin()
        state = await at.until(lambda state: state.refused == 1 and state.agreed == 1)
        assert (state.up, state.refused_reason, state.waiting) == (True, "4: says so", 0)
        await at.watch("湘F00003")
        await at.until(lambda state: state.agreed == 2)
        assert at.lower.plates("POST") == ["湘F00001", "湘F00002", "湘F00003"]
        at.lower.answer = agrees
        at.clock.advance(at.clock.now_ms() + VIID_CASCADE_REFUSED_MS)
        await at.watch("湘F00004")
        await at.until(lambda state: state.agreed == 4 and state.refused == 0)
        assert at.lower.plates("PUT") == ["湘F00001"]  # it may have it by now: changed is said first


async def test_an_answer_that_names_only_what_it_refuses_refuses_nothing_else(databases: Databases) -> None:  # R852
    async with teller(
        databases, lambda _, told: [4 if one["TargetFeature"] == "湘F00002" else 0 for one in told]
    ) as at:
        at.lower.names_refused_alone = True
        await at.watch("湘F00001", "湘F00002", "湘F00003")
        await at.begin()
        await at.until(lambda state: state.agreed == 2 and state.refused == 1)
        found = (await at.store.told(PEER)).values()
        assert [one.entry.plate for one in found if one.state == "refused"] == ["湘F00002"]


async def test_a_system_without_put_is_told_by_post_and_cancelled_by_delete(databases: Databases) -> None:  # R812
    async with teller(databases, lambda method, told: 405 if method in ("PUT", "CANCEL") else [0] * len(told)) as at:
        watch, _ = await at.watch("湘F00001", "湘F00002")
        await at.begin()
        await at.until(lambda state: state.agreed == 2)
        await at.store.ask_again(PEER)
        assert at.cascades.again(PEER)
        await at.until(lambda state: state.agreed == 2 and state.waiting == 0)
        assert sorted(at.lower.plates("POST")) == sorted(["湘F00001", "湘F00002"] * 2)
        name = next(name for name, one in (await at.store.told(PEER)).items() if one.entry.watch == watch)
        await at.hub.ask(LiftWatch(watch=watch, why="found"), HUB)
        await at.until(lambda state: state.agreed == 1)
        assert at.lower.heard[-1] == ("DELETE", [name])


async def test_what_only_http_refuses_is_not_taken_for_refused_nor_for_cancelled(databases: Databases) -> None:
    # R851
    async with teller(databases, lambda _method, _told: 404) as at:
        first, _ = await at.watch("湘F00001", "湘F00002")
        await at.begin()
        state = await at.until(lambda state: state.up is False)
        assert state.reason.endswith("answers HTTP 404 without a status of GA/T 1400")
        assert (state.agreed, state.refused, state.waiting) == (0, 0, 2)
        at.lower.answer = agrees
        await at.until(lambda state: state.up is True and state.agreed == 2)
        at.lower.answer = lambda method, told: 404 if method in ("CANCEL", "DELETE") else [0] * len(told)
        await at.hub.ask(LiftWatch(watch=first, why="found"), HUB)
        state = await at.until(lambda state: state.up is False)
        assert state.reason.endswith("answers HTTP 404 without a status of GA/T 1400")
        assert len(await at.store.told(PEER)) == 2  # it may look out for it still
        await at.watch("湘F00003")  # and hears of what is new
        while "湘F00003" not in at.lower.plates("POST"):
            await SystemClock().sleep(5)
        at.lower.answer = agrees
        await at.until(lambda state: state.up is True and state.agreed == 2 and state.waiting == 0)
        assert {one.entry.plate for one in (await at.store.told(PEER)).values()} == {"湘F00002", "湘F00003"}


async def test_many_go_in_bodies_of_a_size_and_what_is_lifted_meanwhile_is_not_told(
    databases: Databases,
) -> None:  # R810 R812
    plates = [f"湘F{number:05d}" for number in range(3 * VIID_CASCADE_BATCH)]
    async with teller(databases) as at:
        at.lower.gate.clear()
        watches = await at.watch(*plates)
        await at.begin()
        while not at.lower.heard:
            await SystemClock().sleep(5)
        await at.hub.ask(LiftWatch(watch=watches[-1], why="found"), HUB)
        at.lower.gate.set()
        await at.until(lambda state: state.agreed == len(plates) - 1 and state.waiting == 0)
        told = [each for method, each in at.lower.heard if method == "POST"]
        assert max(map(len, told)) == VIID_CASCADE_BATCH
        assert sorted(plate for each in told for plate in each) == plates[:-1]
        assert not at.lower.plates("CANCEL")


async def test_how_it_stands_there_is_shown_and_what_nobody_here_knows_of_is_cancelled(databases: Databases) -> None:
    # R817
    async with teller(databases) as at:
        await at.watch("湘F00001", "湘F00002")
        await at.begin()
        await at.until(lambda state: state.agreed == 2 and state.in_force is None)
        ours, prefix = list(await at.store.told(PEER)), f"{SERVER[:12]}01202611211200000000"
        told = {"TargetFeature": "湘F00009", "EndTime": "20270101000000",
                "ReceiveAddr": "http://127.0.0.1:1/VIID/DispositionNotifications"}  # fmt: skip
        stray = {"DispositionID": f"{prefix}1", "DispositionStatus": "9"} | told
        at.lower.standing = [
            {"DispositionID": ours[0], "DispositionStatus": 0} | told,
            {"DispositionID": ours[1], "DispositionStatus": 9} | told,
            stray,
            stray | {"DispositionID": f"{prefix}2", "DispositionStatus": 1},
            stray | {"DispositionID": f"{prefix}3", "ReceiveAddr": "http://127.0.0.1:2/VIID/DispositionNotifications"},
            stray | {"DispositionID": "9" * 33},
            stray | {"DispositionID": f"{prefix}4", "EndTime": "x"},
            stray | {"DispositionID": f"{prefix}5", "DispositionStatus": []},
            {},
        ]
        assert at.cascades.again(PEER)
        await at.until(lambda state: state.in_force == 1 and state.agreed == 2 and state.waiting == 0)
        assert at.lower.plates("CANCEL") == ["湘F00009"]
        assert sorted(await at.store.told(PEER)) == sorted(ours)
        at.lower.standing = 500
        assert at.cascades.again(PEER)
        state = await at.until(lambda state: state.up is False)
        assert (state.reason.endswith("answers HTTP 500"), state.in_force) == (True, None)
        await at.watch("湘F00003")
        await at.until(lambda state: state.agreed == 3 and state.up is True)


async def test_whatever_end_a_system_names_for_what_is_ours_it_is_cancelled_and_ends_nothing_here(
    databases: Databases,
) -> None:  # R850
    prefix = f"{SERVER[:12]}01202611211200000000"
    async with teller(databases) as at:
        of_before = Entry(
            id=f"{prefix}9", watch="w999", plate="湘F00008", level=1, from_ms=-(10**14), until_ms=253_402_300_799_000
        )  # fmt: skip
        await at.store.keep(PEER, [of_before], "asked")
        at.lower.standing = [
            {"DispositionID": f"{prefix}{number}", "DispositionStatus": 0, "TargetFeature": "湘F00009", "EndTime": end,
             "ReceiveAddr": "http://127.0.0.1:1/VIID/DispositionNotifications"}
            for number, end in enumerate(("9999-12-31T23:59:59Z", "00010101000000"))
        ]  # fmt: skip
        await at.watch("湘F00001")
        await at.begin()
        await at.until(lambda state: state.agreed == 1 and state.waiting == 0 and state.in_force == 0)
        assert at.lower.plates("CANCEL") == ["湘F00008", "湘F00009"]


async def test_a_fault_of_ours_with_one_system_is_shown_there_and_keeps_no_other_waiting(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:  # R850
    class Faulty(CascadeStore):
        """As if what one system was told could not be dealt with, once."""

        faults = 1

        async def told(self, peer: str) -> dict[str, Told]:
            if peer == PEER and self.faults:
                self.faults -= 1
                raise OverflowError("never foreseen")
            return await super().told(peer)

    async with teller(databases, kind=Faulty, speed=0) as at, served(Lower()) as other:
        await at.watch("湘F00001")
        await at.begin()
        await at.store.add(Cascade(peer=SERVER, url=other.url, title="t"))
        state = await at.until(lambda state: state.up is False)
        assert ("OverflowError" in state.reason, "never foreseen" in caplog.text) == (True, True)
        while not other.heard:
            await SystemClock().sleep(5)
        at.clock.advance(at.clock.now_ms() + VIID_BACKOFF_FIRST_MS)
        await at.until(lambda state: state.up is True and state.agreed == 1)


async def test_an_area_is_told_as_the_systems_own_devices_in_it_and_anew_when_these_change(
    databases: Databases,
) -> None:
    # R811 R812
    listed, passing, strange = (f"4306210000119000000{number}" for number in range(3))
    async with teller(databases) as at:
        for camera in ("k1", "k2", "k3"):
            await at.hub.ask(EnrolCamera(camera=camera, name=camera, lat=29.1, lon=113.1), HUB)
        for camera, device in (("k1", listed), ("k2", strange), ("k3", passing)):
            await at.devices.assign(device, camera)
        await at.devices.heard(strange, SERVER, 0)
        told = Listed(id=listed, kind="ape", name="n", lat=None, lon=None, heading_deg=None, online=None)
        assert await at.catalogue.take(PEER, [told]) == {}
        await at.watch("湘F00001", area=GivenArea(cameras=["k1", "k2", "k3"]))
        await at.watch("湘F00002", area=GivenArea(cameras=["k2"]))
        await at.begin()
        await at.until(lambda state: state.agreed == 1 and state.left == {"area": 1})
        assert at.lower.tollgates == {"湘F00001": listed}
        await at.devices.heard(passing, PEER, 0)  # a passage says whose it is
        at.clock.advance(at.clock.now_ms() + VIID_CASCADE_LOOK_MS)
        await at.watch("湘F00003")
        await at.until(lambda state: state.agreed == 2 and state.waiting == 0)
        assert at.lower.tollgates == {"湘F00001": f"{listed};{passing}", "湘F00003": ""}
        assert at.lower.plates("PUT") == ["湘F00001"]


async def test_areas_are_looked_up_once_for_all_systems_and_not_at_each_news(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:  # R811
    looked_up = counted(monkeypatch)
    async with teller(databases) as at, served(Lower()) as other:
        await at.hub.ask(EnrolCamera(camera="k1", name="k1", lat=29.1, lon=113.1), HUB)
        await at.watch("湘F00001", area=GivenArea(cameras=["k1"]))
        await at.begin()
        await at.store.add(Cascade(peer=SERVER, url=other.url, title="t"))
        for plate in ("湘F00002", "湘F00003"):
            await at.watch(plate)
            while plate not in at.lower.plates("POST"):
                await SystemClock().sleep(5)
        while set(other.plates("POST")) != {"湘F00002", "湘F00003"}:
            await SystemClock().sleep(5)
        assert len(looked_up) == 1


async def test_what_is_lifted_just_before_it_goes_out_does_not(databases: Databases) -> None:  # R810
    lifted = asyncio.Event()

    class Lifting(CascadeStore):
        """Somebody lifts the first entry while what is going to be asked is written down."""

        async def keep(self, peer: str, entries: Iterable[Entry], state: ToldState, reason: str = "") -> None:
            some = list(entries)
            await super().keep(peer, some, state, reason)
            if state == "asked" and not lifted.is_set():
                lifted.set()
                await at.hub.ask(LiftWatch(watch=some[0].watch, why="found"), HUB)

    async with teller(databases, kind=Lifting) as at:
        await at.watch("湘F00001", "湘F00002")
        await at.begin()
        await at.until(lambda state: state.agreed == 1 and state.waiting == 0)
        assert at.lower.plates("POST") == ["湘F00002"]


async def test_one_whose_answer_was_lost_is_known_there_and_cancelled_when_it_is_over(databases: Databases) -> None:
    # R812
    async with teller(databases) as at:
        await at.begin()
        lost = Entry(
            id="4" * 33, watch="w999", plate="湘F00009", level=1, from_ms=NOW_MS, until_ms=NOW_MS + 10**9
        )  # fmt: skip
        await at.store.keep(PEER, [lost], "asked")
        await at.watch("湘F00001")
        await at.until(lambda state: state.agreed == 1 and state.waiting == 0)
        assert at.lower.heard == [("CANCEL", ["湘F00009"]), ("POST", ["湘F00001"])]


async def test_an_entry_past_its_date_is_dropped_without_a_word_and_so_is_one_nobody_takes_back(
    databases: Databases,
) -> None:  # R812
    async with teller(databases) as at:
        await at.watch("湘F00001", until_ms=NOW_MS + 3_600_000)
        await at.watch("湘F00002")
        await at.begin()
        await at.until(lambda state: state.agreed == 2)
        at.clock.advance(NOW_MS + 3_700_000)
        await at.watch("湘F00003")
        await at.until(lambda state: state.agreed == 2 and state.waiting == 0 and state.up is True)
        while {one.entry.plate for one in (await at.store.told(PEER)).values()} != {"湘F00002", "湘F00003"}:
            await SystemClock().sleep(5)
        assert not at.lower.plates("CANCEL")
        at.lower.answer = lambda _method, _told: 500
        await at.store.end(PEER)
        await at.until(lambda state: state.up is False)
        at.clock.advance(at.clock.now_ms() + VIID_CASCADE_END_MS)
        while await at.store.cascades():
            await SystemClock().sleep(5)
        assert await at.store.told(PEER) == {}


async def test_which_systems_are_told_and_what_is_kept_within_bounds(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:  # R813
    monkeypatch.setattr(cascade_store, "VIID_CASCADES", 1)
    async with databases(SCHEMA, "viid") as db:
        clock = VirtualClock(NOW_MS)
        store, cascade = CascadeStore(db, clock), Cascade(peer=PEER, url="http://x", title="t")
        entry = Entry(id="d1", watch="w1", plate="湘F00001", level=1, from_ms=NOW_MS, until_ms=NOW_MS + 1)
        await store.add(cascade)
        with pytest.raises(TooManyError):
            await store.add(Cascade(peer=SERVER, url="http://y", title="t"))
        await store.keep(PEER, [entry], "agreed")
        assert await store.entry(PEER, "d1") == entry
        assert (await store.entry(SERVER, "d1"), await store.entry(PEER, "d2")) == (None, None)
        moved = Cascade(peer=PEER, url="http://z", title="t")
        await store.add(moved)
        assert (await store.told(PEER))["d1"].state == "asked"  # at its new address it is told anew
        await store.forget(PEER)  # it is to be ended first
        assert (await store.end(PEER), await store.end(SERVER)) == (True, False)
        clock.advance(NOW_MS + 5)
        assert await store.end(PEER)
        assert await store.cascades() == [KeptCascade(moved, NOW_MS)]
        await store.forget(PEER)
        assert (await store.cascades(), await store.told(PEER)) == ([], {})
