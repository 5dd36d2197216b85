"""What people say of hits, and entries that keep being wrong (SPEC R541, R683, R805, R806, R862)."""

from __future__ import annotations

from random import Random

import pytest

from command.actors import HUB
from command.journal.memory import MemoryJournal
from command.kernel.errors import ConflictError, TriuneError
from command.kernel.limits import HIT_STANDS_MINUTES, HITS_REMEMBERED
from command.requests import ConfirmHit, LiftWatch, RejectHit, RestoreLibraryLine
from command.rows import HitRow, LineMark, WatchRow
from command.settings import Limits
from tests.command.rules.test_hits import hit, watch
from tests.command.rules.test_libraries import PLATE, in_force
from tests.command.rules.test_libraries import hit as hit_of_list
from tests.command.support import ACTORS, COMMANDER, DISPATCHER, LEADER, MINUTE_MS, Desk, desk, picture, refold

PATTERN = "京A8345*"
WATCHER = ACTORS["camera_watch"]


async def wrong(d: Desk, *hits: str) -> None:
    for one in hits:
        await d.ask(RejectHit(hit=one, why="x"), DISPATCHER)


async def overlapping(d: Desk, of: str, count: int) -> list[str]:
    """Return hits that come a second apart, before anybody said anything of any of them."""
    found = []
    for number in range(count):
        found.append(await hit(d, of, f"京A83{number:03}"))
        d.clock.advance(d.clock.now_ms() + 1000)
    return found


async def mark(d: Desk, library: str, line: str = PLATE) -> LineMark:
    marks: tuple[LineMark, ...] = (await d.row("libraries", library)).marks
    return next(one for one in marks if one.line == line)


async def entry(d: Desk, of: str) -> WatchRow:
    row: WatchRow = await d.row("watches", of)
    return row


async def test_hits_that_are_not_judged_yet_do_not_break_a_row_of_wrong_ones() -> None:  # R805
    async with desk() as d:
        of = await watch(d)
        hits = await overlapping(d, of, 3)
        for number, one in enumerate(hits):
            assert await d.alarm("watch_doubtful", f"{of}/{PATTERN}") is None, number
            await wrong(d, one)
        assert (await entry(d, of)).wrong_in_a_row == 3
        alarm = await d.alarm("watch_doubtful", f"{of}/{PATTERN}")
        assert alarm
        assert alarm.detail == "3 commander"


async def test_a_busy_entry_says_so_though_each_hit_comes_before_the_last_was_judged() -> None:  # R805
    async with desk() as d:
        of = await watch(d)
        last = await hit(d, of)
        for number in range(4):
            await d.pass_time(MINUTE_MS)
            this = await hit(d, of, f"京A8345{number}")
            await wrong(d, last)
            last = this
        row = await entry(d, of)
        assert (row.hits, row.rejected, row.judged, row.wrong_in_a_row) == (5, 4, 4, 4)
        assert await d.alarm("watch_doubtful", f"{of}/{PATTERN}")


async def test_a_hit_that_nobody_rejected_for_ten_minutes_breaks_the_row_until_somebody_does() -> None:  # R805
    async with desk() as d:
        of = await watch(d)
        first = await hit(d, of, "京A83451")
        stands = await hit(d, of, "京A83452")
        await wrong(d, first)
        await d.pass_time((HIT_STANDS_MINUTES - 1) * MINUTE_MS)
        second = await hit(d, of, "京A83453")
        await wrong(d, second)
        assert (await entry(d, of)).wrong_in_a_row == 2
        d.clock.advance(d.clock.now_ms() + MINUTE_MS)
        third = await hit(d, of, "京A83454")
        await wrong(d, third)
        assert (await entry(d, of)).wrong_in_a_row == 2
        await wrong(d, stands)
        assert (await entry(d, of)).wrong_in_a_row == 4


async def test_a_hit_that_was_confirmed_breaks_the_row_and_ends_the_alarm() -> None:  # R805, R806
    async with desk() as d:
        of = await watch(d)
        hits = await overlapping(d, of, 4)
        await wrong(d, *hits[:3])
        assert await d.alarm("watch_doubtful", f"{of}/{PATTERN}")
        await d.ask(ConfirmHit(hit=hits[3]), WATCHER)
        assert (await d.row("hits", hits[3])).confirmed_by == WATCHER.id
        row = await entry(d, of)
        assert (row.wrong_in_a_row, row.judged, row.wrong_share) == (0, 4, 0.75)
        assert await d.alarm("watch_doubtful", f"{of}/{PATTERN}") is None


async def test_an_entry_of_which_half_was_none_says_so_with_the_share_from_five_judged_on() -> None:  # R805
    async with desk() as d:
        of = await watch(d)
        hits = await overlapping(d, of, 6)
        for number, one in enumerate(hits[:5]):
            assert await d.alarm("watch_doubtful", f"{of}/{PATTERN}") is None
            if number % 2:
                await d.ask(ConfirmHit(hit=one), DISPATCHER)
            else:
                await wrong(d, one)
        row = await entry(d, of)
        assert (row.hits, row.rejected, row.judged, row.wrong_share, row.wrong_in_a_row) == (6, 3, 5, 0.6, 1)
        alarm = await d.alarm("watch_doubtful", f"{of}/{PATTERN}")
        assert alarm
        assert alarm.detail == "3/5 commander"


async def test_one_wrong_in_ten_stays_quiet() -> None:  # R805
    async with desk() as d:
        of = await watch(d)
        for number in range(40):
            one = await hit(d, of, f"京A83{number:03}")
            if number % 10 == 3:
                await wrong(d, one)
            await d.pass_time(HIT_STANDS_MINUTES * MINUTE_MS)
        row = await entry(d, of)
        assert (row.hits, row.rejected, row.judged, row.wrong_in_a_row) == (40, 4, 39, 0)
        assert (row.wrong_share or 0) <= 0.11
        assert await d.alarm("watch_doubtful", f"{of}/{PATTERN}") is None


async def test_more_hits_at_once_than_are_remembered_are_judged_all_the_same() -> None:  # R805
    async with desk() as d:
        of = await watch(d)
        hits = await overlapping(d, of, 3 * HITS_REMEMBERED)
        assert (await entry(d, of)).judged == 0
        await wrong(d, *hits[:5])  # of which none is remembered any more
        row = await entry(d, of)
        assert (row.hits, row.judged, row.wrong_share, row.wrong_in_a_row) == (len(hits), 5, 1.0, 0)
        alarm = await d.alarm("watch_doubtful", f"{of}/{PATTERN}")
        assert alarm
        assert alarm.detail == "5/5 commander"
        await d.pass_time(HIT_STANDS_MINUTES * MINUTE_MS)
        await wrong(d, *hits[5:])
        row = await entry(d, of)
        assert (row.judged, row.wrong_share, row.waiting) == (len(hits), 1.0, ())
        assert row.wrong_in_a_row == len(row.remembered) == HITS_REMEMBERED


async def test_an_entry_of_a_list_that_keeps_being_wrong_says_so_too() -> None:  # R683, R805
    async with desk() as d:
        library = await in_force(d)
        hits = [await hit_of_list(d, library) for _ in range(3)]
        other = await hit_of_list(d, library, "京B22222")
        await wrong(d, *hits[:2])
        assert await d.alarm("watch_doubtful", f"{library}/{PLATE}") is None
        await wrong(d, hits[2])
        found = await mark(d, library)
        assert (found.hits, found.rejected, found.judged, found.wrong_in_a_row) == (3, 3, 3, 3)
        assert (await d.alarm("watch_doubtful", f"{library}/{PLATE}")) is not None
        await d.ask(ConfirmHit(hit=other), DISPATCHER)
        assert await d.alarm("watch_doubtful", f"{library}/{PLATE}")
        await d.ask(ConfirmHit(hit=await hit_of_list(d, library)), DISPATCHER)
        assert (await mark(d, library)).wrong_in_a_row == 0
        assert await d.alarm("watch_doubtful", f"{library}/{PLATE}") is None


async def test_hits_of_a_list_before_the_first_wrong_one_count_for_its_entry() -> None:  # R683, R805
    async with desk() as d:
        library = await in_force(d)
        right = [await hit_of_list(d, library) for _ in range(6)]
        await d.ask(ConfirmHit(hit=right[0]), DISPATCHER)
        await d.pass_time(HIT_STANDS_MINUTES * MINUTE_MS)
        for _ in range(2):
            await wrong(d, await hit_of_list(d, library))
            await hit_of_list(d, library)
            await d.pass_time(HIT_STANDS_MINUTES * MINUTE_MS)
        await wrong(d, await hit_of_list(d, library))
        found = await mark(d, library)
        assert (found.hits, found.rejected, found.judged, found.wrong_share) == (11, 3, 11, 0.27)
        assert await d.alarm("watch_doubtful", f"{library}/{PLATE}") is None


async def test_an_entry_that_was_restored_is_judged_anew() -> None:  # R683, R805
    async with desk() as d:
        library = await in_force(d)
        await wrong(d, *[await hit_of_list(d, library) for _ in range(2)])
        await d.ask(RejectHit(hit=await hit_of_list(d, library), why="已发还", exclude=True), WATCHER)
        await d.ask(RestoreLibraryLine(library=library, line=PLATE, why="又被盗"), LEADER)
        await wrong(d, await hit_of_list(d, library))
        found = await mark(d, library)
        assert (found.hits, found.rejected, found.wrong_in_a_row) == (1, 1, 1)
        assert await d.alarm("watch_doubtful", f"{library}/{PLATE}") is None


async def test_each_entry_of_a_plate_is_doubtful_by_itself() -> None:  # R862
    async with desk() as d:
        ours, theirs, library = await watch(d, PLATE), await watch(d, PLATE), await in_force(d)

        async def doubtful() -> list[str]:
            alarms = await d.table("alarms")
            return [row.subject for row in alarms.values() if row.kind == "watch_doubtful"]

        await wrong(d, *[await hit(d, ours, PLATE, seen_ms=n) for n in range(3)])
        await wrong(d, *[await hit_of_list(d, library) for n in range(3)])
        assert await doubtful() == [f"{ours}/{PLATE}", f"{library}/{PLATE}"]
        await d.ask(ConfirmHit(hit=await hit(d, theirs, PLATE)), DISPATCHER)
        assert await doubtful() == [f"{ours}/{PLATE}", f"{library}/{PLATE}"]
        await d.ask(LiftWatch(watch=theirs, why="已找到"), DISPATCHER)
        await d.ask(ConfirmHit(hit=await hit_of_list(d, library)), DISPATCHER)
        assert await doubtful() == [f"{ours}/{PLATE}"]
        await d.ask(LiftWatch(watch=ours, why="收窄后重报"), DISPATCHER)
        assert await doubtful() == []


async def test_a_hit_is_confirmed_once_and_by_nobody_who_saw_that_it_is_none() -> None:  # R806
    async with desk() as d:
        of = await watch(d)
        one, none = await overlapping(d, of, 2)
        await wrong(d, none)
        with pytest.raises(ConflictError, match="was rejected already"):
            await d.ask(ConfirmHit(hit=none), DISPATCHER)
        situation = (await d.row("hits", one)).situation
        assert await d.ask(ConfirmHit(hit=one), WATCHER) == one
        assert await d.ask(ConfirmHit(hit=one), COMMANDER) == one
        assert (await d.row("hits", one)).confirmed_by == WATCHER.id
        assert [m.kind for m in await d.marks(situation)].count("plate_hit_confirmed") == 1
        await wrong(d, one)
        row = await d.row("hits", one)
        assert (row.confirmed_by, row.rejected_by) == ("", DISPATCHER.id)
        assert (await entry(d, of)).wrong_in_a_row == 2


def _waits(row: HitRow, of: str, now_ms: int) -> bool:
    fresh = now_ms // MINUTE_MS - row.told_ms // MINUTE_MS < HIT_STANDS_MINUTES
    return row.watch == of and fresh and not row.rejected_why and not row.confirmed_by


@pytest.mark.parametrize("seed", range(4))
async def test_entries_fold_alike_however_hits_and_judgements_fall(seed: int) -> None:  # R805, R18
    dice = Random(seed)
    journal = MemoryJournal()
    async with desk(journal, limits=Limits()) as d:
        of, library = await watch(d), await in_force(d)
        hits: list[str] = []
        for _ in range(60):
            d.clock.advance(d.clock.now_ms() + dice.choice((1000, MINUTE_MS, HIT_STANDS_MINUTES * MINUTE_MS)))
            match dice.randrange(4):
                case 0:
                    hits.append(await hit(d, of, f"京A83{dice.randrange(999):03}"))
                case 1:
                    hits.append(await hit_of_list(d, library))
                case _ if hits:
                    ask = dice.choice((ConfirmHit(hit=dice.choice(hits)), RejectHit(hit=dice.choice(hits), why="x")))
                    try:
                        await d.ask(ask, HUB)
                    except TriuneError as refused:
                        assert "was rejected already" in refused.detail  # noqa: PT017 - not what is tested
        row = await entry(d, of)
        assert row.rejected <= row.judged <= row.hits
        assert len(row.remembered) <= HITS_REMEMBERED
        assert len(row.waiting) <= HIT_STANDS_MINUTES
        waits = await d.hub.read(lambda t: sum(_waits(h, of, d.clock.now_ms()) for h in t.hits))
        assert row.judged <= row.hits - waits
        live = await d.hub.read(picture)
        assert picture(await refold(journal)) == live
