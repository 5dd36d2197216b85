"""What a rehearsal came to, taken out as a file: marks, and each task planned against done, in either language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiohttp import hdrs, web

from command.actors import Actor
from command.facts.plan_definition import Bilingual
from command.kernel.local_time import local_text
from consoles.http.csv_file import Cell, csv_of
from consoles.http.track_csv import Language
from consoles.http.track_files import disposition
from plans.marking import TaskLine
from plans.reports import Report

_WORDS: dict[str, tuple[str, str]] = {
    "report": ("演练评估", "rehearsal"),
    "about": ("内容", "What"),
    "what": ("演练评估：{plan}（版本 {version}）· {scenario}", "Evaluation: {plan} (version {version}), {scenario}"),
    "by": ("导调", "Directed by"),
    "began": ("演练开始（北京时间）", "Began at (Beijing)"),
    "clock": ("演练中的时间", "Time in the rehearsal"),
    "whole": ("脚本走完", "the script is through"),
    "part": ("中途撤除，脚本到 {until} 为止", "removed before its end, the script was to go on until {until}"),
    "total": ("总分（0–100）", "Total (0 to 100)"),
    "none": ("没有可评的任务", "nothing counts"),
    "marks": ("任务", "Tasks"),
    "counts": (
        "按时 {on_time}，迟 {late}，未完成 {missed}，次序颠倒 {out_of_order}",
        "on time {on_time}, late {late}, missed {missed}, out of order {out_of_order}",
    ),
    "refused": ("脚本未成立", "Of the script refused"),
    "told": ("本应对外发出", "Would have been sent outside"),
    "taken_by": ("取出人", "Taken out by"),
    "taken_at": ("取出时间（北京时间）", "Taken out at (Beijing)"),
    "note": ("说明", "Note"),
    "reckoned": (
        "已下达且完成或到期的任务等分：按时得满分，迟的按允许时长除以实际用时，未完成不得分，先于应等的任务完成得一半；任务时间是演练中的时间",
        "Tasks that were opened and are done or due count alike: all where done on time, time allowed by time taken "
        "where late, none where not done, half where done before one that it waits for. Times of tasks are those in "
        "the rehearsal",
    ),
    "phase": ("阶段", "Phase"),
    "task": ("任务", "Task"),
    "opened": ("下达", "Opened"),
    "due": ("应完成", "Due"),
    "done": ("完成", "Done"),
    "mark": ("结果", "Mark"),
    "late_s": ("超时（秒）", "Late (s)"),
    "points": ("得分", "Points"),
    "early": ("先于", "Done before"),
    "done_by": ("完成人", "Done by"),
    "script": ("脚本", "script"),
    "on_time": ("按时", "on time"),
    "late": ("迟", "late"),
    "missed": ("未完成", "missed"),
    "open": ("进行中", "open"),
    "not_opened": ("未下达", "not opened"),
}
_HEAD = ("phase", "task", "opened", "due", "done", "mark", "late_s", "points", "early", "done_by")


def file_of(report: Report, language: Language, actor: Actor, people: Mapping[str, str], now_ms: int) -> web.Response:
    """Return the file; `people` are names by account."""
    sheet = _Sheet(report, language, people)
    data = csv_of(sheet.about(actor, now_ms), [sheet.words(key) for key in _HEAD], sheet.rows()).encode()
    stamp = local_text(report.began_ms).replace("-", "").replace(":", "").replace(" ", "-")
    name = f"{sheet.words('report')}_{sheet.said(report.scenario)}_{stamp}.csv"
    headers = {
        hdrs.CACHE_CONTROL: "private, no-store",
        hdrs.CONTENT_DISPOSITION: disposition(name, f"rehearsal-{stamp}.csv"),
    }
    return web.Response(body=data, content_type="text/csv", charset="utf-8", headers=headers)


class _Sheet:
    def __init__(self, report: Report, language: Language, people: Mapping[str, str]) -> None:
        self._report = report
        self._language = language
        self._people = people
        self._titles = {task.key: self.said(task.title) for task in report.tasks}

    def words(self, key: str, **values: str | int) -> str:
        return _WORDS[key][0 if self._language == "zh" else 1].format(**values)

    def said(self, text: Bilingual) -> str:
        return text.en if self._language == "en" and text.en else text.zh

    def about(self, actor: Actor, now_ms: int) -> list[tuple[str, str]]:
        report, words = self._report, self.words
        marks, until = report.evaluation, local_text(report.ends_ms)
        what = words("what", plan=self.said(report.plan), version=report.version, scenario=self.said(report.scenario))
        counts = words(
            "counts", on_time=marks.on_time, late=marks.late, missed=marks.missed, out_of_order=marks.out_of_order
        )
        end = words("whole") if report.whole else words("part", until=until)
        return [
            (words("about"), what),
            (words("by"), self._who(report.by)),
            (words("began"), local_text(report.began_ms)),
            (words("clock"), f"{local_text(report.starts_ms)} – {local_text(report.now_ms)} ({end})"),
            (words("total"), words("none") if marks.total is None else f"{marks.total:.1f}"),
            (words("marks"), counts),
            (words("refused"), str(report.refused)),
            (words("told"), str(report.told)),
            (words("taken_by"), f"{actor.name} ({actor.id})"),
            (words("taken_at"), local_text(now_ms)),
            (words("note"), words("reckoned")),
        ]

    def rows(self) -> Iterator[list[Cell]]:
        for task in self._report.tasks:
            yield self._row(task)

    def _row(self, task: TaskLine) -> list[Cell]:
        phase = self._report.phases.get(task.phase)
        times = (task.opened_ms, task.due_ms, task.done_ms)
        return [
            task.phase if phase is None else self.said(phase), self.said(task.title),
            *(None if at_ms is None else local_text(at_ms) for at_ms in times),
            self.words(task.mark), task.late_ms // 1000 or None,
            None if task.earned is None else round(task.earned * 100),
            ("、" if self._language == "zh" else ", ").join(self._titles.get(key, key) for key in task.too_early_for),
            self._who(task.done_by),
        ]  # fmt: skip

    def _who(self, account: str) -> str:
        return self.words("script") if account.startswith("script:") else self._people.get(account, account)
