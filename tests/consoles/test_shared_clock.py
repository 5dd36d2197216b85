"""A hub whose clock does not go with the shared database's says so, and by how much (SPEC R977)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from command.kernel.postgres import Postgres
from consoles.doctor import shared_clock as doctor
from consoles.parts.hubs.shared_clock import SharedClock, apart
from tests.consoles.hubs import two_hubs

HOUR_MS = 60 * 60 * 1000


class Wrong(SystemClock):
    """The machine's clock, wrong by what is said."""

    by_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.by_ms


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Postgres]:
    postgres = await Postgres.open(postgres_url, (), "clock")
    yield postgres
    await postgres.close()


@pytest.mark.parametrize(("by_ms", "words"), [(HOUR_MS, "3600 s ahead of"), (-HOUR_MS, "3600 s behind")])
async def test_a_clock_that_is_apart_is_named_until_it_is_right(
    postgres: Postgres, postgres_url: str, caplog: pytest.LogCaptureFixture, by_ms: int, words: str
) -> None:  # R977
    clock = Wrong()
    one = SharedClock(postgres.now_ms, clock)
    await one.look()
    assert list(one.check()) == []
    assert [found.verdict for found in await doctor.examine(postgres_url, clock)] == ["ok"]
    clock.by_ms = by_ms
    await one.look()
    await one.look()
    assert one.apart_ms == pytest.approx(by_ms, abs=2000)
    [named] = one.check()
    assert f"{words} the database's" in named
    [told] = await doctor.examine(postgres_url, clock)
    assert told.verdict == "warn"
    assert f"{words} the database's" in told.what.en
    clock.by_ms = 0
    await one.look()
    assert list(one.check()) == []
    assert [record.levelname for record in caplog.records if "clock" in record.message] == ["ERROR"]


async def test_what_was_found_stands_while_the_database_is_away(postgres: Postgres) -> None:  # R977
    clock = Wrong()
    clock.by_ms = HOUR_MS
    one = SharedClock(postgres.now_ms, clock)
    await one.look()
    await postgres.close()
    with pytest.raises(UnavailableError):
        await one.look()
    assert one.apart_ms == pytest.approx(HOUR_MS, abs=2000)


def test_the_time_of_the_way_is_left_out() -> None:  # R977
    assert apart(1000, 2500, 4000) == 0
    assert apart(1000, 900, 4000) == 100
    assert apart(1000, 4200, 4000) == -200


async def test_hubs_of_a_database_measure_their_clock(tmp_path: Path, postgres_url: str) -> None:  # R977
    async with two_hubs(tmp_path, postgres_url) as hubs, aiohttp.ClientSession() as collector:
        for site in hubs.sites:
            async with collector.get(f"{site.http_url}/metrics") as response:
                assert "triune_clock_apart_seconds 0.0" in await response.text()
