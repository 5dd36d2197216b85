"""GB/T 28181 devices in a running hub: listed for adoption, their alarms on the screens (SPEC R329, R333)."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.actors import Role
from command.requests import EnrolCamera
from consoles.cli import gb28181 as cli
from consoles.parts.gb28181.part import Adopted
from consoles.settings import Gb28181, load_settings
from consoles.site import running_site
from edge.gb28181.pilot import Where
from tests.command.access.support import doorkeeper
from tests.command.support import desk
from tests.consoles.support import PASSWORD, settings, signed_in
from tests.databases import Databases
from tests.edge.gb28181.site import DEVICE, SERVER, ends_well, sipp_at
from tests.paths import shared

ROLES: tuple[Role, ...] = ("administrator", "dispatcher")
ALARM_INPUT = "34020000001340000001"


@pytest.mark.data
async def test_a_device_is_listed_and_its_alarm_stands_at_the_camera_it_was_adopted_as(tmp_path: Path) -> None:
    own = Gb28181(server_id=SERVER, port=0, password="12345678")
    async with running_site(replace(settings(tmp_path), gb28181=own)) as site:
        for role in ROLES:
            await site.context.accounts.create(role, role, frozenset({role}), "", PASSWORD)
        url = site.http_url
        async with signed_in(url, "administrator") as admin, signed_in(url, "dispatcher") as dispatcher:
            assert (await admin.ask(EnrolCamera(camera="k7", name="库区", lat=29.1, lon=113.1)))[0] == 200
            await site.context.accounts.set_camera_address("k7", f"gb28181://{DEVICE}/{ALARM_INPUT}")
            status, told = await admin.get("/api/v1/gb28181/devices")
            assert (status, told["server_id"], told["devices"]) == (200, SERVER, [])
            scenario = shared("data/gb28181/register_keepalive.xml")
            async with sipp_at(told["port"], scenario) as process:
                await ends_well(process)
            _, told = await admin.get("/api/v1/gb28181/devices")
            (device,) = told["devices"]
            assert (device["device"], device["online"], device["version"]) == (DEVICE, True, "2.0")
            assert "12345678" not in json.dumps(told)
            assert (await dispatcher.get("/api/v1/gb28181/devices"))[0] == 403
        alarms = await site.hub.read(lambda t: [a for a in t.alarms if a.kind == "device_alarm"])
        assert [(a.subject, a.level, a.detail) for a in alarms] == [("k7", 1, "设备报警")]


async def test_a_camera_that_is_adopted_while_addresses_are_read_is_known(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1030: what was read may be of before, so it is not kept."""
    async with doorkeeper(databases) as (accounts, _), desk(enrolled=False) as d:
        await d.ask(EnrolCamera(camera="k1", name="库区", lat=29.1, lon=113.1))
        adopted, read = Adopted(d.hub, accounts), accounts.camera_addresses
        has_read, goes_on = asyncio.Event(), asyncio.Event()

        async def slow() -> dict[str, str]:
            rows = await read()
            has_read.set()
            await goes_on.wait()
            return rows

        with monkeypatch.context() as slowly:
            slowly.setattr(accounts, "camera_addresses", slow)
            looking = asyncio.ensure_future(adopted.cameras())
            await has_read.wait()
            await accounts.set_camera_address("k1", f"gb28181://{DEVICE}/{ALARM_INPUT}")
            goes_on.set()
            assert await looking == {}
        assert await adopted.cameras() == {Where(DEVICE, ALARM_INPUT): "k1"}


async def test_a_hub_that_is_nobody_to_devices_lists_none(tmp_path: Path) -> None:
    async with running_site(settings(tmp_path)) as site:
        await site.context.accounts.create("administrator", "管理员", frozenset({"administrator"}), "", PASSWORD)
        async with signed_in(site.http_url, "administrator") as admin:
            status, told = await admin.get("/api/v1/gb28181/devices")
    assert (status, told["server_id"], told["port"], told["devices"]) == (200, "", 0, [])


@pytest.mark.data
async def test_a_device_is_known_after_a_restart_of_the_hub_as_waited_for(tmp_path: Path) -> None:  # R470 R471
    own = replace(settings(tmp_path), gb28181=Gb28181(server_id=SERVER, port=0, password="12345678"))
    async with running_site(own) as site:
        await site.context.accounts.create("administrator", "管理员", frozenset({"administrator"}), "", PASSWORD)
        async with signed_in(site.http_url, "administrator") as admin:
            _, told = await admin.get("/api/v1/gb28181/devices")
            async with sipp_at(told["port"], shared("data/gb28181/register_keepalive.xml")) as process:
                await ends_well(process)
    async with running_site(own) as site, signed_in(site.http_url, "administrator") as admin:
        _, told = await admin.get("/api/v1/gb28181/devices")
        (device,) = told["devices"]
        assert (device["device"], device["online"], device["waiting"]) == (DEVICE, False, True)
        assert device["reason"] == "registered before the restart, waiting for its keepalive"
        async with admin.http.get("/metrics") as response:
            metrics = await response.text()
        assert "triune_gb28181_kept_restored_total 1.0" in metrics
        assert "triune_gb28181_devices_online 0.0" in metrics


def test_what_devices_have_to_be_set_to_is_shown_on_the_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "triune.toml"
    config.write_text(f'data = "{tmp_path}/var"\n[gb28181]\nserver_id = "{SERVER}"\n', encoding="utf-8")
    SiteKey.load(tmp_path / "var" / "site.key")  # as a hub does when it starts
    shown = []
    for _ in range(2):
        assert cli.run(argparse.Namespace(config=config, data=None, journal=None)) == 0
        shown.append(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert shown[0] == shown[1]
    assert (shown[0]["server_id"], shown[0]["domain"], shown[0]["port"]) == (SERVER, "3402000000", 5060)
    assert len(shown[0]["password"]) == 16
    assert load_settings(config).gb28181 is not None
