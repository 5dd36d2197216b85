"""What is told of rows to whoever asks for a change: nothing that is not theirs to see."""

from __future__ import annotations

from pathlib import Path

import msgspec

from command.access.visibility import seen_by
from command.actors import Actor
from command.requests import AnswerCall, ReportCall
from command.rows import CallRow, OrderRow
from tests.consoles.support import signed_in, site_with_people


async def test_a_stale_expectation_gets_the_row_as_it_is_now(tmp_path: Path) -> None:  # R18
    async with (
        site_with_people(tmp_path, "dispatcher", "call_taker") as site,
        signed_in(site.http_url, "dispatcher") as one,
        signed_in(site.http_url, "call_taker") as other,
    ):
        call = (await one.ask(ReportCall(dialled="110", caller="13512345678")))[1]["subject"]
        assert (await one.ask(AnswerCall(call=call)))[0] == 200
        status, problem = await other.ask(AnswerCall(call=call))
        assert (status, problem["code"]) == (409, "conflict")
        assert problem["current"]["id"] == call
        assert (problem["current"]["state"], problem["current"]["answered_by"]) == ("answered", "dispatcher")


def test_a_conflict_shows_nobody_a_row_that_is_not_theirs() -> None:  # R20
    order = OrderRow(
        id="o1", situation="s1", unit="u2", text="", state="signed", issued_ms=1, issued_by="d", sign_by_ms=2
    )  # fmt: skip
    officer = Actor(id="o", name="o", roles=frozenset({"officer"}), unit="u1")
    assert seen_by(officer, order) is None
    assert seen_by(msgspec.structs.replace(officer, unit="u2"), order) == order
    assert seen_by(Actor(id="w", name="w", roles=frozenset({"administrator"})), order) is None
    call = CallRow(id="c1", dialled="110", caller="13512345678", state="answered", arrived_ms=1)
    seen = seen_by(Actor(id="w", name="w", roles=frozenset({"wall"})), call)
    assert isinstance(seen, CallRow)
    assert seen.caller == ""
    assert seen_by(officer, "no row") is None
