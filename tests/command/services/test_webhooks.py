"""Webhooks between real servers: at least once, in order, once in effect; across failures, restarts and SIGKILL."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import REGISTRY

from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.limits import WEBHOOK_BACKOFF_FIRST_MS, WEBHOOK_BACKOFF_LONGEST_MS, WEBHOOK_SUBSCRIBERS
from command.links.signing import SIGNATURE_HEADER
from command.services import outbox
from tests.command.services.peers import START_MS, TOKEN, Caller, Receiver, caller, case_service, receiver
from tests.command.services.test_case_service import CASES, STEPS, move, opened, opening
from tests.paths import ROOT

SUBSCRIPTIONS, SUBSCRIPTION = "/api/v1/subscriptions", "/api/v1/subscriptions/{id}"


async def subscribe(call: Caller, taking: Receiver) -> str:
    answer = await call("POST", SUBSCRIPTIONS, {"url": taking.url})
    taking.secret = answer.body["secret"]
    return str(answer.body["id"])


async def until_stored(path: Path, cursor: int) -> None:
    """Wait until the service knows, even after a restart, that this event was taken: before, it sends it again."""
    with closing(sqlite3.connect(path)) as db:
        while db.execute("SELECT cursor FROM subscribers").fetchone() != (cursor,):
            await SystemClock().sleep(5)


def attempts(outcome: str) -> float:
    return REGISTRY.get_sample_value("triune_webhook_attempts_total", {"outcome": outcome}) or 0.0


def test_backoff_doubles_to_its_limit() -> None:
    waits = [outbox.backoff_ms(failures) for failures in (1, 2, 3, 50, 10**9)]
    first = WEBHOOK_BACKOFF_FIRST_MS
    assert waits == [first, 2 * first, 4 * first, WEBHOOK_BACKOFF_LONGEST_MS, WEBHOOK_BACKOFF_LONGEST_MS]


async def test_a_receiver_that_fails_first_gets_every_event_in_order_and_acts_once(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS, speed=100)
    failed = attempts("failed")
    # 599: it acts, but its answer says otherwise, so the same event comes again.
    async with (
        receiver(clock, [500, 302, 599]) as taking,
        case_service(tmp_path / "case.sqlite", clock) as service,
        caller(service) as call,
    ):
        await subscribe(call, taking)
        number = await opened(call)
        await call("POST", STEPS, move("assigned", clock.now_ms()), key="s", number=number)
        await taking.until(lambda: len(taking.effects) == 2 and taking.attempts[-1][1] == 204)
        assert taking.kinds == ["case.opened", "case.advanced"]
        ids = list(taking.effects)
        assert taking.attempts == [(ids[0], 500), (ids[0], 302), (ids[0], 599), (ids[0], 204), (ids[1], 204)]
        assert [event["case"]["step"] for event in taking.effects.values()] == ["opened", "assigned"]
        assert attempts("failed") == failed + 3


async def test_every_change_is_told_under_its_own_name(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with (
        receiver(clock) as taking,
        case_service(tmp_path / "case.sqlite", clock) as service,
        caller(service) as call,
    ):
        await subscribe(call, taking)
        number = await opened(call)
        await opened(call)  # the same key: nothing happens, nothing is told
        for count, step in enumerate(
            ("assigned", "handled", "assigned", "handled", "fed_back", "verified", "assessed")
        ):
            how = "return" if count == 2 else "advance"
            await call("POST", STEPS, move(step, move=how, text="理由"), key=f"{count}", number=number)
        await call("POST", STEPS, move("opened"), key="refused", number=number)
        await taking.until(lambda: len(taking.effects) == 8)
        assert [kind.removeprefix("case.") for kind in taking.kinds] == [
            "opened", "advanced", "advanced", "returned", "advanced", "advanced", "closed", "advanced",
        ]  # fmt: skip
        last = list(taking.effects.values())[-1]
        assert last["case"] == (await call("GET", CASES + "/{number}", number=number)).body


async def test_events_wait_through_a_restart_of_both_sides_from_the_stored_cursor(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS, speed=100)
    path = tmp_path / "case.sqlite"
    async with receiver(clock) as taking, case_service(path, clock) as service, caller(service) as call:
        await subscribe(call, taking)
        await opened(call, "a")
        await taking.until(lambda: len(taking.effects) == 1)
        await until_stored(path, 1)
    port = int(taking.url.split(":")[2].split("/")[0])
    async with case_service(path, clock) as service, caller(service) as call:
        await opened(call, "b")  # nobody listens
    async with receiver(clock, port=port) as again:
        again.secret = taking.secret
        async with case_service(path, clock) as service, caller(service) as call:
            assert (await subscribe(call, again)).startswith("sub_")
            assert again.secret == taking.secret
            await opened(call, "c")
            await again.until(lambda: len(again.effects) == 2)
    numbers = [event["case"]["number"][-1] for event in again.effects.values()]
    assert numbers == ["2", "3"]


async def test_one_dead_subscriber_holds_up_no_other(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)  # stands still: the dead one is never tried again
    async with (
        receiver(clock) as alive,
        receiver(clock, [500]) as dead,
        case_service(tmp_path / "case.sqlite", clock) as service,
        caller(service) as call,
    ):
        dead_id = await subscribe(call, dead)
        await subscribe(call, alive)
        for key in "abc":
            await opened(call, key)
        await alive.until(lambda: len(alive.effects) == 3)
        await dead.until(lambda: len(dead.attempts) == 1)
        assert dead.effects == {}
        assert (await call("DELETE", SUBSCRIPTION, id=dead_id)).body["url"] == dead.url
        assert (await call("DELETE", SUBSCRIPTION, id=dead_id)).status == 404
        clock.advance(START_MS + WEBHOOK_BACKOFF_LONGEST_MS)
        await opened(call, "d")
        await alive.until(lambda: len(alive.effects) == 4)
        assert len(dead.attempts) == 1


async def test_a_subscriber_away_too_long_goes_on_with_the_oldest_kept_and_the_loss_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "WEBHOOK_EVENTS", 2)
    dropped = REGISTRY.get_sample_value("triune_webhook_events_dropped_total") or 0.0
    clock = VirtualClock(START_MS)
    async with (
        receiver(clock, [500]) as taking,
        case_service(tmp_path / "c.sqlite", clock) as service,
        caller(service) as call,
    ):
        await subscribe(call, taking)
        await opened(call, "0")
        await taking.until(lambda: len(taking.attempts) == 1)
        for key in "1234":
            await opened(call, key)
    clock = VirtualClock(START_MS + WEBHOOK_BACKOFF_LONGEST_MS)
    port = int(taking.url.split(":")[2].split("/")[0])
    async with receiver(clock, port=port) as again:
        again.secret = taking.secret
        async with case_service(tmp_path / "c.sqlite", clock):
            await again.until(lambda: len(again.effects) == 2)
    assert [event["case"]["number"][-1] for event in again.effects.values()] == ["4", "5"]
    assert REGISTRY.get_sample_value("triune_webhook_events_dropped_total") == dropped + 3


async def test_subscribing_is_bounded_checked_and_changes_nothing_the_second_time(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with case_service(tmp_path / "case.sqlite", clock) as service, caller(service) as call:
        for bad in ("ftp://host/x", "http://", "https://[half", "http://a" + "a" * 600):
            assert (await call("POST", SUBSCRIPTIONS, {"url": bad})).status == 400
        first = await call("POST", SUBSCRIPTIONS, {"url": "http://127.0.0.1:9/0"})
        assert (await call("POST", SUBSCRIPTIONS, {"url": "http://127.0.0.1:9/0"})).body == first.body
        for count in range(1, WEBHOOK_SUBSCRIBERS):
            assert (await call("POST", SUBSCRIPTIONS, {"url": f"http://127.0.0.1:9/{count}"})).status == 200
        assert (await call("POST", SUBSCRIPTIONS, {"url": "http://127.0.0.1:9/more"})).status == 429


async def test_the_file_holds_no_secret(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    path = tmp_path / "case.sqlite"
    async with receiver(clock) as taking, case_service(path, clock) as service, caller(service) as call:
        await subscribe(call, taking)
        assert SIGNATURE_HEADER in call.document["webhooks"]["case"]["post"]["parameters"][2]["name"]
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"127.0.0.1" in held
    assert taking.secret.removeprefix("whsec_").encode() not in held
    assert TOKEN.encode() not in held


async def test_what_was_answered_is_there_after_sigkill_and_its_webhook_comes(tmp_path: Path) -> None:
    path = tmp_path / "case.sqlite"
    clock = SystemClock()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.command.services.serve_case", str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    numbers: list[str] = []
    try:
        assert child.stdout is not None
        url = (await child.stdout.readline()).decode().strip()
        async with (
            aiohttp.ClientSession(headers={"authorization": f"Bearer {TOKEN}"}) as session,
            receiver(clock, [503] * 1000) as refusing,
        ):
            async with session.post(url + SUBSCRIPTIONS, json={"url": refusing.url}) as response:
                refusing.secret = (await response.json())["secret"]
            for key in range(20):
                body = opening(at_ms=clock.now_ms())
                async with session.post(url + CASES, json=body, headers={"idempotency-key": f"{key}"}) as response:
                    numbers.append((await response.json())["number"])
            os.kill(child.pid, signal.SIGKILL)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
    port = int(refusing.url.split(":")[2].split("/")[0])
    async with receiver(clock, port=port) as taking, case_service(path, clock) as service, caller(service) as call:
        taking.secret = refusing.secret
        kept = (await call("GET", CASES, query="?limit=200")).body["items"]
        assert [case["number"] for case in kept] == numbers
        assert (await opened(call, "next"))[-2:] == "21"
        await taking.until(lambda: len(taking.effects) == 21)
    assert [event["case"]["number"] for event in taking.effects.values()][:20] == numbers
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
