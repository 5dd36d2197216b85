"""The outbox is measured with processes that are really killed, and its items are counted in the record."""

from __future__ import annotations

from pathlib import Path

from consoles.bench import outbox
from tests.bench.test_bench import positive


async def test_items_are_counted_through_cuts_and_kills(tmp_path: Path) -> None:
    report = await outbox.bench(tmp_path, outbox.QUICK)
    positive(report, "items", "resume_s", "cuts", "kills", "seconds", "hub_cpu_s", "agent_cpu_s")
    assert (report.figures["lost"], report.figures["doubled"], report.figures["shed"]) == (0, 0, 0)
    assert [step.items for step in report.steps] == [outbox.QUICK.items * times // 16 for times in (1, 4, 16)]
