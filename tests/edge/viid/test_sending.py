"""Telling others: the link to an upper system, and what waits for a receiver, in virtual time (SPEC R589-R592)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.errors import InvalidInputError, SignInRequiredError, TriuneError, UnavailableError
from edge.limits import (
    VIID_ANSWER_BYTES,
    VIID_BACKOFF_FIRST_MS,
    VIID_BACKOFF_LONGEST_MS,
    VIID_BEATS_MISSED,
    VIID_KEEPALIVE_MS,
)
from edge.viid.bodies import Verdict
from edge.viid.codes import StatusCode
from edge.viid.remote import NotSaidError, Remote
from edge.viid.sender import Item, Sender
from edge.viid.upper import Upper, UpperState
from tests.edge.viid.site import DEVICE, NOW_MS, PASSWORD, Running, running, vehicle
from tests.ports import free_port

_REAL = SystemClock()


async def settled() -> None:
    """Let everything that can go on do so."""
    for _ in range(50):
        await _REAL.sleep(0)


async def sleeping(clock: VirtualClock) -> int:
    """Return when the next sleeper wakes, once there is one."""
    while (at_ms := clock.next_wake_ms()) is None:
        await _REAL.sleep(1)
    return at_ms


class MemoryQueue:
    """What waits, in memory."""

    def __init__(self, *keys: str) -> None:
        self.items = [Item(key, key.encode()) for key in keys]
        self.turns = 0
        self.event = asyncio.Event()

    async def next(self, receiver: str, limit: int) -> list[Item]:
        assert receiver == "r"
        return self.items[:limit]

    async def settle(self, receiver: str, keys: Sequence[str]) -> None:
        assert receiver == "r"
        self.items = [item for item in self.items if item.key not in keys]

    def turn(self, receiver: str) -> int:
        assert receiver == "r"
        return self.turns

    async def news(self, receiver: str, turn: int) -> None:
        assert receiver == "r"
        if turn == self.turns:
            await self.event.wait()
            self.event.clear()

    def put(self, key: str) -> None:
        self.items.append(Item(key, key.encode()))
        self.turns += 1
        self.event.set()


@asynccontextmanager
async def at_work(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()


Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """Give the origin of a system that answers whatever is posted."""
    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_what_cannot_be_told_is_told_again_after_longer_and_longer_pauses() -> None:  # R589
    clock, queue, answers = (
        VirtualClock(NOW_MS),
        MemoryQueue("a", "b", "c"),
        list[TriuneError | dict[str, StatusCode]](),
    )
    tried: list[tuple[int, str]] = []

    async def deliver(items: Sequence[Item]) -> list[tuple[str, Verdict]]:
        tried.append((clock.now_ms() - NOW_MS, "".join(item.key for item in items)))
        answer = answers.pop(0) if answers else {}
        if isinstance(answer, TriuneError):
            raise answer
        return [(item.key, Verdict(item.key, answer.get(item.key, StatusCode.OK))) for item in items]

    answers += [UnavailableError("away")] * 2
    answers += [{"b": StatusCode.BUSY, "a": StatusCode.INVALID_OPERATION}]
    sender = Sender(queue, "r", deliver, clock)
    async with at_work(sender.run()):
        for pause_ms in (VIID_BACKOFF_FIRST_MS, 2 * VIID_BACKOFF_FIRST_MS, 4 * VIID_BACKOFF_FIRST_MS):
            wake_ms = await sleeping(clock)
            assert wake_ms - clock.now_ms() == pause_ms
            clock.advance(wake_ms)
            await settled()
        assert tried == [(0, "abc"), (1000, "abc"), (3000, "abc"), (7000, "b")]
        assert not queue.items
        assert (sender.state.up, sender.state.sent, sender.state.refused, sender.state.failures) == (True, 2, 1, 2)
        queue.put("d")
        await settled()
        assert tried[-1] == (7000, "d")
        answers.append(InvalidInputError("never that"))
        queue.put("e")
        await settled()
        assert (queue.items, sender.state.refused, sender.state.reason) == ([], 2, "never that")


async def test_a_fault_of_ours_with_one_answer_counts_as_a_failure_and_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:  # R850
    clock, queue, faults = VirtualClock(NOW_MS), MemoryQueue("a"), [OverflowError("never foreseen")]

    async def deliver(items: Sequence[Item]) -> list[tuple[str, Verdict]]:
        if faults:
            raise faults.pop()
        return [(item.key, Verdict(item.key)) for item in items]

    sender = Sender(queue, "r", deliver, clock)
    async with at_work(sender.run()):
        assert await sleeping(clock) == NOW_MS + VIID_BACKOFF_FIRST_MS
        assert (sender.state.up, sender.state.failures, len(queue.items)) == (False, 1, 1)
        assert "OverflowError" in sender.state.reason
        assert "never foreseen" in caplog.text
        clock.advance(NOW_MS + VIID_BACKOFF_FIRST_MS)
        await settled()
        assert (sender.state.up, queue.items) == (True, [])


async def test_what_only_http_refuses_waits_and_is_shown_until_a_view_library_answers() -> None:  # R851
    clock, queue, http_status = VirtualClock(NOW_MS), MemoryQueue("a", "b"), [404]

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=http_status[0], text="nginx: not found")

    async with answering(answer) as url, aiohttp.ClientSession() as http:
        remote = Remote(http, DEVICE, DEVICE, PASSWORD)

        async def deliver(items: Sequence[Item]) -> list[tuple[str, Verdict]]:
            await remote.post(f"{url}/VIID/SubscribeNotifications", {})
            return [(item.key, Verdict(item.key)) for item in items]

        sender = Sender(queue, "r", deliver, clock)
        async with at_work(sender.run()):
            for wrong in (404, 405, 400):
                http_status[0] = wrong
                clock.advance(await sleeping(clock))
                await sleeping(clock)
                assert (sender.state.up, len(queue.items), sender.state.refused) == (False, 2, 0)
            assert sender.state.reason.endswith("answers HTTP 400 without a status of GA/T 1400")
            http_status[0] = 200
            clock.advance(await sleeping(clock))
            while queue.items:
                await _REAL.sleep(1)
            assert (sender.state.up, sender.state.sent) == (True, 2)


async def test_pauses_have_an_end_and_an_interval_is_kept_between_batches() -> None:  # R589
    clock, queue, tried = VirtualClock(NOW_MS), MemoryQueue("a"), list[int]()

    async def deliver(items: Sequence[Item]) -> list[tuple[str, Verdict]]:
        tried.append(clock.now_ms())
        if len(tried) < 15:
            raise UnavailableError("away")
        return [(item.key, Verdict(item.key)) for item in items]

    async with at_work(Sender(queue, "r", deliver, clock, interval_ms=30_000).run()):
        for _ in range(15):
            clock.advance(await sleeping(clock))
            await settled()
        pauses = [after - before for before, after in itertools.pairwise(tried)]
        assert (pauses[0], max(pauses), pauses[-1]) == (30_000, VIID_BACKOFF_LONGEST_MS, VIID_BACKOFF_LONGEST_MS)
        queue.put("b")
        await settled()
        queue.put("c")
        assert await sleeping(clock) - clock.now_ms() == 30_000


@asynccontextmanager
async def linked(
    at: Running, clock: VirtualClock, password: str = PASSWORD
) -> AsyncIterator[tuple[Upper, list[tuple[bool, str]]]]:
    told: list[tuple[bool, str]] = []

    async def report(up: bool, reason: str) -> None:
        told.append((up, reason))

    async with aiohttp.ClientSession() as http:
        remote = Remote(http, DEVICE, DEVICE, password)
        upper = Upper(remote, UpperState(id="u", url=at.url), DEVICE, clock, report)
        async with at_work(upper.run()):
            yield upper, told


async def test_the_link_registers_keeps_alive_and_registers_anew_when_it_was_forgotten() -> None:  # R591
    clock = VirtualClock(NOW_MS)
    async with running(clock=clock, algorithms=("SHA-256",)) as at, linked(at, clock) as (upper, told):
        assert await sleeping(clock) == NOW_MS + VIID_KEEPALIVE_MS
        assert (upper.state.up, upper.state.registrations, told) == (True, 1, [(True, "")])
        clock.advance(NOW_MS + VIID_KEEPALIVE_MS)
        assert await sleeping(clock) == NOW_MS + 2 * VIID_KEEPALIVE_MS
        assert at.server.door.peers[DEVICE].heard_ms == NOW_MS + VIID_KEEPALIVE_MS
        assert upper.state.registrations == 1
        assert told == [(True, "")] * 2, "again, for the record may have been away before (R1021)"

        body = {"MotorVehicleListObject": {"MotorVehicleObject": [vehicle()]}}
        (verdict,) = await upper.post("/VIID/MotorVehicles", body)
        assert verdict.code is StatusCode.OK
        at.server.door._password_of = lambda _device: "another"
        with pytest.raises(UnavailableError, match="HTTP 401"):
            await upper.post("/VIID/MotorVehicles", body)
        assert (upper.state.up, told[-1][0]) == (False, False)
        at.server.door._password_of = lambda _device: PASSWORD
        await upper.post("/VIID/MotorVehicles", body)
        assert (upper.state.up, upper.state.registrations, told[-1]) == (True, 2, (True, ""))


async def test_a_link_that_is_taken_up_again_registers_and_says_how_it_is() -> None:  # R947
    """Between two terms of a hub's lease another hub may have said that the system is away."""
    clock = VirtualClock(NOW_MS)
    async with running(clock=clock) as at, linked(at, clock) as (upper, told):
        await sleeping(clock)
        assert (upper.state.registrations, told) == (1, [(True, "")])
        async with at_work(upper.run()):
            await settled()
            while upper.state.registrations < 2:
                await settled()
        assert told == [(True, ""), (True, "")]


async def test_with_a_wrong_password_the_link_is_down_and_says_so() -> None:  # R591
    clock = VirtualClock(NOW_MS)
    async with running(clock=clock) as at, linked(at, clock, "wrong") as (upper, told):
        assert await sleeping(clock) == NOW_MS + VIID_BACKOFF_FIRST_MS
        assert "answers HTTP 401: wrong password" in upper.state.reason
        assert told == [(False, upper.state.reason)]


async def test_a_fault_of_ours_with_an_upper_system_is_shown_and_the_link_registers_later(
    caplog: pytest.LogCaptureFixture,
) -> None:  # R850
    class Faulty(Remote):
        faults = 1

        async def post(self, url: str, body: Mapping[str, object]) -> list[Verdict]:
            if self.faults:
                self.faults -= 1
                raise OverflowError("never foreseen")
            return [Verdict("")]

    async def report(_up: bool, _reason: str) -> None:
        """Nobody listens."""

    clock = VirtualClock(NOW_MS)
    async with aiohttp.ClientSession() as http:
        remote = Faulty(http, DEVICE, DEVICE, PASSWORD)
        upper = Upper(remote, UpperState(id="u", url="http://127.0.0.1:1"), DEVICE, clock, report)
        async with at_work(upper.run()):
            assert await sleeping(clock) == NOW_MS + VIID_BACKOFF_FIRST_MS
            assert (upper.state.up, "OverflowError" in upper.state.reason, "never foreseen" in caplog.text) == (
                False, True, True,
            )  # fmt: skip
            clock.advance(NOW_MS + VIID_BACKOFF_FIRST_MS)
            await settled()
            assert upper.state.up is True


async def test_a_system_that_answers_no_more_is_down_after_some_missed_beats() -> None:  # R591
    clock, gone = VirtualClock(NOW_MS), free_port()
    async with running(clock=clock) as at, linked(at, clock) as (upper, told):
        await sleeping(clock)
        upper.state.url = f"http://127.0.0.1:{gone}"
        for missed in range(1, VIID_BEATS_MISSED + 1):
            assert upper.state.up
            clock.advance(await sleeping(clock))
            await settled()
            await sleeping(clock)
            assert upper.state.up is (missed < VIID_BEATS_MISSED)
        assert told[-1][0] is False
        assert "does not answer" in told[-1][1]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", UnavailableError),
        (503, b'{"ResponseStatusObject":{"StatusCode":2,"StatusString":"later"}}', UnavailableError),
        (302, b"", UnavailableError),
        (429, b"", UnavailableError),
        (400, b"not json", NotSaidError),
        (404, b"nginx: not found", NotSaidError),
        (405, b"", NotSaidError),
        (400, b'{"status":400,"error":"Bad Request"}', NotSaidError),
        (400, b'{"ResponseStatusObject":{"StatusCode":8,"StatusString":"never"}}', InvalidInputError),
        (400, b'{"ResponseStatusObject":{"StatusCode":2,"StatusString":"later"}}', UnavailableError),
        (413, b"", InvalidInputError),
        (403, b"", SignInRequiredError),
        (200, b" " * (VIID_ANSWER_BYTES + 1), UnavailableError),
        (200, b"<html>", None),
        (200, b'{"ResponseStatusListObject":{"ResponseStatusObject":[{"Id":"v","StatusCode":"0"}]}}', None),
    ],
)
async def test_whatever_a_system_answers_means_something(
    status: int, body: bytes, error: type[TriuneError] | None
) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["User-Identify"] == DEVICE
        assert request.headers["Content-Type"] == "application/VIID+JSON;charset=UTF-8"
        return web.Response(status=status, body=body, headers={"Location": "http://127.0.0.1:1/"})

    async with answering(answer) as url, aiohttp.ClientSession() as http:
        asked = Remote(http, DEVICE, DEVICE, PASSWORD).post(f"{url}/VIID/MotorVehicles", {})
        if error is None:
            assert [one.id for one in await asked] == (["v"] if b"Id" in body else [])
        else:
            with pytest.raises(error) as raised:
                await asked
            assert raised.type is error
