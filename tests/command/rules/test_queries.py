"""Queries: on record with who and why, so many an hour, and listed for who looks after them (SPEC R87, R561, R831)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from command.actors import HUB, Actor
from command.kernel.errors import NoRightError, TooManyError, UnknownIdError
from command.kernel.limits import QUERY_PICTURES_MS
from command.requests import RecordQuery
from command.rules import queries
from command.rules.queries import has_asked, made_lately
from tests.command.support import MINUTE_MS, START_MS, Desk, desk

ASKED = RecordQuery(what="sightings", terms="湘F12345", reason="办案", results=3, case="A1")


def of(person: str) -> Actor:
    return replace(HUB, id=person)


async def made(d: Desk, person: str) -> int:
    return len(await d.hub.read(lambda t: made_lately(t, person, d.hub.clock.now_ms())))


async def test_a_query_is_listed_with_who_what_why_and_how_much() -> None:
    async with desk() as d:
        query = await d.ask(ASKED, of("zhang"))
        row = await d.row("queries", query)
        assert (row.by, row.at_ms, row.what, row.terms) == ("zhang", START_MS, "sightings", "湘F12345")
        assert (row.reason, row.case, row.results, row.pages) == ("办案", "A1", 3, 1)


async def test_somebody_makes_so_many_queries_an_hour_and_no_more() -> None:
    async with desk() as d:
        for _ in range(3):
            await d.ask(replace(ASKED, an_hour=3), of("zhang"))
            await d.pass_time(MINUTE_MS)
        assert await made(d, "zhang") == 3
        with pytest.raises(TooManyError) as told:
            await d.ask(replace(ASKED, an_hour=3), of("zhang"))
        assert told.value.extra == {"an_hour": 3, "next_ms": START_MS + 60 * MINUTE_MS}
        await d.ask(replace(ASKED, an_hour=3), of("li"))  # one person's say nothing about another's
        for what in ("passages", "lens"):
            await d.ask(replace(ASKED, what=what), of("zhang"))  # looking on is none
        await d.pass_time(57 * MINUTE_MS)
        assert await made(d, "zhang") == 2
        await d.ask(replace(ASKED, an_hour=3), of("zhang"))


async def test_who_asked_for_passages_is_shown_their_pictures_for_a_day() -> None:  # R831
    async def may(d: Desk, person: str) -> bool:
        return await d.hub.read(lambda t: has_asked(t, person, d.hub.clock.now_ms()))

    async with desk() as d:
        for what in ("passages", "lens", "watches"):  # looking on asks for no car, and a watch list tells of no passage
            await d.ask(replace(ASKED, what=what), of("zhang"))
        assert not await may(d, "zhang")
        await d.ask(ASKED, of("zhang"))
        assert (await may(d, "zhang"), await may(d, "li")) == (True, False)
        await d.pass_time(QUERY_PICTURES_MS - 1)
        assert await may(d, "zhang")
        await d.pass_time(1)
        assert not await may(d, "zhang")


async def test_further_pages_are_on_record_and_no_queries_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "QUERY_PAGES", 3)
    async with desk() as d:
        query = await d.ask(replace(ASKED, an_hour=1), of("zhang"))
        further = replace(ASKED, query=query, results=2, an_hour=1)
        for bad, by in (
            (further, "li"), (replace(further, terms="湘F*"), "zhang"), (replace(further, what="export"), "zhang"),
        ):  # fmt: skip
            with pytest.raises(NoRightError):
                await d.ask(bad, of(by))
        with pytest.raises(UnknownIdError):
            await d.ask(replace(further, query="q999"), of("zhang"))
        assert [await d.ask(further, of("zhang")) for _ in range(2)] == [query, query]
        with pytest.raises(TooManyError, match="3 pages"):
            await d.ask(further, of("zhang"))
        row = await d.row("queries", query)
        assert (row.results, row.pages) == (7, 3)
        assert [fact.data.count(b'"results":2') for fact in (await d.hub.journal.read("live", 0, 1000))[-2:]] == [1, 1]


async def test_the_newest_queries_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "QUERIES_KEPT", 2)
    async with desk() as d:
        asked = [await d.ask(ASKED, of("zhang")) for _ in range(4)]
        assert await d.hub.read(lambda t: sorted(t.queries.rows)) == sorted(asked[2:])
