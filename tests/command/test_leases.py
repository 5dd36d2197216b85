"""Leases: one of several hubs holds each, and another takes over (SPEC R178)."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from command.kernel.clock import VirtualClock
from command.kernel.database import Database, Row, SqliteDatabase, Statement, Value
from command.kernel.errors import UnavailableError
from command.kernel.limits import LEASE_MS, LEASE_RENEW_MS
from command.leases import SCHEMA, SharedLeases, while_held
from tests.command.support import START_MS

NAMES = ("links", "cameras")


class Away(Database):
    """A database that can be away."""

    def __init__(self, real: Database) -> None:
        self.real = real
        self.away = False

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        return await self.real.rows(sql, *values)

    async def write(self, *statements: Statement) -> list[int]:
        if self.away:
            raise UnavailableError("away")
        return await self.real.write(*statements)

    async def close(self) -> None:
        await self.real.close()


async def settled(clock: VirtualClock, hubs: int = 1) -> None:
    """Return once so many hubs sleep again."""
    async with asyncio.timeout(30):
        while len(clock._sleepers) < hubs:
            await asyncio.to_thread(lambda: None)  # threads of the database answer


async def pass_time(clock: VirtualClock, duration_ms: int, hubs: int = 1) -> None:
    """Let time pass in steps that leave out no renewal."""
    end_ms = clock.now_ms() + duration_ms
    while clock.now_ms() < end_ms:
        clock.advance(min(end_ms, clock.now_ms() + LEASE_RENEW_MS))
        await settled(clock, hubs)


async def test_one_holds_it_until_it_is_gone_and_then_another(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    databases = [Away(SqliteDatabase(tmp_path / "leases.db", SCHEMA, "leases")) for _ in range(2)]
    first, second = (SharedLeases(db, name, NAMES, clock) for db, name in zip(databases, "ab", strict=True))
    told: list[set[str]] = [set()]
    second.listen(lambda: told.append({name for name in NAMES if second.holds(name)}))
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(first.run())
        await settled(clock)
        other = tasks.create_task(second.run())
        await settled(clock, 2)
        for _ in range(5):
            assert [first.holds(name) for name in NAMES] == [True, True]
            assert [second.holds(name) for name in NAMES] == [False, False]
            clock.advance(clock.now_ms() + LEASE_RENEW_MS)
            await settled(clock, 2)
        databases[0].away = True  # it cannot renew, and says so before another may hold it
        await pass_time(clock, LEASE_MS - LEASE_RENEW_MS - 1, 2)
        assert first.holds("links") != second.holds("links")
        await pass_time(clock, 2 * LEASE_RENEW_MS, 2)
        assert not first.holds("links")
        clock.advance(clock.now_ms() + LEASE_RENEW_MS)
        await settled(clock, 2)
        assert second.holds("links")
        # At once or one by one: it may have looked at one before it was renewed for the last time, at the other after.
        assert told[-1] == set(NAMES)
        assert all(before < after for before, after in itertools.pairwise(told))
        databases[0].away = False
        other.cancel()  # it stops in order, and nobody has to wait for it
        await asyncio.wait([other])
        clock.advance(clock.now_ms() + LEASE_RENEW_MS)
        await settled(clock)
        assert first.holds("links")
        one.cancel()
    for database in databases:
        await database.close()


async def test_a_holder_whose_clock_was_ahead_keeps_it_no_longer(tmp_path: Path) -> None:  # R178
    ahead, clock = VirtualClock(START_MS + 600_000), VirtualClock(START_MS)
    database = SqliteDatabase(tmp_path / "leases.db", SCHEMA, "leases")
    gone, here = SharedLeases(Away(database), "a", NAMES, ahead), SharedLeases(Away(database), "b", NAMES, clock)
    async with asyncio.TaskGroup() as tasks:
        first, second = tasks.create_task(gone.run()), tasks.create_task(here.run())
        for _ in range(2):
            await settled(clock)
            await settled(ahead)
            clock.advance(clock.now_ms() + LEASE_RENEW_MS)
            ahead.advance(ahead.now_ms() + LEASE_RENEW_MS)
        await settled(clock)
        await settled(ahead)
        assert gone.holds("links")
        assert not here.holds("links")
        gone._database.away = True  # type: ignore[attr-defined]  # it dies
        first.cancel()
        await pass_time(clock, LEASE_MS + 2 * LEASE_RENEW_MS)
        assert here.holds("links")
        second.cancel()
    await database.close()


class StoodStill(VirtualClock):
    """A clock that was set back: what it says stands still for a while, and who sleeps by it wakes all the same."""

    def __init__(self, real: VirtualClock) -> None:
        super().__init__(START_MS)
        self._real = real

    def now_ms(self) -> int:
        return START_MS

    async def sleep(self, duration_ms: int) -> None:
        await self._real.sleep(duration_ms)


@pytest.mark.parametrize("stands_still", [False, True])
async def test_who_renews_it_keeps_it_however_often_others_look_and_leave(
    stands_still: bool, tmp_path: Path
) -> None:  # R1189
    there, clock = VirtualClock(START_MS), VirtualClock(START_MS)
    database = SqliteDatabase(tmp_path / "leases.db", SCHEMA, "leases")
    holder = SharedLeases(Away(database), "a", NAMES, StoodStill(there) if stands_still else there)
    other, third = (SharedLeases(Away(database), name, NAMES, clock) for name in "bc")
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(holder.run())
        await settled(there)
        second = tasks.create_task(other.run())
        await settled(clock)
        for _ in range(3 * LEASE_MS // LEASE_RENEW_MS):
            await pass_time(there, LEASE_RENEW_MS)
            await pass_time(clock, LEASE_RENEW_MS)
            assert [hub.holds("links") for hub in (holder, other)] == [True, False]
        second.cancel()
        await asyncio.wait([second])
        last = tasks.create_task(third.run())
        await settled(clock)
        assert not third.holds("links"), "who left gave back what was not its own"
        first.cancel()
        last.cancel()
    await database.close()


async def test_who_cannot_renew_it_knows_before_another_has_it(tmp_path: Path) -> None:  # R1189
    there, clock = VirtualClock(START_MS), VirtualClock(START_MS)
    database = SqliteDatabase(tmp_path / "leases.db", SCHEMA, "leases")
    cut_off = Away(database)
    holder, other = SharedLeases(cut_off, "a", NAMES, there), SharedLeases(Away(database), "b", NAMES, clock)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(holder.run())]
        await settled(there)
        running.append(tasks.create_task(other.run()))  # it looks right after the last renewal
        await settled(clock)
        cut_off.away = True
        while not other.holds("links"):
            assert clock.now_ms() <= START_MS + LEASE_MS
            await pass_time(there, LEASE_RENEW_MS)
            await pass_time(clock, LEASE_RENEW_MS)
            assert not (holder.holds("links") and other.holds("links"))
        for task in running:
            task.cancel()
    await database.close()


async def test_a_lease_runs_from_before_it_was_asked_for(tmp_path: Path) -> None:  # R1189
    """A database that hangs for a while answers yes of a moment that is past."""

    class Slow(Away):
        async def write(self, *statements: Statement) -> list[int]:
            touched = await super().write(*statements)
            clock.advance(clock.now_ms() + LEASE_MS - 1)
            self.away = True
            return touched

    clock = VirtualClock(START_MS)
    database = SqliteDatabase(tmp_path / "leases.db", SCHEMA, "leases")
    leases = SharedLeases(Slow(database), "a", NAMES[:1], clock)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(leases.run())
        await settled(clock)
        assert leases.holds("links")
        clock.advance(START_MS + LEASE_MS)
        assert not leases.holds("links")
        running.cancel()
    await database.close()


async def test_of_two_that_look_at_the_same_time_one_has_it(tmp_path: Path) -> None:  # R178
    class Together(Away):
        async def rows(self, sql: str, *values: Value) -> list[Row]:
            found = await super().rows(sql, *values)
            await looked.wait()
            return found

    clock, looked = VirtualClock(START_MS), asyncio.Barrier(2)
    database = SqliteDatabase(tmp_path / "leases.db", SCHEMA, "leases")
    both = [SharedLeases(Together(database), name, NAMES, clock) for name in "ab"]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(leases.run()) for leases in both]
        await settled(clock, 2)
        for name in NAMES:
            assert sorted(leases.holds(name) for leases in both) == [False, True]
        for task in running:
            task.cancel()
    await database.close()


async def test_one_whose_clock_stood_still_holds_it_no_more_once_it_finds_another_in_its_place(
    tmp_path: Path,
) -> None:  # R178
    still, clock = VirtualClock(START_MS), VirtualClock(START_MS)
    database = SqliteDatabase(tmp_path / "leases.db", SCHEMA, "leases")
    frozen, other = SharedLeases(Away(database), "a", NAMES, still), SharedLeases(Away(database), "b", NAMES, clock)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(frozen.run())
        await settled(still)
        second = tasks.create_task(other.run())
        await settled(clock)
        await pass_time(clock, LEASE_MS + 2 * LEASE_RENEW_MS)
        assert other.holds("links")
        still.advance(START_MS + LEASE_RENEW_MS)
        await settled(still)
        assert not frozen.holds("links")
        assert other.holds("links")
        first.cancel()
        second.cancel()
    await database.close()


class Told:
    """Leases as the test says."""

    def __init__(self) -> None:
        self.held = False
        self.listeners: list[asyncio.Event] = []

    def holds(self, name: str) -> bool:
        del name
        return self.held

    def listen(self, listener: object) -> None:
        self.listener = listener

    def tell(self, held: bool) -> None:
        self.held = held
        self.listener()  # type: ignore[operator] # what `while_held` gave


async def test_work_runs_while_the_lease_is_held() -> None:
    leases, began, ended = Told(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with asyncio.TaskGroup() as tasks:
        doing = tasks.create_task(while_held(leases, "links", work))
        await asyncio.sleep(0)  # noqa: TID251 - it looks
        assert not began.is_set()
        for _ in range(2):
            leases.tell(held=True)
            await began.wait()
            assert not ended.is_set()
            leases.tell(held=False)
            await ended.wait()
            began.clear()
            ended.clear()
        doing.cancel()


async def test_work_that_fails_is_not_hidden() -> None:
    async def work() -> None:
        raise ValueError("broken")

    leases = Told()
    leases.held = True
    with pytest.raises(ExceptionGroup) as caught:
        await while_held(leases, "links", work)
    assert caught.group_contains(ValueError, match="broken")
