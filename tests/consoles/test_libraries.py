"""Lists (库) at a hub: files brought and asked for, hits, terms, what is missing or altered, restarts (SPEC R680-R687,
R825-R828)."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command import facts
from command.access.keys import SiteKey
from command.actors import HUB
from command.blobs import FolderBlobs
from command.facts.libraries import LibraryContent as Content
from command.facts.libraries import LibraryFileApproved
from command.facts.scene import QueryMade
from command.kernel.clock import SystemClock
from command.readings import Sighting
from command.readings.memory import MemoryReadings
from command.requests import (
    ApproveLibrary,
    ApproveLibraryTerms,
    LiftLibrary,
    OfferLibraryFile,
    OfferLibraryTerms,
    RejectHit,
    RequestLibrary,
)
from command.requests.watchlist import GivenArea, GivenHours
from command.rows import HitRow
from consoles.parts.hits import Hits
from consoles.parts.libraries import Libraries
from consoles.site import running_site
from streams.watch_library import written
from tests.command.support import DISPATCHER, HOUR_MS, LEADER, START_MS, Desk, FlakyJournal, desk
from tests.consoles.support import Person, settings, signed_in, site_with_people
from tests.damage import flipped

PATH = "/api/v1/watches/libraries"
CSV = "号牌号码,品牌\n湘F12345,大众\n湘F99*,\n湘FI2345,\n湘f·12345,\n".encode("gbk")
ASKED = {"name": "盗抢机动车库", "office": "省厅", "reason": "盗抢", "level": 2, "action": "intercept"}


async def post(person: Person, path: str, body: bytes | dict[str, Any]) -> tuple[int, dict[str, Any]]:
    data = io.BytesIO(body) if isinstance(body, bytes) else io.BytesIO(msgspec.json.encode(body))
    async with person.http.post(path, data=data, headers={"X-CSRF-Token": person.csrf}) as response:
        return response.status, msgspec.json.decode(await response.read())


async def test_a_list_goes_from_a_file_over_approval_and_replacement_to_what_a_plate_is_on(  # R680-R682, R684, R685
    tmp_path: Path,
) -> None:
    async with (
        site_with_people(tmp_path, "dispatcher", "duty_leader", "officer", "wall") as site,
        signed_in(site.http_url, "dispatcher") as person,
        signed_in(site.http_url, "duty_leader") as leader,
        signed_in(site.http_url, "wall") as wall,
    ):
        assert (await post(wall, f"{PATH}/files", CSV))[0] == 403
        status, told = await post(person, f"{PATH}/files", CSV)
        assert (status, told["rows"], told["entries"], told["patterns"]) == (200, 4, 2, 1)
        assert [(each["row"], each["code"]) for each in told["problems"]] == [(4, "impossible_pattern")]
        assert [(each["row"], each["of_row"]) for each in told["duplicates"]] == [(5, 2)]

        asked = {**ASKED, "until_ms": site.clock.now_ms() + HOUR_MS}
        status, refused = await post(person, PATH, {**asked, "sha256": "a" * 64})
        assert (status, refused["code"]) == (409, "conflict")
        await site.context.blobs.remove([told["sha256"]], 2**52)  # as if reading it had been long ago (R760)
        status, answer = await post(person, PATH, {**asked, "sha256": told["sha256"]})
        assert status == 200
        assert await site.context.blobs.get(told["sha256"])
        library = answer["library"]
        row = await site.hub.read(lambda t: t.libraries.need(library))
        assert (row.requested_by, row.state) == ("dispatcher", "requested")
        approve = {"request": "approve_library", "library": library, "sha256": told["sha256"]}
        assert (await person.ask(approve))[0] == 403
        assert (await leader.ask(approve))[0] == 200

        status, second = await post(person, f"{PATH}/files?library={library}", "车牌\n湘F12345\n湘A00001\n".encode())
        assert (second["added"], second["removed"]) == (1, 1)
        assert (await post(person, f"{PATH}/{library}/files", {"sha256": second["sha256"]}))[0] == 200
        assert (await leader.ask({**approve, "sha256": second["sha256"]}))[0] == 200
        [*_, last] = [
            fact
            for stored in await site.hub.journal.read("live", 0, 1000)
            if isinstance(fact := facts.decode(stored.data, stored.seq), LibraryFileApproved)
        ]
        assert (last.replaced, last.added, last.removed) == (told["sha256"], 1, 1)

        wanted = {library: {"sha256": second["sha256"], "entries": 2, "wrong": ""}}
        async with asyncio.timeout(60):
            while await person.get(PATH) != (200, wanted):
                await site.clock.sleep(20)
        lookup = "/api/v1/watches/lookup"
        assert (await post(wall, lookup, {"plate": "湘F12345", "reason": "查"}))[0] == 403
        for blank in ("", " ", "\u3000"):
            assert (await post(person, lookup, {"plate": "湘F12345", "reason": blank}))[0] == 400
        for plate, lines in (("湘f·12345", ["湘F12345"]), ("湘A00001", ["湘A00001"]), ("湘F99001", [])):
            status, found = await post(leader, lookup, {"plate": plate, "reason": "查"})
            assert (status, [each["line"] for each in found["found"]]) == (200, lines)
        query = next(
            fact
            for stored in await site.hub.journal.read("live", 0, 1000)
            if isinstance(fact := facts.decode(stored.data, stored.seq), QueryMade)
        )
        assert (query.what, query.terms, query.results) == ("watches", "on the watch list: 湘F12345", 1)

    # After a restart it is there before any camera is.
    async with running_site(settings(tmp_path)) as site, signed_in(site.http_url, "dispatcher") as person:
        assert (await person.get(PATH))[1][library]["entries"] == 2


class Office:
    """A hub with a folder of files, that asks for lists as offices do; and cars that pass."""

    def __init__(self, d: Desk, folder: Path) -> None:
        self.d = d
        self.blobs = FolderBlobs(folder, SiteKey(b"k" * 32).box("blobs"))
        self.hits = Hits(d.hub, MemoryReadings(), self.blobs, None)
        self.libraries = Libraries(d.hub, self.blobs, self.hits.hold)

    async def file(self, *plates: str, until_ms: dict[str, int] | None = None) -> Content:
        data = written(dict.fromkeys(plates, ""), until_ms)
        patterns = sum("?" in plate or "*" in plate for plate in plates)
        return Content(sha256=await self.blobs.add(data), entries=len(plates), patterns=patterns, size=len(data))

    async def in_force(self, name: str, *plates: str, until_ms: dict[str, int] | None = None, **terms: Any) -> str:
        content = await self.file(*plates, until_ms=until_ms)
        end_ms = START_MS + 9 * HOUR_MS
        asked = RequestLibrary(name=name, reason="盗抢", level=2, until_ms=end_ms, content=content, **terms)
        library = await self.d.ask(asked)
        await self.d.ask(ApproveLibrary(library=library, sha256=content.sha256))
        await self.libraries.look()
        return library

    async def replace(self, library: str, *plates: str) -> str:
        content, row = await self.file(*plates), await self.d.row("libraries", library)
        offered = OfferLibraryFile(
            library=library, content=content, replaces=row.file.content.sha256, added=1, removed=1
        )
        await self.d.ask(offered)
        await self.d.ask(ApproveLibrary(library=library, sha256=content.sha256))
        return content.sha256

    async def terms(self, library: str, **terms: Any) -> None:
        offered = await self.d.ask(OfferLibraryTerms(library=library, **terms), DISPATCHER)
        await self.d.ask(ApproveLibraryTerms(library=library, terms=offered), LEADER)

    async def passes(self, plate: str, camera: str = "k1", sure: tuple[float, ...] = ()) -> list[HitRow]:
        self.d.clock.advance(self.d.clock.now_ms() + 1000)
        now_ms = self.d.clock.now_ms()
        seen = Sighting(
            camera=camera, plate=plate, colour="blue", first_ms=now_ms, last_ms=now_ms, reads=4, confidence=0.9,
            char_confidences=sure,
        )  # fmt: skip
        await self.hits.judge(seen, late=False)
        return [hit for hit in (await self.d.table("hits")).values() if hit.seen_ms == now_ms]

    def path(self, sha256: str) -> Path:
        return self.blobs._folder / sha256[:2] / sha256


@asynccontextmanager
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with desk() as d:
        yield Office(d, tmp_path / "blobs")


async def test_a_car_on_a_list_is_a_hit_with_list_and_entry_until_the_list_is_lifted(tmp_path: Path) -> None:  # R682
    async with office(tmp_path) as o:
        library = await o.in_force("库", "湘F12345", "湘A1*")
        [exact], [pattern] = await o.passes("湘F12345"), await o.passes("湘A12345")
        assert (exact.watch, exact.how, exact.line) == (library, "exact", "湘F12345")
        assert (pattern.watch, pattern.how, pattern.line) == (library, "pattern", "湘A1*")
        await o.d.ask(RejectHit(hit=exact.id, why="已发还", kind="out_of_date", exclude=True))
        assert await o.passes("湘F12345") == []
        await o.d.ask(LiftLibrary(library=library, why="换新"), LEADER)
        assert await o.passes("湘A12345") == []
        await o.libraries.look()
        assert len(o.libraries.index) == 0


async def test_a_new_file_takes_the_place_of_the_one_before_at_once(tmp_path: Path) -> None:  # R681
    async with office(tmp_path) as o:
        library = await o.in_force("库", "湘F12345", "湘F11111")
        other = await o.in_force("另库", "湘F22222")
        await o.replace(library, "湘F12345", "湘F33333")
        await o.libraries.look()
        for plate, lists in (("湘F12345", [library]), ("湘F11111", []), ("湘F33333", [library]), ("湘F22222", [other])):
            assert [hit.watch for hit in await o.passes(plate)] == lists


async def test_a_file_that_is_missing_or_altered_is_said_by_the_name_of_its_list_and_others_go_on(  # R687
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        missing = await o.in_force("盗抢库", "湘F11111")
        altered = await o.in_force("在逃库", "湘F22222")
        good = await o.in_force("好库", "湘F33333")
        files = {name: held.sha256 for name, held in o.libraries.held.items()}
        kept = o.path(files[missing]).read_bytes()
        o.path(files[missing]).unlink()
        o.path(files[altered]).write_bytes(flipped(o.path(files[altered]).read_bytes()))

        o.libraries = Libraries(o.d.hub, o.blobs, o.hits.hold)  # as after a start
        await o.libraries.look()
        assert [await o.passes(plate) != [] for plate in ("湘F11111", "湘F22222", "湘F33333")] == [False, False, True]
        for library, name, why in ((missing, "盗抢库", "no file"), (altered, "在逃库", "")):
            alarm = await o.d.alarm("library_failing", name)
            assert alarm
            assert why in alarm.detail
            assert o.libraries.held[library].wrong == alarm.detail
        assert await o.d.alarm("library_failing", "好库") is None
        assert o.libraries.held[good].wrong == ""

        o.path(files[missing]).write_bytes(kept)
        await o.libraries.look()
        assert await o.d.alarm("library_failing", "盗抢库") is None
        assert await o.d.alarm("library_failing", "在逃库") is not None
        assert len(await o.passes("湘F11111")) == 1
        await o.d.ask(LiftLibrary(library=altered, why="换新"))
        assert await o.d.alarm("library_failing", "在逃库") is None


async def test_while_a_new_file_cannot_be_had_the_one_before_is_looked_for(tmp_path: Path) -> None:  # R687
    async with office(tmp_path) as o:
        library = await o.in_force("库", "湘F11111")
        sha256 = await o.replace(library, "湘F22222")
        kept = o.path(sha256).read_bytes()
        o.path(sha256).unlink()
        await o.libraries.look()
        assert len(await o.passes("湘F11111")) == 1
        assert await o.d.alarm("library_failing", "库") is not None
        o.path(sha256).write_bytes(kept)
        await o.libraries.look()
        assert [len(await o.passes(plate)) for plate in ("湘F11111", "湘F22222")] == [0, 1]


async def test_that_a_list_is_well_again_is_said_though_the_record_was_away_just_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1021
    monkeypatch.setattr("consoles.parts.libraries.LIBRARY_AGAIN_MS", 10)
    async with office(tmp_path) as o:
        library = await o.in_force("库", "湘F11111")
        sha256 = await o.replace(library, "湘F22222")
        kept = o.path(sha256).read_bytes()
        o.path(sha256).unlink()
        await o.libraries.look()
        assert await o.d.alarm("library_failing", "库") is not None
        o.d.hub.journal = journal = FlakyJournal(o.d.hub.journal)
        journal.is_full = True
        o.path(sha256).write_bytes(kept)
        await o.libraries.look()
        assert o.libraries.held[library].wrong == ""
        assert await o.d.alarm("library_failing", "库") is not None

        journal.is_full = False
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(60):
            running = tasks.create_task(o.libraries.run())
            while await o.d.alarm("library_failing", "库") is not None:
                await SystemClock().sleep(5)
            running.cancel()
        assert len(await o.passes("湘F22222")) == 1


async def test_lists_that_a_busy_hub_could_not_be_asked_for_are_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R1021
    monkeypatch.setattr("consoles.parts.libraries.LIBRARY_AGAIN_MS", 10)
    async with office(tmp_path) as o:
        library = await o.in_force("库", "湘F11111")
        o.libraries = Libraries(o.d.hub, o.blobs, o.hits.hold)  # as after a start
        with monkeypatch.context() as busy:
            busy.setattr("command.hub.INBOX_REQUESTS", 0)
            await o.libraries.look()
        assert library not in o.libraries.held
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(60):
            running = tasks.create_task(o.libraries.run())
            while library not in o.libraries.held:
                await SystemClock().sleep(5)
            running.cancel()


async def test_who_asks_for_a_list_is_the_person_and_not_the_hub(tmp_path: Path) -> None:  # R680
    async with office(tmp_path) as o:
        content = await o.file("湘F11111")
        wanted = RequestLibrary(name="库", reason="x", level=3, until_ms=START_MS + HOUR_MS, content=content)
        library = await o.d.ask(wanted, msgspec.structs.replace(HUB, id=DISPATCHER.id))
        assert (await o.d.row("libraries", library)).requested_by == DISPATCHER.id


async def test_a_list_fires_in_its_area_and_a_change_of_that_holds_without_another_file(tmp_path: Path) -> None:
    # R825, R826
    async with office(tmp_path) as o:
        library = await o.in_force("库", "湘F12345", "湘A1*", area=GivenArea(cameras=["k2"]))
        for plate in ("湘F12345", "湘A12345"):
            assert [len(await o.passes(plate, camera)) for camera in ("k1", "k2")] == [0, 1]
        index = o.libraries.index
        await o.terms(library, area=GivenArea(cameras=["k1"]))
        assert [len(await o.passes("湘F12345", camera)) for camera in ("k1", "k2")] == [1, 0]
        now_min = (o.d.clock.now_ms() // 60_000 + 480) % 1440
        await o.terms(library, hours=GivenHours(from_min=(now_min + 2) % 1440, to_min=(now_min + 4) % 1440))
        assert await o.passes("湘F12345") == []
        o.d.clock.advance(o.d.clock.now_ms() + 2 * 60_000)
        assert len(await o.passes("湘F12345")) == 1
        await o.libraries.look()
        assert o.libraries.index is index, "nothing was read for that"


async def test_a_list_means_look_alikes_once_that_is_approved_and_as_an_entry_would(tmp_path: Path) -> None:
    # R825-R827
    async with office(tmp_path) as o:
        library = await o.in_force("库", "湘F80345", "湘F8888?")
        assert await o.passes("湘FB0345") == []
        index = o.libraries.index
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(o.libraries.run())
            await o.terms(library, look_alike=True)
            while o.libraries.index is index:
                await SystemClock().sleep(1)
            running.cancel()
        [sure] = await o.passes("湘FB0345")
        [unsure] = await o.passes("湘FB0345", sure=(1.0, 1.0, 0.2, 1.0, 1.0, 1.0, 1.0))
        assert (sure.how, sure.line, sure.watch) == ("look_alike", "湘F80345", library)
        assert 0.15 <= sure.score < unsure.score < 1
        assert await o.passes("湘FB8882") == [], "patterns of lists mean none"
        await o.terms(library)
        await o.libraries.look()
        assert await o.passes("湘FB0345") == []


async def test_an_entry_with_an_end_of_its_own_fires_until_then(tmp_path: Path) -> None:  # R828
    async with office(tmp_path) as o:
        end_ms = START_MS + HOUR_MS
        await o.in_force("库", "湘F12345", "湘F54321", until_ms={"湘F12345": end_ms})
        assert len(await o.passes("湘F12345")) == 1
        assert await o.hits.on("湘F12345") != []
        o.d.clock.advance(end_ms - 2000)
        assert [len(await o.passes("湘F12345")) for _ in range(2)] == [1, 0], "the second at its end"
        assert len(await o.passes("湘F54321")) == 1
        assert await o.hits.on("湘F12345") == [], "nor is it watched, who looks it up"
