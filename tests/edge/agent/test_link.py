"""An agent and a real hub over a link that is cut, stalls and is thin: rules R379 to R385 of docs/SPEC.md."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import aiohttp
import msgspec
import pytest

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from edge.agent.agent import Agent
from edge.agent.link import checked_url
from edge.onvif.events import CameraEvent
from edge.outbox import NewItem, Priority
from tests.edge.agent.support import (
    Proxy,
    an_agent,
    hub_with_agent,
    port_of,
    reasons_at,
    sighting_item,
    sightings_at,
    sos_item,
    state_item,
    until,
)


def picture_item(data: bytes) -> NewItem:
    body = msgspec.json.encode({"sha256": hashlib.sha256(data).hexdigest()})
    return NewItem(Priority.PICTURE, "picture", body, "k0", data)


async def empty(agent: Agent) -> None:
    await until(lambda: agent.outbox.items == 0)


async def test_what_is_told_is_recorded_and_then_forgotten_here(tmp_path: Path) -> None:
    picture = bytes(range(256)) * 1000
    async with hub_with_agent(tmp_path) as (site, key), an_agent(tmp_path, port_of(site), key) as agent:
        await agent.outbox.put([sighting_item(1), state_item(1), picture_item(picture)])
        await empty(agent)
        assert [one.plate for one in await sightings_at(site)] == ["湘F00001"]
        assert "reason 1" in await reasons_at(site)
        assert await site.context.blobs.get(hashlib.sha256(picture).hexdigest()) == picture


async def test_cut_again_and_again_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        an_agent(tmp_path, proxy.port, key) as agent,
    ):
        for turn in range(8):
            await agent.outbox.put([sighting_item(turn * 300 + n) for n in range(300)])
            await agent.outbox.put([state_item(turn * 40 + n, f"k{n % 2}") for n in range(40)])
            await until(proxy.carried(5000))
            proxy.cut()
        await empty(agent)
        assert agent.link.counters.cut >= 7
        assert len(await sightings_at(site)) == 2400
        told = [reason for reason in await reasons_at(site) if reason.startswith("reason ")]
        assert sorted(told) == sorted(f"reason {n}" for n in range(320)), "each state is one fact, in no case two"


async def test_the_hub_restarts_and_the_agent_goes_on(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key):
        port = port_of(site)
    async with Proxy(port) as proxy, an_agent(tmp_path, proxy.port, key) as agent:
        await agent.outbox.put([sighting_item(n) for n in range(50)])
        assert agent.outbox.items == 50, "no hub, no loss"
        async with hub_with_agent(tmp_path) as (site, _key):
            proxy._to = port_of(site)
            agent.link._key = _key  # the key was made anew when the hub was set up again
            await empty(agent)
            assert len(await sightings_at(site)) == 50


async def test_an_agent_says_which_hub_takes_no_such_key_and_what_helps(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """R1185."""

    def refused() -> list[str]:  # a busy machine may be late for other reasons before
        return [said for said in map(logging.LogRecord.getMessage, caplog.records) if "HTTP 401" in said]

    async with hub_with_agent(tmp_path) as (site, _), an_agent(tmp_path, port_of(site), "a-key-that-is-void"):
        await until(lambda: bool(refused()))
    said = refused()[0]
    assert said.startswith(f"the link to ws://127.0.0.1:{port_of(site)} is down: it takes no such key (HTTP 401)")
    assert "triune agent enrol" in said


async def test_a_link_that_stalls_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.agent.link.AGENT_PING_MS", 200)
    monkeypatch.setattr("edge.agent.link.AGENT_SILENT_MS", 400)
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        an_agent(tmp_path, proxy.port, key) as agent,
    ):
        await agent.link.connected.wait()
        proxy.stall()
        await agent.outbox.put([sighting_item(1)])
        await until(lambda: not agent.link.connected.is_set())
        monkeypatch.undo()  # a hub on a busy machine may be silent for as long
        proxy.cut()
        proxy.flowing.set()
        await empty(agent)
        assert len(await sightings_at(site)) == 1


async def test_over_a_thin_link_an_alarm_waits_for_no_picture(tmp_path: Path) -> None:
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        an_agent(tmp_path, proxy.port, key) as agent,
    ):
        await site.hub.ask(_station(), HUB)
        await site.hub.ask(_unit(), HUB)
        await site.hub.ask(q.EnrolDevice(device="13800000001", kind="jt808", unit="u1"), HUB)
        await agent.link.connected.wait()
        proxy.bytes_per_s = 40_000
        await agent.outbox.put([picture_item(bytes([n]) * 300_000) for n in range(3)])
        await agent.outbox.put([sighting_item(n) for n in range(300)])
        await until(proxy.carried(20_000))
        at_alarm = proxy.up_bytes
        await agent.outbox.put([sos_item("13800000001", SystemClock().now_ms())])

        async def is_raised() -> bool:
            return await site.hub.read(lambda t: any(alarm.kind == "sos" for alarm in t.alarms))

        await until(is_raised)
        waited_behind = proxy.up_bytes - at_alarm
        assert agent.outbox.waiting["picture"] == 3, "pictures come last"
        assert waited_behind < 80_000, (
            f"{waited_behind} bytes went before the alarm; this link carries 40 000 in a second"
        )


async def test_a_picture_goes_on_where_the_link_was_cut(tmp_path: Path) -> None:
    picture = hashlib.shake_256(b"noise").digest(800_000)
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        an_agent(tmp_path, proxy.port, key) as agent,
    ):
        await agent.link.connected.wait()
        proxy.bytes_per_s = 400_000
        await agent.outbox.put([picture_item(picture)])
        before = proxy.up_bytes
        await until(proxy.carried(500_000))
        proxy.cut()
        await empty(agent)
        assert proxy.up_bytes - before < 1_100_000, "the first half was not sent anew"
        assert await site.context.blobs.get(hashlib.sha256(picture).hexdigest()) == picture


async def test_what_was_shed_is_told_to_the_hub(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:
            room, agent.outbox._most = agent.outbox._most, (10, 1_000_000)
            await agent.outbox.put([sighting_item(n) for n in range(30)])
            agent.outbox._most = room  # or the states of its cameras would take a sighting's place
            proxy.open = True
            await empty(agent)
            assert len(await sightings_at(site)) == 10

            async def is_told() -> bool:
                async with aiohttp.ClientSession() as http, http.get(f"{site.http_url}/metrics") as answer:
                    text = await answer.text()
                return 'triune_agent_shed_items_total{agent="gate",kind="sighting"} 20.0' in text

            await until(is_told)


async def test_what_a_camera_notices_is_told_first_and_motion_not_at_all(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:
            for kind, active, is_state in (
                ("motion", True, False), ("tampering", False, False), ("tampering", True, True),
                ("tampering", True, False),
            ):  # fmt: skip
                event = CameraEvent(kind=kind, active=active, source="镜头", at_ms=1, is_state=is_state)  # type: ignore[arg-type]  # each is one of the kinds
                await agent.cameras.on_event("k0", event)
            assert agent.outbox.waiting["alarm"] == 1
            proxy.open = True
            await until(lambda: "alarm" not in agent.outbox.waiting)
            assert await site.hub.read(lambda t: any(alarm.kind == "device_alarm" for alarm in t.alarms))


@pytest.mark.parametrize("hub", ["http://hub", "ws://hub.example", "wss://", "hub", "ws://10.0.0.1:80"])
def test_the_key_goes_nowhere_in_the_clear(hub: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_url(hub)


def test_the_hub_may_stand_behind_a_path() -> None:
    assert checked_url("wss://county.example/triune/") == "wss://county.example/triune/api/v1/agents/live"


def _station() -> q.Request:
    return q.EnrolStation(
        station="st1", name="城关所", service="110", lat=29.0, lon=113.0, leader="李所长", leader_phone="139"
    )


def _unit() -> q.Request:
    return q.EnrolUnit(
        unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="138", officers=[], area=None
    )
