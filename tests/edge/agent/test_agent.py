"""A whole agent: told by its hub, without its hub, killed, and met by hubs older and newer. Rules R375 to R389."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from command.kernel.errors import UnavailableError
from command.kernel.look_alikes import LOOK_ALIKES
from command.readings import CallForHelp, Position
from consoles.cli.edge import KEY_ENVIRONMENT
from consoles.site import Site
from edge.agent.agent import Agent
from edge.agent.devices import AgentUplink
from edge.agent.sealing import box_of
from streams.look_alike import SURE_SHARE
from tests.e2e.hub_process import TRIUNE, hub_process, triune
from tests.edge.agent.support import (
    Proxy,
    an_agent,
    hub_with_agent,
    port_of,
    reasons_at,
    sighting,
    sighting_item,
    sightings_at,
    state_item,
    until,
)

KEY = "a-key-of-32-letters-and-digits-1"
NOT_KNOWN = ("smoke", "call_for_help")
"""Kinds of items that no scripted hub takes."""
DIALOGUES = Path(__file__).parent / "dialogues"


async def test_a_hit_is_found_without_the_hub_and_told_later_with_its_own_time(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        until_ms = SystemClock().now_ms() + 3_600_000
        asked = q.RequestWatch(pattern="湘FD000?", reason="查", level=2, until_ms=until_ms, look_alike=True)
        watch = (await site.hub.ask(asked, HUB)).subject
        await site.hub.ask(q.ApproveWatch(watch=watch), HUB)
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await until((tmp_path / "edge" / "config.json").exists)
            await until(lambda: set(agent.cameras.keeper.running()) == {"k0", "k1"})
        kept = (tmp_path / "edge" / "config.json").read_bytes()
        assert b"secret" not in kept, "addresses stay sealed on the disk of the agent"
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:  # a restart while the hub is away
            assert set(agent.cameras.keeper.running()) == {"k0", "k1"}, "it goes on as it was told"
            seen = msgspec.structs.replace(sighting(7), first_ms=SystemClock().now_ms() - 600_000)
            await agent.cameras.on_passage(seen, b"jpeg")
            late = msgspec.structs.replace(sighting(8), first_ms=until_ms)
            await agent.cameras.on_passage(late, b"jpeg of one seen when the watch was over")
            assert agent.outbox.waiting["hit"] == 1
            assert await site.hub.read(lambda t: list(t.hits)) == []
            proxy.open = True
            await until(lambda: "hit" not in agent.outbox.waiting)
            [hit] = await site.hub.read(lambda t: list(t.hits))
            assert (hit.plate, hit.seen_ms, hit.watch) == ("湘F00007", seen.first_ms, watch)
            assert (hit.how, hit.score, hit.ahead_by) == (
                "look_alike",
                LOOK_ALIKES["0"]["D"] * (1 - SURE_SHARE),
                "bearing",
            )
            await until(lambda: agent.outbox.items == 0)
            assert await site.context.blobs.get(hit.picture) == b"jpeg"
            assert {one.plate for one in await sightings_at(site)} == {"湘F00007", "湘F00008"}


async def test_when_the_hub_takes_a_camera_away_it_is_run_no_more(tmp_path: Path) -> None:
    async with hub_with_agent(tmp_path) as (site, key), an_agent(tmp_path, port_of(site), key) as agent:
        await until(lambda: set(agent.cameras.keeper.running()) == {"k0", "k1"})

        async def is_told_why() -> bool:
            row = await site.hub.read(lambda t: t.cameras.need("k0"))
            return row.state == "down" and row.reason != ""

        await until(is_told_why)
        await site.hub.ask(q.RemoveCamera(camera="k1"), HUB)
        await until(lambda: agent.cameras.keeper.running() == ["k0"])


class AgentProcess:
    """`triune edge` as its users run it."""

    def __init__(self, data: Path, hub: str, key: str) -> None:
        self._command = (TRIUNE, "edge", "--hub", hub, "--data", str(data), "--plate-workers", "0")
        self._key = key

    async def __aenter__(self) -> AgentProcess:
        self.process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, KEY_ENVIRONMENT: self._key},
        )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            self.told: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def test_the_command_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    count = 3000
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        proxy.open = False
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await agent.outbox.put([sighting_item(n) for n in range(count)])
            await agent.outbox.put([state_item(n) for n in range(30)])
        proxy.open = True
        hub, box = f"ws://127.0.0.1:{proxy.port}", ""
        for more_bytes in (20_000, 60_000):
            async with AgentProcess(tmp_path / "edge", hub, key) as killed:
                await until(proxy.carried(more_bytes))
                killed.process.send_signal(signal.SIGKILL)
                await killed.process.wait()
                assert box in ("", killed.told["outbox"]), "the same outbox, so the same keys at the hub"
                box = killed.told["outbox"]
        async with AgentProcess(tmp_path / "edge", hub, key) as last:

            async def is_all_there() -> bool:
                return len(await sightings_at(site)) == count and "reason 29" in await reasons_at(site)

            await until(is_all_there, within_s=60)
            last.process.terminate()
            assert await last.process.wait() == 0
        told = [reason for reason in await reasons_at(site) if reason.startswith("reason ")]
        assert told == [f"reason {n}" for n in range(30)], "each once, in the order in which it was so"


async def test_an_agent_enrolled_at_the_prompt_comes_in(tmp_path: Path) -> None:
    async with hub_process(tmp_path / "var") as hub:
        key = (await triune("agent", "enrol", "bridge", "--data", str(tmp_path / "var")))["key"]
        async with AgentProcess(tmp_path / "edge", hub.url.replace("http", "ws"), key):

            async def is_up() -> bool:
                async with aiohttp.ClientSession() as http, http.get(f"{hub.url}/metrics") as answer:
                    return 'triune_agent_up{agent="bridge"} 1.0' in await answer.text()

            await until(is_up)


@pytest.mark.parametrize("arguments", [("--hub", "ws://hub.example"), ("--hub", "http://127.0.0.1")])
async def test_the_command_says_in_one_line_what_it_lacks(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "consoles.cli", "edge", *arguments, "--data", str(tmp_path), "--plate-workers", "0",
        stderr=asyncio.subprocess.PIPE, env={**os.environ, KEY_ENVIRONMENT: KEY},
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert errors.decode().startswith("triune: ")
    assert KEY not in errors.decode()


async def said_by(tmp_path: Path, *arguments: str) -> tuple[int | None, str]:
    """Return how `triune edge` ends and the last line that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "consoles.cli", "edge", "--hub", "ws://127.0.0.1:9", "--data", str(tmp_path / "edge"),
        "--plate-workers", "0", *arguments,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env={**os.environ, KEY_ENVIRONMENT: KEY},
    )  # fmt: skip
    _, errors = await process.communicate()
    assert "Traceback" not in errors.decode()
    return process.returncode, errors.decode().splitlines()[-1]


async def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:  # R965
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = f"triune: cannot listen on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}"
        assert await said_by(tmp_path, "--jt808-port", str(port)) == (2, told)


@pytest.mark.parametrize("option", ["--jt808-port", "--gb28181-port"])
async def test_a_port_beyond_the_last_is_refused(tmp_path: Path, option: str) -> None:  # R965
    code, told = await said_by(tmp_path, option, "68080")
    assert (code, told) == (2, f"triune edge: error: argument {option}: '68080' is no port: 0 to 65535")


class ScriptedHub:
    """Plays a recorded dialogue of a hub and keeps what the agent said."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self._lines = lines
        self.heard: list[dict[str, Any]] = []
        self.connections = 0
        self.closed = asyncio.Event()

    async def serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        for line in self._lines:
            await socket.send(json.dumps(line) if isinstance(line, dict) else line)
        async for message in socket:
            if isinstance(message, str):
                self.heard.append(said := json.loads(message))
                if said["type"] == "items":
                    numbers = [item["number"] for item in said["items"] if item["kind"] not in NOT_KNOWN]
                    unknown = [item["number"] for item in said["items"] if item["kind"] in NOT_KNOWN]
                    await socket.send(json.dumps({"type": "settled", "done": numbers, "unknown": unknown}))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == kind]


@asynccontextmanager
async def scripted(tmp_path: Path, lines: list[Any]) -> AsyncIterator[tuple[ScriptedHub, Agent]]:
    hub = ScriptedHub(lines)
    async with (
        serve(hub.serve, "127.0.0.1", 0) as server,
        an_agent(tmp_path, server.sockets[0].getsockname()[1], KEY) as agent,
    ):
        yield hub, agent


def dialogue(name: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (DIALOGUES / name).read_text().splitlines()]
    sealed = box_of(KEY).seal(b"rtsp://127.0.0.1:9/x", "k0")
    for line in lines:
        for camera in line.get("cameras", ()):
            camera["address"] = msgspec.to_builtins(sealed)
    return lines


@pytest.mark.parametrize("release", ["older.jsonl", "newer.jsonl"])
async def test_hub_and_agent_one_release_apart_understand_each_other(tmp_path: Path, release: str) -> None:
    async with scripted(tmp_path, dialogue(release)) as (hub, agent):
        await until(lambda: agent.cameras.keeper.running() == ["k0"])
        await agent.outbox.put([sighting_item(1)])
        await until(lambda: "sighting" not in agent.outbox.waiting)
        assert hub.connections == 1, "nothing in it ended the connection"
        assert hub.of("hello")[0]["versions"] == [1, 1]
        if release == "newer.jsonl":
            await until(lambda: [one["what"] for one in hub.of("unknown")] == ["thermal"])


async def test_what_an_older_hub_does_not_know_is_kept_for_a_newer_one(tmp_path: Path) -> None:
    smoke = msgspec.structs.replace(sighting_item(1), kind="smoke", body=b'{"density":0.7}')
    async with scripted(tmp_path, dialogue("older.jsonl")) as (hub, agent):
        await agent.outbox.put([smoke, sighting_item(2)])
        await until(lambda: agent.outbox.waiting.get("sighting") == 1)
        assert [item["kind"] for items in hub.of("items") for item in items["items"] if item["kind"] == "smoke"] in (
            [], ["smoke"],
        )  # fmt: skip
    knows = dialogue("older.jsonl")
    knows[0]["kinds"].append("smoke")
    async with scripted(tmp_path, knows) as (hub, agent):
        await until(lambda: any(item["kind"] == "smoke" for items in hub.of("items") for item in items["items"]))
        assert agent.outbox.waiting.get("sighting") == 1


async def test_an_older_hub_hears_of_a_call_for_help_that_it_cannot_place(tmp_path: Path) -> None:  # R1000
    call = CallForHelp(device="13800000001", at_ms=SystemClock().now_ms(), source="jt808")
    lines = dialogue("older.jsonl")
    lines[0]["kinds"].append("device_alarm")
    async with scripted(tmp_path, lines) as (hub, agent):
        await agent.link.connected.wait()
        await AgentUplink(agent.link, agent.outbox).calls_for_help([call])
        await until(lambda: any(item["kind"] == "device_alarm" for told in hub.of("items") for item in told["items"]))
    lines[0]["kinds"].append("call_for_help")
    async with scripted(tmp_path, lines) as (hub, agent):
        await until(lambda: any(item["kind"] == "call_for_help" for told in hub.of("items") for item in told["items"]))


@pytest.mark.parametrize(
    "lines",
    [
        ["nonsense"], [b"\x00\xff"], [{"type": "refused", "code": "version"}], [{"type": "settled", "done": [1]}],
        [{"type": "welcome", "version": 99, "release": "", "kinds": [], "now_ms": 1}],
        [*[{"type": "welcome", "version": 1, "release": "", "kinds": ["sighting"], "now_ms": 1}], "["],
        [*[{"type": "welcome", "version": 1, "release": "", "kinds": ["sighting"], "now_ms": 1}],
         {"type": "settled", "done": [1, 2, 3, "x"]}],
        [*[{"type": "welcome", "version": 1, "release": "", "kinds": ["sighting"], "now_ms": 1}],
         {"type": "config", "cameras": [{"id": "../../x", "address": ""}], "watches": []}],
    ],
)  # fmt: skip
async def test_a_hub_that_talks_nonsense_is_left_and_tried_again_and_costs_no_item(
    tmp_path: Path, lines: list[Any]
) -> None:
    async with scripted(tmp_path, lines) as (hub, agent):
        [number] = await agent.outbox.put([sighting_item(1)]) if "welcome" not in str(lines) else [0]
        await until(lambda: hub.connections >= 2)
        counters = agent.link.counters
        assert counters.bad_messages + counters.refused >= 1
        if number:
            assert agent.outbox.items == 1


async def test_items_that_were_not_sent_cannot_be_answered(tmp_path: Path) -> None:
    welcome = {"type": "welcome", "version": 1, "release": "", "kinds": ["hit"], "now_ms": 1}
    lines = [welcome, {"type": "settled", "done": [1, 2, 3], "later": [1], "refused": [{"number": 2, "code": "x"}]},
             {"type": "received", "number": 1, "have": 7}, {"type": "answer", "id": 5}]  # fmt: skip
    async with scripted(tmp_path, lines) as (hub, agent):
        await agent.outbox.put([sighting_item(1)] * 3)
        await until(lambda: len(hub.of("standing")) >= 1)
        await until(agent.link.connected.is_set)
        assert agent.outbox.items == 3
        assert hub.connections == 1


async def enrol_terminal(site: Site) -> None:
    station = q.EnrolStation(
        station="st1", name="所", service="110", lat=29.0, lon=113.0, leader="李", leader_phone="1"
    )
    unit = q.EnrolUnit(unit="u1", name="巡1", kind="patrol_car", service="110", station="st1", phone="1", officers=[])
    for request in (station, unit, q.EnrolDevice(device="13800000001", kind="jt808", unit="u1")):
        await site.hub.ask(request, HUB)


async def test_a_terminal_at_the_edge_whose_token_was_taken_back_is_no_longer_vouched_for(tmp_path: Path) -> None:
    """R998."""
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        await enrol_terminal(site)
        async with an_agent(tmp_path, proxy.port, key) as agent:
            await agent.link.connected.wait()
            uplink = AgentUplink(agent.link, agent.outbox)
            token = await uplink.issue_device_token("jt808", "13800000001")
            await site.context.accounts.revoke("13800000001")
            assert not await uplink.device_known("jt808", "13800000001")
            with pytest.raises(UnavailableError, match="taken back"):
                await uplink.issue_device_token("jt808", "13800000001")
            proxy.open = False
            proxy.cut()
            await until(lambda: not agent.link.connected.is_set())
            with pytest.raises(UnavailableError):
                await uplink.check_device_token("jt808", "13800000001", token)


async def test_a_terminal_at_the_edge_is_vouched_for_by_the_hub_and_its_fixes_go_through_the_outbox(
    tmp_path: Path,
) -> None:
    async with hub_with_agent(tmp_path) as (site, key), Proxy(port_of(site)) as proxy:
        await enrol_terminal(site)
        async with an_agent(tmp_path, proxy.port, key, jt808=True) as agent:
            await agent.link.connected.wait()
            uplink = AgentUplink(agent.link, agent.outbox)
            assert agent.jt808 is not None
            assert await uplink.device_known("jt808", "13800000001")
            assert not await uplink.device_known("jt808", "13899999999")
            token = await uplink.issue_device_token("jt808", "13800000001")
            assert await uplink.check_device_token("jt808", "13800000001", token)
            proxy.open = False
            proxy.cut()
            await until(lambda: not agent.link.connected.is_set())
            assert await uplink.check_device_token("jt808", "13800000001", token), "vouched for before"
            assert not await uplink.check_device_token("jt808", "13800000001", "another")
            with pytest.raises(UnavailableError):
                await uplink.check_device_token("jt808", "13899999999", "any")
            now_ms = SystemClock().now_ms()
            await uplink.positions(
                [
                    Position(device="13800000001", at_ms=now_ms - n, lat=29.0, lon=113.0, source="jt808")
                    for n in range(5)
                ]
            )
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
            fixes = await site.context.readings.track("live", "13800000001", 0, now_ms, 10)
            assert len(fixes) == 5
            proxy.open = False
            proxy.cut()
            await uplink.calls_for_help([CallForHelp(device="13800000001", at_ms=now_ms + 5000, source="jt808")])
            proxy.open = True
            await until(lambda: agent.outbox.items == 0)
            [sos] = await site.hub.read(lambda t: list(t.sos))
            assert (sos.unit, sos.lat, sos.lon) == ("u1", 29.0, 113.0), "R1000: the hub places it"
