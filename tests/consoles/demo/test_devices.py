"""The devices process, whole and real, against a running hub: what it sends arrives, and it ends when it should."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import av
import msgspec
import pytest

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.kernel.geo import distance_m
from consoles.demo.county import County, load_county
from consoles.demo.crews import habits_of
from consoles.demo.devices import SEED, TOKEN_VARIABLE, command_line
from consoles.demo.enrol import EXCHANGE, EnrolledDemo, enrol
from consoles.settings import Settings
from consoles.site import Site, running_site
from tests.consoles.demo.support import until
from tests.consoles.support import settings
from tests.ports import free_ports


@pytest.fixture(scope="module")
def county() -> County:
    return load_county()


@asynccontextmanager
async def _devices(site: Site, enrolled: EnrolledDemo, rtsp_port: int, clips: Path) -> AsyncIterator[int]:
    command = command_line(http=site.http_url, jt808_port=site.jt808_port, rtsp_port=rtsp_port, clips=clips)
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, TOKEN_VARIABLE: enrolled.pbx_token})
    try:
        yield process.pid
        assert process.returncode is None, "it ended by itself"
        process.terminate()
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _order(site: Site, county: County, units: tuple[str, ...]) -> dict[str, str]:
    """Send units to a situation in the county town; return each unit's order."""
    station = county.stations[0]
    request = q.OpenSituation(
        title="纠纷",
        service="110",
        kind="public_security",
        level=4,
        place=q.GivenPlace(lat=station.lat, lon=station.lon),
    )
    situation = (await site.hub.ask(request, HUB)).subject
    return {u: (await site.hub.ask(q.IssueOrder(situation=situation, unit=u), HUB)).subject for u in units}


def _prompt(orders: dict[str, str]) -> list[str]:
    """Leave out those whose officers take their time, and the one that waits for a person."""
    return [o for unit, o in orders.items() if unit != "yue01" and habits_of(o, SEED).sign_after_ms < 20_000]


def _first_picture(url: str) -> tuple[int, int]:
    with av.open(url, options={"rtsp_transport": "tcp"}) as container:
        frame = next(container.decode(video=0))
        return frame.width, frame.height


@pytest.mark.timeout(240)
async def test_all_that_the_county_sends_arrives_and_goes_on_after_the_hub_restarted(
    tmp_path: Path, county: County
) -> None:
    http_port, jt808_port, rtsp_port = free_ports(3)
    fixed: Settings = msgspec.structs.replace(settings(tmp_path), http_port=http_port, jt808_port=jt808_port)
    routes = {unit.id: unit.route for unit in county.units}
    async with running_site(fixed) as site:
        enrolled = await enrol(site.hub, site.context.accounts, county, rtsp_port)
        devices = _devices(site, enrolled, rtsp_port, tmp_path / "clips")
        await devices.__aenter__()
        await until(site.hub, lambda t: len(t.positions) == len(county.units))
        for row in await site.hub.read(lambda t: list(t.positions)):
            assert min(distance_m(row.lat, row.lon, lat, lon) for lon, lat in routes[row.id]) < 1000, row.id
            assert row.source == "jt808"

        orders = await _order(site, county, ("yue01", "yue02", "yue05", "yue13", "yue38"))
        await until(site.hub, lambda t: any(t.orders.need(o).state == "signed" for o in _prompt(orders)))
        assert await site.hub.read(lambda t: t.orders.need(orders["yue01"]).state) == "issued"

        calls = await until(site.hub, lambda t: [c for c in t.calls if c.state == "ringing"])
        assert calls[0].id.startswith(EXCHANGE)
        assert calls[0].place is not None

        await until(site.hub, lambda t: any(c.state == "up" and not c.reads_plates for c in t.cameras))
        up = await site.hub.read(lambda t: next(c.id for c in t.cameras if c.state == "up"))
        assert await asyncio.to_thread(_first_picture, f"rtsp://127.0.0.1:{rtsp_port}/{up}") == (960, 540)
    async with running_site(fixed) as site:
        restarted_ms = site.clock.now_ms()
        await until(site.hub, lambda t: sum(p.at_ms > restarted_ms for p in t.positions) == len(county.units))
        orders = await _order(site, county, ("yue03", "yue04", "yue06", "yue14"))
        await until(site.hub, lambda t: any(t.orders.need(o).state == "signed" for o in _prompt(orders)))
        await devices.__aexit__(None, None, None)


_STAND_IN = """
import subprocess, sys
from pathlib import Path
from consoles.demo.devices import command_line
url, rtsp_port, clips = sys.argv[1:]
command = command_line(http=url, jt808_port=9, rtsp_port=int(rtsp_port), clips=Path(clips))
process = subprocess.Popen(command)
print(process.pid, flush=True)
process.wait()
"""


async def test_it_waits_for_a_hub_that_is_away_and_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    (rtsp_port,) = free_ports(1)
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _STAND_IN, "http://127.0.0.1:9", str(rtsp_port), str(tmp_path),
        env={**os.environ, TOKEN_VARIABLE: "x"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert starter.stdout is not None
    pid = int(await starter.stdout.readline())
    try:
        async with asyncio.timeout(60):
            while not await _listens(rtsp_port):
                await SystemClock().sleep(100)
            starter.kill()
            assert await starter.stdout.read() == b"", "the devices hold the other end of the pipe until they are gone"
            await starter.wait()
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_without_its_token_it_says_so(tmp_path: Path) -> None:
    command = command_line(http="http://127.0.0.1:9", jt808_port=9, rtsp_port=9, clips=tmp_path)
    assert command[0] == sys.executable
    environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert TOKEN_VARIABLE in said.decode()
