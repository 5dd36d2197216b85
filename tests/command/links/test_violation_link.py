"""Violations that people confirmed become cases that say what is needed to fetch what proves them (R611, R693)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from command.access.keys import SiteKey
from command.blobs import FolderBlobs
from command.kernel.limits import VIOLATION_SEND_AFTER_MS
from command.links.clients import CaseClient
from command.links.follow import Follower
from command.links.service_messages import Case, Paging
from command.links.violations import ViolationLink
from command.requests import (
    ClaimViolation,
    ConfirmViolation,
    CorrectViolationPlate,
    RecordPack,
    ReportViolation,
    TakeBackViolation,
)
from command.services.case import app as case_app
from tests.command.links.following import SITE, following, service_on, told, until
from tests.command.rules.test_violations import finding, registered
from tests.command.services.peers import TOKEN
from tests.command.support import ACTORS, Desk, desk

WATCH = ACTORS["camera_watch"]
_MANIFEST = msgspec.json.encode(
    {
        "format": "triune-violation-evidence/1",
        "parts": [{"name": "scene-1.jpg", "sha256": "ab" * 32, "size": 7, "about": "scene", "passage": 0}],
        "rule": {"rule": "sec1", "section": {"name": "滨江路"}},
    }
)


@dataclass
class County:
    """A hub, the case service that it tells, and a violation whose evidence is whole."""

    at: Desk
    client: CaseClient
    follower: Follower
    violation: str
    manifest: str

    async def confirm(self) -> None:
        await self.at.ask(ClaimViolation(violation=self.violation), WATCH)
        await self.at.ask(ConfirmViolation(violation=self.violation, manifest=self.manifest), WATCH)

    async def cases(self) -> tuple[Case, ...]:
        return (await self.client.cases(Paging())).items


@asynccontextmanager
async def county(tmp_path: Path) -> AsyncIterator[County]:
    blobs = FolderBlobs(tmp_path / "blobs", SiteKey(b"k" * 32).box("blobs"))
    async with (
        desk() as at,
        service_on(case_app, 0, tmp_path / "case.sqlite3", at.clock) as service,
        CaseClient(service.url, TOKEN) as client,
        following(at, tmp_path, ViolationLink(at.hub, client, SITE, blobs)) as follower,
    ):
        violation = await at.ask(ReportViolation(finding=finding(await registered(at))))
        at.clock.advance(at.clock.now_ms() + 3_600_000)
        manifest = await blobs.add(_MANIFEST)
        await at.ask(RecordPack(violation=violation, manifest=manifest, clip="missing", clip_why="not_recorded"))
        yield County(at, client, follower, violation, manifest)


async def test_a_case_says_who_where_when_by_which_rule_and_how_to_fetch_what_proves_it(tmp_path: Path) -> None:  # R694
    async with county(tmp_path) as c:
        await c.at.ask(ClaimViolation(violation=c.violation), WATCH)
        await c.at.ask(CorrectViolationPlate(violation=c.violation, plate="京A12346"), WATCH)
        await c.confirm()
        await told(c.at, c.follower)
        [case] = await c.cases()
        row = await c.at.row("violations", c.violation)
        assert (row.state, row.case) == ("sent", case.number)
        about = case.violation
        assert about is not None
        assert case.place is not None
        assert (about.kind, about.plate, about.read_as, about.speed_kmh, about.limit_kmh) == (
            "interval_speed", "京A12346", "京A12345", 87.6, 60,
        )  # fmt: skip
        assert (about.rule, about.rule_name, about.rule_version) == ("sec1", "滨江路", row.finding.version)
        assert (about.began_ms, about.ended_ms, case.place.text) == (
            row.finding.began_ms, row.finding.ended_ms, "路口2",
        )  # fmt: skip
        assert about.reviewed_by == ("camera_watch",)
        assert about.evidence is not None
        manifest, [part] = about.evidence.manifest, about.evidence.parts
        assert (manifest.sha256, manifest.size) == (hashlib.sha256(_MANIFEST).hexdigest(), len(_MANIFEST))
        base = f"/api/v1/hooks/violation-packs/{manifest.sha256}"
        assert (manifest.address, part.address, about.evidence.pack) == (
            f"{base}.json", f"{base}/scene-1.jpg", f"{base}.zip",
        )  # fmt: skip
        assert (part.sha256, part.size) == ("ab" * 32, 7)


async def test_nothing_is_sent_while_it_can_be_taken_back_nor_after_it_was(tmp_path: Path) -> None:
    async with county(tmp_path) as c:
        await told(c.at, c.follower)
        await c.confirm()
        confirmed_ms = c.at.clock.now_ms()
        while c.at.clock.next_wake_ms() != confirmed_ms + VIOLATION_SEND_AFTER_MS:  # the link has looked, and waits
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        await c.at.ask(TakeBackViolation(violation=c.violation), WATCH)
        await told(c.at, c.follower)
        assert await c.cases() == ()
        await c.confirm()
        again_ms = c.at.clock.now_ms()
        await until(c.at, lambda t: t.violations.need(c.violation).state == "sent")
        [case] = await c.cases()
        assert case.opened_ms - again_ms >= VIOLATION_SEND_AFTER_MS
