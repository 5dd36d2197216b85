"""Cases follow situations through the real case service, whoever else moves them. Rule R111 of docs/SPEC.md."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from msgspec.structs import replace

from command.actors import HUB, Actor
from command.facts.plans import CaseAdvanced, CaseStep
from command.kernel.errors import UnknownIdError
from command.links.case import CaseLink, record
from command.links.clients import CaseClient
from command.links.follow import Follower
from command.links.naming import named
from command.links.service_messages import Case, CaseMove, CaseOpening, Paging
from command.requests import CloseSituation, FeedBack, MergeSituation, StepOrder
from command.services.case import app as case_app
from tests.command.links.following import SITE, facts, following, service_on, told
from tests.command.services.peers import TOKEN
from tests.command.support import DISPATCHER, OFFICER, Desk, desk

SERVICE = Actor(id="case-service", name="case-service", roles=frozenset({"service"}))


@asynccontextmanager
async def county(tmp_path: Path) -> AsyncIterator[tuple[Desk, CaseClient, Follower]]:
    async with (
        desk() as at,
        service_on(case_app, 0, tmp_path / "case.sqlite3", at.clock) as service,
        CaseClient(service.url, TOKEN) as client,
        following(at, tmp_path, CaseLink(at.hub, client, SITE)) as follower,
    ):
        await at.on_duty()
        yield at, client, follower


async def steps(at: Desk) -> list[str]:
    return [r.fact.step for r in await facts(at.hub) if isinstance(r.fact, CaseAdvanced)]


async def case_of(at: Desk, client: CaseClient, situation: str) -> Case:
    return await client.case((await at.row("situations", situation)).case)


def moved(at: Desk, move: Literal["advance", "return"], step: CaseStep) -> CaseMove:
    """Return what somebody of the service does."""
    return CaseMove(move=move, step=step, by="李四", at_ms=at.clock.now_ms(), text="材料不全")


async def finish(at: Desk, situation: str) -> None:
    order = await at.order("u1", situation)
    for step in ("signed", "departed", "arrived"):
        await at.ask(StepOrder(order=order, step=step), OFFICER)
    await at.ask(FeedBack(order=order, result="已处置"), OFFICER)
    await at.ask(CloseSituation(situation=situation), DISPATCHER)


async def test_a_case_goes_with_its_situation_to_the_end(tmp_path: Path) -> None:
    async with county(tmp_path) as (at, client, follower):
        situation = await at.situation()
        await finish(at, situation)
        await told(at, follower)
        case = await case_of(at, client, situation)
        assert [taken.step for taken in case.history] == [
            "collected", "opened", "assigned", "handled", "fed_back", "verified",
        ]  # fmt: skip
        assert await steps(at) == ["assigned", "handled", "fed_back", "verified"]
        assert (await at.row("cases", case.number)).closed_ms is not None


async def test_the_services_own_people_move_cases_too(tmp_path: Path) -> None:
    async with county(tmp_path) as (at, client, follower):
        situation = await at.situation()
        await told(at, follower)
        case = await case_of(at, client, situation)
        following_steps: tuple[CaseStep, ...] = ("assigned", "handled")
        for step in following_steps:
            await client.move_case(f"theirs/{step}", case.number, moved(at, "advance", step))
        await client.move_case("theirs/back", case.number, moved(at, "return", "assigned"))
        await at.order("u1", situation)  # wants "assigned", where it was returned to: nothing to do
        await told(at, follower)
        assert await steps(at) == ["assigned", "handled", "assigned"]
        assert (await at.row("cases", case.number)).step == "assigned"


async def test_an_older_word_never_takes_a_case_back_and_each_step_is_one_fact(tmp_path: Path) -> None:
    async with county(tmp_path) as (at, client, follower):
        situation = await at.situation()
        await told(at, follower)
        case = await case_of(at, client, situation)
        words = [case]
        following_steps: tuple[CaseStep, ...] = ("assigned", "handled", "fed_back")
        words += [
            await client.move_case(f"theirs/{step}", case.number, moved(at, "advance", step))
            for step in following_steps
        ]
        for word, who in ((words[1], SERVICE), (words[3], HUB), (words[2], SERVICE), (words[3], SERVICE)):
            await record(at.hub, word, who)
        assert await steps(at) == ["assigned", "handled", "fed_back"]
        assert (await at.row("cases", case.number)).step == "fed_back"


async def test_of_merged_situations_one_case_goes_on_and_the_other_says_where(tmp_path: Path) -> None:
    async with county(tmp_path) as (at, client, follower):
        kept, merged = await at.situation(), await at.situation()
        await told(at, follower)
        await at.ask(MergeSituation(situation=merged, into=kept, why="同一起"), DISPATCHER)
        await told(at, follower)
        last = (await case_of(at, client, merged)).history[-1]
        assert (last.step, last.text) == ("verified", f"并入 {kept}")
        assert (await case_of(at, client, kept)).step == "opened"


async def test_a_situation_merged_before_its_turn_gets_no_case(tmp_path: Path) -> None:
    async with (
        desk() as at,
        service_on(case_app, 0, tmp_path / "case.sqlite3", at.clock) as service,
        CaseClient(service.url, TOKEN) as client,
    ):
        kept, merged = await at.situation(), await at.situation()
        await at.ask(MergeSituation(situation=merged, into=kept, why="同一起"), DISPATCHER)
        async with following(at, tmp_path, CaseLink(at.hub, client, SITE)) as follower:
            await told(at, follower)
        assert [named(case.situation)[0] for case in (await client.cases(Paging())).items] == [kept]


async def test_a_situation_that_gets_a_number_again_gets_a_case_of_its_own(tmp_path: Path) -> None:
    """As after a restore to an earlier moment: the service was told of a situation that the record no longer has."""
    (tmp_path / "later").mkdir()
    async with county(tmp_path) as (at, client, follower):
        gone = await at.situation()
        await told(at, follower)
        old = await case_of(at, client, gone)
        clock = at.clock
        await at.pass_time(1000)
        async with (
            desk(clock=clock) as restored,
            following(restored, tmp_path / "later", CaseLink(restored.hub, client, SITE)) as later,
        ):
            await restored.on_duty()
            assert await restored.situation() == gone
            await told(restored, later)
            new = await case_of(restored, client, gone)
            assert new.number != old.number
            assert len((await client.cases(Paging())).items) == 2
            with pytest.raises(UnknownIdError, match="another"):
                await record(restored.hub, old, SERVICE)
            assert list(await restored.table("cases")) == [new.number]
            await record(restored.hub, replace(new, situation=gone), SERVICE)  # as earlier releases named it
            await finish(restored, gone)
            await told(restored, later)
            assert (await client.case(new.number)).step == "verified"
            assert (await client.case(old.number)).step == "opened"


async def test_a_case_that_an_earlier_release_opened_is_gone_on_with(tmp_path: Path) -> None:
    async with (
        desk() as at,
        service_on(case_app, 0, tmp_path / "case.sqlite3", at.clock) as service,
        CaseClient(service.url, TOKEN) as client,
    ):
        await at.on_duty()
        situation = await at.situation()
        opening = CaseOpening(
            source=f"triune:{SITE}", situation=situation, kind="accident", level=3, title="旧", at_ms=at.clock.now_ms()
        )
        opened = await client.open_case(f"{SITE}/{situation}", opening)
        await record(at.hub, opened, HUB)
        async with following(at, tmp_path, CaseLink(at.hub, client, SITE)) as follower:
            await finish(at, situation)
            await told(at, follower)
        (case,) = (await client.cases(Paging())).items
        assert (case.number, case.step) == (opened.number, "verified")
