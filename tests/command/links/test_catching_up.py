"""What a service cannot tell of one thing keeps nothing else that it decided from the record (SPEC R1013)."""

from __future__ import annotations

from pathlib import Path

import pytest

from command.journal import DamagedJournalError
from command.kernel.errors import HubBusyError, NoRightError, RecordAwayError, TriuneError, UnavailableError
from command.kernel.limits import CATCH_UP_FAILURES
from command.links.approval import ApprovalLink
from command.links.case import CaseLink
from command.links.catching_up import CatchingUp
from command.links.clients import ApprovalClient, CaseClient
from command.links.service_messages import Approval, ApprovalAsking, ApprovalDecision, Case, CaseMove, Paging
from command.requests import RequestApproval
from command.services.approval import app as approval_app
from command.services.case import app as case_app
from tests.command.links.following import SITE, following, service_on, told
from tests.command.services.peers import TOKEN
from tests.command.support import DISPATCHER, desk

ODD = UnavailableError("http://x answers something else than agreed")


class OddApprovals(ApprovalClient):
    odd = ""

    async def ask(self, key: str, asking: ApprovalAsking) -> Approval:
        if asking.subject == self.odd:
            raise ODD
        return await super().ask(key, asking)


class OddCases(CaseClient):
    odd = ""

    async def case(self, number: str) -> Case:
        if number == self.odd:
            raise NoRightError("http://x answers HTTP 403")
        return await super().case(number)


async def test_decisions_come_that_wait_behind_an_approval_which_the_service_cannot_tell(tmp_path: Path) -> None:
    async with (
        desk() as at,
        service_on(approval_app, 0, tmp_path / "a.sqlite3", at.clock) as service,
        OddApprovals(service.url, TOKEN) as client,
    ):
        link = ApprovalLink(at.hub, client, SITE)
        ids = [
            await at.ask(RequestApproval(item="封路", subject=f"{n}", due_minutes=600), DISPATCHER) for n in range(3)
        ]
        await link.catch_up()
        for asked in (await client.approvals(Paging())).items:
            await client.decide(f"theirs/{asked.id}", asked.id, ApprovalDecision(decision="grant", by="局长"))
        client.odd = "0"
        with pytest.raises(UnavailableError, match=f"approval {ids[0]}: .* something else than agreed"):
            await link.catch_up()
        assert [(await at.row("approvals", each)).state for each in ids] == ["waiting", "granted", "granted"]
        client.odd = ""
        await link.catch_up()
        assert (await at.row("approvals", ids[0])).state == "granted"


async def test_steps_come_that_wait_behind_a_case_which_the_service_cannot_tell(tmp_path: Path) -> None:
    async with (
        desk() as at,
        service_on(case_app, 0, tmp_path / "case.sqlite3", at.clock) as service,
        OddCases(service.url, TOKEN) as client,
    ):
        link = CaseLink(at.hub, client, SITE)
        async with following(at, tmp_path, link) as follower:
            situations = [await at.situation() for _ in range(2)]
            await told(at, follower)
        first, second = [(await at.row("situations", each)).case for each in situations]
        move = CaseMove(move="advance", step="assigned", by="李四", at_ms=at.clock.now_ms())
        await client.move_case("theirs", second, move)
        client.odd = first
        with pytest.raises(UnavailableError, match=f"case {first}: .* 403"):
            await link.catch_up()
        assert (await at.row("cases", second)).step == "assigned"


async def test_a_service_that_is_away_is_asked_a_few_times_and_on_from_there_later() -> None:
    asked, catching, ids = list[str](), CatchingUp("approval"), [f"a{n}" for n in range(3 * CATCH_UP_FAILURES)]
    last = ids[-1]

    async def one(each: str) -> None:
        asked.append(each)
        if each != last:
            raise UnavailableError("refused to connect")

    for begin in (0, CATCH_UP_FAILURES):
        asked.clear()
        with pytest.raises(UnavailableError, match=f"approval {ids[begin]}: "):
            await catching.over(ids, one)
        assert asked == ids[begin : begin + CATCH_UP_FAILURES]
    with pytest.raises(UnavailableError):
        await catching.over(ids, one)
    assert last in asked, "so many that cannot be told in a row keep none behind them for good"


@pytest.mark.parametrize("away", [RecordAwayError("away"), HubBusyError("busy"), DamagedJournalError("damaged")])
async def test_nothing_is_asked_while_what_is_told_cannot_be_recorded(away: TriuneError) -> None:
    asked = list[str]()

    async def one(each: str) -> None:
        asked.append(each)
        raise away

    with pytest.raises(type(away)):
        await CatchingUp("case").over(["c1", "c2"], one)
    assert asked == ["c1"]
