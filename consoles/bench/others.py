"""Programs that others send rows to many clients with, measured beside ours: python-socketio and mosquitto."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from command.kernel.clock import Clock
from consoles.bench.crowd import Site
from consoles.bench.crowded_site import CrowdProcess, crowd_at
from consoles.bench.dialects import TOPIC, mqtt_connect, mqtt_packet, mqtt_text
from consoles.bench.measure import cpu_s
from consoles.parts.serving import serving

Deliver = Callable[[CrowdProcess, Callable[[int], Awaitable[None]], Callable[[], float]], Awaitable[float]]
"""Has rows sent by tick to all of a crowd; returns how many arrived per CPU second of the server, given its clock."""
_HOST = "127.0.0.1"
_OPEN_TRIES = 200
_OPEN_MS = 50


async def socketio_rate(consoles: int, rows: Callable[[int], bytes], deliver: Deliver) -> float | None:
    """Return rows per CPU second where python-socketio emits one row to all; None where it is not installed."""
    try:
        import socketio  # type: ignore[import-untyped]  # noqa: PLC0415 - only measured with, no part of an installation
    except ImportError:
        return None
    server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")
    app = web.Application()
    server.attach(app)

    async def send(tick: int) -> None:
        await server.emit(TOPIC, msgspec.json.decode(rows(tick)))

    async with serving(app, _HOST, 0) as url:
        port = int(url.rpartition(":")[2])
        async with crowd_at(Site(host=_HOST, port=port, dialect="socketio")) as crowd:
            await crowd.grow(consoles)
            return await deliver(crowd, send, cpu_s)


async def mosquitto_rate(
    folder: Path, clock: Clock, consoles: int, rows: Callable[[int], bytes], deliver: Deliver
) -> float | None:
    """Return rows per CPU second of a mosquitto to which one row at a time is published; None where there is none."""
    program = shutil.which("mosquitto")
    if program is None:
        return None
    async with AsyncExitStack() as stack:
        port = _free_port()
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {port} {_HOST}\nallow_anonymous true\nset_tcp_nodelay true\nlog_dest none\nuser root\n"
        )
        broker = await asyncio.create_subprocess_exec(program, "-c", str(config))
        stack.push_async_callback(broker.wait)
        stack.callback(broker.terminate)
        writer = await _connected(clock, port)
        stack.callback(writer.close)
        crowd = await stack.enter_async_context(crowd_at(Site(host=_HOST, port=port, dialect="mqtt")))
        await crowd.grow(consoles)

        async def send(tick: int) -> None:
            writer.write(mqtt_packet(0x30, mqtt_text(TOPIC) + rows(tick)))
            await writer.drain()

        return await deliver(crowd, send, lambda: _cpu_s_of(broker.pid))


async def _connected(clock: Clock, port: int) -> asyncio.StreamWriter:
    for _ in range(_OPEN_TRIES):
        try:
            _, writer = await asyncio.open_connection(_HOST, port)
        except ConnectionRefusedError:
            await clock.sleep(_OPEN_MS)
            continue
        writer.write(mqtt_connect("bench-publisher"))
        return writer
    raise ConnectionRefusedError("mosquitto did not open its port")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        name: Any = probe.getsockname()
        return int(name[1])


def _cpu_s_of(pid: int) -> float:
    """Return the CPU seconds of another process so far: Linux has a clock for each (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)
