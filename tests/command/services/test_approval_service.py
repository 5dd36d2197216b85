"""The approval service over real HTTP and virtual time: asked, warned, overdue and decided once, across restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from command.kernel.clock import VirtualClock
from command.kernel.limits import APPROVALS_PER_TICK, CLOCK_SKEW_MS
from tests.command.services.peers import START_MS, Caller, Receiver, approval_service, caller, receiver

APPROVALS, ONE, DECISION = "/api/v1/approvals", "/api/v1/approvals/{id}", "/api/v1/approvals/{id}/decision"
WARN_MS, DUE_MS = START_MS + 20 * 60_000, START_MS + 30 * 60_000


def asking(**other: object) -> dict[str, Any]:
    return {
        "ref": "A9",
        "item": "启动Ⅱ级响应",
        "subject": "油罐车侧翻",
        "asked_by": "指挥长 李四",
        "asked_at_ms": START_MS,
        "warn_ms": WARN_MS,
        "due_ms": DUE_MS,
        "situation": "S17",
    } | other


def decision(how: str = "grant", **other: object) -> dict[str, Any]:
    return {"decision": how, "by": "王五", "why": "同意"} | other


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START_MS)


@pytest.fixture
async def call(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Caller]:
    async with approval_service(tmp_path / "approval.sqlite", clock) as service, caller(service) as asking_it:
        yield asking_it


@pytest.fixture
async def taking(clock: VirtualClock, call: Caller) -> AsyncIterator[Receiver]:
    async with receiver(clock) as subscriber:
        await subscribe(call, subscriber)
        yield subscriber


async def subscribe(call: Caller, subscriber: Receiver) -> None:
    answer = await call("POST", "/api/v1/subscriptions", {"url": subscriber.url})
    subscriber.secret = answer.body["secret"]


async def asked(call: Caller, key: str = "k1", **other: object) -> str:
    answer = await call("POST", APPROVALS, asking(**other), key=key)
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


async def test_yellow_and_red_come_at_their_times_once_each(
    call: Caller, taking: Receiver, clock: VirtualClock
) -> None:
    approval = await asked(call)
    await taking.until(lambda: len(taking.effects) == 1)
    clock.advance(WARN_MS - 1)
    early = await asked(call, "early", warn_ms=DUE_MS - 1)  # also wakes the timer
    await taking.until(lambda: len(taking.effects) == 2)
    assert (await call("GET", ONE, id=approval)).body["warned_ms"] is None
    clock.advance(WARN_MS)
    await taking.until(lambda: "approval.warned" in taking.kinds)
    clock.advance(DUE_MS)
    await taking.until(lambda: len(taking.effects) == 6)
    mine = [event for event in taking.effects.values() if event["approval"]["id"] == approval]
    assert [(event["kind"], event["at_ms"]) for event in mine] == [
        ("approval.requested", START_MS),
        ("approval.warned", WARN_MS),
        ("approval.overdue", DUE_MS),
    ]
    row = (await call("GET", ONE, id=approval)).body
    assert (row["state"], row["warned_ms"], row["overdue_ms"]) == ("waiting", WARN_MS, DUE_MS)
    assert (await call("GET", ONE, id=early)).body["overdue_ms"] == DUE_MS


async def test_what_is_decided_in_time_is_never_warned_of(call: Caller, taking: Receiver, clock: VirtualClock) -> None:
    approval = await asked(call)
    clock.advance(START_MS + 1000)
    row = (await call("POST", DECISION, decision(), key="d", id=approval)).body
    assert (row["state"], row["decided_by"], row["decided_ms"]) == ("granted", "王五", START_MS + 1000)
    await taking.until(lambda: len(taking.effects) == 2)  # what is under way while a clock jumps is refused as too old
    clock.advance(DUE_MS)
    await asked(call, "later", asked_at_ms=DUE_MS, warn_ms=DUE_MS, due_ms=DUE_MS + 1)
    await taking.until(lambda: len(taking.effects) == 4)
    assert taking.kinds == ["approval.requested", "approval.decided", "approval.requested", "approval.warned"]


async def test_a_late_decision_stands_beside_its_red_warning(call: Caller, clock: VirtualClock) -> None:
    approval = await asked(call)
    clock.advance(DUE_MS)
    row = (await call("POST", DECISION, decision("refuse", why="人手不足"), key="d", id=approval)).body
    assert (row["state"], row["why"]) == ("refused", "人手不足")
    assert (row["warned_ms"], row["overdue_ms"], row["decided_ms"]) == (DUE_MS, DUE_MS, DUE_MS)


async def test_deciding_twice_is_409_with_the_row_but_the_same_request_is_not(call: Caller) -> None:
    approval = await asked(call)
    first = await call("POST", DECISION, decision(), key="d", id=approval)
    again = await call("POST", DECISION, decision(), key="d", id=approval)
    other = await call("POST", DECISION, decision("refuse"), key="e", id=approval)
    assert (again.status, again.body) == (200, first.body)
    assert (other.status, other.body["code"], other.body["current"]) == (409, "stale_row", first.body)


async def test_asking_again_with_the_same_key_asks_nothing(call: Caller) -> None:
    assert await asked(call) == await asked(call)
    assert (await call("POST", APPROVALS, asking(item="别的"), key="k1")).status == 409
    assert len((await call("GET", APPROVALS)).body["items"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"warn_ms": START_MS - 1},
        {"due_ms": WARN_MS - 1},
        {"asked_at_ms": START_MS + CLOCK_SKEW_MS + 1},
        {"due_ms": 10**18},
        {"item": ""},
        {"item": "长" * 201},
    ],
)
async def test_an_approval_whose_times_or_texts_make_no_sense_is_refused(call: Caller, wrong: dict[str, Any]) -> None:
    answer = await call("POST", APPROVALS, asking(**wrong), key="k")
    assert (answer.status, answer.body["code"]) == (400, "invalid_input")
    assert (await call("GET", APPROVALS)).body["items"] == []


async def test_a_refusal_needs_its_reason_and_an_unknown_id_is_404(call: Caller) -> None:
    approval = await asked(call)
    assert (await call("POST", DECISION, decision("refuse", why=" "), key="d", id=approval)).status == 400
    assert (await call("POST", DECISION, decision(), key="d", id="apv_none")).status == 404
    assert (await call("GET", ONE, id="apv_none")).status == 404


async def test_pages_tell_the_waiting_from_the_decided(call: Caller) -> None:
    ids = [await asked(call, key) for key in "abc"]
    await call("POST", DECISION, decision(), key="d", id=ids[0])
    waiting = (await call("GET", APPROVALS, query="?open=true&limit=1")).body
    assert [row["id"] for row in waiting["items"]] == [ids[1]]
    following = (await call("GET", APPROVALS, query=f"?open=true&after={waiting['next']}")).body
    assert ([row["id"] for row in following["items"]], following["next"]) == ([ids[2]], None)
    decided = (await call("GET", APPROVALS, query="?open=false")).body
    assert [row["id"] for row in decided["items"]] == [ids[0]]


async def test_warnings_survive_a_restart_and_come_once(tmp_path: Path) -> None:
    path, clock = tmp_path / "approval.sqlite", VirtualClock(START_MS)
    async with receiver(clock) as taking:
        async with approval_service(path, clock) as service, caller(service) as call:
            await subscribe(call, taking)
            approval = await asked(call)
            clock.advance(WARN_MS)
            await taking.until(lambda: len(taking.effects) == 2)
        clock.advance(DUE_MS + 5000)  # the service is down when it falls due
        async with approval_service(path, clock) as service, caller(service) as call:
            await taking.until(lambda: len(taking.effects) == 3)
            assert (await call("GET", ONE, id=approval)).body["overdue_ms"] == DUE_MS + 5000
        clock.advance(DUE_MS + 60_000)
        async with approval_service(path, clock) as service, caller(service) as call:
            await asked(call, "marker", asked_at_ms=START_MS, warn_ms=DUE_MS + 10**6, due_ms=DUE_MS + 10**6)
            await taking.until(lambda: len(taking.effects) == 4)
    assert taking.kinds == ["approval.requested", "approval.warned", "approval.overdue", "approval.requested"]


async def test_more_warnings_at_one_moment_than_a_tick_takes_all_come(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    count = APPROVALS_PER_TICK + 3
    async with approval_service(tmp_path / "a.sqlite", clock) as service, caller(service) as call:
        for key in range(count):
            await asked(call, f"{key}")
        async with receiver(clock) as taking:
            await subscribe(call, taking)
            clock.advance(WARN_MS)
            await taking.until(lambda: len(taking.effects) == count)
            assert set(taking.kinds) == {"approval.warned"}
