"""What was kept long enough is forgotten, and a clock that is ahead erases nothing but a little (SPEC R907-R909)."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from command.access.keys import SiteKey
from command.blobs import SINCE
from command.kernel.clock import VirtualClock
from command.kernel.limits import READINGS_PACE
from command.readings import Position
from command.readings.bounds import DAY_MS
from command.readings.hours import HOUR_MS
from consoles.http import health
from consoles.parts.background import background
from consoles.parts.forgetting import Forgetting
from consoles.parts.stores import Stores, stores
from consoles.settings import Settings
from consoles.site import running_site
from streams.plates.quality import Measure
from tests.command.support import START_MS
from tests.consoles.support import settings

KEPT_DAYS = 40
YEAR_MS = 365 * DAY_MS
SPACE = "live"


class Machine(VirtualClock):
    """A machine's clock, which somebody may set back; `now_ms` goes on all the same."""

    back_ms = 0

    def set_back_ms(self) -> int:
        return self.back_ms


def fix(at_ms: int) -> Position:
    return Position(device="d1", at_ms=at_ms, lat=29.1, lon=113.1, source="jt808")


@asynccontextmanager
async def kept_since(folder: Path, days: int) -> AsyncIterator[Stores]:
    """Give the stores of a hub with fixes, a picture and counts of each day up to now."""
    settings = Settings(data=str(folder))
    async with (
        background() as tasks,
        stores(settings, SiteKey(b"k" * 32), VirtualClock(START_MS), "hub", tasks) as kept,
    ):
        (folder / "blobs").mkdir(exist_ok=True)
        (folder / "blobs" / SINCE).touch()
        os.utime(folder / "blobs" / SINCE, (0, 0))
        for day in range(days):
            at_ms = START_MS - day * DAY_MS
            await kept.readings.add_positions(SPACE, [fix(at_ms)])
            await kept.hours.add({("c1", at_ms // HOUR_MS): Measure(passages=1)})
            name = await kept.blobs.add(b"picture of day %d" % day)
            os.utime(folder / "blobs" / name[:2] / name, (at_ms / 1000, at_ms / 1000))
        yield kept


async def left(kept: Stores) -> tuple[int, int, int]:
    """Return how many days of readings, pictures, and hours of counts there are."""
    hours = await kept.hours.of("c1", 0)
    return len(await kept.readings.days()), len(await kept.blobs.names()), len(hours)


async def test_a_clock_a_year_ahead_costs_days_and_says_so_and_is_right_again_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:  # R907, R909
    async with kept_since(tmp_path, 10) as kept:
        clock = Machine(START_MS)
        forgetting = Forgetting(kept, clock, KEPT_DAYS, KEPT_DAYS)
        await forgetting.forget(0)
        assert (await left(kept), list(forgetting.check())) == ((10, 10, 10), [])
        clock.advance(START_MS + YEAR_MS)
        for _ in range(24):
            await forgetting.forget(HOUR_MS)
        assert await left(kept) == (10, 10, 10)
        assert list(forgetting.check()) == [f"clock: {365 - READINGS_PACE}.0 days ahead of what is known, see the log"]
        assert [record.levelname for record in caplog.records if "ahead" in record.message] == ["WARNING"]
        clock.back_ms = YEAR_MS
        await forgetting.forget(HOUR_MS)
        [told] = forgetting.check()
        assert told == "clock: was set back by 8760.0 h, the hub dates ahead until it is started anew"
        assert (await left(kept), forgetting.ahead_ms) == ((10, 10, 10), 0)
        await kept.readings.add_positions(SPACE, [fix(START_MS + HOUR_MS)])
        assert kept.readings.too_old == 0


async def test_what_is_old_is_forgotten_though_nothing_new_comes(tmp_path: Path) -> None:  # R907
    async with kept_since(tmp_path, 10) as kept:
        clock = VirtualClock(START_MS)
        forgetting = Forgetting(kept, clock, KEPT_DAYS, KEPT_DAYS)
        for day in range(KEPT_DAYS + 2):
            clock.advance(START_MS + day * DAY_MS)
            await forgetting.forget(HOUR_MS)
        assert await left(kept) == (0, 1, 0), "pictures go a day later"
        clock.advance(clock.now_ms() + DAY_MS)
        await forgetting.forget(HOUR_MS)
        assert (await left(kept), forgetting.sweep.removed) == ((0, 0, 0), 10)


async def test_a_hub_started_with_a_clock_a_year_ahead_keeps_what_it_has_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R907, R908, R909
    monkeypatch.setattr(health, "HEALTH_AGE_MS", 0)
    own, now_ms = settings(tmp_path), time.time_ns() // 1_000_000

    async def degraded(url: str) -> list[str]:
        async with aiohttp.ClientSession(url) as http, http.get("/health/ready") as answer:
            return [str(one) for one in (await answer.json())["degraded"] if one.startswith("clock")]

    async with running_site(own) as site:
        for day in range(3):
            await site.context.readings.add_positions(SPACE, [fix(now_ms - day * DAY_MS)])
        assert await degraded(site.http_url) == []
    real_ns = time.time_ns
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time_ns", lambda: real_ns() + YEAR_MS * 1_000_000)
        async with running_site(own) as site:
            async with asyncio.timeout(60):
                while not (told := await degraded(site.http_url)):
                    pass
            assert told == ["clock: 365.0 days ahead of what is known, see the log"]
            assert len(await site.context.readings.days()) == 3
            wrong.setattr(time, "time_ns", real_ns)
            assert (await degraded(site.http_url))[1:] == [
                "clock: was set back by 8760.0 h, the hub dates ahead until it is started anew"
            ]
    async with running_site(own) as site:
        await site.context.readings.add_positions(SPACE, [fix(now_ms + 1)])
        assert [p.at_ms for p in await site.context.readings.latest_positions(SPACE)] == [now_ms + 1]
        assert await degraded(site.http_url) == []
        assert len(await site.context.readings.days()) == 3
