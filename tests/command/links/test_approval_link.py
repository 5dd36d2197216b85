"""Approvals asked in the real approval service and decided here, there, or on both sides at once. Rule R112."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.facts.plans import ApprovalDecided
from command.kernel.errors import ConflictError, UnknownIdError
from command.links.approval import APPROVAL_SERVICE, ApprovalLink, request_of
from command.links.clients import ApprovalClient
from command.links.follow import Follower
from command.links.service_messages import Approval, ApprovalDecision, ApprovalEvent, Paging
from command.requests import DecideApproval, FinishTask, RequestApproval, StandDownPlan
from command.services.approval import app as approval_app
from tests.command.links.following import SITE, facts, following, service_on, told
from tests.command.services.peers import TOKEN
from tests.command.support import DISPATCHER, LEADER, Desk, desk


class County:
    def __init__(self, at: Desk, client: ApprovalClient, link: ApprovalLink, follower: Follower) -> None:
        self.at = at
        self.client = client
        self.link = link
        self.follower = follower

    async def asked(self) -> tuple[str, Approval]:
        """Ask here; return the approval's id here and the approval there."""
        wanted = RequestApproval(item="出动" * 49, subject="危化品处置", due_minutes=30)
        approval = await self.at.ask(wanted, DISPATCHER)
        await told(self.at, self.follower)
        return approval, await self.there(approval)

    async def there(self, approval: str) -> Approval:
        found = (await self.client.approvals(Paging())).items
        (one,) = [row for row in found if row.ref.startswith(f"{SITE}/{approval}@")]
        return one

    async def hear(self, approval: Approval) -> str:
        """Take what the webhook says of a decision there."""
        event = ApprovalEvent(id="evt_1", kind="approval.decided", at_ms=self.at.clock.now_ms(), approval=approval)
        request = await request_of(event, SITE, self.at.hub)
        assert request is not None
        return await self.at.ask(request, APPROVAL_SERVICE)


@asynccontextmanager
async def county(tmp_path: Path) -> AsyncIterator[County]:
    async with (
        desk() as at,
        service_on(approval_app, 0, tmp_path / "approval.sqlite3", at.clock) as service,
        ApprovalClient(service.url, TOKEN) as client,
    ):
        link = ApprovalLink(at.hub, client, SITE)
        async with following(at, tmp_path, link) as follower:
            yield County(at, client, link, follower)


async def test_decided_here_it_is_decided_there(tmp_path: Path) -> None:
    async with county(tmp_path) as here:
        approval, there = await here.asked()
        assert (there.state, there.asked_by) == ("waiting", "dispatcher")
        await here.at.ask(DecideApproval(approval=approval, granted=False), LEADER)
        await told(here.at, here.follower)
        there = await here.there(approval)
        assert (there.state, there.decided_by, bool(there.why)) == ("refused", "duty_leader", True)
        assert await here.hear(there) == approval, "its own decision coming back says nothing"
        decided = [r for r in await facts(here.at.hub) if isinstance(r.fact, ApprovalDecided)]
        assert len(decided) == 1


async def test_decided_there_it_is_decided_here_and_not_told_back(tmp_path: Path) -> None:
    async with county(tmp_path) as here:
        approval, there = await here.asked()
        there = await here.client.decide("theirs", there.id, ApprovalDecision(decision="grant", by="王局长"))
        await here.hear(there)
        row = await here.at.row("approvals", approval)
        assert (row.state, row.decided_by) == ("granted", "王局长")
        await told(here.at, here.follower)
        assert (here.follower.refused, here.link.disagreed) == (0, 0)


async def test_decided_on_both_sides_at_once_each_keeps_its_own_and_the_difference_is_counted(tmp_path: Path) -> None:
    async with county(tmp_path) as here:
        approval, there = await here.asked()
        there = await here.client.decide("theirs", there.id, ApprovalDecision(decision="grant", by="王局长"))
        await here.at.ask(DecideApproval(approval=approval, granted=False, why="路断"), LEADER)
        with pytest.raises(ConflictError):
            await here.hear(there)
        await told(here.at, here.follower)
        assert (here.link.disagreed, here.follower.refused) == (1, 0)
        assert (await here.at.row("approvals", approval)).state == "refused"
        assert (await here.there(approval)).state == "granted"


async def test_standing_down_refuses_there_what_the_plan_waits_for(tmp_path: Path) -> None:
    async with county(tmp_path) as here:
        await here.at.on_duty()
        _, activation = await here.at.activation()
        tasks = await here.at.table("tasks")
        await here.at.ask(FinishTask(task=next(k.id for k in tasks.values() if k.key == "close")), DISPATCHER)
        (approval,) = await here.at.table("approvals")
        await here.at.ask(StandDownPlan(activation=activation, why="虚惊"), LEADER)
        await told(here.at, here.follower)
        there = await here.there(approval)
        assert (there.state, there.why) == ("refused", "虚惊")
        assert here.follower.refused == 0


async def test_other_sites_are_not_listened_to(tmp_path: Path) -> None:
    async with county(tmp_path) as here:
        _, there = await here.asked()
        event = ApprovalEvent(id="e", kind="approval.decided", at_ms=0, approval=there)
        assert await request_of(event, "another", here.at.hub) is None


async def test_an_approval_that_gets_a_number_again_is_another_one(tmp_path: Path) -> None:
    """As after a restore to an earlier moment: the service was told of an approval that the record no longer has."""
    (tmp_path / "later").mkdir()
    async with county(tmp_path) as here:
        gone, old = await here.asked()
        await here.at.pass_time(1000)
        async with desk(clock=here.at.clock) as restored:
            link = ApprovalLink(restored.hub, here.client, SITE)
            async with following(restored, tmp_path / "later", link) as follower:
                again = County(restored, here.client, link, follower)
                approval = await restored.ask(RequestApproval(item="封路", subject="x", due_minutes=30), DISPATCHER)
                await told(restored, follower)
                assert approval == gone
                items = {one.ref: one.item for one in (await here.client.approvals(Paging())).items}
                assert len(items) == 2
                old = await here.client.decide("theirs", old.id, ApprovalDecision(decision="grant", by="王局长"))
                with pytest.raises(UnknownIdError, match="another"):
                    await again.hear(old)
                assert (await restored.row("approvals", approval)).state == "waiting"
                await again.hear(replace(old, ref=f"{SITE}/{approval}"))  # as earlier releases named it
                assert (await restored.row("approvals", approval)).state == "granted"
