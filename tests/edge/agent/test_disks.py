"""An agent that records on several disks: rule R675 of docs/SPEC.md."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from command import requests as q
from command.actors import HUB
from command.kernel.clock import SystemClock
from consoles.site import Site
from edge.agent.agent import AgentSettings, running_agent
from edge.agent.recording import RecordingRoom
from edge.simulators.rtsp_camera import RtspCameras
from streams.recorder import disks
from streams.recorder.disks import RecordedDisks
from tests.consoles.cameras import drawn
from tests.consoles.support import PASSWORD, Person, signed_in
from tests.consoles.test_recordings import fetch, listing, send, shown
from tests.edge.agent.support import NAME, hub_with_agent, port_of, until
from tests.edge.agent.test_recording import CONTINUOUS

OF_SECOND = 10**12
"""From here on segments are of the second disk."""


async def nobody(_recorder: str, _reason: str) -> None:
    """Hears nothing."""


async def failing(site: Site) -> dict[str, str]:
    """What recorders say, by their names."""
    return await site.hub.read(lambda t: {a.subject: a.detail for a in t.alarms if a.kind == "recording_failing"})


async def lasts_ms(person: Person, camera: str, from_ms: int) -> int:
    told = await listing(person, from_ms, from_ms + 100_000, camera)
    return sum(span["to_ms"] - span["from_ms"] for span in told["spans"])


async def test_one_disk_of_an_agent_may_fail_and_the_hub_is_told_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "_FOLDER_AGAIN_MS", 100)
    folders = [tmp_path / "disk1", tmp_path / "disk2"]
    shares = RecordedDisks(folders, SystemClock(), nobody)
    well, ill = (next(f"k{n}" for n in range(50) if shares.of(f"k{n}").number == number) for number in (0, 1))
    folders[1].write_text("no folder")
    street = drawn(tmp_path)
    async with (
        asyncio.timeout(100),
        hub_with_agent(tmp_path, 0) as (site, key),
        RtspCameras({well: street, ill: street}, SystemClock()) as cameras,
    ):
        port = await cameras.listen()
        for camera in (well, ill):
            await site.hub.ask(q.EnrolCamera(camera=camera, name="门", lat=29.0, lon=113.0), HUB)
            await site.context.accounts.set_camera_address(camera, f"edge://{NAME}/rtsp://127.0.0.1:{port}/{camera}")
            await site.hub.ask(q.SetRecording(camera=camera, policy=CONTINUOUS), HUB)
        for role in ("dispatcher", "administrator"):
            await site.context.accounts.create(role, role, frozenset({role}), "", PASSWORD)
        told = AgentSettings(
            hubs=[f"ws://127.0.0.1:{port_of(site)}"], key=key, data=tmp_path / "edge", release="test",
            plate_workers=0, recordings=RecordingRoom(folders, quota_gib=2, keep_free_gib=0),
        )  # fmt: skip
        from_ms = SystemClock().now_ms()
        async with (
            running_agent(told, SystemClock()) as agent,
            signed_in(site.http_url, "dispatcher") as desk,
            signed_in(site.http_url, "administrator") as admin,
        ):

            async def is_raised() -> bool:
                return f"edge.{NAME}:2" in await failing(site)

            await until(is_raised)
            assert list(await failing(site)) == [f"edge.{NAME}:2"], "the first is well"
            await until(agent.link.connected.is_set)

            async def is_told() -> bool:
                [state] = (await admin.get("/api/v1/agents"))[1]
                return len(state["disks"]) == 2 and state["disks"][0].get("capacity_bytes") == 2 * 1024**3

            await until(is_told)
            [state] = (await admin.get("/api/v1/agents"))[1]
            assert "folder of recordings cannot be used" in state["disks"][1]["reason"]
            assert not state["disks"][0].get("reason")

            async def is_recorded() -> bool:
                return await lasts_ms(desk, well, from_ms) >= 1500

            await until(is_recorded, within_s=60)
            folders[1].unlink()

            async def is_cleared() -> bool:
                return not await failing(site)

            await until(is_cleared)

            async def is_recorded_too() -> bool:
                return await lasts_ms(desk, ill, from_ms) >= 1500

            await until(is_recorded_too, within_s=60)
            found = await listing(desk, from_ms, from_ms + 100_000, ill)
            segment = found["segments"][0]
            assert segment["id"] >= OF_SECOND
            base = f"/api/v1/cameras/{ill}/recordings"
            head = (await fetch(desk, f"{base}/init/{segment['init']}.mp4"))[1]
            assert shown(head + (await fetch(desk, f"{base}/{segment['id']}.m4s"))[1])
            span = {"from_ms": found["spans"][0]["from_ms"], "to_ms": found["spans"][-1]["to_ms"], "why": "案件"}
            status, clip = await send(desk, "POST", f"/api/v1/cameras/{ill}/clips", span)
            assert status == 200, clip
            file = (await fetch(desk, f"/api/v1/clips/{clip['id']}.mp4"))[1]
            assert hashlib.sha256(file).hexdigest() == clip["sha256"]
            assert len(shown(file)) >= 15
