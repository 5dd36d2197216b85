"""What rehearsals came to (演练评估), a file each: their spaces go, and hubs are started anew, the marks stay."""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

import msgspec

from command.facts.plan_definition import Bilingual
from command.kernel.errors import UnknownIdError
from command.kernel.folders import write_durably
from plans.evaluate import Evaluation
from plans.limits import REPORTS_KEPT
from plans.marking import TaskLine
from plans.rehearsal import Rehearsal

log = logging.getLogger(__name__)
_ID = re.compile(r"[a-z0-9-]{1,64}")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Marks and tasks of one rehearsal as they were when it ended, or was removed before.

    `began_ms` and `made_ms` are the machine's; the other instants are of the rehearsal's own clock. `refused` lines of
    the script were refused, `told` messages would have been sent outside.
    """

    id: str
    plan: Bilingual
    version: str
    phases: dict[str, Bilingual]
    scenario: Bilingual
    by: str
    began_ms: int
    made_ms: int
    starts_ms: int
    ends_ms: int
    now_ms: int
    evaluation: Evaluation
    tasks: list[TaskLine]
    refused: int
    told: int

    @property
    def whole(self) -> bool:
        """Whether the script was through."""
        return self.now_ms >= self.ends_ms

    @property
    def in_short(self) -> ReportInfo:
        """What a list says of it."""
        return ReportInfo(
            id=self.id, plan_title=self.plan, title=self.scenario, by=self.by, began_ms=self.began_ms,
            whole=self.whole, total=self.evaluation.total,
        )  # fmt: skip


class ReportInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A report in short."""

    id: str
    plan_title: Bilingual
    title: Bilingual
    by: str
    began_ms: int
    whole: bool
    total: float | None


def report_id(rehearsal: Rehearsal, began_ms: int) -> str:
    """Return under which id a rehearsal's is kept: one of it, and another one than that of any other start."""
    return f"{began_ms}-{rehearsal.space}"


async def report_of(rehearsal: Rehearsal, by: str, began_ms: int, made_ms: int) -> Report | None:
    """Return what a rehearsal came to by now; nothing where no task of the plan was opened. Raises as its hub does."""
    outcome = await rehearsal.outcome()
    if all(task.opened_ms is None for task in outcome.tasks):
        return None
    plan, scenario, told = rehearsal.plan, rehearsal.scenario, rehearsal.recorder
    return Report(
        id=report_id(rehearsal, began_ms), plan=plan.title, version=plan.version,
        phases={phase.id: phase.title for phase in plan.phases}, scenario=scenario.title, by=by, began_ms=began_ms,
        made_ms=made_ms, starts_ms=scenario.starts_ms, ends_ms=rehearsal.ends_ms, now_ms=outcome.now_ms,
        evaluation=outcome.evaluation, tasks=outcome.tasks, refused=len(rehearsal.refused),
        told=len(told.told) + told.dropped,
    )  # fmt: skip


class Reports:
    """The newest `REPORTS_KEPT` of a hub, in a folder of its own. Blocks while it reads and writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.Lock()
        self._kept: dict[str, Report] = {}
        """Exchanged and never changed, so that it can be read while another thread writes."""
        for path in sorted(folder.glob("*.json")):
            try:
                report = msgspec.json.decode(path.read_bytes(), type=Report)
            except (OSError, msgspec.DecodeError) as error:
                log.warning("%s is no report of a rehearsal: %s", path, error)
            else:
                self._kept[report.id] = report

    def __contains__(self, report: str) -> bool:
        return report in self._kept

    def newest(self) -> list[Report]:
        """Return them, the newest first."""
        return sorted(self._kept.values(), key=lambda report: (report.began_ms, report.id), reverse=True)

    def need(self, report: str) -> Report:
        """Return one; `UnknownIdError` where there is none."""
        found = self._kept.get(report)
        if found is None:
            raise UnknownIdError(f"no report of a rehearsal {report[:64]!r}")
        return found

    def keep(self, report: Report) -> None:
        """Write it durably, in place of an earlier one of the same rehearsal; drop the oldest. Raises `OSError`."""
        assert _ID.fullmatch(report.id)
        with self._writing:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(self._path(report.id), msgspec.json.encode(report))
            self._kept = self._kept | {report.id: report}
            gone = {old.id for old in self.newest()[REPORTS_KEPT:]}
            self._kept = {key: kept for key, kept in self._kept.items() if key not in gone}
            for old in gone:
                self._path(old).unlink(missing_ok=True)

    def _path(self, report: str) -> Path:
        return self._folder / f"{report}.json"
