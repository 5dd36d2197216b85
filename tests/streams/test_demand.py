"""When a camera is pulled and when it is not, in virtual time (SPEC R391–R394, R1098)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from command.kernel.clock import Clock
from command.kernel.errors import UnavailableError
from consoles.sim.clock import MachineClock
from consoles.sim.loop import VirtualLoop, virtual_loop
from streams.camera_spec import CameraSpec, CameraStatus
from streams.keeper import CameraKeeper
from streams.limits import (
    CAMERA_LINGER_MS,
    CAMERA_OPEN_MS,
    CAMERA_PICTURE_MS,
    CAMERA_PROBE_MS,
    CAMERA_PROBES,
    CAMERA_RETRY_FIRST_MS,
    CAMERA_RETRY_LONGEST_MS,
)
from streams.packets import Packet
from streams.sources import SourceError, Sources


class Peers:
    """Cameras that open in 300 ms and send a key frame a second; `down` ones refuse after their own time-out."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.down: set[str] = set()
        self.open: dict[str, int] = {}
        self.attempts: dict[str, list[int]] = {}
        self.connecting = 0
        self.silent = False
        self.most_connecting = 0

    @asynccontextmanager
    async def source(self, address: str, clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
        self.attempts.setdefault(address, []).append(clock.now_ms())
        self.connecting += 1
        self.most_connecting = max(self.most_connecting, self.connecting)
        await clock.sleep(CAMERA_OPEN_MS if address in self.down else 300)
        self.connecting -= 1
        if address in self.down:
            raise SourceError("host not found or not reachable")
        self.open[address] = self.open.get(address, 0) + 1
        try:
            yield self._packets(clock)
        finally:
            self.open[address] -= 1

    async def _packets(self, clock: Clock) -> AsyncIterator[Packet]:
        for second in range(10**6):
            yield Packet(b"640x360", 1000 * second, True, clock.now_ms())
            await clock.sleep(1000)
            if self.silent:
                await asyncio.Event().wait()


Story = Callable[[MachineClock, Peers, CameraKeeper], Coroutine[Any, Any, None]]


def _run(monkeypatch: pytest.MonkeyPatch, story: Story) -> None:
    """Tell a story on virtual time; real decoding needs threads, which there are none of there."""

    async def looks_well(_key: Packet) -> tuple[int, int]:
        return 640, 360

    monkeypatch.setattr("streams.keeper.examine", looks_well)
    loop = virtual_loop("demand")

    async def told() -> None:
        clock = MachineClock(loop)
        peers = Peers(clock)
        sources = Sources()
        sources.register("sim", peers.source)

        async def on_status(_camera: str, _status: CameraStatus) -> None:
            pass

        async with CameraKeeper(clock, on_status, sources=sources) as keeper:
            await story(clock, peers, keeper)

    loop.run_until_complete(told())
    loop.end()


def _spec(name: str, *, always: bool = False) -> dict[str, CameraSpec]:
    return {name: CameraSpec(name, f"sim:{name}", always=always)}


def test_a_camera_is_pulled_once_for_all_and_let_go_after_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(clock: MachineClock, peers: Peers, keeper: CameraKeeper) -> None:
        await keeper.sync(_spec("a"))
        camera = keeper.camera("a")
        await clock.sleep(5000)
        assert (camera.status.state, camera.view().pulled, peers.open["sim:a"]) == ("up", False, 0)
        up_since_ms = camera.status.since_ms

        asked_ms = clock.now_ms()
        async with camera.subscribe() as first:
            await first.take()
            assert clock.now_ms() - asked_ms <= 1000
            async with camera.subscribe() as second:
                assert (await second.take())[0].is_key
                assert clock.now_ms() - asked_ms <= 1000
            await clock.sleep(60_000)
            assert peers.open["sim:a"] == 1
        await clock.sleep(CAMERA_LINGER_MS - 2000)
        assert peers.open["sim:a"] == 1
        async with camera.subscribe() as third:
            assert (await third.take())[0].is_key
        assert len(peers.attempts["sim:a"]) == 2
        await clock.sleep(CAMERA_LINGER_MS + 2000)
        assert peers.open["sim:a"] == 0
        assert camera.status.since_ms == up_since_ms

    _run(monkeypatch, story)


def test_one_that_nobody_needs_is_looked_at_now_and_then_unless_another_hub_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(clock: MachineClock, peers: Peers, keeper: CameraKeeper) -> None:
        keeper.keep_known(False)
        await keeper.sync(_spec("a") | _spec("b", always=True))
        await clock.sleep(3_600_000)
        assert peers.attempts == {}
        assert keeper.camera("a").view().state == "connecting"
        await keeper.camera("a").still()
        await clock.sleep(3_600_000)
        assert len(peers.attempts["sim:a"]) == 1

        keeper.keep_known(True)
        await clock.sleep(3_600_000)
        looks = len(peers.attempts["sim:a"]) - 1
        assert 3_600_000 // CAMERA_PROBE_MS <= looks <= 2 * 3_600_000 // CAMERA_PROBE_MS + 1
        assert (peers.open["sim:b"], len(peers.attempts["sim:b"])) == (1, 1)
        looked_ms = keeper.camera("a").view().looked_ms
        assert looked_ms is not None
        assert clock.now_ms() - looked_ms <= CAMERA_PROBE_MS

    _run(monkeypatch, story)


def test_a_hub_that_stood_still_calls_no_camera_silent(monkeypatch: pytest.MonkeyPatch) -> None:  # R1098
    async def story(clock: MachineClock, peers: Peers, keeper: CameraKeeper) -> None:
        await keeper.sync(_spec("a", always=True))
        await clock.sleep(5500)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.now_us += 60_000_000  # its machine is paused for a minute
        await clock.sleep(5000)
        assert (keeper.camera("a").status.state, len(peers.attempts["sim:a"])) == ("up", 1)
        peers.silent = True
        await clock.sleep(6000)
        assert len(peers.attempts["sim:a"]) == 2  # after 4 s

    _run(monkeypatch, story)


def test_whoever_comes_does_not_wait_for_the_next_try_nor_make_a_storm(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(clock: MachineClock, peers: Peers, keeper: CameraKeeper) -> None:
        peers.down.add("sim:a")
        await keeper.sync(_spec("a"))
        camera = keeper.camera("a")
        await clock.sleep(3_600_000)
        assert camera.status.state == "down"
        assert len(peers.attempts["sim:a"]) < 40

        asked_ms = clock.now_ms()
        with pytest.raises(UnavailableError, match="host not found or not reachable"):
            await camera.still()
        assert clock.now_ms() - asked_ms <= CAMERA_PICTURE_MS
        peers.down.clear()
        asked_ms = clock.now_ms()
        await camera.still()
        assert clock.now_ms() - asked_ms <= CAMERA_RETRY_FIRST_MS

        peers.down.add("sim:b")
        await keeper.sync(_spec("b"))
        async with keeper.camera("b").subscribe():
            await clock.sleep(600_000)
            told = peers.attempts["sim:b"]
            assert told[-1] - told[-2] <= CAMERA_RETRY_LONGEST_MS + CAMERA_OPEN_MS
            tried = len(told)
            for _ in range(1000):
                async with keeper.camera("b").subscribe():
                    await clock.sleep(10)
            assert len(told) - tried <= 3

    _run(monkeypatch, story)


def test_looks_take_turns_and_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(clock: MachineClock, peers: Peers, keeper: CameraKeeper) -> None:
        names = [f"c{i}" for i in range(400)]
        peers.down = {f"sim:{name}" for name in names[:399]}
        await keeper.sync({name: _spec(name)[name] for name in names})
        await clock.sleep(1000)
        asked_ms = clock.now_ms()
        await keeper.camera("c399").still()
        assert clock.now_ms() - asked_ms <= 1000
        await clock.sleep(CAMERA_PROBE_MS)
        assert peers.most_connecting <= CAMERA_PROBES + 1
        assert all(keeper.camera(name).status.state == "down" for name in names[:399])

    _run(monkeypatch, story)
