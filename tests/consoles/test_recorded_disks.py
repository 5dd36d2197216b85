"""A hub that records on several disks: one that hangs holds only the cameras on it (SPEC R656, R657)."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.facts.recording import RecordingPolicy
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from command.requests import EnrolCamera, SetRecordings
from consoles.parts.hubs.replies import Reply
from consoles.parts.recording import HubRecorder
from consoles.settings import Recordings
from consoles.site import Site, running_site
from edge.simulators.street_video import Street, render
from streams.limits import RECORD_DISKS
from streams.recorder.disks import RecordedDisks
from streams.recorder.files import camera_folder
from streams.recorder.store import Store
from tests.command.support import desk
from tests.consoles.hubs import moving
from tests.consoles.support import PASSWORD, Person, settings, signed_in
from tests.consoles.test_recordings import fetch, listing, send, shown
from tests.leases import Turns


async def nobody(_recorder: str, _reason: str) -> None:
    """Hears nothing."""


def shared_out(folders: list[Path]) -> RecordedDisks:
    return RecordedDisks(folders, SystemClock(), nobody)


def test_a_further_disk_takes_cameras_from_all_and_moves_no_others() -> None:
    folders = [Path(f"/disk{n}") for n in range(3)]
    before, after = shared_out(folders[:2]), shared_out(folders)
    moved = 0
    for n in range(600):
        old, new = before.of(f"k{n}").number, after.of(f"k{n}").number
        assert new in (old, 2)
        moved += new == 2
    assert 150 < moved < 250
    with pytest.raises(InvalidInputError):
        shared_out([Path(f"/disk{n}") for n in range(RECORD_DISKS + 1)])
    with pytest.raises(InvalidInputError):
        shared_out([Path("/disk1"), Path("/disk2"), Path("/disk1")])


async def test_whoever_takes_over_recording_says_how_its_own_disks_are(tmp_path: Path) -> None:  # R949
    """One hub has a second disk that fails, the other a single one that is well."""
    no_folder = tmp_path / "file"
    no_folder.write_text("no folder can be made here")
    folders = [[tmp_path / "a", no_folder], [tmp_path / "b"]]

    def ask(kind: str, camera: str, body: object = None) -> AbstractAsyncContextManager[Reply]:
        raise AssertionError(f"{kind} of {camera} {body}: no camera is at an agent")

    async with desk(enrolled=False) as d, asyncio.TaskGroup() as tasks:
        leases = [Turns(held=False), Turns(held=True)]
        parts = [
            HubRecorder(d.hub, lease, ask, lambda _: False, each) for lease, each in zip(leases, folders, strict=True)
        ]
        running = [tasks.create_task(part.run(Store.open, lambda _: None)) for part in parts]
        failing, sound = parts

        async def until(alarms: set[str]) -> None:
            async with asyncio.timeout(60):
                while {a.subject for a in await d.hub.read(lambda t: list(t.alarms))} != alarms:
                    await asyncio.to_thread(lambda: None)

        async with asyncio.timeout(60):
            while not failing.disks.all[1].reason or not sound.disks.all[0].recorder:
                await asyncio.to_thread(lambda: None)
        await until(set())  # it does not record: nothing is lost there
        for lease, held in zip(leases, (True, False), strict=True):
            lease.pass_on(held=held)
        await until({"recorder-2"})
        for lease, held in zip(leases, (False, True), strict=True):
            lease.pass_on(held=held)
        await until(set())
        for task in running:
            task.cancel()


async def test_while_one_disk_hangs_the_other_goes_on(tmp_path: Path) -> None:
    film = render(Street("SIM", (), seconds=1, width=320, height=180, fps=15), tmp_path)
    chosen = settings(tmp_path)
    second = tmp_path / "second"
    chosen = replace(chosen, recordings=Recordings(more_folders=[str(second)], keep_free_gib=0))
    disks = shared_out([chosen.recordings_folder, second])
    well, hung = (next(f"k{n}" for n in range(50) if disks.of(f"k{n}").number == number) for number in (0, 1))
    store = await Store.open(second)  # its folder is one that a recorder made
    await store.close()
    pipe = second / camera_folder(hung) / "camera"
    pipe.parent.mkdir(parents=True)
    async with running_site(chosen) as site, asyncio.timeout(100):
        await site.context.accounts.create("desk", "desk", frozenset({"dispatcher"}), "", PASSWORD)
        for camera in (well, hung):
            await site.context.accounts.set_camera_address(camera, f"file://{film}#play=loop")
            await site.hub.ask(EnrolCamera(camera=camera, name="门", lat=29.0, lon=113.0), HUB)
        async with signed_in(site.http_url, "desk") as desk:
            for camera in (well, hung):
                while (await desk.get(f"/api/v1/cameras/{camera}/recordings?from_ms=0&to_ms=1000"))[0] != 200:
                    await site.clock.sleep(50)
            await moving(desk, hung, 1)  # from here on it is up, and lacks no picture for want of the camera
            os.mkfifo(pipe)  # nobody reads what the recorder wants to write: it hangs in the kernel
            from_ms = site.clock.now_ms()
            await site.hub.ask(SetRecordings(cameras=(well, hung), policy=RecordingPolicy(mode="continuous")), HUB)
            while not (failing := await failed(site)):
                await site.hub.wait_beyond(site.hub.committed_seq)
            assert failing == {"recorder-2": "the disk of recordings does not answer"}
            assert (await desk.get("/health/ready"))[1]["degraded"] == [
                "recorder-2: the disk of recordings does not answer"
            ]
            await site.context.accounts.create("technician", "technician", frozenset({"administrator"}), "", PASSWORD)
            async with signed_in(site.http_url, "technician") as admin:
                status, room = await admin.get("/api/v1/recordings/room")
            assert status == 200, "what the other disk holds is told all the same"
            [own] = room["hubs"]
            assert [disk.get("reason", "") for disk in own["disks"]] == ["", "the disk of recordings does not answer"]
            assert own["disks"][0]["capacity_bytes"] > 0  # R750
            hung_ms = site.clock.now_ms()
            while (await lasts_ms(desk, well, from_ms))[1] < hung_ms + 2000:
                await site.clock.sleep(200)
            assert not (await listing(desk, from_ms, from_ms + 60_000, hung))["spans"]

            name = await asyncio.to_thread(pipe.read_bytes)
            pipe.unlink()
            pipe.write_bytes(name)
            while await failed(site):
                await site.hub.wait_beyond(site.hub.committed_seq)
            while (await lasts_ms(desk, hung, from_ms))[0] < 2000:
                await site.clock.sleep(200)
            told = await listing(desk, from_ms, from_ms + 100_000, hung)
            # or what came meanwhile had room
            assert {gap["reason"] for gap in told["gaps"]} <= {"disk_hung"}, told["gaps"]
            segment = told["segments"][0]
            assert segment["id"] >= 10**12, "it is of the second disk"
            base = f"/api/v1/cameras/{hung}/recordings"
            head = (await fetch(desk, f"{base}/init/{segment['init']}.mp4"))[1]
            assert shown(head + (await fetch(desk, f"{base}/{segment['id']}.m4s"))[1])
            span = {"from_ms": told["spans"][0]["from_ms"], "to_ms": told["spans"][-1]["to_ms"], "why": "案件"}
            status, clip = await send(desk, "POST", f"/api/v1/cameras/{hung}/clips", span)
            assert status == 200, clip
            file = (await fetch(desk, f"/api/v1/clips/{clip['id']}.mp4"))[1]
            assert hashlib.sha256(file).hexdigest() == clip["sha256"]
            assert len(shown(file)) >= 15


async def failed(site: Site) -> dict[str, str]:
    """What recorders say, by their names."""
    return await site.hub.read(
        lambda t: {a.subject: a.detail for a in t.alarms if a.kind == "recording_failing" and a.state == "raised"}
    )


async def lasts_ms(person: Person, camera: str, from_ms: int) -> tuple[int, int]:
    """How long what there is of a camera lasts, and until when."""
    spans = (await listing(person, from_ms, from_ms + 100_000, camera))["spans"]
    return sum(span["to_ms"] - span["from_ms"] for span in spans), spans[-1]["to_ms"] if spans else 0
