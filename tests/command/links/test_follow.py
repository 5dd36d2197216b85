"""A link loses nothing and doubles nothing, whoever goes away when. Rules R107 to R110 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from command.actors import HUB
from command.facts import Recorded
from command.facts.calls import SituationNoted, SituationOpened
from command.facts.scene import LinkCameUp, LinkWentDown
from command.hub import Hub
from command.journal import DamagedJournalError, StoredFact
from command.journal.memory import MemoryJournal
from command.kernel.database import SqliteDatabase
from command.kernel.errors import InvalidInputError, UnavailableError
from command.links.case import CaseLink
from command.links.clients import CaseClient
from command.links.cursors import SCHEMA, Cursors
from command.links.follow import Follower
from command.links.naming import named
from command.links.service_messages import Paging
from command.requests import NoteSituation, ReportLink
from command.services.case import app as case_app
from tests.command.links.following import SITE, facts, following, service_on, told, until
from tests.command.services.peers import TOKEN
from tests.command.support import DISPATCHER, MINUTE_MS, Desk, FlakyJournal, desk
from tests.ports import free_port


async def test_while_the_service_is_away_everybody_sees_it_and_nothing_is_lost(tmp_path: Path) -> None:
    port = free_port()
    async with desk() as at, CaseClient(f"http://127.0.0.1:{port}", TOKEN) as client:
        async with following(at, tmp_path, CaseLink(at.hub, client, SITE)) as follower:
            opened = [await at.situation() for _ in range(3)]
            await at.on_duty()
            await at.order("u1", opened[0])
            await until(at, lambda t: "case" in t.links.rows and t.links.need("case").state == "down")
            stood = follower.seq
            assert (await at.alarm("link_down", "case")) is not None
            await at.pass_time(40 * MINUTE_MS)  # longer than clocks may differ: the facts are old when they are told
            assert follower.seq == stood
            async with service_on(case_app, port, tmp_path / "case.sqlite3", at.clock):
                await told(at, follower)
                await until(at, lambda t: t.links.need("case").state == "up")
                assert (await at.alarm("link_down", "case")) is None
                cases = (await client.cases(Paging())).items
                assert [named(case.situation)[0] for case in cases] == opened
                assert [case.step for case in cases] == ["assigned", "opened", "opened"]
                assert all([(await at.row("situations", one)).case for one in opened])
        assert (follower.refused, follower.faults) == (0, 0)


class Gateway:
    """A link whose service makes the hub record nothing; it is away when the test says so."""

    name = "gateway"
    away = True

    async def tell(self, fact: Recorded) -> bool:
        if isinstance(fact.fact, SituationOpened) and self.away:
            raise UnavailableError("no route to the gateway")
        return isinstance(fact.fact, SituationOpened)


async def test_that_a_service_is_back_is_said_though_the_record_was_away_just_then(tmp_path: Path) -> None:  # R976
    """And though nothing comes after it that is to be told."""
    journal, link = FlakyJournal(MemoryJournal()), Gateway()
    async with desk(journal) as at, following(at, tmp_path, link) as follower:
        await at.situation()
        await until(at, lambda t: "gateway" in t.links.rows and t.links.need("gateway").state == "down")
        journal.failures = ["before"]
        link.away = False
        await until(at, lambda t: t.links.need("gateway").state == "up")
        assert (journal.failures, follower.told) == ([], 1)
        assert (await at.alarm("link_down", "gateway")) is None


class Recording(Gateway):
    """A service that is never away, of which the hub is to record something each time."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def tell(self, fact: Recorded) -> bool:
        if isinstance(fact.fact, SituationOpened):
            await self.hub.ask(NoteSituation(situation=fact.fact.situation, text="told"), HUB)
            return True
        return False


async def how_it_was(at: Desk, link: str) -> list[str]:
    """Return what was recorded of a link, in order."""
    said = [one.fact for one in await facts(at.hub) if isinstance(one.fact, LinkCameUp | LinkWentDown)]
    return [type(fact).__name__ for fact in said if fact.link == link]


async def test_a_service_is_not_down_because_our_own_record_is_away(tmp_path: Path) -> None:  # R1020
    journal = FlakyJournal(MemoryJournal())
    async with desk(journal) as at, following(at, tmp_path, Recording(at.hub)) as follower:
        await at.situation()
        await told(at, follower)
        opened = await at.situation()
        journal.failures = ["before"] * 3
        await told(at, follower)
        assert (journal.failures, follower.told, follower.refused) == ([], 2, 0)
        assert await how_it_was(at, "gateway") == ["LinkCameUp"]
        noted = [one.fact.situation for one in await facts(at.hub) if isinstance(one.fact, SituationNoted)]
        assert noted[-1] == opened


async def test_a_damaged_record_is_no_refusal_of_the_service(tmp_path: Path) -> None:  # R1020
    """What is refused for good is skipped; this waits for a record that is whole."""

    class Asking(Gateway):
        damaged = 2

        async def tell(self, fact: Recorded) -> bool:
            if isinstance(fact.fact, SituationOpened) and self.damaged:
                self.damaged -= 1
                raise DamagedJournalError("the journal ends before what was folded from it")
            return isinstance(fact.fact, SituationOpened)

    async with desk() as at, following(at, tmp_path, Asking()) as follower:
        await at.situation()
        await told(at, follower)
        assert (follower.told, follower.refused) == (1, 0)
        assert await how_it_was(at, "gateway") == ["LinkCameUp"]


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_that_it_is_away_is_said_no_more_once_it_is_back(tmp_path: Path, failure: str) -> None:  # R1020
    """The network blinks: service and record are away in the same moment, and the record may have taken it or not."""
    journal, link = FlakyJournal(MemoryJournal()), Gateway()
    link.away = False

    class Blinking(Gateway):
        async def tell(self, fact: Recorded) -> bool:
            try:
                return await link.tell(fact)
            except UnavailableError:
                journal.failures = [failure]
                link.away = False
                raise

    async with desk(journal) as at, following(at, tmp_path, Blinking()) as follower:
        await at.situation()
        await told(at, follower)
        link.away = True
        await at.situation()
        await told(at, follower)
        await at.situation()
        await told(at, follower)
        assert (journal.failures, follower.told) == ([], 3)
        blinked = ["LinkWentDown", "LinkCameUp"] if failure == "after" else []
        assert await how_it_was(at, "gateway") == ["LinkCameUp", *blinked]
        assert (await at.alarm("link_down", "gateway")) is None


async def test_what_could_not_be_recorded_in_an_earlier_term_is_said_no_more(tmp_path: Path) -> None:  # R947, R976
    """Another hub has led the link since, and how the service was then is no news."""
    journal, link = FlakyJournal(MemoryJournal()), Gateway()
    async with desk(journal) as at:
        cursors = Cursors(SqliteDatabase(tmp_path / "links.sqlite3", SCHEMA, "links"))
        follower = Follower(at.hub, cursors, link)
        await at.situation()
        journal.failures = ["before"] * 100
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(follower.run())
            await until(at, lambda _: len(journal.failures) < 98)
            running.cancel()
        journal.failures, link.away = [], False
        await at.ask(ReportLink(link="gateway", up=True), HUB)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(follower.run())
            await told(at, follower)
            running.cancel()
        assert follower.told == 1
        assert await how_it_was(at, "gateway") == ["LinkCameUp"]
        await cursors.close()


async def test_while_nothing_can_be_recorded_that_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:  # R976
    journal, link = FlakyJournal(MemoryJournal()), Gateway()
    caplog.set_level(logging.WARNING, "command.links.follow")
    async with desk(journal) as at, following(at, tmp_path, link):
        for _ in range(2):
            link.away = True
            await at.situation()
            journal.failures = ["before"] * 4
            await until(at, lambda _: not journal.failures)
            await until(at, lambda t: "gateway" in t.links.rows and t.links.need("gateway").state == "down")
            logged = [one.getMessage() for one in caplog.records if "could not be recorded" in one.getMessage()]
            assert len(logged) == 1
            caplog.clear()
            link.away = False
            await until(at, lambda t: t.links.need("gateway").state == "up")


async def test_what_another_hub_said_of_the_service_meanwhile_is_said_anew(tmp_path: Path) -> None:  # R947
    """The lease of a link goes from this hub to another and back."""
    async with desk() as at, CaseClient(f"http://127.0.0.1:{free_port()}", TOKEN) as client:
        cursors = Cursors(SqliteDatabase(tmp_path / "links.sqlite3", SCHEMA, "links"))
        follower = Follower(at.hub, cursors, CaseLink(at.hub, client, SITE))
        await at.situation()
        for _ in range(2):
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(follower.run())
                await until(at, lambda t: "case" in t.links.rows and t.links.need("case").state == "down")
                running.cancel()
            await at.ask(ReportLink(link="case", up=True), HUB)
            assert (await at.alarm("link_down", "case")) is None
        await cursors.close()


async def test_a_hub_that_is_killed_again_and_again_doubles_nothing(tmp_path: Path) -> None:
    journal, port = MemoryJournal(), free_port()
    opened: list[str] = []
    async with desk(journal) as at:
        clock = at.clock
    async with service_on(case_app, port, tmp_path / "case.sqlite3", clock):
        for life in range(3):
            async with (
                desk(journal, clock=clock, enrolled=False) as at,
                CaseClient(f"http://127.0.0.1:{port}", TOKEN) as client,
                following(at, tmp_path, CaseLink(at.hub, client, SITE)) as follower,
            ):
                opened += [await at.situation() for _ in range(4)]
                half = opened[len(opened) - 2]
                if life < 2:
                    await until(at, lambda t, half=half: bool(t.situations.need(half).case))  # type: ignore[misc]  # mypy cannot type a lambda's default
                else:
                    await told(at, follower)
                    cases = (await client.cases(Paging())).items
        assert [named(case.situation)[0] for case in cases] == opened
        assert [len(case.history) for case in cases] == [2] * len(opened)


class Rows:
    """A link that looks at the row of what it is told of, as all of them do."""

    name = "rows"

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.found: list[str] = []

    async def tell(self, fact: Recorded) -> bool:
        if isinstance(fact.fact, SituationOpened):
            situation = fact.fact.situation
            self.found.append((await self.hub.read(lambda t: t.situations.need(situation))).id)
        return False  # so that nothing is asked of the hub, which would make it look


async def test_what_another_hub_wrote_is_told_once_it_is_known_here(tmp_path: Path) -> None:  # R107
    journal = MemoryJournal()
    async with desk(journal) as at, desk(journal, clock=at.clock, enrolled=False) as other:
        opened = [await at.situation()]
        opened += [await other.situation() for _ in range(3)]
        link = Rows(at.hub)
        async with following(at, tmp_path, link) as follower:
            await told(at, follower)
            assert link.found == opened[:1]
            at.hub.look()
            await until(at, lambda t: opened[-1] in t.situations.rows)
            await told(at, follower)
        assert link.found == opened
        assert (follower.refused, follower.faults) == (0, 0)


async def test_a_wrong_token_skips_nothing(tmp_path: Path) -> None:
    port = free_port()
    async with desk() as at, service_on(case_app, port, tmp_path / "case.sqlite3", at.clock) as service:
        async with (
            CaseClient(service.url, "another-token-than-that") as client,
            following(at, tmp_path, CaseLink(at.hub, client, SITE)) as follower,
        ):
            situation = await at.situation()
            await until(at, lambda t: "case" in t.links.rows and t.links.need("case").state == "down")
            assert follower.refused == 0
        async with (
            CaseClient(service.url, TOKEN) as client,
            following(at, tmp_path, CaseLink(at.hub, client, SITE)),
        ):
            await until(at, lambda t: bool(t.situations.need(situation).case))
            await until(at, lambda t: t.links.need("case").state == "up")


class Damaged(MemoryJournal):
    """A journal that cannot be read for a while, damaged."""

    def __init__(self) -> None:
        super().__init__()
        self.reads_damaged = 0

    async def read(self, space: str, after: int, limit: int) -> list[StoredFact]:
        if self.reads_damaged:
            self.reads_damaged -= 1
            raise DamagedJournalError("the file is malformed")
        return await super().read(space, after, limit)


async def test_a_journal_that_reads_damaged_ends_no_link(tmp_path: Path) -> None:
    journal = Damaged()
    async with desk(journal) as at:
        opened = await at.situation()
        journal.reads_damaged = 3
        link = Rows(at.hub)
        async with following(at, tmp_path, link) as follower:
            await told(at, follower)
        assert (link.found, journal.reads_damaged) == ([opened], 0)


class Choosy:
    """A service that refuses some notes for good, and a link with a fault about others."""

    name = "choosy"

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def tell(self, fact: Recorded) -> bool:
        match fact.fact:
            case SituationNoted(text="refused"):
                raise InvalidInputError("not that")
            case SituationNoted(text="fault"):
                raise KeyError("our fault")
            case SituationNoted(text=text):
                self.heard.append(text)
                return True
            case _:
                return False


async def test_what_is_refused_for_good_is_skipped_and_counted(tmp_path: Path) -> None:
    link = Choosy()
    async with desk() as at, following(at, tmp_path, link) as follower:
        situation = await at.situation()
        await told(at, follower)
        assert "choosy" not in await at.table("links"), "nobody has spoken to it: nobody knows how it is"
        for text in ("one", "refused", "fault", "two"):
            await at.ask(NoteSituation(situation=situation, text=text), DISPATCHER)
        await told(at, follower)
        assert link.heard == ["one", "two"]
        assert (follower.refused, follower.faults, follower.told) == (1, 1, 3)
        assert (await at.row("links", "choosy")).state == "up"
