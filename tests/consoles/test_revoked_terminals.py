"""A JT/T 808 terminal whose token was taken back stays out, at the real door, until it is given one. SPEC R998."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from command import requests as q
from command.access import accounts as access
from command.access.keys import SiteKey
from command.actors import HUB
from command.kernel.clock import SystemClock
from consoles.parts.stores import accounts_alone
from consoles.settings import Settings
from consoles.site import Site, running_site
from edge.jt808 import gateway
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from tests.consoles.support import settings
from tests.edge.jt808.peer import DEVICE, PHONE, Peer, message

OTHER = "013900000002"
REFUSED = platform.RegisterReply(1, platform.NO_SUCH_TERMINAL)


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    journal = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return replace(settings(tmp_path), journal=journal)


@pytest.fixture(autouse=True)
def looked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "DEVICE_KNOWN_MS", 50)
    monkeypatch.setattr(access, "SESSION_RECHECK_MS", 50)


async def at_the_prompt(chosen: Settings, *, take_back: bool) -> None:
    """What `triune device revoke` and `triune device token` do, beside the hub."""
    key = SiteKey.load(Path(chosen.data) / "site.key")
    async with accounts_alone(chosen, key, SystemClock()) as accounts:
        await (accounts.revoke if take_back else accounts.issue)(DEVICE, "command line")


async def enrol(site: Site) -> None:
    station = q.EnrolStation(
        station="st1", name="所", service="110", lat=29.0, lon=113.0, leader="李", leader_phone="1"
    )
    unit = q.EnrolUnit(unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=[])
    devices = [q.EnrolDevice(device=device, kind="jt808", unit="u1") for device in (DEVICE, OTHER.lstrip("0"))]
    for request in (station, unit, *devices):
        await site.hub.ask(request, HUB)


async def registers(site: Site) -> platform.RegisterReply:
    async with Peer(site.jt808_port) as peer:
        reply = await peer.ask(message(terminal.REGISTER, bytes(37) + b"A", 1))
    assert isinstance(reply, platform.RegisterReply)
    return reply


async def test_it_is_cut_off_and_registers_in_vain_until_it_is_given_a_token(kept: Settings) -> None:
    """R998, R954."""
    async with running_site(kept) as site:
        await enrol(site)
        code = (await registers(site)).code
        assert code is not None
        async with Peer(site.jt808_port) as peer, Peer(site.jt808_port) as other:
            await peer.sign_in()
            await other.sign_in(OTHER)
            await at_the_prompt(kept, take_back=True)
            assert await peer.closed() == b""
            assert await other.ask(message(terminal.HEARTBEAT, b"", 3, OTHER)) == terminal.GeneralReply(
                3, terminal.HEARTBEAT, platform.OK
            )
        for _ in range(2):
            assert await registers(site) == REFUSED
        async with Peer(site.jt808_port) as peer:
            answer = await peer.ask(message(terminal.AUTHENTICATION, code.encode(), 2, PHONE))
            assert answer == terminal.GeneralReply(2, terminal.AUTHENTICATION, platform.FAILED)
    async with running_site(kept) as site:
        assert await registers(site) == REFUSED, "also after a restart"
        await at_the_prompt(kept, take_back=False)
        async with Peer(site.jt808_port) as peer:
            await peer.sign_in()


async def test_it_is_refused_at_once_where_it_was_taken_back_just_now(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R998: also where a hub has not yet looked up which those are."""
    monkeypatch.setattr(access, "SESSION_RECHECK_MS", 3_600_000)
    async with running_site(kept) as site:
        await enrol(site)
        assert (await registers(site)).code is not None
        await at_the_prompt(kept, take_back=True)
        assert await registers(site) == REFUSED
