"""The backups that the hub makes by itself: is their folder there, and the newest of them new?"""

from __future__ import annotations

from pathlib import Path

from command.backup.folder import archives_in, begun_ms
from command.backup.schedule import Plan
from command.kernel.errors import UnavailableError
from consoles.doctor.finding import Finding, Words, bad, ok
from consoles.limits import BACKUP_LATE_TURNS

_HOUR_MS = 60 * 60 * 1000


def examine(plan: Plan, now_ms: int) -> Finding:
    """Look at the names in the folder; `triune backup --check` reads one."""
    try:
        found = archives_in(Path(plan.folder), now_ms)
    except UnavailableError as error:
        what = Words(error.detail, f"备份目录 {plan.folder} 无法使用:{error.__cause__}")
        return bad("backups", "fail", what, Words("make or mount the folder", "创建或挂载该目录"))
    if found.ahead:
        number, last = len(found.ahead), found.ahead[-1].name
        what = Words(
            f"{number} dated ahead of the clock, up to {last}", f"{number} 份备份的时间晚于当前时钟,最晚为 {last}"
        )
        todo = Words(
            "set the clock right; if it is, it was ahead once: move them away, they are dropped first otherwise",
            "校准时钟;若时钟无误,说明它曾经超前:请将这些备份移走保存,否则会被最先清除",
        )
        return bad("backups", "warn", what, todo)
    if not found.dated:
        return ok("backups", "none yet; the hub makes one once it runs", "尚无;中心运行后自动生成")
    hours = max(0, now_ms - begun_ms(found.dated[-1])) // _HOUR_MS
    what = Words(f"{len(found.dated)}, the newest {hours} h old", f"共 {len(found.dated)} 份,最新一份为 {hours} 小时前")
    if hours > BACKUP_LATE_TURNS * plan.hours:
        todo = Words("see in the log of the hub why none was made since", "查看中心日志,了解此后未生成备份的原因")
        return bad("backups", "warn", what, todo)
    return ok("backups", *what)
