"""The backups that the hub makes by itself: is their folder there, and the newest of them new and whole?"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from command.access.keys import ENVIRONMENT, SiteKey
from command.backup.folder import Archives, Owner, archives_in, begun_ms, newest_good
from command.backup.records import ClipElsewhere, Manifest
from command.backup.schedule import Plan
from command.journal.postgres import SCHEMA, PostgresJournal
from command.journal.sqlite_snapshot import SqliteSnapshot
from command.kernel.clock import SystemClock
from command.kernel.database import PostgresDatabase
from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError
from command.kernel.postgres import Postgres
from command.places import SCHEMA as PLACES
from command.places import Places
from consoles.doctor.finding import Finding, Words, bad, ok
from consoles.limits import BACKUP_LATE_TURNS
from consoles.parts.unsaved_clips import unsaved

_DATABASE_S = 5.0
_HOUR_MS = 60 * 60 * 1000


async def examine(plan: Plan, data: Path, database: str | None, now_ms: int) -> list[Finding]:
    """Look at the names in the folder, and at the end of the newest; `triune backup --check` reads all of one."""
    found, newest = await _examine(plan, data, database, now_ms)
    elsewhere = newest.clips_elsewhere if newest else ()
    return [found, _of_clips(unsaved(elsewhere, await _saving(database)))] if elsewhere else [found]


async def _examine(plan: Plan, data: Path, database: str | None, now_ms: int) -> tuple[Finding, Manifest | None]:
    """Return what is to be said of the folder, and what the newest good one holds where it comes to that."""
    try:
        owner = await _owner(data, database)
    except (TriuneError, OSError, UnicodeDecodeError):
        what = Words("which are of this record cannot be told: it, or its key, cannot be read",
                     "记录库或密钥无法读取,不能判断哪些备份属于本记录库")  # fmt: skip
        return bad(
            "backups", "warn", what, Words("see what is said of them here", "参见此处对记录库和密钥的检查结果")
        ), None
    try:
        found = archives_in(Path(plan.folder), owner, now_ms)
    except UnavailableError as error:
        what = Words(error.detail, f"备份目录 {plan.folder} 无法使用:{error.__cause__}")
        return bad("backups", "fail", what, Words("make or mount the folder", "创建或挂载该目录")), None
    if found.ahead:
        number, last = len(found.ahead), found.ahead[-1].name
        what = Words(
            f"{number} dated ahead of the clock, up to {last}", f"{number} 份备份的时间晚于当前时钟,最晚为 {last}"
        )
        todo = Words(
            "set the clock right; if it is, it was ahead once: move them away, they are dropped first otherwise",
            "校准时钟;若时钟无误,说明它曾经超前:请将这些备份移走保存,否则会被最先清除",
        )
        return bad("backups", "warn", what, todo), None
    if owner is None or not found.dated:
        en, zh = _others(found)
        return ok("backups", f"none yet; the hub makes one once it runs{en}", f"尚无;中心运行后自动生成{zh}"), None
    newest = newest_good(found, owner.key)
    return _of_newest(plan, newest, found, now_ms), newest[1] if newest else None


async def _owner(data: Path, database: str | None) -> Owner | None:
    """Return whose backups the hub makes, by its record and key; None before its first start. Changes nothing.

    Raises `TriuneError`, `OSError` and `UnicodeDecodeError` where one of them cannot be read.
    """
    history, path = await _history(data / "journal.sqlite3", database), data / "site.key"
    if history is None:
        return None
    if not os.environ.get(ENVIRONMENT) and not path.is_file():
        raise UnavailableError("the site key is missing")
    return Owner(history=history, key=SiteKey.load(path))


async def _history(path: Path, database: str | None) -> str | None:
    if database:
        async with asyncio.timeout(_DATABASE_S):
            try:
                postgres = await Postgres.open_beside(database, {"journal": SCHEMA})
            except InvalidInputError:  # no hub has used it yet
                return None
            try:
                return await PostgresJournal(postgres).history()
            finally:
                await postgres.close()
    if (snapshot := _snapshot(path)) is None:
        return None
    try:
        return await snapshot.history()
    finally:
        await snapshot.close()


def _snapshot(path: Path) -> SqliteSnapshot | None:
    return SqliteSnapshot(path) if path.is_file() else None


def _of_newest(plan: Plan, newest: tuple[Path, Manifest] | None, found: Archives, now_ms: int) -> Finding:
    if newest is None:
        what = Words(f"none of {len(found.dated)} can be opened", f"共 {len(found.dated)} 份,均无法打开")
        todo = Words(
            "read one with `triune backup --check`; look at the disk", "用 triune backup --check 检查;检查磁盘"
        )
        return bad("backups", "warn", what, todo)
    archive, manifest = newest
    hours = max(0, now_ms - begun_ms(archive)) // _HOUR_MS
    en, zh = _others(found)
    what = Words(
        f"{len(found.dated)}, the newest {hours} h old{en}", f"共 {len(found.dated)} 份,最新一份为 {hours} 小时前{zh}"
    )
    if hours > BACKUP_LATE_TURNS * plan.hours:
        todo = Words("see in the log of the hub why none was made since", "查看中心日志,了解此后未生成备份的原因")
        return bad("backups", "warn", what, todo)
    if lost := manifest.lost:
        what = Words(
            f"the newest lacks {len(lost)} pictures or files that were lost before, the first is {lost[0]}",
            f"最新一份缺少 {len(lost)} 个此前已丢失的图片或文件,首个为 {lost[0]}",
        )
        todo = Words(
            "take them out of an older one that has them: the newest such stays until they are back",
            "从仍含有它们的旧备份中取回:在取回之前,含有它们的最新一份不会被清除",
        )
        return bad("backups", "warn", what, todo)
    return ok("backups", *what)


async def _saving(database: str | None) -> set[str]:
    """Return the addresses of hubs that save the clips which they exported; none where that cannot be told."""
    if database is None:
        return set()
    try:
        async with asyncio.timeout(_DATABASE_S):
            postgres = await Postgres.open_beside(database, {"places": PLACES})
            try:
                return await Places(PostgresDatabase(postgres), SystemClock()).saving_clips()
            finally:
                await postgres.close()
    except (TriuneError, OSError):
        return set()


def _of_clips(clips: Sequence[ClipElsewhere]) -> Finding:
    if not clips:
        return ok("clips", "those of other hubs are in their own backups", "其他中心导出的片段由各中心自行备份")
    hubs = Counter(clip.hub for clip in clips)
    what = Words(
        f"{len(clips)} that other hubs exported are in no backup: "
        + ", ".join(f"{count} at {hub or 'a hub not known'}" for hub, count in hubs.items()),
        f"其他中心导出的 {len(clips)} 个片段不在任何备份中:"
        + "、".join(f"{hub or '未知中心'} {count} 个" for hub, count in hubs.items()),
    )
    todo = Words(
        "give those hubs `[backup]` with a folder of its own, or copy their clips/ into the one here",
        "为这些中心设置 [backup](各用单独目录),或将其 clips/ 中的文件复制到本机的 clips/",
    )
    return bad("clips", "warn", what, todo)


def _others(found: Archives) -> Words:
    """Return how many nobody drops but whoever knows what they are."""
    if not found.others:
        return Words("", "")
    return Words(f"; {found.others} of other records are there", f";目录中另有 {found.others} 份属于其他记录库")
