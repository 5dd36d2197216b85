"""Fan-out: rows to many consoles in another process, per CPU second of the server; one row a frame, and many joined.

The floor is the system's own `send` of the same frames, one call for each console. python-socketio and mosquitto, where
they are installed, send the same single rows to as many clients in the same run; elsewhere their figures are null.
"""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import harmonic_mean

import msgspec

from command import wire
from command.kernel.clock import Clock
from command.rows import PositionRow
from consoles.bench.crowded_site import CrowdProcess, crowded_site
from consoles.bench.measure import cpu_s
from consoles.bench.others import mosquitto_rate, socketio_rate
from consoles.bench.report import Report, Step
from consoles.frames import text_frame
from consoles.limits import PUSH_TICK_MS
from consoles.site import Site

Send = Callable[[int], Awaitable[None]]
"""Sends the rows of a tick to everybody."""
_LOOK_MS = 50
_LOOKS = 400
# Something changes in each tick, as it does where patrols drive: measured is a server at work, not one that wakes with
# cold caches. Two ticks that become one all the same, on a busy machine, count as one message; as their rows have other
# keys, none replaces another.
_APART_MS = PUSH_TICK_MS
_TICKS_OF_OTHER_KEYS = 16
_FLOOR_SOCKETS = 64
_FLOOR_ROUNDS = 50


@dataclass(frozen=True)
class Sizes:
    """How many consoles at most, how many rows change in one tick where they are joined, and for how many ticks."""

    consoles: int = 1000
    rows: int = 32
    ticks: int = 60


QUICK = Sizes(consoles=16, ticks=5)


async def bench(folder: Path, sizes: Sizes) -> Report:
    """Measure at a 16th, a quarter and all of the consoles."""
    steps: list[Step] = []
    usual_threshold = gc.get_threshold()
    async with crowded_site(folder, "positions") as (site, crowd):
        for times in (1, 4, 16):
            consoles = sizes.consoles * times // 16
            await crowd.grow(consoles)
            joined_per_s = sizes.rows * await _pushed(site, crowd, consoles, sizes.rows, sizes.ticks)
            items = consoles * sizes.rows * sizes.ticks
            steps.append(Step(times, f"rows to {consoles} consoles, {sizes.rows} a tick", items, 1e6 / joined_per_s))
        before_per_s = await _pushed(site, crowd, sizes.consoles, 1, sizes.ticks)

    async def deliver(crowd: CrowdProcess, send: Send, spent_s: Callable[[], float]) -> float:
        due = sizes.consoles * sizes.ticks
        return await _deliver(site.clock, crowd, due, sizes.ticks, send, spent_s)

    # What a hub has set for its own garbage is not for the other program, which is measured as it comes.
    gc.unfreeze()
    gc.set_threshold(*usual_threshold)
    socketio_per_s = await socketio_rate(sizes.consoles, _one_row, deliver)
    # Before and after the other program, since a shared machine is not as fast at one time as at another.
    async with crowded_site(folder / "after", "positions") as (site, crowd):
        await crowd.grow(sizes.consoles)
        after_per_s = await _pushed(site, crowd, sizes.consoles, 1, sizes.ticks)
    single_per_s = harmonic_mean((before_per_s, after_per_s))
    mosquitto_per_s = await mosquitto_rate(folder, site.clock, sizes.consoles, _one_row, deliver)
    send_single_per_s, send_joined_per_s = _send_barely(1), _send_barely(sizes.rows)
    return Report(
        "fanout",
        {
            "consoles": sizes.consoles,
            "tick_ms": PUSH_TICK_MS,
            "rows_per_tick": sizes.rows,
            "single_per_cpu_s": round(single_per_s),
            "send_single_per_cpu_s": round(send_single_per_s),
            "single_ratio": round(single_per_s / send_single_per_s, 3),
            "joined_per_cpu_s": round(joined_per_s),
            "send_joined_per_cpu_s": round(send_joined_per_s),
            "joined_ratio": round(joined_per_s / send_joined_per_s, 3),
            "socketio_per_cpu_s": socketio_per_s and round(socketio_per_s),
            "single_to_socketio": socketio_per_s and round(single_per_s / socketio_per_s, 1),
            "mosquitto_per_cpu_s": mosquitto_per_s and round(mosquitto_per_s),
        },
        steps,
    )


async def _pushed(site: Site, crowd: CrowdProcess, consoles: int, rows: int, ticks: int) -> float:
    """Return messages per CPU second of this process, which is the whole hub."""

    async def send(tick: int) -> None:
        site.hub.positions_changed(_moved(rows, tick))

    return await _deliver(site.clock, crowd, consoles * rows * ticks, ticks, send, cpu_s)


async def _deliver(
    clock: Clock, crowd: CrowdProcess, due: int, ticks: int, send: Send, spent_s: Callable[[], float]
) -> float:
    """Return messages that arrived until all rows did per CPU second of the server, of which `spent_s` tells."""
    before = after = await crowd.came()
    gc.collect()
    before_s = spent_s()
    for tick in range(ticks):
        await send(tick)
        await clock.sleep(_APART_MS)
    for _ in range(_LOOKS):
        after = await crowd.came()
        if after.rows - before.rows >= due:
            break
        await clock.sleep(_LOOK_MS)
    return (after.messages - before.messages) / (spent_s() - before_s)


def _one_row(tick: int) -> bytes:
    rows = {row.id: row for row in _moved(1, tick)}
    return msgspec.json.encode(wire.Delta(seq=1, now_ms=0, tables={"positions": dict(rows)}))


def _moved(count: int, tick: int) -> list[PositionRow]:
    first = tick % _TICKS_OF_OTHER_KEYS * count
    return [
        PositionRow(
            id=f"u{n}", device=f"d{n}", at_ms=1_700_000_000_000 + tick * PUSH_TICK_MS, lat=29.1 + tick / 1e5,
            lon=113.1 + n / 1e4, source="jt808", accuracy_m=5.0, speed_kmh=42.0, heading_deg=90.0,
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def _send_barely(rows: int) -> float:
    """Return rows per CPU second where a prebuilt frame is handed to the system for each of many TCP connections."""
    moved = {row.id: row for row in _moved(rows, 0)}
    frame = text_frame(msgspec.json.encode(wire.Delta(seq=1, now_ms=0, tables={"positions": dict(moved)})))
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        pairs = []
        for _ in range(_FLOOR_SOCKETS):
            far = stack.enter_context(socket.create_connection(listener.getsockname()))
            near = stack.enter_context(listener.accept()[0])
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pairs.append((near.fileno(), far))
        sending_s = 0.0
        for _ in range(_FLOOR_ROUNDS):
            before_s = cpu_s()
            for near_fd, _ in pairs:
                os.write(near_fd, frame)
            sending_s += cpu_s() - before_s
            for _, far in pairs:
                far.recv(len(frame), socket.MSG_WAITALL)
    return _FLOOR_SOCKETS * _FLOOR_ROUNDS * rows / sending_s
