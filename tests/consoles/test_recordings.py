"""A hub records a real stream; people list, watch, lock and export it by their rights (SPEC R310–R316)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest

from command.actors import HUB, Role
from command.facts.recording import RecordingPolicy
from command.journal import Entry, Head, Outcome, Turn
from command.kernel.errors import UnavailableError
from command.requests import EnrolCamera, SetRecording
from command.tables import Tables
from consoles.http import clip_record, clips
from consoles.site import Site
from edge.simulators.street_video import Street, render, traffic
from streams.recorder import disks as recorded_disks
from streams.recorder import opening, store
from streams.recorder.files import camera_folder
from streams.recorder.locks import Lock
from streams.recorder.store import Store
from tests.command.support import FlakyJournal
from tests.consoles.support import Person, signed_in, site_with_people

CONTINUOUS = RecordingPolicy(mode="continuous")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a street at 320 × 180, a key frame every second."""
    scene = Street("TEST 01", traffic([("湘F12345", "blue")], 3), seconds=3, width=320, height=180, fps=15)
    return render(scene, tmp_path_factory.mktemp("street"))


@asynccontextmanager
async def recorded(
    tmp_path: Path, street: Path, seconds: float = 5, kept_to: dict[str, list[Role]] | None = None
) -> AsyncIterator[tuple[Site, int, int]]:
    """A hub that has recorded a camera for so long; gives its site and the time of what there is."""
    people: tuple[Role, ...] = ("dispatcher", "camera_watch", "officer", "commander", "administrator")
    async with site_with_people(tmp_path, *people, cameras_kept_to=kept_to) as site, asyncio.timeout(60):
        await site.context.accounts.set_camera_address("k1", f"file://{street}#play=loop")
        await site.hub.ask(EnrolCamera(camera="k1", name="东门", lat=29.0, lon=113.0), HUB)
        await site.hub.ask(SetRecording(camera="k1", policy=CONTINUOUS), HUB)
        begun_ms = site.clock.now_ms()
        async with signed_in(site.http_url, "camera_watch") as watcher:
            look = f"/api/v1/cameras/k1/recordings?from_ms={begun_ms - 10_000}&to_ms={begun_ms + 60_000}"
            while (await watcher.get(look))[0] == 503:
                await site.clock.sleep(20)  # the recorder starts beside the hub
            while True:
                await site.clock.sleep(200)
                spans = (await listing(watcher, begun_ms - 10_000, begun_ms + 60_000))["spans"]
                if spans and spans[-1]["to_ms"] - spans[0]["from_ms"] >= seconds * 1000:
                    break
        yield site, spans[0]["from_ms"], spans[-1]["to_ms"]


async def listing(person: Person, from_ms: int, to_ms: int, camera: str = "k1") -> dict[str, Any]:
    status, told = await person.get(f"/api/v1/cameras/{camera}/recordings?from_ms={from_ms}&to_ms={to_ms}")
    assert status == 200, told
    assert isinstance(told, dict)
    return told


async def send(person: Person, method: str, path: str, body: object) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": person.csrf}
    async with person.http.request(method, path, data=msgspec.json.encode(body), headers=headers) as response:
        data = await response.read()
        return response.status, msgspec.json.decode(data) if data else None


async def fetch(person: Person, path: str, **headers: str) -> tuple[int, bytes]:
    async with person.http.get(path, headers=headers) as response:
        return response.status, await response.read()


def shown(file: bytes) -> list[float]:
    with av.open(io.BytesIO(file), "r") as container:
        return [frame.time or 0 for frame in container.decode(video=0)]


async def test_a_real_stream_is_recorded_listed_locked_and_exported(tmp_path: Path, street: Path) -> None:
    async with recorded(tmp_path, street) as (site, from_ms, to_ms):
        async with signed_in(site.http_url, "camera_watch") as watcher:
            told = await listing(watcher, from_ms, to_ms)
            segment = told["segments"][0]
            base = "/api/v1/cameras/k1/recordings"
            status, head = await fetch(watcher, f"{base}/init/{segment['init']}.mp4")
            assert status == 200
            status, body = await fetch(watcher, f"{base}/{segment['id']}.m4s")
            assert status == 200
            assert len(shown(head + body)) >= 4 * 15
            stretch = {"from_ms": from_ms, "to_ms": to_ms, "why": "案件"}
            status, lock = await send(watcher, "POST", "/api/v1/cameras/k1/locks", stretch)
            assert status == 200
            told = await listing(watcher, from_ms, to_ms)
            assert [span["locked"] for span in told["spans"]] == [True]
            assert [(each["id"], each["who"], each["why"]) for each in told["locks"]] == [
                (lock["id"], "camera_watch", "案件")
            ]
            assert (await send(watcher, "POST", "/api/v1/cameras/k1/clips", stretch))[0] == 403
        async with signed_in(site.http_url, "dispatcher") as desk:
            await export(site, desk, from_ms, to_ms)
        async with signed_in(site.http_url, "commander") as commander:
            path = f"/api/v1/cameras/k1/locks/{lock['id']}"
            assert (await send(commander, "DELETE", path, {"why": "结案"}))[0] == 204
            assert (await send(commander, "DELETE", path, {"why": "结案"}))[0] == 404
            assert not (await listing(commander, from_ms, to_ms))["locks"]
        facts = [json.loads(stored.data) for stored in await site.hub.journal.read("live", 0, 1000)]
        assert [fact["fact"] for fact in facts if fact["fact"].startswith(("recording", "clip"))] == [
            "recording_set", "recording_locked", "clip_exported", "recording_released",
        ]  # fmt: skip


async def test_exported_clips_are_found_again_page_by_page_by_those_who_may_see_the_camera(  # R454
    tmp_path: Path, street: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RECORD_CLIPS_LISTED", 2)
    monkeypatch.setattr(clips, "RECORD_CLIPS_LISTED", 2)
    async with recorded(tmp_path, street, seconds=3) as (site, from_ms, to_ms):
        async with signed_in(site.http_url, "dispatcher") as desk:
            made = []
            for why in ("一", "二", "三"):
                asked = {"from_ms": from_ms, "to_ms": to_ms - 500, "why": why}
                status, clip = await send(desk, "POST", "/api/v1/cameras/k1/clips", asked)
                assert status == 200, clip
                made.append(clip)
            _, first = await desk.get("/api/v1/clips?camera=k1")
            assert [clip["why"] for clip in first["clips"]] == ["三", "二"]
            assert first["clips"][0]["sha256"] == made[2]["sha256"]
            assert first["clips"][0]["who"] == "dispatcher"
            _, second = await desk.get(f"/api/v1/clips?after={first['next']}")
            assert [clip["id"] for clip in second["clips"]] == [made[0]["id"]]
            assert "next" not in second
            assert (await desk.get("/api/v1/clips?camera=k2")) == (200, {"clips": []})
            assert (await desk.get(f"/api/v1/clips?from_ms={to_ms + 60_000}")) == (200, {"clips": []})
            _, of_then = await desk.get(f"/api/v1/clips?from_ms={from_ms}&to_ms={to_ms}")
            assert len(of_then["clips"]) == 2
            assert (await desk.get("/api/v1/clips?from_ms=x"))[0] == 400
            assert (await fetch(desk, f"/api/v1/clips/{made[0]['id']}.mp4", Range="bytes=999999999-"))[0] == 416
        async with signed_in(site.http_url, "camera_watch") as watcher:
            assert (await watcher.get("/api/v1/clips?camera=k1"))[0] == 403


async def test_clips_of_a_camera_that_is_kept_to_others_are_neither_listed_nor_handed_out(  # R454
    tmp_path: Path, street: Path
) -> None:
    async with recorded(tmp_path, street, seconds=2, kept_to={"k1": ["camera_watch", "commander"]}) as (
        site, from_ms, to_ms,
    ):  # fmt: skip
        async with signed_in(site.http_url, "commander") as commander:
            asked = {"from_ms": from_ms, "to_ms": to_ms - 500, "why": "移送"}
            _, clip = await send(commander, "POST", "/api/v1/cameras/k1/clips", asked)
            assert [each["id"] for each in (await commander.get("/api/v1/clips"))[1]["clips"]] == [clip["id"]]
        async with signed_in(site.http_url, "dispatcher") as desk:
            assert (await desk.get("/api/v1/clips")) == (200, {"clips": []})
            assert (await desk.get("/api/v1/clips?camera=k1"))[0] == 403
            assert (await fetch(desk, f"/api/v1/clips/{clip['id']}.mp4"))[0] == 403
            assert (await fetch(desk, f"/api/v1/clips/{clip['id']}.json"))[0] == 403


async def test_administrators_see_the_room_that_recordings_take(tmp_path: Path, street: Path) -> None:
    async with recorded(tmp_path, street, seconds=2) as (site, from_ms, _to_ms):
        async with signed_in(site.http_url, "administrator") as administrator:
            while True:  # it is looked after now and then
                status, room = await administrator.get("/api/v1/recordings/room")
                assert status == 200, room
                if room["cameras"] and room["cameras"][0]["bytes"]:
                    break
                await site.clock.sleep(200)
            assert room["capacity_bytes"] > room["bytes"] > 0
            assert (room["cameras"][0]["camera"], room["cameras"][0]["oldest_ms"]) == ("k1", from_ms)
        async with signed_in(site.http_url, "dispatcher") as desk:
            assert (await desk.get("/api/v1/recordings/room"))[0] == 403


async def test_a_disk_that_hangs_is_an_alarm_in_health_and_metrics_and_the_hub_goes_on(
    tmp_path: Path, street: Path
) -> None:
    """The recorder hangs in the kernel: a pipe that nobody reads stands where it wants to write."""
    pipe = tmp_path / "var" / "recordings" / camera_folder("k1") / "camera"
    pipe.parent.mkdir(parents=True)
    store = await Store.open(tmp_path / "var" / "recordings")  # its folder is one that a recorder made
    await store.close()
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as desk:
        async with asyncio.timeout(60):
            asked = "/api/v1/cameras/k1/recordings?from_ms=0&to_ms=1000"
            await site.context.accounts.set_camera_address("k1", f"file://{street}#play=loop")
            await site.hub.ask(EnrolCamera(camera="k1", name="东门", lat=29.0, lon=113.0), HUB)
            while (await desk.get(asked))[0] != 200:
                await site.clock.sleep(50)
            os.mkfifo(pipe)
            await site.hub.ask(SetRecording(camera="k1", policy=CONTINUOUS), HUB)
            while not (failing := await site.hub.read(_failing)):
                await site.hub.wait_beyond(site.hub.committed_seq)
            assert failing == ["the disk of recordings does not answer"]
            while True:
                health = (await desk.get("/health/ready"))[1]
                if health["degraded"] == ["recorder: the disk of recordings does not answer"]:
                    break
                await site.clock.sleep(200)
            assert health["status"] == "degraded"
            _, metrics = await fetch(desk, "/metrics")
            waits = re.search(rb"^triune_recorder_write_waits_seconds (\S+)", metrics, re.MULTILINE)
            assert waits is not None
            assert float(waits.group(1)) >= 5
            assert (await desk.get(asked))[0] == 200  # what there is, is there
            name = await asyncio.to_thread(pipe.read_bytes)
            pipe.unlink()
            pipe.write_bytes(name)
            while await site.hub.read(_failing):
                await site.hub.wait_beyond(site.hub.committed_seq)
            while not (await listing(desk, site.clock.now_ms() - 5000, site.clock.now_ms()))["spans"]:
                await site.clock.sleep(200)


async def test_a_folder_that_hangs_at_the_start_is_an_alarm_and_recording_begins_once_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "RECORD_HUNG_MS", 300)
    pipe = tmp_path / "var" / "recordings" / "locks" / "l1.json"  # is read at the start
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as desk:
        async with asyncio.timeout(60):
            while await site.hub.read(_failing) != ["the disk of recordings does not answer"]:
                await site.hub.wait_beyond(site.hub.committed_seq)
            asked = "/api/v1/cameras/k1/recordings?from_ms=0&to_ms=1000"
            assert (await desk.get(asked))[0] == 503
            lock = Lock(id="l1", camera="k1", from_ms=1, to_ms=2, why="案件", who="zhang", at_ms=1)
            await asyncio.to_thread(pipe.write_bytes, msgspec.json.encode(lock))
            while await site.hub.read(_failing):
                await site.hub.wait_beyond(site.hub.committed_seq)
            assert (await desk.get(asked))[0] == 200


class _ClipsUnanswered(FlakyJournal):
    """A database that is gone each time that a clip was, or is to be, put on record."""

    commits = True
    away = True

    @asynccontextmanager
    async def turn(self, space: str) -> AsyncIterator[Turn]:
        async with self.real.turn(space) as turn:
            yield _Unanswered(self, turn)


@dataclass
class _Unanswered:
    journal: _ClipsUnanswered
    turn: Turn

    async def append(self, entries: Sequence[Entry], after: Head, keys: Sequence[str]) -> Outcome:
        if not self.journal.away or not any(b"clip_exported" in fact.data for one in entries for fact in one.facts):
            return await self.turn.append(entries, after, keys)
        if self.journal.commits:
            self.journal.commits = False
            await self.turn.append(entries, after, keys)
        raise UnavailableError("the connection was lost after COMMIT was sent")


async def test_an_export_of_which_nobody_can_tell_is_kept_and_no_other_is_made_meanwhile(
    tmp_path: Path, street: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1026: its COMMIT arrived, the answer did not."""
    monkeypatch.setattr(clip_record, "RECORD_CLIPS_ASKED_MS", 50)
    async with recorded(tmp_path, street, seconds=2) as (site, from_ms, to_ms):
        journal = site.hub.journal = _ClipsUnanswered(site.hub.journal)
        folder, asked = tmp_path / "var" / "recordings" / "clips", {"from_ms": from_ms, "to_ms": to_ms, "why": "移送"}
        async with signed_in(site.http_url, "dispatcher") as desk:
            status, told = await send(desk, "POST", "/api/v1/cameras/k1/clips", asked)
            assert (status, told["detail"]) == (
                503,
                "nobody can tell yet whether the clip is on record: it is kept, and listed as soon as it is "
                "(the connection was lost after COMMIT was sent)",
            )
            (file,) = folder.glob("*.mp4")
            for _ in range(3):
                status, told = await send(desk, "POST", "/api/v1/cameras/k1/clips", asked)
                assert (status, told["detail"][:24]) == (503, "no other clip is made be")
            assert [*folder.glob("*.mp4")] == [file]
            assert (await desk.get("/api/v1/clips"))[1]["clips"] == []
            assert (await fetch(desk, f"/api/v1/clips/{file.name}"))[0] == 404
            journal.away = False
            while not (listed := (await desk.get("/api/v1/clips"))[1]["clips"]):
                await site.clock.sleep(100)
            assert (await fetch(desk, f"/api/v1/clips/{file.name}"))[1] == file.read_bytes()
        facts = [f for f in await site.hub.journal.read("live", 0, 1000) if b"clip_exported" in f.data]
        assert [(fact.actor, json.loads(fact.data)["sha256"]) for fact in facts] == [
            ("dispatcher", hashlib.sha256(file.read_bytes()).hexdigest())
        ]
        assert [clip["id"] for clip in listed] == [file.stem]


def _failing(t: Tables) -> list[str]:
    return [alarm.detail for alarm in t.alarms if alarm.kind == "recording_failing"]


async def export(site: Site, desk: Person, from_ms: int, to_ms: int) -> None:
    """A clip from the middle on, past the end of what there is by less than a gap."""
    asked = {"from_ms": from_ms + 1500, "to_ms": to_ms - 500, "why": "移送"}
    status, clip = await send(desk, "POST", "/api/v1/cameras/k1/clips", asked)
    assert status == 200, clip
    status, file = await fetch(desk, f"/api/v1/clips/{clip['id']}.mp4")
    assert status == 200
    assert hashlib.sha256(file).hexdigest() == clip["sha256"]
    assert len(file) == clip["size"]
    assert clip["gaps"] == []
    assert from_ms + 400 <= clip["begins_ms"] <= from_ms + 1500  # the last key frame before
    times = shown(file)
    assert times[-1] == pytest.approx((to_ms - 500 - clip["begins_ms"]) / 1000, abs=0.15)
    status, part = await fetch(desk, f"/api/v1/clips/{clip['id']}.mp4", Range="bytes=0-99")
    assert (status, part) == (206, file[:100])
    status, about = await desk.get(f"/api/v1/clips/{clip['id']}.json")
    assert (about["asked"]["who"], about["asked"]["why"], about["sha256"]) == ("dispatcher", "移送", clip["sha256"])
    stored = [each for each in await site.hub.journal.read("live", 0, 1000) if b"clip_exported" in each.data]
    assert [(each.actor, json.loads(each.data)["sha256"]) for each in stored] == [("dispatcher", clip["sha256"])]
    probe = shutil.which("ffprobe")
    if probe:
        command = [probe, "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "json", "-"]
        probed = subprocess.run(command, input=file, capture_output=True, check=True)
        assert json.loads(probed.stdout)["streams"] == [{"codec_name": "h264", "width": 320, "height": 180}]
        assert probed.stderr == b""


async def test_recordings_are_for_those_who_may_see_the_camera_and_bad_questions_are_told(
    tmp_path: Path, street: Path
) -> None:
    async with recorded(tmp_path, street, seconds=1) as (site, from_ms, to_ms):
        async with signed_in(site.http_url, "officer") as officer:
            path = f"/api/v1/cameras/k1/recordings?from_ms={from_ms}&to_ms={to_ms}"
            assert (await officer.get(path))[0] == 403
            assert (await fetch(officer, "/api/v1/cameras/k1/recordings/1.m4s"))[0] == 403
        async with signed_in(site.http_url, "dispatcher") as desk:
            for query in ("", "?from_ms=5&to_ms=5", "?from_ms=x&to_ms=9", "?from_ms=0&to_ms=9999999999999"):
                assert (await desk.get(f"/api/v1/cameras/k1/recordings{query}"))[0] == 400
            for name in ("99", "x", "-1", "9" * 30):
                assert (await fetch(desk, f"/api/v1/cameras/k1/recordings/{name}.m4s"))[0] == 404
            assert (await fetch(desk, "/api/v1/clips/..%2fk1.mp4"))[0] == 404
            assert (await fetch(desk, "/api/v1/clips/0123456789abcdef.mp4"))[0] == 404
            clips = "/api/v1/cameras/k1/clips"
            bad: list[tuple[object, int]] = [
                ({"from_ms": from_ms, "to_ms": to_ms}, 400),
                ({"from_ms": to_ms, "to_ms": from_ms, "why": "x"}, 400),
                ({"from_ms": from_ms - 100_000, "to_ms": from_ms - 90_000, "why": "x"}, 404),
                ({"from_ms": from_ms, "to_ms": to_ms, "why": "x", "situation": "s99"}, 404),
            ]
            for body, status in bad:
                assert (await send(desk, "POST", clips, body))[0] == status, body
            assert not list((tmp_path / "var" / "recordings" / "clips").glob("*"))
            nobody = {"from_ms": 1, "to_ms": 2, "why": "x"}
            assert (await send(desk, "POST", "/api/v1/cameras/k9/locks", nobody))[0] == 404
            ask = {"request": "lock_recording", "lock": "l1", "camera": "k1", **nobody}
            assert (await desk.ask(ask))[0] == 403  # the hub writes it down, nobody else


async def test_a_folder_that_cannot_be_used_is_an_alarm_and_no_end_of_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_disks, "_FOLDER_AGAIN_MS", 100)
    folder = tmp_path / "var" / "recordings"
    folder.parent.mkdir()
    folder.write_text("no folder")
    async with site_with_people(tmp_path, "dispatcher") as site, asyncio.timeout(60):
        await site.hub.ask(EnrolCamera(camera="k1", name="东门", lat=29.0, lon=113.0), HUB)
        while not await site.hub.read(lambda t: [a for a in t.alarms if a.kind == "recording_failing"]):
            await site.hub.wait_beyond(site.hub.committed_seq)
        async with signed_in(site.http_url, "dispatcher") as person:
            asked = "/api/v1/cameras/k1/recordings?from_ms=0&to_ms=1000"
            assert (await person.get(asked))[0] == 503
            folder.unlink()
            while await site.hub.read(lambda t: len(t.alarms)):
                await site.hub.wait_beyond(site.hub.committed_seq)
            assert (await person.get(asked))[0] == 200
