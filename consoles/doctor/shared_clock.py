"""This machine's clock beside the one of the database that hubs share (SPEC R977)."""

from __future__ import annotations

import asyncio

from command.kernel.clock import Clock
from command.kernel.postgres import NOW_MS, looked_into
from consoles.doctor.finding import Finding, Words, bad, ok
from consoles.doctor.outside import DATABASE_AWAY, DATABASE_S
from consoles.limits import CLOCK_APART_MS
from consoles.parts.hubs.shared_clock import apart

_CHECK = "database clock"


async def examine(url: str, clock: Clock) -> list[Finding]:
    """Return what was found; nothing where the database is away: others say so."""
    try:
        async with asyncio.timeout(DATABASE_S), looked_into(url) as connection:
            before_ms = clock.now_ms()
            there_ms = await connection.fetchval(NOW_MS)
            return [_judged(apart(before_ms, there_ms, clock.now_ms()))]
    except DATABASE_AWAY:
        return []


def _judged(apart_ms: int) -> Finding:
    if abs(apart_ms) <= CLOCK_APART_MS:
        return ok(_CHECK, "this machine's clock goes with the database's", "本机时钟与数据库时钟一致")
    seconds, ahead = f"{abs(apart_ms) / 1000:.0f}", apart_ms > 0
    what = Words(
        f"this machine's clock is {seconds} s {'ahead of' if ahead else 'behind'} the database's",
        f"本机时钟比数据库{'快' if ahead else '慢'} {seconds} 秒",
    )
    todo = Words(
        "let NTP keep both: until then hubs call the same thing late at different times",
        "请用 NTP 统一校时,否则各节点的超时判断不一致",
    )
    return bad(_CHECK, "warn", what, todo)
