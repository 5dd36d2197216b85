"""The record: the site key, the end of the journal, its schema, and the newest files of the evidence."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from command.access.keys import ENVIRONMENT, SiteKey
from command.blobs import FolderBlobs
from command.journal import GENESIS, DamagedJournalError, StoredFact, chained
from command.journal.sqlite import SCHEMA
from command.kernel.errors import TriuneError, UnknownIdError
from command.kernel.sqlite import SQLITE_ERRORS, words_of
from consoles.doctor.finding import Finding, Words, bad, ok
from consoles.http.context import LIVE

TAIL_FACTS = 1000
_BLOBS = 20
_AHEAD_MS = 1000
"""Facts may be this much newer: a hub at work writes meanwhile, and clocks of hubs are never quite together."""
_NEWEST = "SELECT seq, at_ms, actor, data, digest FROM facts WHERE space = ? ORDER BY seq DESC LIMIT ?"
_RESTORE = Words("run `triune verify`, restore a backup", "运行 `triune verify`,从备份恢复")


async def examine(data: Path, now_ms: int, *, in_files: bool) -> list[Finding]:
    """Return what was found; `in_files` says whether the journal is kept in the folder."""
    found = [folder(data), site_key(data / "site.key")]
    if in_files:
        found += [journal(data / "journal.sqlite3", now_ms), await evidence(data)]
    return found


def folder(data: Path) -> Finding:
    """Is what is kept there nobody else's to read? Releases before this one made it for every account to read."""
    if not data.exists():
        return ok("folder", "none yet; made at the first start", "尚无;首次启动时创建")
    if stat.S_IMODE(data.stat().st_mode) & stat.S_IRWXO:
        what = Words(f"every account of this machine can look into {data}", f"本机任何账户都能查看 {data}")
        return bad(
            "folder",
            "warn",
            what,
            Words("chmod 700 it, or 750 for a group of its own", "执行 chmod 700;需要专用组时 750"),
        )
    return ok("folder", f"other accounts of this machine cannot look into {data}", f"本机其他账户无法查看 {data}")


def site_key(path: Path) -> Finding:
    """Is it there, one, and its owner's alone?"""
    if ENVIRONMENT in os.environ:
        return _readable(path, Words(f"{ENVIRONMENT} is set", f"已设置 {ENVIRONMENT}"))
    if not path.exists() and (path.parent / "journal.sqlite3").exists():
        what = Words(f"{path.name} is missing beside a journal", f"有日志而缺少 {path.name}")
        todo = Words("restore it from where it was kept; never start with another one", "从保管处恢复;切勿用新密钥启动")
        return bad("key", "fail", what, todo)
    if not path.exists():
        return ok("key", "none yet; made at the first start", "尚无;首次启动时生成")
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        what = Words(f"{path.name} can be read by others than its owner", f"{path.name} 可被他人读取")
        return bad("key", "fail", what, Words("chmod 600 it", "执行 chmod 600"))
    return _readable(path, Words(f"{path.name} is its owner's alone", f"{path.name} 仅所有者可读"))


def _readable(path: Path, what: Words) -> Finding:
    try:
        SiteKey.load(path)
    except (TriuneError, OSError, UnicodeDecodeError) as error:
        told = Words(f"the site key cannot be read: {error}", f"无法读取密钥:{error}")
        todo = Words("restore it from the backup; without it evidence stays sealed", "从备份恢复;否则证据无法打开")
        return bad("key", "fail", told, todo)
    return ok("key", *what)


def journal(path: Path, now_ms: int) -> Finding:
    """Look at schema and last facts of the journal's file, beside a hub at work too."""
    if not path.is_file():
        return ok("journal", "none yet; made at the first start", "尚无;首次启动时创建")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            rows = db.execute(_NEWEST, (LIVE, TAIL_FACTS + 1)).fetchall()
        finally:
            db.close()
    except SQLITE_ERRORS as error:
        return bad(
            "journal", "fail", Words(f"cannot be read: {words_of(error)}", f"无法读取:{words_of(error)}"), _RESTORE
        )
    return schema("journal", version, len(SCHEMA)) or tail(
        [StoredFact(seq=s, at_ms=a, actor=w, data=d, digest=h) for s, a, w, d, h in reversed(rows)],
        now_ms,
    )


def schema(check: str, version: int, known: int) -> Finding | None:
    """Return what is wrong with a schema's version, if anything is: an older one is brought up at the start."""
    if version <= known:
        return None
    what = Words(f"is of schema {version}; this program knows {known}", f"结构版本 {version},本程序只支持到 {known}")
    return bad(
        check, "fail", what, Words("install the release that wrote it, or a newer one", "安装写入它的版本或更新版本")
    )


def tail(facts: Sequence[StoredFact], now_ms: int) -> Finding:
    """Check the chain of the last facts, the first of which only says what the second is chained to."""
    if not facts:
        return ok("journal", "holds no facts yet", "尚无记录")
    whole = facts[0].seq == 1
    previous, rest = (GENESIS, facts) if whole else (facts[0].digest, facts[1:])
    try:
        gap = next((a.seq + 1 for a, b in pairwise(facts) if b.seq != a.seq + 1), None)
    except TypeError:  # whoever changed the file put text where all numbers were
        gap = 1
    if not whole and len(facts) <= TAIL_FACTS:
        gap = 1
    if gap is not None:
        return bad("journal", "fail", Words(f"fact {gap} is missing", f"缺少第 {gap} 条记录"), _RESTORE)
    try:
        chained(rest, previous)
    except DamagedJournalError as error:
        seq = error.extra.get("seq")
        return bad("journal", "fail", Words(error.detail, f"第 {seq} 条记录与链不符,曾被改动"), _RESTORE)
    if (ahead_ms := max(fact.at_ms for fact in rest) - now_ms) > _AHEAD_MS:
        what = Words(
            f"the clock is {ahead_ms / 1000:.0f} s behind the newest fact", f"时钟比最新记录慢 {ahead_ms / 1000:.0f} 秒"
        )
        todo = Words(
            "set the clock before the hub starts, or facts will be out of order in time",
            "启动前校准时钟,否则记录时间会乱序",
        )
        return bad("journal", "fail", what, todo)
    head, number = facts[-1].seq, len(rest)
    return ok("journal", f"ends with fact {head}; the last {number} are whole", f"最后一条 {head};最近 {number} 条完整")


async def evidence(data: Path) -> Finding:
    """Open the newest files with the site key; `triune verify` opens all."""
    try:
        files = _newest_first(data / "blobs")
        if not files:
            return ok("evidence", "none yet", "尚无")
        if not (data / "site.key").exists() and ENVIRONMENT not in os.environ:
            what = Words("cannot be opened without the site key", "缺少密钥,无法打开")
            return bad("evidence", "fail", what, Words("restore the site key", "恢复密钥"))
        opened = await _opened(data, files[:_BLOBS])
    except (TriuneError, OSError, UnicodeDecodeError) as error:
        return bad("evidence", "fail", Words(f"{error}", f"{error}"), _RESTORE)
    return ok(
        "evidence", f"{len(files)} files; the newest {opened} open", f"{len(files)} 个文件;最新 {opened} 个可打开"
    )


def _newest_first(folder: Path) -> list[Path]:
    """Return the files that are there; a hub at work may remove one while it is looked at."""
    brought: list[tuple[float, Path]] = []
    for path in folder.glob("??/*"):
        if not path.name.startswith("."):
            with suppress(FileNotFoundError):
                brought.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(brought, reverse=True)]


async def _opened(data: Path, files: Sequence[Path]) -> int:
    """Return how many open. Raises what `Blobs.get` does, but not for one that was removed meanwhile."""
    kept, opened = FolderBlobs(data / "blobs", SiteKey.load(data / "site.key").box("blobs")), 0
    for path in files:
        try:
            await kept.get(path.name)
        except UnknownIdError:
            if path.exists():
                raise
        else:
            opened += 1
    return opened
