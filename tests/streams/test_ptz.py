"""Who moves a camera, and that it stops (SPEC R353 to R356)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command.kernel.clock import Clock, SystemClock, VirtualClock
from command.kernel.errors import ConflictError, TooManyError, UnavailableError, UnknownIdError
from streams.limits import PTZ_DEAD_MAN_MS, PTZ_HELD, PTZ_HOLD_MS, PTZ_LOOK_MS
from streams.ptz import STOP, Hold, Move, Operator, Ptz, PtzControl, PtzGateways, Recall, claim

WATCH = Operator("w", "巡查员", 0)
OTHER_WATCH = Operator("w2", "巡查员二", 0)
DISPATCHER = Operator("d", "指挥调度员", 1)
COMMANDER = Operator("c", "指挥长", 2)
PEOPLE = (WATCH, OTHER_WATCH, DISPATCHER, COMMANDER)
LEFT = Move(pan=-0.5)


# The rule, without anything that moves.


@pytest.mark.parametrize(("held", "asker"), list(itertools.product(PEOPLE, repeat=2)))
def test_only_the_holder_and_a_higher_rank_move_a_camera_that_is_held(held: Operator, asker: Operator) -> None:
    hold = claim(None, held, LEFT, 1000)
    may = asker.id == held.id or asker.rank > held.rank
    for now_ms in (1000, hold.until_ms - 1):
        if may:
            assert claim(hold, asker, LEFT, now_ms).by == asker
        else:
            with pytest.raises(ConflictError) as refused:
                claim(hold, asker, STOP, now_ms)
            assert refused.value.extra == {"holder": held.name, "until_ms": hold.until_ms}
    assert claim(hold, asker, LEFT, hold.until_ms).by == asker, "once it is over anybody may"


def test_a_hold_lasts_from_the_last_command_and_only_a_move_has_to_be_renewed() -> None:
    assert claim(None, WATCH, LEFT, 5000) == Hold(WATCH, 5000 + PTZ_HOLD_MS, 5000 + PTZ_DEAD_MAN_MS)
    assert claim(None, WATCH, STOP, 5000) == Hold(WATCH, 5000 + PTZ_HOLD_MS)
    assert claim(None, WATCH, Recall(3), 5000) == Hold(WATCH, 5000 + PTZ_HOLD_MS)


# The shell, before a camera that says what it was told.


class Dome:
    """A camera in memory; `said` is what it was told and when."""

    def __init__(self, clock: Clock) -> None:
        self.said: list[tuple[int, object]] = []
        self.failing: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.opened = self.closed = 0
        self._clock = clock

    async def move(self, pan: float, tilt: float, zoom: float) -> None:
        await self._hear((pan, tilt, zoom))

    async def preset(self, number: int) -> None:
        await self._hear(number)

    async def _hear(self, what: object) -> None:
        await self.answers.wait()
        if self.failing is not None:
            raise self.failing
        self.said.append((self._clock.now_ms(), what))

    @asynccontextmanager
    async def open(self, _address: str, _clock: Clock) -> AsyncIterator[Ptz]:
        if self.failing is not None:
            raise self.failing
        self.opened += 1
        try:
            yield self
        finally:
            self.closed += 1


class Ground:
    """A control on a virtual clock."""

    def __init__(self) -> None:
        self.clock = VirtualClock(0)
        self.dome = Dome(self.clock)
        self.gateways = PtzGateways()
        self.gateways.register("dome", self.dome.open)
        self.control = PtzControl(self.gateways, self.address_of, self.clock)

    def address_of(self, camera: str) -> str:
        if camera == "none":
            raise UnknownIdError("no camera")
        return "rtsp://h/s" if camera == "fixed" else f"dome://{camera}"

    async def pass_ms(self, duration_ms: int) -> None:
        """Let time pass in the steps in which the dead man's hand is looked at."""
        until_ms = self.clock.now_ms() + duration_ms
        while self.clock.now_ms() < until_ms:
            self.clock.advance(min(until_ms, self.clock.now_ms() + PTZ_LOOK_MS))
            await settle()


async def settle() -> None:
    for _ in range(20):
        await SystemClock().sleep(0)


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    made = Ground()
    async with made.control:
        yield made
        await made.pass_ms(PTZ_HOLD_MS + 1000)


async def test_a_move_that_is_not_renewed_is_stopped_within_the_second_and_once(ground: Ground) -> None:
    await ground.control.command("a", WATCH, LEFT)
    await ground.pass_ms(PTZ_HOLD_MS + 1000)

    (first, _), (stopped_ms, stop) = ground.dome.said
    assert (first, stop) == (0, (0.0, 0.0, 0.0))
    assert PTZ_DEAD_MAN_MS <= stopped_ms <= PTZ_DEAD_MAN_MS + 2 * PTZ_LOOK_MS
    assert ground.control.counters.dead_man_stops == 1
    assert (ground.dome.opened, ground.dome.closed) == (1, 1), "once the hold is over the camera is let go"


async def test_a_move_that_is_renewed_goes_on_and_a_stop_needs_no_second(ground: Ground) -> None:
    for _ in range(10):
        await ground.control.command("a", WATCH, LEFT)
        await ground.pass_ms(PTZ_DEAD_MAN_MS // 2)
    await ground.control.command("a", WATCH, STOP)
    await ground.pass_ms(PTZ_HOLD_MS)

    assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0)] * 10 + [(0.0, 0.0, 0.0)]
    assert ground.control.counters.dead_man_stops == 0
    assert ground.dome.opened == 1


async def test_a_higher_rank_takes_over_and_the_other_is_told_who_has_it(ground: Ground) -> None:
    await ground.control.command("a", DISPATCHER, LEFT)
    with pytest.raises(ConflictError):
        await ground.control.command("a", WATCH, STOP)
    await ground.control.command("a", COMMANDER, Recall(4))
    with pytest.raises(ConflictError):
        await ground.control.command("a", DISPATCHER, LEFT)

    hold = await ground.control.hold("a")
    assert hold is not None
    assert hold.by == COMMANDER
    assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0), 4]
    assert ground.control.counters.refused == 2
    await ground.pass_ms(PTZ_HOLD_MS)
    assert await ground.control.hold("a") is None
    assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0), 4], "a camera on its way to a preset is let go"
    await ground.control.command("a", WATCH, STOP)


async def test_of_commands_that_wait_for_a_slow_camera_the_newest_is_what_it_is_told(ground: Ground) -> None:
    ground.dome.answers.clear()
    async with asyncio.TaskGroup() as tasks:
        for pan in (0.1, 0.2, 0.3, 0.4):
            tasks.create_task(ground.control.command("a", WATCH, Move(pan=pan)))
            await settle()
        tasks.create_task(ground.control.command("a", WATCH, STOP))
        await settle()
        ground.dome.answers.set()

    assert [what for _, what in ground.dome.said] == [(0.1, 0.0, 0.0), (0.0, 0.0, 0.0)]


async def test_a_stop_that_the_camera_did_not_take_is_said_again(ground: Ground) -> None:
    await ground.control.command("a", WATCH, LEFT)
    ground.dome.failing = UnavailableError("no answer")
    with pytest.raises(UnavailableError, match="no answer"):
        await ground.control.command("a", WATCH, STOP)
    await ground.pass_ms(500)
    assert len(ground.dome.said) == 1
    ground.dome.failing = None
    await ground.pass_ms(500)

    assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0), (0.0, 0.0, 0.0)]
    assert ground.control.counters.failed >= 2


async def test_a_camera_that_cannot_be_opened_is_told_so_and_held_by_nobody(ground: Ground) -> None:
    ground.dome.failing = UnavailableError("10.0.0.5 cannot be reached")
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await ground.control.command("a", WATCH, LEFT)
    assert await ground.control.hold("a") is None
    ground.dome.failing = ValueError("rtsp://admin:secret@h")
    with pytest.raises(UnavailableError) as told:
        await ground.control.command("a", WATCH, LEFT)
    assert "secret" not in told.value.detail

    ground.dome.failing = None
    await ground.control.command("a", OTHER_WATCH, LEFT)


async def test_a_camera_that_never_answers_holds_up_nobody_for_long(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.dome.answers.clear()
    monkeypatch.setattr("streams.ptz.PTZ_CALL_MS", 20)
    with pytest.raises(UnavailableError, match="did not answer"):
        await ground.control.command("a", WATCH, LEFT)
    monkeypatch.undo()
    ground.dome.answers.set()
    await ground.control.command("a", WATCH, Recall(1))
    assert [what for _, what in ground.dome.said][-1] == 1


async def test_what_cannot_be_moved_is_unknown_and_holds_are_bounded(ground: Ground) -> None:
    assert not ground.control.moves("fixed")
    assert ground.control.moves("a")
    for camera in ("fixed", "none"):
        with pytest.raises(UnknownIdError):
            await ground.control.command(camera, WATCH, LEFT)
    for i in range(PTZ_HELD):
        await ground.control.command(f"cam{i}", WATCH, STOP)
    with pytest.raises(TooManyError):
        await ground.control.command("one-more", WATCH, STOP)
    await ground.control.command("cam0", WATCH, STOP)
    assert await ground.control.presets("a") == [], "a gateway that lists none"


async def test_the_end_of_the_hub_stops_what_moves() -> None:
    ground = Ground()
    async with ground.control:
        await ground.control.command("a", WATCH, LEFT)

    assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0), (0.0, 0.0, 0.0)]
    assert ground.dome.closed == 1


async def test_a_hub_that_a_fault_ends_stops_what_moves() -> None:  # R354, R1025
    ground = Ground()

    async def hub() -> None:
        async with ground.control:
            await ground.control.command("a", WATCH, LEFT)
            await ground.control.command("b", WATCH, LEFT)
            raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="a fault of ours"):
        await hub()

    assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0)] * 2 + [(0.0, 0.0, 0.0)] * 2
    assert ground.dome.closed == 2


async def test_a_hub_that_is_cancelled_stops_what_moves() -> None:  # R354, R1025
    ground, moving = Ground(), asyncio.Event()

    async def hub() -> None:
        async with ground.control:
            await ground.control.command("a", WATCH, LEFT)
            moving.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(hub())
        await moving.wait()
        running.cancel()

    assert running.cancelled()
    assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0), (0.0, 0.0, 0.0)]
    assert ground.dome.closed == 1


async def test_a_move_that_was_on_its_way_when_the_hub_ended_is_stopped_too() -> None:  # R354, R1025
    ground = Ground()
    async with asyncio.TaskGroup() as tasks, ground.control:
        await ground.control.command("a", WATCH, LEFT)
        ground.dome.answers.clear()
        for pan in (0.1, 0.2):  # the camera is slow with the first, and the second waits
            tasks.create_task(ground.control.command("a", WATCH, Move(pan=pan)))
            await settle()
        tasks.create_task(answer_later(ground.dome))

    assert [what for _, what in ground.dome.said] == [
        (-0.5, 0.0, 0.0), (0.1, 0.0, 0.0), (0.2, 0.0, 0.0), (0.0, 0.0, 0.0)
    ]  # fmt: skip


async def answer_later(dome: Dome) -> None:
    await settle()
    dome.answers.set()


class SlowHolds:
    """Holds whose database takes its time to say who moved a camera last."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()

    async def take(self, camera: str, who: Operator) -> None:
        pass

    async def of(self, camera: str) -> Hold | None:
        return None

    async def moved_on(self, camera: str) -> bool:
        self.asked.set()
        await self.answers.wait()
        return False


async def test_a_move_that_is_renewed_while_others_are_asked_goes_on() -> None:  # R354
    ground, holds = Ground(), SlowHolds()
    ground.control = PtzControl(ground.gateways, ground.address_of, ground.clock, holds)
    async with ground.control:
        await ground.control.command("a", WATCH, LEFT)
        await ground.pass_ms(PTZ_DEAD_MAN_MS + PTZ_LOOK_MS)
        assert holds.asked.is_set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ground.control.command("a", WATCH, LEFT))
            await settle()
            holds.answers.set()
        assert [what for _, what in ground.dome.said] == [(-0.5, 0.0, 0.0)] * 2
        assert ground.control.counters.dead_man_stops == 0
