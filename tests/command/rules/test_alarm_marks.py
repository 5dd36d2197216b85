"""What a time line says of alarms (SPEC R1084)."""

from __future__ import annotations

import re
from pathlib import Path

from command.requests import RecallOrder, TakeAlarm
from tests.command.support import DISPATCHER, MINUTE_MS, desk

ROOT = Path(__file__).parents[3]
CLEARED = re.compile(r'(?:clear_alarm|returned|_clear_hit_alarms)\([^"\n]*(?:"\w+", )?[^"\n]*"([\w ]+)"\)')


async def test_a_mark_of_an_alarm_says_of_which_unit_it_is() -> None:  # R1084
    async with desk() as d:
        await d.on_duty("u1")
        order = await d.order("u1", await d.situation())
        await d.pass_time(2 * MINUTE_MS)
        alarm = await d.alarm("order_unsigned", order)
        assert alarm is not None
        await d.ask(TakeAlarm(alarm=alarm.id), DISPATCHER)
        await d.ask(RecallOrder(order=order, why="误报"), DISPATCHER)
        marks = {row.kind: row.args for row in (await d.table("marks")).values() if row.kind.startswith("alarm_")}
        about = {"alarm": alarm.id, "alarm_kind": "order_unsigned", "subject": order, "unit": "u1"}
        assert marks["alarm_raised"] == marks["alarm_taken"] == about
        assert marks["alarm_cleared"] == {**about, "why": "recalled"}


def test_every_reason_that_the_hub_gives_has_words() -> None:  # R1084
    rules = "".join(path.read_text() for path in (ROOT / "command" / "rules").glob("*.py"))
    reasons = set(CLEARED.findall(rules))
    assert {"signed", "recalled", "done", "stood down", "another area", "situation closed"} <= reasons
    words = (ROOT / "consoles/web/src/i18n/messages/facts.ts").read_text()
    assert [reason for reason in sorted(reasons) if f'"cleared_why.{reason}"' not in words] == []
