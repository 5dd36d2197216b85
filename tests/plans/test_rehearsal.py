"""A rehearsal is the real thing at another clock: same rules, nothing leaves, the same every time."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from command.facts import Fact
from command.facts.calls import SituationOpened
from command.facts.patrol import AlarmRaised, UnitLeftArea, UnitWentSilent
from command.facts.plans import ApprovalDecided, ApprovalWarned, TaskOverdue
from command.hub import recorded
from command.journal import StoredFact
from command.kernel.errors import ConflictError, InvalidInputError, UnknownIdError
from plans.rehearsal import Rehearsal
from plans.scenario import CameraFails, NoteInjected, TaskCarriedOut, UnitMoves, Waypoint
from tests.command.support import MINUTE_MS, a_plan
from tests.plans.rehearsing import SCRIPT, registers, rehearsing, script


async def journal_of(rehearsal: Rehearsal) -> list[StoredFact]:
    return await rehearsal.journal.read(rehearsal.space, 0, 100_000)


async def facts(rehearsal: Rehearsal, *kinds: type[Fact]) -> list[tuple[int, Any]]:
    """Return (offset in ms, fact) of the kinds, in order."""
    stored = [recorded(s) for s in await journal_of(rehearsal)]
    return [(r.at_ms - rehearsal.scenario.starts_ms, r.fact) for r in stored if isinstance(r.fact, kinds)]


async def test_a_script_runs_through_the_rules_to_marks_for_every_task() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.ended.wait()
        outcome = await rehearsal.outcome()
        assert outcome.now_ms == rehearsal.ends_ms
        marks = {line.key: (line.mark, line.late_ms) for line in outcome.tasks}
        # close was due 5 min after 00:02:00 and done at 00:09:00; pump is due an hour after phase two began at 15:00
        assert marks == {"close": ("late", 2 * MINUTE_MS), "cordon": ("on_time", 0), "pump": ("open", 0)}
        assert [at for at, _ in await facts(rehearsal, TaskOverdue)] == [7 * MINUTE_MS]
        closed = next(line for line in outcome.tasks if line.key == "close")
        assert closed.done_ms == rehearsal.scenario.starts_ms + 9 * MINUTE_MS
        assert closed.done_by == "script:dispatcher"


async def test_what_the_record_refuses_is_kept_with_its_reason() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.ended.wait()
        refused = [(r.at_ms - rehearsal.scenario.starts_ms, r.kind, r.code) for r in rehearsal.refused]
        # u1 is sent twice; the last task of phase one was done at 15:00, which began phase two by itself
        assert refused == [(130_000, "order", "conflict"), (17 * MINUTE_MS, "next_phase", "conflict")]
        assert "unit u1 is on order" in rehearsal.refused[0].why


async def test_positions_watch_hits_and_deadlines_come_by_the_same_code_as_in_the_live_space() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.ended.wait()
        [(left_ms, left)] = await facts(rehearsal, UnitLeftArea)
        # 60 km/h from the middle: past the line, 1112 m away, and its margin after some 70 s; told after the dwell
        assert (left.unit, left.fence) == ("u1", "f1")
        assert 150_000 + 68_000 + 30_000 <= left_ms <= 150_000 + 68_000 + 50_000
        opened = [fact.title for _, fact in await facts(rehearsal, SituationOpened)]
        assert opened == ["油罐车侧翻", "布控车辆 湘F9K237"]
        kinds = {fact.kind for _, fact in await facts(rehearsal, AlarmRaised)}
        assert {"left_area", "plate_hit", "task_overdue", "link_down"} <= kinds
        assert await facts(rehearsal, UnitWentSilent) == []  # units that the script leaves alone stand by
        [(decided_ms, decided)] = await facts(rehearsal, ApprovalDecided)
        assert (decided_ms, decided.by) == (12 * MINUTE_MS, "李县长")
        assert await facts(rehearsal, ApprovalWarned) == []  # decided after 3 of the 4 minutes to its warning


async def test_links_end_in_the_recorder_and_wait_while_the_script_has_them_down() -> None:
    async with rehearsing() as rehearsal:
        await rehearsal.ended.wait()
        told = rehearsal.recorder.told
        assert [t.what for t in told if t.link == "case" and t.text == "油罐车侧翻"] == [
            "opened", "assigned", "handled", "fed_back",
        ]  # fmt: skip
        assert [t.what for t in told if t.link == "approval"] == ["asked", "granted"]
        start_ms = rehearsal.scenario.starts_ms
        sent = [(t.at_ms - start_ms, t.text[:6]) for t in told if t.link == "sms"]
        assert sent[0] == (130_000, "【指令】封路"[:6])
        assert (12 * MINUTE_MS + 30_000, "【越界报警】"[:6]) in sent  # queued while the gateway was down
        assert not [at for at, _ in sent if 3 * MINUTE_MS < at < 12 * MINUTE_MS + 30_000]


async def test_the_same_script_gives_the_same_journal_byte_for_byte() -> None:
    runs = []
    for _ in range(2):
        async with rehearsing() as rehearsal:
            await rehearsal.ended.wait()
            runs.append(await journal_of(rehearsal))
    assert runs[0] == runs[1]
    assert len(runs[0]) > 60


async def test_passing_time_brings_the_same_facts_as_jumping_over_it() -> None:
    short = script(SCRIPT.replace("ends: 01:00:00", "ends: 00:17:30"))
    async with rehearsing("max", short) as fast:
        await fast.ended.wait()
        jumped = [recorded(s).fact for s in await journal_of(fast)]
    async with rehearsing(60, short) as timed:
        timed.jump(short.starts_ms + 16 * MINUTE_MS)
        await timed.ended.wait()
        passed = [recorded(s).fact for s in await journal_of(timed)]
        assert timed.clock.now_ms() >= timed.ends_ms
    assert [type(fact) for fact in jumped] == [type(fact) for fact in passed]


async def test_the_director_pauses_jumps_and_goes_on() -> None:
    async with rehearsing(1) as rehearsal:
        rehearsal.pause()
        paused_ms = rehearsal.clock.now_ms()
        target_ms = rehearsal.scenario.starts_ms + 5 * MINUTE_MS
        rehearsal.jump(target_ms)
        await rehearsal.clock.sleep_until(target_ms)
        assert (rehearsal.state, rehearsal.clock.now_ms()) == ("paused", target_ms)
        assert paused_ms < target_ms
        assert next(h.offset_ms for h in rehearsal.pending) == 9 * MINUTE_MS
        with pytest.raises(InvalidInputError, match="forward"):
            rehearsal.jump(target_ms - 1)
        with pytest.raises(InvalidInputError, match="1 to 60"):
            rehearsal.set_speed(61)
        rehearsal.set_speed("max")
        assert rehearsal.clock.now_ms() == target_ms
        rehearsal.resume()
        await rehearsal.ended.wait()
        with pytest.raises(ConflictError, match="ended"):
            rehearsal.resume()


async def test_a_jump_past_events_is_no_hole_in_the_record() -> None:
    async with rehearsing() as whole:
        await whole.ended.wait()
        expected = await journal_of(whole)
    async with rehearsing(1) as rehearsal:
        rehearsal.pause()
        rehearsal.jump(rehearsal.ends_ms)
        await rehearsal.clock.sleep_until(rehearsal.ends_ms)
        rehearsal.resume()
        await rehearsal.ended.wait()
        assert [f.data for f in await journal_of(rehearsal)] == [f.data for f in expected]


async def test_what_the_director_injects_happens_now_or_says_why_not() -> None:
    async with rehearsing(1) as rehearsal:
        rehearsal.pause()
        with pytest.raises(UnknownIdError, match="no situation is open"):
            await rehearsal.inject(NoteInjected(at="00:00:00", to="commander", text="早了"))
        at_ms = rehearsal.scenario.starts_ms + 5 * MINUTE_MS
        rehearsal.jump(at_ms)
        await rehearsal.clock.sleep_until(at_ms)
        await rehearsal.inject(CameraFails(at="00:00:00", camera="k2", reason="被砸"))
        await rehearsal.inject(TaskCarriedOut(at="00:00:00", task="close"))
        assert next(line for line in (await rehearsal.outcome()).tasks if line.key == "close").mark == "on_time"
        with pytest.raises(UnknownIdError):
            await rehearsal.inject(CameraFails(at="00:00:00", camera="k9", reason="没有"))
        assert [r.kind for r in rehearsal.refused][-1] == "camera_down"
        way = (Waypoint(lat=30.5, lon=114.3), Waypoint(lat=30.505, lon=114.3))
        track = UnitMoves(at="00:00:00", unit="u2", speed_kmh=36, waypoints=way)
        await rehearsal.inject(track)
        rehearsal.jump(at_ms + MINUTE_MS)
        await rehearsal.clock.sleep_until(at_ms + MINUTE_MS)
        position = await rehearsal.hub.read(lambda t: t.positions.need("u2"))
        assert position.lat == pytest.approx(30.505, abs=1e-6)
        assert position.at_ms >= at_ms + 55_000
        with pytest.raises(UnknownIdError):
            await rehearsal.inject(UnitMoves(at="00:00:00", unit="u9", speed_kmh=36, waypoints=track.waypoints))


async def test_a_scenario_of_another_plan_is_refused() -> None:
    other = replace(script(), plan="other")
    with pytest.raises(InvalidInputError, match="for plan other"):
        Rehearsal("rehearsal-1", a_plan(), other, await registers())
