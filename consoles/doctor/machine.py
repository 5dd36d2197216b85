"""The machine: interpreter, folder, disk, clock, ports, pages and models."""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import shutil
import socket
import sqlite3
import statistics
import sys
from pathlib import Path

from command.kernel.clock import Clock
from command.kernel.clock_sync import KernelClock, kernel_clock
from command.kernel.errors import UnavailableError
from command.kernel.release import UNKNOWN
from consoles.doctor.finding import Finding, Words, bad, ok
from consoles.limits import CONSOLES, HTTP_CONNECTIONS
from streams.plates.models import AlteredModelError, Model, read_model

_PYTHON = (3, 11)
_SQLITE = (3, 37, 0)
_GIB = 1024**3
_DISK_FAIL_BYTES, _DISK_WARN_BYTES = _GIB, 10 * _GIB
_SYNCS, _SYNC_BYTES, _SYNC_WARN_MS, _SYNC_FAIL_MS = 32, 4096, 20.0, 200.0
_WATCHED_MS = 500
_DRIFT_MS = 50
_OPEN_FILES = HTTP_CONNECTIONS + CONSOLES + 1000  # a console's socket has a second number
_SETUP = Words("run `make setup`", "运行 `make setup`")


async def examine(data: Path, pages: Path, models: tuple[Model, ...], clock: Clock) -> list[Finding]:
    """Return what was found of the machine."""
    return [
        python(sys.version_info[:3]),
        sqlite(sqlite3.sqlite_version_info),
        open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        folder(data),
        disk(shutil.disk_usage(existing(data)).free),
        await asyncio.to_thread(disk_speed, existing(data)),
        built_pages(pages),
        *(model(one) for one in models),
        await pace(clock),
        clock_sync(kernel_clock()),
    ]


def which_release(installed: str, running: str | None) -> Finding:
    """Is it one that can be named, and is it what the hub here runs? `running` is empty of one that does not say."""
    if running is not None and running != installed:
        of = running or "?"
        what = Words(f"{installed}; the hub that runs here is of {of}", f"{installed};正在运行的是 {of}")
        todo = Words("start the hub anew, or call the `triune` that it was started by",
                     "重新启动系统,或使用启动它的那个 `triune`")  # fmt: skip
        return bad("release", "warn", what, todo)
    if installed == UNKNOWN or installed.endswith(".dirty"):
        todo = Words("in service, take a wheel made of a commit: nobody can tell what this is",
                     "正式使用请安装由确定提交构建的安装包:此版本无法追溯")  # fmt: skip
        return bad("release", "warn", Words(installed, installed), todo)
    return ok("release", installed, installed)


def python(version: tuple[int, ...]) -> Finding:
    """New enough?"""
    text = "Python " + ".".join(map(str, version))
    if version < _PYTHON:
        todo = Words("install Python 3.11 or newer", "安装 Python 3.11 或更新版本")
        return bad("python", "fail", Words(text, text), todo)
    return ok("python", text, text)


def sqlite(version: tuple[int, ...]) -> Finding:
    """New enough?"""
    text = "SQLite " + ".".join(map(str, version))
    if version < _SQLITE:
        todo = Words("use a Python with SQLite 3.37 or newer", "使用带 SQLite 3.37 或更新版本的 Python")
        return bad("sqlite", "fail", Words(text, text), todo)
    return ok("sqlite", text, text)


def open_files(allowed: int) -> Finding:
    """Enough for all connections that are let in?"""
    what = Words(f"{allowed} open files allowed", f"允许打开 {allowed} 个文件")
    if 0 <= allowed < _OPEN_FILES:  # -1 is no limit
        todo = Words(f"raise the limit (ulimit -n) to {_OPEN_FILES}", f"将上限 (ulimit -n) 提高到 {_OPEN_FILES}")
        return bad("open files", "warn", what, todo)
    return ok("open files", *what)


def existing(path: Path) -> Path:
    """Return the nearest folder above that is there."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def folder(data: Path) -> Finding:
    """Can it be written?"""
    at = existing(data)
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        todo = Words("give the hub's user a folder of its own", "为运行用户准备可写的目录")
        return bad("data", "fail", Words(f"{at} cannot be written", f"{at} 不可写"), todo)
    if data.exists():
        return ok("data", f"{data} is there", f"{data} 已存在")
    return ok("data", f"{data} will be made", f"{data} 将自动创建")


def disk(free_bytes: int) -> Finding:
    """Is there room?"""
    what = Words(f"{free_bytes / _GIB:.1f} GiB free", f"剩余 {free_bytes / _GIB:.1f} GiB")
    if free_bytes < _DISK_FAIL_BYTES:
        todo = Words("make room: a full disk stops the record", "请腾出空间:磁盘满则停止记录")
        return bad("disk", "fail", what, todo)
    if free_bytes < _DISK_WARN_BYTES:
        todo = Words("make room soon: pictures and positions need it", "请尽快腾出空间:图片和轨迹需要")
        return bad("disk", "warn", what, todo)
    return ok("disk", *what)


def disk_speed(at: Path) -> Finding:
    """Write and fdatasync a file beside the record, as each commit does; it is removed again."""
    if not at.is_dir():
        at = at.parent
    path, took_ms, loop = at / f".doctor-{secrets.token_hex(8)}", list[float](), asyncio.new_event_loop()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            for _ in range(_SYNCS):
                started_s = loop.time()
                os.write(descriptor, b"\0" * _SYNC_BYTES)
                os.fdatasync(descriptor)
                took_ms.append((loop.time() - started_s) * 1000)
        finally:
            os.close(descriptor)
            path.unlink()
    except OSError as error:
        what = Words(f"a file cannot be written: {error.strerror}", f"无法写入文件:{error.strerror}")
        return bad("disk speed", "fail", what, Words("mend the disk, or make room", "检查磁盘或腾出空间"))
    finally:
        loop.close()
    return sync_time(statistics.median(took_ms))


def sync_time(p50_ms: float) -> Finding:
    """Does a commit reach the disk soon enough?"""
    what = Words(f"a write reaches the disk in {p50_ms:.1f} ms", f"写入落盘 {p50_ms:.1f} 毫秒")
    todo = Words("put the data on a faster disk: each answer waits for this", "请改用更快的磁盘:每次应答都要等待落盘")
    if p50_ms > _SYNC_FAIL_MS:
        return bad("disk speed", "fail", what, todo)
    return bad("disk speed", "warn", what, todo) if p50_ms > _SYNC_WARN_MS else ok("disk speed", *what)


def port(name: str, host: str, number: int, *, hub_runs: bool) -> Finding:
    """Can it be listened on, or does our own hub?"""
    check = f"port {name}"
    if number == 0:
        return ok(check, "any free one", "任意空闲端口")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            if hub_runs:
                return ok(
                    check, f"{number} is in use, and a hub of ours answers here", f"{number} 由正在运行的本系统使用"
                )
            what = Words(f"{host}:{number} cannot be had: {error.strerror}", f"{host}:{number} 不可用:{error.strerror}")
            return bad(
                check, "fail", what, Words("stop what listens there, or set another port", "停止占用程序或改用其他端口")
            )
    return ok(check, f"{number} is free", f"{number} 空闲")


def built_pages(pages: Path) -> Finding:
    """Are they there?"""
    missing = [n for n in ("wall", "desk", "mobile", "rehearsal", "login") if not (pages / f"{n}.html").is_file()]
    if missing:
        return bad("pages", "fail", Words(f"not built: {', '.join(missing)}", f"未构建:{', '.join(missing)}"), _SETUP)
    return ok("pages", "built; Node is not needed to run", "已构建;运行时不需要 Node")


def model(one: Model) -> Finding:
    """Compare the file with the one that this release was tried with."""
    check = f"model {Path(one.path).stem}"
    todo = Words(f"`{one.command}`; until then no plates are read", f"`{one.command}`;此前不识别车牌")
    try:
        read_model(one)
    except AlteredModelError:
        return bad(check, "fail", Words("is not the file of this release", "与本版本所用文件不一致"), todo)
    except UnavailableError:
        return bad(check, "warn", Words(f"the wheel {one.wheel} lacks it", f"{one.wheel} 缺少此文件"), todo)
    text = f"sha256 {one.sha256}"
    return ok(check, text, text)


async def pace(clock: Clock) -> Finding:
    """Compare the wall clock with the machine's steady one while a moment passes."""
    steady = asyncio.get_running_loop()
    wall_ms, steady_s = clock.now_ms(), steady.time()
    await clock.sleep(_WATCHED_MS)
    drift_ms = (clock.now_ms() - wall_ms) - (steady.time() - steady_s) * 1000
    if abs(drift_ms) > _DRIFT_MS:
        what = Words(
            f"the wall clock moved {drift_ms:+.0f} ms in {_WATCHED_MS} ms",
            f"系统时钟在 {_WATCHED_MS} 毫秒内跳动 {drift_ms:+.0f} 毫秒",
        )
        return bad(
            "clock", "warn", what, Words("let NTP slew the clock instead of stepping it", "让 NTP 渐进校时而非跳变")
        )
    return ok("clock", "goes evenly", "走时均匀")


def clock_sync(clock: KernelClock) -> Finding:
    """Does the kernel know that somebody keeps the clock?"""
    todo = Words("run chrony or another NTP client: facts carry this clock", "运行 chrony 等 NTP 客户端:记录使用该时钟")
    if clock.state < 0:
        return bad("clock sync", "warn", Words("the kernel does not say", "内核未提供同步状态"), todo)
    if not clock.is_kept:
        return bad("clock sync", "warn", Words("nobody keeps the clock", "时钟未同步"), todo)
    return ok("clock sync", f"kept, ±{clock.error_us / 1000:.1f} ms", f"已同步,误差 ±{clock.error_us / 1000:.1f} 毫秒")
