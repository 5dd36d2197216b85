"""Enrolling the county: everything of it is there, once, however often the hub starts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec

from command import requests as q
from command.access.accounts import Accounts
from command.actors import HUB, Actor
from command.tables import Tables
from consoles.demo.county import SIMULATED_OFFICERS, load_county
from consoles.demo.enrol import EXCHANGE, SHIFT_MS, enrol
from consoles.site import running_site
from tests.consoles.support import settings

RTSP_PORT = 18554


def _everything(t: Tables) -> dict[str, Any]:
    """The tables but for the instants of the shifts, which each start renews."""
    rows = {name: {row.id: msgspec.to_builtins(row) for row in table} for name, table in t.by_name.items()}
    for unit in rows["units"].values():
        unit["shift_until_ms"] = None
    rows["deadlines"] = {k: v for k, v in rows["deadlines"].items() if v["kind"] != "shift_end"}
    for names in ("links", "cases", "approvals"):  # of the services, which have nothing to do with the county
        del rows[names]
    return rows


async def test_a_second_start_changes_nothing_but_the_shifts(tmp_path: Path) -> None:
    county = load_county()
    async with running_site(settings(tmp_path)) as site:
        cpu_s = time.process_time()
        await enrol(site.hub, site.context.accounts, county, RTSP_PORT)
        assert time.process_time() - cpu_s < 5, "3 s on two idle cores; most of it is the hashing of ten passwords"
        first = await site.hub.read(_everything)
        names = await site.context.accounts.names()
    counts = {"stations": 10, "units": 60, "devices": 61, "cameras": 40, "watches": 7, "plans": 3, "fences": 13}
    counts |= {"sections": 1, "restrictions": 1, "regions": 2}
    assert {name: len(first[name]) for name in counts} == counts
    assert all(unit["state"] == "free" and len(unit["devices"]) == 1 for unit in first["units"].values())
    async with running_site(settings(tmp_path)) as site:
        before_ms = site.clock.now_ms()
        await enrol(site.hub, site.context.accounts, county, RTSP_PORT)
        assert await site.hub.read(_everything) == first
        assert await site.context.accounts.names() == names
        ends_ms = await site.hub.read(lambda t: [unit.shift_until_ms or 0 for unit in t.units])
        assert min(ends_ms) >= before_ms + SHIFT_MS


async def test_a_watch_takes_two_people_and_one_waits(tmp_path: Path) -> None:
    county = load_county()
    async with running_site(settings(tmp_path)) as site:
        await enrol(site.hub, site.context.accounts, county, RTSP_PORT)
        watches = await site.hub.read(lambda t: list(t.watches))
    assert {(w.requested_by, w.approved_by) for w in watches if w.state == "active"} == {("diaodu", "lingdao")}
    assert [w.pattern for w in watches if w.state == "requested"] == ["赣E5??21"]


async def test_every_account_opens_the_door_with_its_role_and_unit(tmp_path: Path) -> None:
    county = load_county()
    async with running_site(settings(tmp_path)) as site:
        accounts: Accounts = site.context.accounts
        enrolled = await enrol(site.hub, accounts, county, RTSP_PORT)
        for account in county.accounts:
            actor = (await accounts.sign_in(account.username, account.password)).actor
            assert (actor.roles, actor.unit) == (frozenset({account.role}), account.unit)
        assert SIMULATED_OFFICERS not in {account.username for account in enrolled.accounts}
        assert len(enrolled.accounts) == 9
        assert await accounts.device_of(enrolled.pbx_token) == EXCHANGE
        addresses = await accounts.camera_addresses()
    assert addresses == {c.id: f"rtsp://127.0.0.1:{RTSP_PORT}/{c.id}" for c in county.cameras}


async def test_what_people_changed_stays_and_lines_that_rang_are_let_go(tmp_path: Path) -> None:
    county = load_county()
    administrator = Actor(id="guanli", name="", roles=frozenset({"administrator"}))
    async with running_site(settings(tmp_path)) as site:
        await enrol(site.hub, site.context.accounts, county, RTSP_PORT)
        renamed = q.EnrolCamera(camera="cam01", name="改名", lat=29.2, lon=113.2)
        await site.hub.ask(renamed, administrator)
        await site.hub.ask(q.ReportCall(call=f"{EXCHANGE}-1", dialled="110", caller="00043069999"), HUB)
        await site.hub.ask(q.ReportCall(call="own-1", dialled="110", caller="00043069998"), HUB)
        await enrol(site.hub, site.context.accounts, county, RTSP_PORT + 1)
        assert await site.hub.read(lambda t: t.cameras.need("cam01").name) == "改名"
        states = await site.hub.read(lambda t: {call.id: call.state for call in t.calls})
        assert states == {f"{EXCHANGE}-1": "abandoned", "own-1": "ringing"}
        addresses = await site.context.accounts.camera_addresses()
        assert addresses["cam40"].endswith(f":{RTSP_PORT + 1}/cam40")
