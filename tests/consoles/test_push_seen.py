"""Who is sent which rows: orders of one's own, the situation asked for, and nothing of callers to a wall."""

from __future__ import annotations

from command import requests as q
from command.actors import HUB, Actor
from tests.command.support import ACTORS, DISPATCHER, OFFICER
from tests.consoles.crowd import crowd


async def test_an_order_that_is_no_longer_the_officers_leaves_the_screen_and_others_never_come() -> None:
    """R101, R103: rows that leave the view are taken back; of those never seen not even the id is told."""
    async with crowd(enrolled=True) as people:
        at = people.desk
        await at.on_duty()
        officer = await people.connect(OFFICER, "orders", "situations", "alarms")
        mine, other = await at.situation(), await at.situation()
        order = await at.order("u1", mine)
        foreign = await at.order("u2", other)
        await at.ask(q.CloseSituation(situation=await at.situation(), why="误报"), DISPATCHER)
        await officer.until(lambda: order in officer.tables["orders"])
        assert set(officer.tables["situations"]) == {mine}
        await at.ask(q.RecallOrder(order=order, why="改派"), DISPATCHER)
        await at.ask(q.RecallOrder(order=foreign, why="改派"), DISPATCHER)
        last = await at.ask(q.IssueOrder(situation=await at.situation(), unit="u1"), DISPATCHER)
        await officer.until(lambda: last in officer.tables["orders"])
        told = str(officer.messages)
        assert f"'{foreign}'" not in told
        assert f"'{other}'" not in told
        shown_now = await at.hub.read(lambda t: {s.id for s in t.situations if "u1" in s.units})
        assert set(officer.tables["situations"]) == shown_now
        here, colleague = next(iter(shown_now)), Actor(id="colleague", name="李", roles=OFFICER.roles, unit="u1")
        mine, theirs = [
            await at.ask(
                q.FixEvidence(situation=here, sha256=n * 64, media_type="image/jpeg", size=1, name="1.jpg", taken_ms=1),
                who,
            )
            for n, who in (("a", OFFICER), ("b", colleague))
        ]
        for who, evidence in ((OFFICER, mine), (colleague, theirs)):
            assert set((await people.connect(who, "evidence")).tables["evidence"]) == {evidence}
        again = await people.connect(OFFICER, "orders", "situations", after=people.hub.committed_seq - 1)
        assert [m["type"] for m in again.messages] == ["snapshot", "snapshot", "beat"]


async def test_a_row_that_moves_to_another_situation_leaves_the_filter() -> None:
    async with crowd(enrolled=True) as people:
        at = people.desk
        first, second = await at.situation(), await at.situation()
        call = await at.answered_call()
        here = await people.connect(DISPATCHER, "calls", situation=first)
        there = await people.connect(DISPATCHER, "calls", situation=second)
        await at.ask(q.LinkCall(call=call, situation=first, why="同一地点"), ACTORS["call_taker"])
        await here.until(lambda: call in here.tables["calls"])
        await at.ask(q.LinkCall(call=call, situation=second, why="同一地点"), ACTORS["call_taker"])
        await there.until(lambda: call in there.tables["calls"])
        await here.until(lambda: call not in here.tables["calls"])
        assert there.deltas() == 1, "of the call before it came nothing was told"


async def test_the_wall_counts_calls_and_learns_nothing_of_callers() -> None:
    async with crowd(enrolled=True) as people:
        wall = await people.connect(ACTORS["wall"], "calls")
        both = await people.connect(Actor(id="x", name="x", roles=frozenset({"wall", "officer"})), "calls")
        call = await people.desk.ask(q.ReportCall(dialled="110", caller="13512345678", address="荣湾路 1 号"), HUB)
        for peer in (wall, both):
            await peer.until(lambda peer=peer: call in peer.tables["calls"])  # type: ignore[misc]  # mypy cannot type a lambda's default
            assert b"13512345678" not in peer.raw
            assert "荣湾路" not in peer.raw.decode()
        for peer in (wall, both):
            await people.subscribe(peer, "calls", "sos")
            await peer.until(lambda peer=peer: "sos" in peer.tables)  # type: ignore[misc]  # mypy cannot type a lambda's default
        sos = await people.desk.ask(q.RaiseSos(unit="u1"), HUB)
        for peer in (wall, both):
            await peer.until(lambda peer=peer: sos in peer.tables["sos"])  # type: ignore[misc]  # mypy cannot type a lambda's default
        await people.desk.ask(q.ClearSos(sos=sos, why="安全"), HUB)
        for peer in (wall, both):
            await peer.until(lambda peer=peer: sos not in peer.tables["sos"])  # type: ignore[misc]  # mypy cannot type a lambda's default


async def test_time_lines_name_no_caller_to_whoever_is_sent_no_calls_or_counts_them() -> None:  # R1105
    async with crowd(enrolled=True) as people:
        at = people.desk
        peers = {role: await people.connect(ACTORS[role], "marks") for role in ("wall", "camera_watch", "duty_leader")}
        call = await at.ask(q.ReportCall(dialled="110", caller="13512345678"), HUB)
        await at.ask(q.AnswerCall(call=call), ACTORS["call_taker"])
        situation = await at.situation()
        await at.ask(q.LinkCall(call=call, situation=situation, why="同一地点"), ACTORS["call_taker"])
        linked = str(people.hub.committed_seq)
        # As it happens, and to who comes later.
        peers |= {f"{role}, later": await people.connect(ACTORS[role], "marks") for role in ("wall", "camera_watch")}
        for who, peer in peers.items():
            await peer.until(lambda peer=peer: linked in peer.tables["marks"])  # type: ignore[misc]  # mypy cannot type a lambda's default
            told = {"call": call, "dialled": "110"} | ({"caller": "13512345678"} if who == "duty_leader" else {})
            assert peer.tables["marks"][linked]["args"] == told
            assert (b"13512345678" in peer.raw) == (who == "duty_leader")
