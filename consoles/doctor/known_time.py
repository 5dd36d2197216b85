"""The clock beside the time that is known, by which hubs forget old readings (SPEC R907)."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from command.kernel.limits import READINGS_LEAP_PART
from command.kernel.postgres import looked_into
from command.kernel.sqlite import SQLITE_ERRORS
from command.readings.bounds import DAY_MS
from consoles.doctor.finding import Finding, Words, bad, ok
from consoles.doctor.outside import DATABASE_AWAY, DATABASE_S

_CHECK = "time known"


async def examine(data: Path, database: str | None, now_ms: int, keep_days: int) -> list[Finding]:
    """Return what was found; nothing where no hub has looked yet, or what is wrong with the store others say."""
    known_ms = await _in_database(database) if database else _in_file(data / "readings.sqlite3")
    if known_ms is None:
        return []
    ahead_ms = now_ms - known_ms
    if ahead_ms <= keep_days * DAY_MS // READINGS_LEAP_PART:
        return [ok(_CHECK, "the clock goes on from when a hub looked last", "时钟与上次运行时相接")]
    days = f"{ahead_ms / DAY_MS:.1f}"
    what = Words(
        f"the clock is {days} days ahead of the time that is known from when hubs ran",
        f"时钟比运行期间已知的时间超前 {days} 天",
    )
    todo = Words(
        "if it is wrong, set it right before old readings are forgotten by it; if no hub ran for so long, do nothing",
        "时钟有误请立即校准,以免旧的定位与过车记录被提前清除;若系统确实停运了这么久,则无需处理",
    )
    return [bad(_CHECK, "warn", what, todo)]


def _in_file(path: Path) -> int | None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT known_ms FROM looked").fetchone()
    except SQLITE_ERRORS:
        return None
    return row[0] if row else None


async def _in_database(url: str) -> int | None:
    try:
        async with asyncio.timeout(DATABASE_S), looked_into(url) as connection:
            known_ms: int | None = await connection.fetchval("SELECT known_ms FROM readings_looked")
            return known_ms
    except DATABASE_AWAY:
        return None
