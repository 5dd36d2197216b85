"""Recordings that an agent keeps, asked for at the hub: rules R435 to R439 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from command import requests as q
from command.actors import HUB, Role
from command.facts.recording import RecordingPolicy
from command.kernel.clock import SystemClock
from consoles.site import Site
from edge.agent.agent import Agent
from edge.simulators.clips import Clip
from streams.recorder.archive import pieces
from streams.recorder.sheets import CLIPS
from streams.recorder.store import Store
from tests.consoles.cameras import drawn
from tests.consoles.support import PASSWORD, Person, signed_in
from tests.consoles.test_recordings import fetch, listing, send, shown
from tests.edge.agent.support import Proxy, an_agent, hub_with_agent, port_of, until
from tests.edge.agent.test_recording import CONTINUOUS, ON_EVENT, spans, street_camera, until_recorded

ROLES: tuple[Role, ...] = ("dispatcher", "commander", "officer")
RECORDINGS = "/api/v1/cameras/k0/recordings"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A second at 320 × 180, 15 pictures a second."""
    return drawn(tmp_path_factory.mktemp("street"))


@dataclass
class Rig:
    site: Site
    proxy: Proxy
    agent: Agent


@asynccontextmanager
async def recorded(
    tmp_path: Path, street: Clip, policy: RecordingPolicy = CONTINUOUS, enough_ms: int = 2500
) -> AsyncIterator[Rig]:
    """An agent that has recorded its camera k0 for so long, and its hub."""
    async with (
        hub_with_agent(tmp_path) as (site, key),
        Proxy(port_of(site)) as proxy,
        street_camera(site, street, policy),
        an_agent(tmp_path, proxy.port, key) as agent,
    ):
        for role in ROLES:
            await site.context.accounts.create(role, role, frozenset({role}), "", PASSWORD)
        if enough_ms:
            await until_recorded(agent, enough_ms)
        yield Rig(site, proxy, agent)


async def stretch(agent: Agent) -> tuple[int, int]:
    found = await spans(agent)
    return found[0].from_ms, found[-1].to_ms


async def test_what_is_kept_at_the_edge_is_listed_watched_and_locked_at_the_hub(tmp_path: Path, street: Clip) -> None:
    async with recorded(tmp_path, street) as rig:
        from_ms, to_ms = await stretch(rig.agent)
        async with signed_in(rig.site.http_url, "commander") as commander:
            told = await listing(commander, from_ms, to_ms, "k0")
            assert told["spans"][0]["from_ms"] == from_ms
            segment = told["segments"][0]
            status, head = await fetch(commander, f"{RECORDINGS}/init/{segment['init']}.mp4")
            assert status == 200
            status, body = await fetch(commander, f"{RECORDINGS}/{segment['id']}.m4s")
            assert status == 200
            assert len(shown(head + body)) >= 2 * 15
            why = {"from_ms": from_ms, "to_ms": to_ms, "why": "案件"}
            status, lock = await send(commander, "POST", "/api/v1/cameras/k0/locks", why)
            assert status == 200
            assert [each.why for each in rig.agent.recorder.store().locks("k0")] == ["案件"]
            told = await listing(commander, from_ms, to_ms, "k0")
            assert [(each["id"], each["who"]) for each in told["locks"]] == [(lock["id"], "commander")]
            path = f"/api/v1/cameras/k0/locks/{lock['id']}"
            assert (await send(commander, "DELETE", path, {"why": "结案"}))[0] == 204
            assert (await send(commander, "DELETE", path, {"why": "结案"}))[0] == 404
            assert rig.agent.recorder.store().locks("k0") == []
            for name, status in (("99999", 404), ("x", 404)):
                assert (await fetch(commander, f"{RECORDINGS}/{name}.m4s"))[0] == status
        async with signed_in(rig.site.http_url, "officer") as officer:
            before = rig.site.agents.errands.counters.asked
            assert (await officer.get(f"{RECORDINGS}?from_ms={from_ms}&to_ms={to_ms}"))[0] == 403
            assert (await fetch(officer, f"{RECORDINGS}/{segment['id']}.m4s"))[0] == 403
            assert rig.site.agents.errands.counters.asked == before, "an agent is not even asked"


async def exported(desk: Person, from_ms: int, to_ms: int) -> tuple[int, dict[str, Any]]:
    asked = {"from_ms": from_ms, "to_ms": to_ms, "why": "移送"}
    return await send(desk, "POST", "/api/v1/cameras/k0/clips", asked)


async def test_a_clip_is_hashed_at_the_edge_and_again_at_the_hub_which_keeps_it(tmp_path: Path, street: Clip) -> None:
    async with recorded(tmp_path, street) as rig:
        from_ms, to_ms = await stretch(rig.agent)
        async with signed_in(rig.site.http_url, "dispatcher") as desk:
            status, clip = await exported(desk, from_ms, to_ms)
            assert status == 200, clip
            rig.proxy.open = False
            rig.proxy.cut()
            await until(lambda: not rig.agent.link.connected.is_set())
            status, file = await fetch(desk, f"/api/v1/clips/{clip['id']}.mp4")  # no agent is needed for it any more
            assert (status, len(file)) == (200, clip["size"])
            assert hashlib.sha256(file).hexdigest() == clip["sha256"]
            assert len(shown(file)) >= 2 * 15
            _, about = await desk.get(f"/api/v1/clips/{clip['id']}.json")
            assert (about["asked"]["who"], about["asked"]["why"], about["sha256"]) == (
                "dispatcher", "移送", clip["sha256"],
            )  # fmt: skip
        assert not list((rig.agent.recorder.store().folder / CLIPS).glob("*")), "evidence is in one place, the hub"
        stored = [each for each in await rig.site.hub.journal.read("live", 0, 1000) if b"clip_exported" in each.data]
        assert [(each.actor, json.loads(each.data)["sha256"]) for each in stored] == [("dispatcher", clip["sha256"])]


async def test_a_clip_that_arrives_otherwise_than_it_was_hashed_is_refused(
    tmp_path: Path, street: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with recorded(tmp_path, street) as rig:
        from_ms, to_ms = await stretch(rig.agent)

        async def forged(_store: Store, _path: Path, start: int, stop: int) -> AsyncIterator[bytes]:
            """A file of that size with other pictures in it."""
            yield bytes(stop - start)

        monkeypatch.setattr("edge.agent.archive.pieces", forged)
        async with signed_in(rig.site.http_url, "dispatcher") as desk:
            status, told = await exported(desk, from_ms, to_ms)
        assert status == 503
        assert "not the one that it hashed" in told["detail"]
        assert not list((tmp_path / "var" / "recordings" / CLIPS).glob("*"))
        assert not [each for each in await rig.site.hub.journal.read("live", 0, 1000) if b"clip_exported" in each.data]


async def read_while_cut(desk: Person, path: str, rig: Rig) -> None:
    async with desk.http.get(path) as response:
        assert response.status == 200
        assert await response.content.readany()
        rig.proxy.open = False
        rig.proxy.cut()
        await response.read()


async def test_without_its_agent_the_reason_is_told_and_a_cut_ends_a_file_in_the_middle(
    tmp_path: Path, street: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with recorded(tmp_path, street) as rig:
        from_ms, to_ms = await stretch(rig.agent)

        async def slow(store: Store, path: Path, start: int, stop: int) -> AsyncIterator[bytes]:
            """The first half of a file, from a disk that gives the second half one day."""
            half = (stop - start) // 2
            async for piece in pieces(store, path, start, start + half):
                yield piece
            await asyncio.Event().wait()

        monkeypatch.setattr("streams.recorder.archive.pieces", slow)
        async with signed_in(rig.site.http_url, "dispatcher") as desk:
            segment = (await listing(desk, from_ms, to_ms, "k0"))["segments"][0]
            with pytest.raises(aiohttp.ClientPayloadError):
                await read_while_cut(desk, f"{RECORDINGS}/{segment['id']}.m4s", rig)
            await until(lambda: not rig.agent.link.connected.is_set())
            asked = f"{RECORDINGS}?from_ms={from_ms}&to_ms={to_ms}"
            await until(lambda: not rig.site.agents.agents.states["gate"].up)
            status, told = await desk.get(asked)
            assert (status, told["code"]) == (503, "unavailable")
            assert "edge agent gate is not connected" in told["detail"]
            assert (await exported(desk, from_ms, to_ms))[0] == 503
            rig.proxy.open = True

            async def is_listed() -> bool:
                return (await desk.get(asked))[0] == 200

            await until(is_listed)


async def test_what_happens_near_a_camera_at_the_edge_is_recorded_there(tmp_path: Path, street: Clip) -> None:
    async with recorded(tmp_path, street, ON_EVENT, enough_ms=0) as rig:
        await until(lambda: "k0" in rig.agent.cameras.keeper.running())
        camera = rig.agent.cameras.keeper.camera("k0")
        await until(lambda: camera.view().readers == 1 and camera.status.state == "up")
        assert await spans(rig.agent) == []
        near = q.ReportDeviceAlarm(subject="door-1", level=2, detail="门磁", lat=29.0005, lon=113.0)
        await rig.site.hub.ask(near, HUB)

        async def is_recorded() -> bool:
            return bool(await spans(rig.agent))

        await until(is_recorded)


async def test_the_hub_does_not_record_what_its_agent_records(tmp_path: Path, street: Clip) -> None:
    async with recorded(tmp_path, street) as rig:
        kept = rig.site.settings.data
        assert not list((Path(kept) / "recordings").glob("k0-*"))
        camera = rig.agent.cameras.keeper.camera("k0")
        assert camera.view().readers == 1, "the recorder at the edge, and nobody at the hub"
        assert SystemClock().now_ms() > camera.status.since_ms
