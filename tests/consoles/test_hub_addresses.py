"""Addresses of hubs: two that were told the same one (SPEC R969), and what is none (R1232)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from command.access.accounts import AGENT
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from consoles.parts.hubs.addressed import Addressed
from consoles.parts.hubs.errands import PeerCounters, PeerDoor, Peers, checked_address
from consoles.parts.hubs.part import AGENT_KIND
from consoles.parts.stores import roll_alone
from consoles.settings import Settings
from consoles.site import Site, running_site
from tests.consoles.cameras import CLOCK
from tests.consoles.hubs import KEY
from tests.consoles.support import settings
from tests.consoles.test_agents import as_agent
from tests.edge.agent.support import NAME
from tests.ports import free_port


def hub_at(folder: Path, journal: str, advertise: str, port: int = 0) -> Settings:
    (folder / "var").mkdir(parents=True)
    (folder / "var" / "site.key").write_text(KEY)
    return replace(settings(folder), journal=journal, advertise=advertise, http_port=port)


async def degraded(site: Site) -> list[str]:
    async with aiohttp.ClientSession() as http, http.get(f"{site.http_url}/health/ready") as ready:
        return [each for each in (await ready.json())["degraded"] if "leads to another" in each]


@pytest.mark.parametrize(
    "none",
    [
        "https://hub-1.example:70000",
        "https://fd00::1:8443",
        "https://[zz]:8443",
        "hub-1.example:8443",
        "https://hub-1/a",
    ],
)
def test_what_is_no_address_is_refused_in_one_sentence(none: str) -> None:  # R1232
    with pytest.raises(InvalidInputError, match="is not like https"):
        checked_address(none)


def test_an_ipv6_address_stands_in_brackets() -> None:  # R1232
    assert checked_address("https://[fd00::1]:8443/") == "https://[fd00::1]:8443"


async def test_a_hub_with_the_address_of_another_is_not_on_the_roll_and_says_so(
    tmp_path: Path, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:  # R969
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    first = hub_at(tmp_path / "one", postgres_url, address, port)
    copied = hub_at(tmp_path / "two", postgres_url, address)
    async with asyncio.timeout(60), running_site(first) as one, roll_alone(first) as places:
        key = await one.context.accounts.issue(AGENT + NAME)
        async with as_agent(one, key), running_site(copied) as two:
            while not await degraded(two):
                await CLOCK.sleep(20)
            assert await degraded(one) == []
            while [place.url for place in await places.at(AGENT_KIND, NAME)] != [address]:
                await CLOCK.sleep(20)
        assert [hub.place.url for hub in (await places.roll.look()).values()] == [address]
    assert [r.getMessage() for r in caplog.records if "leads to another hub" in r.getMessage()] == [
        f"{address} leads to another hub: set `advertise` of each hub to an address of its own"
    ]


async def test_a_hub_that_its_network_does_not_lead_to_itself_is_not_called_away(
    caplog: pytest.LogCaptureFixture,
) -> None:  # R969
    caplog.set_level(logging.INFO)
    looks, often = 0, asyncio.Event()

    class Impatient(SystemClock):
        async def sleep(self, duration_ms: int) -> None:
            nonlocal looks
            looks += 1
            if looks == 3:
                often.set()
            await super().sleep(0)

    counters, clock = PeerCounters(), Impatient()
    one = Addressed(Peers(b"k" * 32, counters), PeerDoor(b"k" * 32, clock, counters), clock)
    url = f"http://127.0.0.1:{free_port()}"
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(one.run(url))
        await often.wait()
        looking.cancel()
    assert counters.away == 0
    [told] = [record for record in caplog.records if record.name.startswith("consoles")]
    assert told.levelname == "INFO"
    assert url in told.getMessage()
    assert not one.leads_elsewhere
