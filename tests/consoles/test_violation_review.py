"""From two passages to a case: evidence over HTTP, review, a pack that proves itself (R604, R608, R609, R611, R822)."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from command.access.keys import SiteKey
from command.actors import HUB
from command.facts.violations import PictureRegion
from command.links.violations import PACKS
from command.readings import Sighting
from command.requests import (
    ClaimViolation,
    ConfirmViolation,
    CorrectViolationPlate,
    EnrolCamera,
    RecordPack,
    RejectViolation,
    SetRegions,
    SetSection,
)
from command.rows import ViolationRow
from consoles.cli import violations as cli
from consoles.site import Site
from streams.violations import pack
from tests.command.rules.test_violations import section
from tests.consoles.cli.asking import command
from tests.consoles.support import mirror, signed_in, site_with_people
from tests.consoles.test_violations import scene
from tests.streams.violations.support import read_out


async def row_of(site: Site, fits: Callable[[ViolationRow], bool]) -> ViolationRow:
    """Return the one violation there is as soon as it is so."""
    while True:
        seq, rows = await site.hub.read(lambda t: (t.seq, list(t.violations)))
        for row in rows:
            if fits(row):
                return row
        await site.hub.wait_beyond(seq)


async def drive(site: Site) -> None:
    """Two cameras, a section between them, and a car that is too fast."""
    now_ms = site.clock.now_ms()
    for number in (1, 2):
        await site.hub.ask(EnrolCamera(camera=f"k{number}", name=f"路口{number}", lat=30.5, lon=114.3), HUB)
    definition = replace(section(), measured_ms=now_ms - 1000, certificate_until_ms=now_ms + 86_400_000)
    await site.hub.ask(SetSection(section="sec1", definition=definition), HUB)
    picture = await site.context.blobs.add(scene())
    begins_ms = site.clock.now_ms()
    for camera, first_ms in (("k1", begins_ms), ("k2", begins_ms + 80_000)):
        await site.passages.add([passage(camera, first_ms, picture)])


def passage(camera: str, first_ms: int, picture: str, lane: int | None = None) -> Sighting:
    """The car before one of them."""
    return Sighting(
        camera=camera, plate="京A12345", colour="blue", first_ms=first_ms, last_ms=first_ms + 500, reads=6,
        confidence=0.97, picture=picture, box=(100, 300, 80, 26), lane=lane,
    )  # fmt: skip


async def fetched(site: Site, manifest: str, token: str) -> None:
    """The case service fetches everything with what it was told and its token; nobody else does."""
    base = f"{PACKS}/{manifest}"
    async with aiohttp.ClientSession(site.http_url) as nobody:
        for path in (f"{base}.json", f"{base}.zip", f"{base}/scene-1.jpg", f"{base}/{pack.PAPER}"):
            for headers in ({}, {"Authorization": "Bearer wrong"}):
                async with nobody.get(path, headers=headers) as refused:
                    assert refused.status == 401
    async with aiohttp.ClientSession(site.http_url, headers={"Authorization": f"Bearer {token}"}) as service:
        async with service.get(f"{base}.json") as response:
            data = await response.read()
            assert hashlib.sha256(data).hexdigest() == manifest
        for part in pack.decode(data).parts:
            async with service.get(f"{base}/{part.name}") as response:
                assert hashlib.sha256(await response.read()).hexdigest() == part.sha256
        async with service.get(f"{base}.zip") as response:
            assert (response.status, response.content_type) == (200, "application/zip")
        async with service.get("/api/v1/session") as response:
            assert response.status == 401, "it opens nothing else"


async def test_a_violation_before_a_camera_kept_to_others_is_not_there(tmp_path: Path) -> None:  # R690
    async with (
        site_with_people(tmp_path, "duty_leader", "commander", cameras_kept_to={"k2": ["duty_leader"]}) as site,
        signed_in(site.http_url, "commander") as commander,
        signed_in(site.http_url, "duty_leader") as leader,
    ):
        await drive(site)
        row = await row_of(site, lambda row: bool(row.manifest))
        lane = PictureRegion(name="应急车道", ring=((0, 0), (1, 0), (1, 1), (0, 1)), lane=1, use="emergency")
        await site.hub.ask(SetRegions(camera="k1", regions=(lane,)), HUB)
        async with mirror(commander) as theirs, mirror(leader) as all_of_them:
            for screen in (theirs, all_of_them):
                await screen.subscribe("violations")
            assert not theirs.tables["violations"]
            assert list(all_of_them.tables["violations"]) == [row.id]
            assert (await leader.ask(ClaimViolation(violation=row.id)))[0] == 200
            for asked in (
                ClaimViolation(violation=row.id),
                CorrectViolationPlate(violation=row.id, plate="京A12346"),
                ConfirmViolation(violation=row.id, manifest=row.manifest),
                RejectViolation(violation=row.id, manifest=row.manifest, reason="misread"),
            ):
                assert (await commander.ask(asked))[0] == 403
            now_ms = site.clock.now_ms()
            picture = row.finding.passages[0].picture
            await site.passages.add([passage("k1", now_ms, picture, lane=1)])
            other = await row_of(site, lambda row: row.finding.kind == "emergency_lane")
            for screen in (theirs, all_of_them):
                while other.id not in screen.tables["violations"]:
                    await screen.take()
            assert row.id not in theirs.tables["violations"]
            assert not any(row.id in str(message) for message in theirs.messages)
            after = theirs.seq
        async with mirror(commander) as again:
            await again.subscribe("violations", after=after - 1)  # what it missed is not told either
            assert again.tables["violations"].keys() == {other.id}


async def test_a_violation_goes_from_passages_to_a_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # R604, R608, R609, R611
    monkeypatch.setattr("command.links.violations.VIOLATION_SEND_AFTER_MS", 100)
    async with site_with_people(
        tmp_path, "duty_leader", "commander", "officer", cameras_kept_to={"k2": ["duty_leader"]}
    ) as site:
        await drive(site)
        row = await row_of(site, lambda row: bool(row.manifest))
        base = f"/api/v1/violation-packs/{row.manifest}"
        async with signed_in(site.http_url, "officer") as officer, signed_in(site.http_url, "commander") as commander:
            assert (await officer.get(f"{base}.json"))[0] == 403
            for path in (f"{base}.json", f"{base}/{pack.PAPER}"):
                assert (await commander.get(path))[0] == 403  # one of its cameras is not theirs to look at
        async with signed_in(site.http_url, "duty_leader") as leader:
            status, manifest = await leader.get(f"{base}.json")
            assert (status, manifest["violation"], manifest["clips"][0]["state"]) == (200, row.id, "pending")
            assert any("km/h" in sentence for sentence in manifest["calculation"])
            async with leader.http.get(f"{base}/scene-1.jpg") as response:
                assert (response.status, response.content_type) == (200, "image/jpeg")
                assert await response.read() == scene()
            async with leader.http.get(f"{base}/scene-1.jpg", headers={"Range": "bytes=0-9"}) as response:
                assert (response.status, await response.read()) == (206, scene()[:10])
            for unread in ("bytes=abc", "bytes=9-2", "bytes=0-1,3-4"):  # R843
                async with leader.http.get(f"{base}/scene-1.jpg", headers={"Range": unread}) as response:
                    assert (response.status, (await response.json())["code"]) == (400, "invalid_input"), unread
            async with leader.http.get(f"{base}/scene-1.jpg", headers={"Range": "bytes=9999999-"}) as response:
                assert (response.status, response.headers["Content-Range"]) == (416, f"bytes */{len(scene())}")
            assert (await leader.get(f"{base}/other.jpg"))[0] == 404
            assert (await leader.get(f"/api/v1/violation-packs/{'0' * 64}.json"))[0] == 404
            picture = row.finding.passages[0].picture
            assert (await leader.get(f"/api/v1/violation-packs/{picture}.json"))[0] == 404  # a blob, but no manifest

            assert (await leader.ask(ClaimViolation(violation=row.id)))[0] == 200
            assert (await leader.ask(ConfirmViolation(violation=row.id, manifest=row.manifest)))[0] == 200
            await row_of(site, lambda row: row.state == "confirmed")  # and not sent before its evidence is closed
            await site.hub.ask(
                RecordPack(violation=row.id, manifest=row.manifest, clip="missing", clip_why="not_recorded"), HUB
            )
            sent = await row_of(site, lambda row: row.state == "sent")
            assert sent.case
            assert await site.hub.read(lambda t: len(t.cases)) == 0  # it is no situation's case
            await fetched(site, row.manifest, SiteKey.load(tmp_path / "var" / "site.key").derive("case-token").hex())

            async with leader.http.get(f"{base}/{pack.PAPER}") as response:
                assert (response.status, response.content_type) == (200, "text/html")
                assert "script" not in response.headers["Content-Security-Policy"]
                read = read_out(await response.read())
            assert read[read.index("违法地点") + 1] == "路口1至路口2"
            assert read[read.index("相机编号") + 1] == "k1"
            assert read[read.index("审核人") + 1] == "duty_leader（账号 duty_leader）"
            assert read[read.index("审核结论") + 1] == "已确认，已移送案件服务"
            told = await site.hub.journal.read("live", site.hub.committed_seq - 1, 1)
            assert b'"query_made"' in told[0].data, "that it was read is on record"

            async with leader.http.get(f"{base}.zip") as response:
                assert response.status == 200
                (tmp_path / "pack.zip").write_bytes(await response.read())
            told = await site.hub.journal.read("live", site.hub.committed_seq - 1, 1)
            assert b'"query_made"' in told[0].data
            assert "取证".encode() in told[0].data
    file = tmp_path / "pack.zip"
    with zipfile.ZipFile(file) as archive:
        assert read_out(archive.read(pack.PAPER)) == read
    words = ("violations", "verify", file, "--data", tmp_path / "var")
    code, lines, verdict = await asyncio.to_thread(command, cli, capsys, *words)
    assert (code, lines, verdict["authentic"], verdict["manifest"]) == (0, [], True, row.manifest)
    assert verdict["recorded_seq"] > 0
    other: tuple[object, ...] = ("violations", "verify", file, "--public-key", "00" * 32)
    code, lines, _ = await asyncio.to_thread(command, cli, capsys, *other)
    assert (code, lines) == (1, ["it was signed with another key than the site's"])
