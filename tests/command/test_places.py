"""What is at which hub, and which hubs there are, whatever clocks say (SPEC R651, R661, R662, R740, R743)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command import places as places_of_hubs
from command import roll, taken_out
from command.facts.hubs import HubTakenOut
from command.hub import recorded
from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.database import Database, Row, Statement, Value
from command.kernel.errors import ConflictError, TooManyError, UnavailableError, UnknownIdError
from command.kernel.limits import HUB_AWAY_MS, HUB_BEAT_MS, HUBS, PLACES_LOOK_MS
from command.places import Places
from command.roll import Roll
from consoles.parts.hubs.takings import record_waiting
from tests.command.support import desk
from tests.databases import Databases

SCHEMA = places_of_hubs.SCHEMA + roll.SCHEMA + taken_out.SCHEMA
ONE, TWO = "https://hub-1.example", "https://hub-2.example"


class HubHere:
    """A hub's side of the table, and what is at it."""

    def __init__(self, database: Database) -> None:
        self.clock = VirtualClock(1_000_000, speed=0)
        self.places = Places(database, self.clock)
        self.agents: list[str] | None = []
        self.recorded: list[str] = []
        self.places.tell("agent", lambda: self.agents)
        self.places.tell("recorded", lambda: self.recorded)

    async def looks(self) -> None:
        """Return once it has looked, and told all that is so now."""
        async with asyncio.timeout(20):
            while (wakes_ms := self.clock.next_wake_ms()) is None:
                await SystemClock().sleep(1)
            self.clock.advance(wakes_ms)
            while self.clock.next_wake_ms() in (None, wakes_ms):
                await SystemClock().sleep(1)

    async def beats(self, duration_ms: int) -> None:
        """Let so much time pass, of this hub alone."""
        for _ in range(duration_ms // PLACES_LOOK_MS):
            await self.looks()

    async def is_missing(self, number: int) -> bool:
        return (await self.places.roll.look())[number].is_away


@asynccontextmanager
async def hub(database: Database, url: str) -> AsyncIterator[HubHere]:
    here = HubHere(database)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(here.places.run(url))
        await here.looks()
        yield here
        running.cancel()


async def test_what_moves_is_where_it_came_last_also_when_a_hub_dies(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as at_one, databases(SCHEMA, "places") as at_two, hub(at_two, TWO) as two:
        async with hub(at_one, ONE) as one:
            one.agents = ["gate", "yard"]
            await one.looks()
            found = await two.places.elsewhere("agent", "gate")
            assert found == one.places.own
            assert await one.places.elsewhere("agent", "gate") is None, "it is here"
            assert await two.places.elsewhere("camera", "gate") is None
            two.agents = ["gate"]  # it came here; the other one has not noticed yet
            await two.looks()
            await one.looks()
            assert await two.places.elsewhere("agent", "gate") is None
            assert await one.places.elsewhere("agent", "gate") == two.places.own
        # It is gone without a word: whom one misses is still known.
        gone = await two.places.elsewhere("agent", "yard")
        assert gone is not None
        assert gone.url == ONE
        async with hub(at_one, ONE) as again:
            assert again.places.own == gone, "it keeps its number"
            await again.looks()
            assert await two.places.elsewhere("agent", "yard") is None, "and knows what is at it no more"
            assert await again.places.hub(gone.number) == gone
            assert await again.places.hub(99) is None


async def test_what_is_not_known_now_stays_as_it_was_told(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database, hub(database, ONE) as one:
        one.agents = ["gate"]
        await one.looks()
        one.agents = None
        await one.looks()
        assert await one.places.at("agent", "gate") == [one.places.own]
        one.agents = []
        await one.looks()
        assert await one.places.at("agent", "gate") == []


class Torn:
    """A database that carries out a write of places, and loses the answer of the next one that is to be `torn`."""

    def __init__(self, database: Database) -> None:
        self.torn = False
        self._database = database

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        return await self._database.rows(sql, *values)

    async def write(self, *statements: Statement) -> list[int]:
        touched = await self._database.write(*statements)
        if self.torn and any(" places " in sql for sql, _ in statements):
            self.torn = False
            raise UnavailableError("the database was started anew")
        return touched

    async def close(self) -> None:
        await self._database.close()


async def test_a_lost_answer_leaves_nobody_at_a_hub_that_he_has_left_or_nowhere_though_he_is_back(
    databases: Databases,
) -> None:  # R1187
    """A cable that is pulled takes the way to the database and agents' links at the same moment."""
    async with databases(SCHEMA, "places") as database, hub(database, TWO) as two:
        torn = Torn(database)
        async with hub(torn, ONE) as one:
            one.agents = ["gate"]
            await one.looks()
            one.agents, torn.torn = [], True
            await one.looks()
            assert not torn.torn
            one.agents = ["gate"]
            await one.looks()
            assert await two.places.elsewhere("agent", "gate") == one.places.own, "it is back"
            one.agents, torn.torn = ["gate", "yard"], True
            await one.looks()
            assert not torn.torn
            one.agents = ["gate"]
            await one.looks()
            assert await two.places.reached("agent") == {"gate"}, "the other one has left again"
            torn.torn = True
            with pytest.raises(UnavailableError, match="anew"):
                await one.places.claim("whip", "c1")
            await one.looks()
            assert await two.places.at("whip", "c1") == [], "nobody publishes it here"


async def test_hubs_that_come_at_once_are_told_apart(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database:
        owns = await asyncio.gather(*(Roll(database, SystemClock()).join(f"https://hub-{n}.example") for n in range(8)))
        assert len({own.number for own in owns}) == 8


async def test_what_came_here_just_now_came_here_last_also_where_it_was_before(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database, hub(database, ONE) as one, hub(database, TWO) as two:
        one.agents = two.agents = ["gate"]
        await one.looks()
        await two.looks()
        assert await one.places.elsewhere("agent", "gate") == two.places.own
        await one.places.claim("agent", "gate")
        assert await one.places.elsewhere("agent", "gate") is None
        one.agents = []
        await one.looks()
        assert await one.places.elsewhere("agent", "gate") == two.places.own


async def test_a_hub_that_is_not_heard_of_is_missed_and_what_is_at_it_is_out_of_reach(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database, hub(database, TWO) as two:
        two.agents = ["yard"]
        async with hub(database, ONE) as one:
            one.agents = ["gate"]
            await one.looks()
            await two.beats(HUB_AWAY_MS - HUB_BEAT_MS)
            await one.beats(HUB_BEAT_MS)  # heard of in time
            await two.beats(HUB_AWAY_MS - HUB_BEAT_MS)
            own = one.places.own
            assert own is not None
            assert not await two.is_missing(own.number)
            assert await two.places.reached("agent") == {"gate", "yard"}
        await two.beats(2 * HUB_BEAT_MS)
        assert await two.is_missing(own.number)
        assert await two.places.reached("agent") == {"yard"}
        assert {name: state.place for name, state in (await two.places.all_of("agent")).items()}["gate"] == own
        async with hub(database, ONE) as again:
            assert not await two.is_missing(own.number)
            await again.looks()
            assert await two.places.reached("agent") == {"yard"}


async def test_a_hub_that_is_gone_for_good_is_taken_out_and_takes_its_place_again(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("command.roll.HUB_GONE_MS", 12 * HUB_BEAT_MS)
    async with databases(SCHEMA, "places") as database, hub(database, TWO) as two, hub(database, ONE) as one:
        one.agents, one.recorded = ["gate"], ["k1"]
        await one.looks()
        own = one.places.own
        assert own is not None
        heard_ms = two.clock.now_ms()
        await two.beats(11 * HUB_BEAT_MS)
        assert [place.number for place in await two.places.at("agent", "gate")] == [own.number]
        await two.beats(2 * HUB_BEAT_MS)
        assert await two.places.at("agent", "gate") == []
        assert await two.places.hub(own.number) is None
        assert [state.place for state in await two.places.others()] == []
        assert await two.places.at("recorded", "k1") == []
        [(url, gone_ms)] = await two.places.lost("k1")
        assert (url, abs(gone_ms - heard_ms) <= 2 * HUB_BEAT_MS) == (ONE, True), "what it had recorded is known as lost"
        assert await two.places.lost("k2") == []
        # It was only frozen, or is mended: it finds out by itself, and all that is at it is there again.
        await one.beats(2 * HUB_BEAT_MS)
        assert one.places.own == own
        assert await two.places.elsewhere("agent", "gate") == own
        assert await two.places.hub(own.number) == own
        assert (await two.places.lost("k1"), await two.places.at("recorded", "k1")) == ([], [own])


async def test_a_hub_is_taken_out_by_hand_unless_it_is_at_work(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database, hub(database, TWO) as two, hub(database, ONE) as one:
        one.agents = ["gate"]
        await one.looks()
        own = one.places.own
        assert own is not None
        by_hand = Roll(database, SystemClock())
        with pytest.raises(ConflictError, match="is at work"):
            await by_hand.take_out(own.number, "admin", "test")
        with pytest.raises(UnknownIdError):
            await by_hand.take_out(99, "admin", "test")
        await two.beats(HUB_AWAY_MS + HUB_BEAT_MS)
        [before] = [each for each in await two.places.whole() if each.state.place == own]
        assert (before.state.is_away, before.has) == (True, {"agent": 1})
        assert await by_hand.taken_out() == []
        await by_hand.take_out(own.number, "admin", "scrapped")
        assert [each.state.place.url for each in await two.places.whole()] == [TWO]
        with pytest.raises(UnknownIdError):
            await by_hand.take_out(own.number, "other", "test")
        [taken] = await two.places.roll.taken_out()
        assert (taken.hub, taken.url, taken.who, taken.why) == (own.number, ONE, "admin", "scrapped")
        assert taken.at_ms - taken.heard_ms >= HUB_AWAY_MS
        assert await two.places.roll.taken_out_waiting() == [taken]
        await two.places.roll.taken_out_recorded(taken)
        assert await two.places.roll.taken_out_waiting() == []
        assert await by_hand.taken_out() == [taken], "it is shown all the same"


async def test_a_hub_that_comes_back_while_it_is_taken_out_keeps_its_place(databases: Databases) -> None:  # R1192
    async with databases(SCHEMA, "places") as database, hub(database, TWO) as two, hub(database, ONE) as one:
        one.agents = ["gate"]
        await one.looks()
        own = one.places.own
        assert own is not None
        await two.beats(HUB_AWAY_MS + HUB_BEAT_MS)

        class Late(Torn):
            async def write(self, *statements: Statement) -> list[int]:
                if len(statements) > 1:
                    await one.beats(2 * HUB_BEAT_MS)  # it beats between the look and the taking out
                return await super().write(*statements)

        with pytest.raises(ConflictError, match="has just come back"):
            await Roll(Late(database), SystemClock()).take_out(own.number, "admin", "test")
        assert not await two.is_missing(own.number)
        assert await two.places.elsewhere("agent", "gate") == own
        assert await two.places.roll.taken_out() == []


async def test_a_hub_is_missed_from_its_eighth_second_on(databases: Databases) -> None:  # R661, R1192
    async with databases(SCHEMA, "places") as database, hub(database, TWO) as two, hub(database, ONE) as one:
        own = one.places.own
        assert own is not None
        counted = [each.unheard_ms for each in (await two.places.roll.look()).values() if each.place == own]
        while counted[-1] != HUB_AWAY_MS:
            assert not await two.is_missing(own.number)
            await two.beats(HUB_BEAT_MS)
            counted += [each.unheard_ms for each in (await two.places.roll.look()).values() if each.place == own]
        assert await two.is_missing(own.number)


async def test_what_is_not_on_record_yet_is_never_forgotten(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:  # R743, R1192
    monkeypatch.setattr(taken_out, "HUBS_TAKEN_OUT", 1)
    async with databases(SCHEMA, "places") as database:
        await database.write(
            *(("INSERT INTO hubs_taken_out VALUES (?, 1, 'u', 'w', 'y', ?, 0)", (n, n)) for n in range(1, 4))
        )
        first, second, third = await taken_out.waiting(database)
        await taken_out.note_recorded(database, third)
        assert await taken_out.waiting(database) == [first, second]
        assert await taken_out.newest(database) == [third]
        await taken_out.note_recorded(database, first)
        await taken_out.note_recorded(database, second)
        assert [row[0] for row in await database.rows("SELECT hub FROM hubs_taken_out")] == [third.hub]


async def test_a_hub_that_was_taken_out_twice_is_on_record_twice(databases: Databases) -> None:  # R743, R1192
    async with databases(SCHEMA, "places") as database, desk() as d:
        places = Places(database, SystemClock())
        for heard_ms in (1, 2):
            row = "INSERT INTO hubs_taken_out VALUES (7, ?, 'https://hub-7.example', 'admin', 'scrapped', ?, 0)"
            await database.write((row, (heard_ms, heard_ms + 1)))
        await record_waiting(d.hub, places)
        assert await places.roll.taken_out_waiting() == []
        await record_waiting(d.hub, places)
        facts = [recorded(each).fact for each in await d.hub.journal.read(d.hub.space, 0, 1000)]
        assert [fact.heard_ms for fact in facts if isinstance(fact, HubTakenOut)] == [1, 2]


async def test_more_is_told_than_one_write_holds(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1192
    monkeypatch.setattr(places_of_hubs, "PLACES_WRITTEN", 2)
    async with databases(SCHEMA, "places") as database, hub(database, ONE) as one:
        one.agents = [f"a{number}" for number in range(5)]
        await one.looks()
        assert await one.places.reached("agent") == {*one.agents}


async def test_a_hub_of_a_release_before_is_never_missed_but_can_be_taken_out(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database, hub(database, TWO) as two:
        await database.write(
            ("INSERT INTO hubs (number, url) VALUES (7, ?)", (ONE,)),
            ("INSERT INTO places (kind, name, hub, turn) VALUES ('agent', 'gate', 7, 1)", ()),
        )
        await two.beats(HUB_AWAY_MS + HUB_BEAT_MS)
        assert not await two.is_missing(7)
        assert await two.places.reached("agent") == {"gate"}
        await two.places.roll.take_out(7, "admin", "test")
        assert await two.places.at("agent", "gate") == []


async def test_numbers_of_hubs_are_bounded_and_those_longest_gone_are_given_on(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database:
        many = HUBS * HUBS
        await database.write(
            *(
                ("INSERT INTO hubs (number, url) VALUES (?, ?)", (n, f"https://hub-{n}.example"))
                for n in range(1, many + 1)
            )
        )
        keeper = Roll(database, SystemClock())
        with pytest.raises(TooManyError, match="triune hubs"):
            await keeper.join("https://one-more.example")
        await keeper.take_out(9, "admin", "test")
        await keeper.take_out(5, "admin", "test")
        assert (await keeper.join("https://one-more.example")).number == 9
        assert (await keeper.join("https://hub-5.example")).number == 5, "its own"
        with pytest.raises(TooManyError):
            await keeper.join("https://hub-9.example")


async def test_turns_that_are_claimed_are_never_alike_and_never_begin_anew(databases: Databases) -> None:
    async with (
        databases(SCHEMA, "places") as at_one, databases(SCHEMA, "places") as at_two,
        hub(at_one, ONE) as one, hub(at_two, TWO) as two,
    ):  # fmt: skip
        claims = (one.places.claim("whip", "c1"), two.places.claim("whip", "c1"), one.places.claim("whip", "c2"))
        first, second, other = await asyncio.gather(*claims)
        assert ({first, second}, other) == ({1, 2}, 1)
        newest = one if first > second else two
        assert (await one.places.turns("whip"))["c1"].state.place == newest.places.own
        # Both have left: what comes then is newer than both all the same.
        for each in (one, two):
            each.places.tell("whip", list)
            await each.looks()
        assert await one.places.turns("whip") == {}
        assert await one.places.claim("whip", "c1") == 3
        # A hub of a release before counts from what is there, and is counted on from.
        two.places.tell("whip", lambda: ["c1"])
        await two.looks()
        assert (await one.places.turns("whip"))["c1"].turn == 4
        assert await one.places.claim("whip", "c1") == 5


async def test_a_hub_that_is_not_on_the_roll_claims_nothing(databases: Databases) -> None:
    async with databases(SCHEMA, "places") as database:
        with pytest.raises(UnavailableError):
            await HubHere(database).places.claim("whip", "c1")
