"""What is done to a site, chosen by a seed: each fault has a target, and no target has two at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from tests.crash.disk import limit_files
from tests.crash.ground import Ground
from tests.crash.waiting import CLOCK, insist
from tests.e2e.hub_process import HubProcess
from tests.server import Server

_STARTS_WITHIN_MS = 1500
_SHORT_MS = (100, 1500)
_LONG_MS = (3000, 9000)
"""Longer than a hub may keep its turn at PostgreSQL (R172), than a beat may stay away, than the bus counts as lost."""
_LONG_SHARE = 0.3
_ROOM_BYTES = (0, 4096, 65_536, 1_000_000)


@dataclass(frozen=True)
class Fault:
    """`do` begins and ends it; `after_ms` and `hold_ms` say when, and for how long it lasts."""

    name: str
    after_ms: int
    hold_ms: int
    do: Callable[[int], Awaitable[None]]
    frozen: HubProcess | None = None
    """A hub that is stopped and continued: it has to be well again as the same process."""

    async def happen(self) -> None:
        """Wait for the moment and do it."""
        await CLOCK.sleep(self.after_ms)
        await self.do(self.hold_ms)


def choose(ground: Ground, chance: Random) -> list[Fault]:
    """Return one to three faults of different targets."""
    targets: list[str] = [f"hub{n}" for n in range(1, len(ground.hubs) + 1)]
    targets += ["disk"] if ground.kind == "sqlite" else ["postgres", "redis"]
    chosen = chance.sample(targets, min(len(targets), chance.choice((1, 1, 2, 3))))
    return [_fault(ground, target, chance) for target in chosen]


def _fault(ground: Ground, target: str, chance: Random) -> Fault:
    after_ms = chance.randrange(_STARTS_WITHIN_MS)
    hold_ms = chance.randrange(*(_LONG_MS if chance.random() < _LONG_SHARE else _SHORT_MS))
    if target == "disk":
        return _of_disk(ground, chance, after_ms, hold_ms)
    if server := {"postgres": ground.postgres, "redis": ground.redis}.get(target):
        return _of_server(server, target, chance, after_ms, hold_ms)
    hub = ground.hubs[int(target.removeprefix("hub")) - 1]
    what = chance.choices(("kill", "stop", "freeze"), (5, 2, 4))[0]
    if what == "freeze":
        return Fault(f"freeze {target}", after_ms, hold_ms, lambda ms: _freeze(hub, ms), frozen=hub)
    end = _kill if what == "kill" else _stop
    return Fault(f"{what} {target}", after_ms, hold_ms, lambda ms: end(ground, hub, ms))


async def _stop(ground: Ground, hub: HubProcess, hold_ms: int) -> None:
    code = await hub.stop()
    insist(code == 0, f"asked to stop, {hub.url} ended with {code}")
    await CLOCK.sleep(hold_ms)
    await ground.start_hub(hub)


async def _kill(ground: Ground, hub: HubProcess, hold_ms: int) -> None:
    await hub.kill()
    await CLOCK.sleep(hold_ms)
    await ground.start_hub(hub)


async def _freeze(hub: HubProcess, hold_ms: int) -> None:
    hub.freeze()
    try:
        await CLOCK.sleep(hold_ms)
    finally:
        hub.thaw()


def _of_server(server: Server, target: str, chance: Random, after_ms: int, hold_ms: int) -> Fault:
    begin, end, name = chance.choice((
        (server.kill, server.start, "kill"),
        (server.stop, server.start, "stop"),
        (server.pause, server.resume, "freeze"),
    ))  # fmt: skip

    async def do(hold_ms: int) -> None:
        await asyncio.to_thread(begin)
        await CLOCK.sleep(hold_ms)
        await asyncio.to_thread(end)

    return Fault(f"{name} {target}", after_ms, hold_ms, do)


def _of_disk(ground: Ground, chance: Random, after_ms: int, hold_ms: int) -> Fault:
    room_bytes, by_limit = chance.choice(_ROOM_BYTES), chance.random() < 0.3
    disk, [hub] = ground.disk, ground.hubs
    if disk is None or by_limit:
        return Fault("limit files", after_ms, hold_ms, lambda ms: _limit(hub, ms))

    async def fill(hold_ms: int) -> None:
        await asyncio.to_thread(disk.fill, room_bytes)
        await CLOCK.sleep(hold_ms)
        disk.free()

    return Fault(f"fill disk but {room_bytes} B", after_ms, hold_ms, fill)


async def _limit(hub: HubProcess, hold_ms: int) -> None:
    """No write of the process goes past the start of any file; a hub that was killed meanwhile is a new process."""
    limited = hub.pid
    if limited is not None:
        limit_files(limited, 0)
    await CLOCK.sleep(hold_ms)
    if limited is not None and hub.pid == limited:
        limit_files(limited, None)
