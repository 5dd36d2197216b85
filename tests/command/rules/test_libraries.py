"""Lists of the watch list: two people, whole files, terms, and hits of their entries (SPEC R680-R683, R825-R827)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from command import facts
from command.actors import HUB, Actor
from command.facts.libraries import LibraryContent, LibraryRequested
from command.facts.watchlist import WatchArea, WatchHours
from command.kernel.errors import ConflictError, InvalidInputError, NoRightError, TooManyError, UnknownIdError
from command.kernel.limits import HIT_STANDS_MINUTES, LIBRARY_ENTRIES, LIBRARY_MARKS, LIBRARY_PATTERNS, OPEN_LIBRARIES
from command.requests import (
    ApproveLibrary,
    ApproveLibraryTerms,
    DeclineLibraryFile,
    DeclineLibraryTerms,
    LiftLibrary,
    OfferLibraryFile,
    OfferLibraryTerms,
    RejectHit,
    ReportHit,
    RequestLibrary,
    RestoreLibraryLine,
)
from command.requests.watchlist import GivenArea, GivenHours
from command.rows import CameraRow, LibraryRow
from command.rules.hits import fires_at
from tests.command.rules.test_hits import clock_ms
from tests.command.support import (
    ACTORS,
    COMMANDER,
    DISPATCHER,
    HERE,
    HOUR_MS,
    LEADER,
    MINUTE_MS,
    START_MS,
    Desk,
    desk,
    ring,
)

PLATE = "京A12345"
WATCHER = ACTORS["camera_watch"]
CALL_TAKER = ACTORS["call_taker"]


def as_hub(person: Actor) -> Actor:
    return replace(HUB, id=person.id)


def content(letter: str = "a", entries: int = 100_000, patterns: int = 0, size: int = 1_000_000) -> LibraryContent:
    return LibraryContent(sha256=letter * 64, entries=entries, patterns=patterns, size=size)


async def asked(d: Desk, name: str = "盗抢机动车库", of: LibraryContent | None = None, **terms: Any) -> str:
    return await d.ask(
        RequestLibrary(
            name=name, office="省厅", reason="盗抢", level=2, action="intercept", until_ms=START_MS + 12 * HOUR_MS,
            content=of or content(), **terms,
        ),
        as_hub(DISPATCHER),
    )  # fmt: skip


async def in_force(d: Desk, **terms: Any) -> str:
    library = await asked(d, **terms)
    await d.ask(ApproveLibrary(library=library, sha256="a" * 64), LEADER)
    return library


async def offer(d: Desk, library: str, letter: str = "b", gone: tuple[str, ...] = (), entries: int = 100_000) -> None:
    offered = OfferLibraryFile(
        library=library, content=content(letter, entries), replaces="a" * 64, added=7, removed=3, gone=gone
    )
    await d.ask(offered, as_hub(DISPATCHER))


async def hit(d: Desk, library: str, plate: str = PLATE, line: str = "", camera: str = "k1", **more: Any) -> str:
    d.clock.advance(d.clock.now_ms() + 1000)
    given: dict[str, Any] = {"seen_ms": d.clock.now_ms(), "confidence": 0.9, "note": "白色"} | more
    return await d.ask(ReportHit(watch=library, plate=plate, camera=camera, line=line, **given))


async def row(d: Desk, library: str) -> LibraryRow:
    found: LibraryRow = await d.row("libraries", library)
    return found


async def test_a_list_fires_once_a_second_person_approved_its_file_and_until_it_ends() -> None:  # R680
    async with desk() as d:
        library = await asked(d)
        assert await hit(d, library) == ""
        approve = ApproveLibrary(library=library, sha256="a" * 64)
        with pytest.raises(ConflictError, match="somebody other"):
            await d.ask(approve, replace(LEADER, id=DISPATCHER.id))
        with pytest.raises(ConflictError, match="no such file"):
            await d.ask(ApproveLibrary(library=library, sha256="c" * 64), LEADER)
        await d.ask(approve, LEADER)
        found = await row(d, library)
        assert found.state == "active"
        assert found.file
        assert (found.file.by, found.file.approved_by, found.file.content.entries) == (
            DISPATCHER.id, LEADER.id, 100_000,
        )  # fmt: skip
        assert await hit(d, library)
        await d.pass_time(12 * HOUR_MS)
        assert (await row(d, library)).state == "expired"
        assert await hit(d, library) == ""


async def test_a_list_that_is_over_or_stands_already_is_refused() -> None:  # R680
    async with desk() as d:
        await asked(d)
        with pytest.raises(ConflictError, match="there is a list named"):
            await asked(d, " 盗抢机动车库 ")
        past = RequestLibrary(name="x", reason="x", level=3, until_ms=START_MS, content=content())
        with pytest.raises(InvalidInputError):
            await d.ask(past)


async def test_all_lists_together_have_room_for_so_much_counting_what_waits() -> None:  # R680
    async with desk() as d:
        library = await in_force(d)
        with pytest.raises(TooManyError) as refused:
            await asked(d, "在逃", content("b", LIBRARY_ENTRIES - 99_999))
        assert "room for 900000" in refused.value.detail
        with pytest.raises(TooManyError, match="patterns"):
            await asked(d, "在逃", content("b", 20_000, LIBRARY_PATTERNS + 1))
        with pytest.raises(TooManyError, match="bytes"):
            await asked(d, "在逃", content("b", size=100 * 1024 * 1024))
        await asked(d, "在逃", content("b", LIBRARY_ENTRIES - 100_000))
        with pytest.raises(TooManyError, match="entries"):
            await offer(d, library, entries=100_001)
        await offer(d, library, entries=10)
        with pytest.raises(TooManyError, match="entries"):  # that file may be declined
            await asked(d, "又一库", content("c", 1))


async def test_so_many_lists_may_be_open() -> None:  # R680
    async with desk() as d:
        for number in range(OPEN_LIBRARIES):
            await asked(d, f"库{number}", content(entries=10, size=100))
        with pytest.raises(TooManyError, match="may be open"):
            await asked(d, "又一库", content(entries=10, size=100))


async def test_another_file_takes_the_place_of_the_first_whole_and_only_once_approved() -> None:  # R681
    async with desk() as d:
        library = await in_force(d)
        await offer(d, library)
        waits = await row(d, library)
        assert waits.file
        assert waits.waiting
        assert (waits.file.content.sha256, waits.waiting.content.sha256) == ("a" * 64, "b" * 64)
        await offer(d, library, "c")
        with pytest.raises(ConflictError, match="no such file"):
            await d.ask(ApproveLibrary(library=library, sha256="b" * 64), LEADER)
        await d.ask(DeclineLibraryFile(library=library, sha256="c" * 64, why="行数不对"), LEADER)
        assert (await row(d, library)).waiting is None
        await offer(d, library)
        await d.ask(ApproveLibrary(library=library, sha256="b" * 64), LEADER)
        found = await row(d, library)
        assert found.file
        assert (found.file.content.sha256, found.file.added, found.file.removed) == ("b" * 64, 7, 3)
        with pytest.raises(ConflictError, match="another file by now"):
            await offer(d, library)


async def test_a_file_that_is_the_one_in_force_or_for_a_list_not_yet_in_force_is_refused() -> None:  # R681
    async with desk() as d:
        library = await asked(d)
        with pytest.raises(ConflictError, match="first approval"):
            await offer(d, library)
        await d.ask(ApproveLibrary(library=library, sha256="a" * 64), LEADER)
        with pytest.raises(ConflictError, match="exactly this"):
            await offer(d, library, "a")


async def test_a_list_whose_only_file_is_declined_is_over() -> None:  # R681
    async with desk() as d:
        library = await asked(d)
        await d.ask(DeclineLibraryFile(library=library, sha256="a" * 64, why="来源不明"), COMMANDER)
        assert (await row(d, library)).state == "lifted"
        with pytest.raises(ConflictError, match="is lifted"):
            await d.ask(ApproveLibrary(library=library, sha256="a" * 64), LEADER)


async def test_a_hit_of_an_entry_is_a_hit_like_any_other_and_says_list_entry_and_remark() -> None:  # R682
    async with desk() as d:
        library = await in_force(d)
        first = await d.row("hits", await hit(d, library))
        again = await d.row("hits", await hit(d, library))
        assert (first.watch, first.line, first.note, first.situation) == (library, PLATE, "白色", again.situation)
        alarm = await d.alarm("plate_hit", PLATE)
        assert alarm
        assert alarm.level == 2
        assert "盗抢机动车库 盗抢 白色" in alarm.detail
        assert (await row(d, library)).hits == 2


async def test_an_entry_that_keeps_being_wrong_says_so_and_the_list_its_share() -> None:  # R683
    async with desk() as d:
        library = await in_force(d)
        for _ in range(3):
            await d.ask(RejectHit(hit=await hit(d, library), why="已发还", kind="out_of_date"), CALL_TAKER)
        found = await row(d, library)
        assert (found.hits, found.rejected, found.wrong_share) == (3, 3, 1.0)
        assert [(mark.line, mark.rejected, mark.wrong_in_a_row) for mark in found.marks] == [(PLATE, 3, 3)]
        alarm = await d.alarm("watch_doubtful", f"{library}/{PLATE}")
        assert alarm
        assert alarm.detail == f"3 {DISPATCHER.id} 盗抢机动车库"
        await d.ask(LiftLibrary(library=library, why="换新"), LEADER)
        assert await d.alarm("watch_doubtful", f"{library}/{PLATE}") is None


async def test_a_hit_that_stands_between_ends_the_row_of_wrong_ones() -> None:  # R683
    async with desk() as d:
        library = await in_force(d)
        for _ in range(2):
            await d.ask(RejectHit(hit=await hit(d, library), why="x"), CALL_TAKER)
        await hit(d, library)
        await d.pass_time(HIT_STANDS_MINUTES * MINUTE_MS)
        await d.ask(RejectHit(hit=await hit(d, library), why="x"), CALL_TAKER)
        assert [mark.wrong_in_a_row for mark in (await row(d, library)).marks] == [1]
        assert await d.alarm("watch_doubtful", f"{library}/{PLATE}") is None


async def test_an_entry_is_set_aside_by_who_may_lift_the_list_until_it_is_restored() -> None:  # R683
    async with desk() as d:
        library = await in_force(d)
        first = await hit(d, library)
        with pytest.raises(NoRightError):
            await d.ask(RejectHit(hit=first, why="已发还", exclude=True), CALL_TAKER)
        await d.ask(RejectHit(hit=first, why="已发还", exclude=True), WATCHER)
        assert await hit(d, library) == ""
        assert await hit(d, library, "京B22222")
        await d.ask(RestoreLibraryLine(library=library, line=PLATE, why="又被盗"), LEADER)
        assert await hit(d, library)
        with pytest.raises(ConflictError, match="not set aside"):
            await d.ask(RestoreLibraryLine(library=library, line=PLATE, why="又被盗"), LEADER)


async def test_of_a_pattern_only_the_plate_is_set_aside() -> None:  # R683
    async with desk() as d:
        library = await in_force(d)
        await d.ask(RejectHit(hit=await hit(d, library, line="京A1234?"), why="x", exclude=True), WATCHER)
        assert await hit(d, library, line="京A1234?") == ""
        assert await hit(d, library, "京A12346", line="京A1234?")


async def test_a_mark_outlives_files_that_have_its_entry_and_goes_with_one_that_has_it_not() -> None:  # R683
    async with desk() as d:
        library = await in_force(d)
        for plate in (PLATE, "京B22222"):
            await d.ask(RejectHit(hit=await hit(d, library, plate), why="x", exclude=True), WATCHER)
        await offer(d, library, gone=("京B22222",))
        assert len((await row(d, library)).marks) == 2
        await d.ask(ApproveLibrary(library=library, sha256="b" * 64), LEADER)
        assert [mark.line for mark in (await row(d, library)).marks] == [PLATE]
        assert await hit(d, library) == ""
        assert await hit(d, library, "京B22222")


async def test_marks_are_bounded_and_what_was_set_aside_is_never_forgotten() -> None:  # R683
    async with desk() as d:
        library = await in_force(d)
        plates = [f"京A{number:05}" for number in range(LIBRARY_MARKS + 1)]
        await d.ask(RejectHit(hit=await hit(d, library, "京C33333"), why="x"), WATCHER)
        for plate in plates[:-1]:
            await d.ask(RejectHit(hit=await hit(d, library, plate), why="x", exclude=True), WATCHER)
        assert {mark.line for mark in (await row(d, library)).marks} == set(plates[:-1])
        last = await hit(d, library, plates[-1])
        with pytest.raises(TooManyError, match="have the list replaced"):
            await d.ask(RejectHit(hit=last, why="x", exclude=True), WATCHER)
        await d.ask(RejectHit(hit=last, why="x"), WATCHER)
        assert {mark.line for mark in (await row(d, library)).marks} == set(plates[:-1])


async def test_a_list_leaves_the_tables_a_day_after_it_is_over() -> None:  # R680
    async with desk() as d:
        library = await in_force(d)
        await d.ask(LiftLibrary(library=library, why="换新"), LEADER)
        await d.pass_time(26 * HOUR_MS)
        assert library not in await d.table("libraries")


async def test_a_list_fires_only_in_its_area() -> None:  # R825
    lat, lon = HERE
    async with desk() as d:  # k1 and k2 stand 0.01 and 0.02 degrees to the north
        by_name = await in_force(d, area=GivenArea(cameras=["k2"]))
        assert [bool(await hit(d, by_name, camera=camera)) for camera in ("k1", "k2")] == [False, True]
        drawn = await asked(d, "另一库", content("b"), area=GivenArea(ring=ring(lat + 0.01, lon, 0.005)))
        await d.ask(ApproveLibrary(library=drawn, sha256="b" * 64), LEADER)
        assert [bool(await hit(d, drawn, camera=camera)) for camera in ("k1", "k2")] == [True, False]
        nowhere = await asked(d, "第三库", content("c"), area=GivenArea())
        assert (await row(d, nowhere)).area is None


@pytest.mark.parametrize(
    ("clock", "fires"), [("21:59", False), ("22:00", True), ("00:00", True), ("05:59", True), ("06:00", False)]
)
def test_a_list_fires_only_within_its_hours_as_an_entry_does(clock: str, fires: bool) -> None:  # R825
    library = LibraryRow(
        id="b1", name="库", office="", reason="x", level=3, action="alarm", until_ms=2**40, state="active",
        requested_by="x", requested_ms=0, hours=WatchHours(from_min=1320, to_min=360),
    )  # fmt: skip
    camera = CameraRow(id="k1", name="x", lat=30, lon=114, bearing_deg=0, field_deg=60, reads_plates=True)
    assert fires_at(library, camera, clock_ms(clock)) is fires


async def test_the_hours_of_a_list_are_judged_by_when_the_car_passed() -> None:  # R825
    async with desk() as d:
        now_min = (START_MS // 60_000 + 480) % 1440
        library = await in_force(d, hours=GivenHours(from_min=(now_min + 1) % 1440, to_min=(now_min + 3) % 1440))
        assert await hit(d, library) == ""
        await d.pass_time(HOUR_MS)
        late = START_MS + 2 * 60_000
        assert await hit(d, library, seen_ms=late), "told an hour after it passed"
        assert await hit(d, library) == ""


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"area": GivenArea(cameras=["nowhere"])}, UnknownIdError),
        ({"area": GivenArea(ring=[(114.0, 30.0), (114.1, 30.0)])}, InvalidInputError),
        ({"hours": GivenHours(from_min=60, to_min=60)}, InvalidInputError),
    ],
)
async def test_terms_that_mean_nothing_are_refused(terms: dict[str, Any], error: type[Exception]) -> None:  # R825
    async with desk() as d:
        with pytest.raises(error):
            await asked(d, **terms)
        library = await in_force(d)
        with pytest.raises(error):
            await d.ask(OfferLibraryTerms(library=library, **terms), DISPATCHER)


async def test_other_terms_hold_once_a_second_person_approved_them_without_another_file() -> None:  # R826
    async with desk() as d:
        library = await asked(d)
        narrow = OfferLibraryTerms(library=library, area=GivenArea(cameras=["k2"]), look_alike=True)
        with pytest.raises(ConflictError, match="first approval"):
            await d.ask(narrow, DISPATCHER)
        await d.ask(ApproveLibrary(library=library, sha256="a" * 64), LEADER)
        with pytest.raises(ConflictError, match="exactly these terms"):
            await d.ask(OfferLibraryTerms(library=library, area=GivenArea()), DISPATCHER)
        terms = await d.ask(narrow, DISPATCHER)
        assert await hit(d, library), "those before hold until then"
        with pytest.raises(NoRightError):
            await d.ask(ApproveLibraryTerms(library=library, terms=terms), DISPATCHER)
        with pytest.raises(ConflictError, match="somebody other"):
            await d.ask(ApproveLibraryTerms(library=library, terms=terms), replace(LEADER, id=DISPATCHER.id))
        await d.ask(ApproveLibraryTerms(library=library, terms=terms), LEADER)
        found = await row(d, library)
        assert (found.area, found.look_alike, found.hours, found.waiting_terms) == (
            WatchArea(cameras=("k2",)), True, None, None,
        )  # fmt: skip
        assert found.file
        assert found.file.content.sha256 == "a" * 64
        assert [bool(await hit(d, library, camera=camera)) for camera in ("k1", "k2")] == [False, True]
        everywhere = await d.ask(OfferLibraryTerms(library=library), DISPATCHER)
        await d.ask(ApproveLibraryTerms(library=library, terms=everywhere), LEADER)
        assert await hit(d, library)


async def test_terms_that_were_looked_at_are_those_approved_or_declined() -> None:  # R826
    async with desk() as d:
        library = await in_force(d)
        first = await d.ask(OfferLibraryTerms(library=library, look_alike=True), DISPATCHER)
        second = await d.ask(OfferLibraryTerms(library=library, area=GivenArea(cameras=["k2"])), WATCHER)
        with pytest.raises(ConflictError, match="no such terms"):
            await d.ask(ApproveLibraryTerms(library=library, terms=first), LEADER)
        await d.ask(DeclineLibraryTerms(library=library, terms=second, why="范围不对"), LEADER)
        found = await row(d, library)
        assert (found.waiting_terms, found.area, found.look_alike, found.state) == (None, None, False, "active")
        with pytest.raises(ConflictError, match="no such terms"):
            await d.ask(DeclineLibraryTerms(library=library, terms=second, why="x"), LEADER)
        third = await d.ask(OfferLibraryTerms(library=library, look_alike=True), DISPATCHER)
        await d.ask(LiftLibrary(library=library, why="换新"), LEADER)
        assert (await row(d, library)).waiting_terms is None
        with pytest.raises(ConflictError, match="is lifted"):
            await d.ask(ApproveLibraryTerms(library=library, terms=third), LEADER)


async def test_look_alikes_fire_while_the_list_means_them() -> None:  # R825
    async with desk() as d:
        library = await in_force(d)
        assert await hit(d, library, "京AI2345", PLATE, how="look_alike", score=0.3) == ""
        terms = await d.ask(OfferLibraryTerms(library=library, look_alike=True), DISPATCHER)
        await d.ask(ApproveLibraryTerms(library=library, terms=terms), LEADER)
        found = await d.row("hits", await hit(d, library, "京AI2345", PLATE, how="look_alike", score=0.3))
        assert (found.line, found.how, found.score) == (PLATE, "look_alike", 0.3)


async def test_a_look_alike_that_was_none_does_not_fire_again_and_takes_no_room_of_what_is_set_aside() -> None:  # R827
    async with desk() as d:
        library = await in_force(d, look_alike=True)
        alike: dict[str, Any] = {"how": "look_alike", "score": 0.3}
        await d.ask(RejectHit(hit=await hit(d, library, "京A1234S", PLATE, **alike), why="是 S"), CALL_TAKER)
        assert await hit(d, library, "京A1234S", PLATE, **alike) == ""
        assert await hit(d, library, "京AT2345", PLATE, **alike), "another that looks like it"
        assert await hit(d, library), "and the plate itself"
        for number in range(LIBRARY_MARKS + 1):
            line, plate = f"京A{number:05}", f"京B{number:05}"
            await d.ask(RejectHit(hit=await hit(d, library, plate, line, **alike), why="x"), CALL_TAKER)
        assert len((await row(d, library)).marks) == LIBRARY_MARKS
        await d.ask(RejectHit(hit=await hit(d, library), why="已发还", exclude=True), WATCHER)
        assert await hit(d, library, "京AT2345", PLATE, **alike) == "", "it is set aside"
        assert (await row(d, library)).marks[-1].line == PLATE


def test_a_list_of_before_is_everywhere_and_always_and_means_no_look_alikes() -> None:  # R825
    said = {
        "fact": "library_requested", "library": "b7", "name": "库", "office": "", "reason": "x", "level": 2,
        "action": "alarm", "until_ms": 9, "content": {"sha256": "a" * 64, "entries": 1, "patterns": 0, "size": 9},
    }  # fmt: skip
    fact = facts.decode(msgspec.json.encode(said), 1)
    assert isinstance(fact, LibraryRequested)
    assert (fact.look_alike, fact.area, fact.hours) == (False, None, None)
