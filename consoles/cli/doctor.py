"""`triune doctor`: can a hub run here, is what it works with well, and what to do where it is not."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from pathlib import Path
from typing import get_args

import aiohttp
import msgspec

from command.kernel.clock import Clock, SystemClock
from command.kernel.ports import address
from command.kernel.release import release
from consoles.doctor import anchors, backups, known_time, machine, outside, record, recordings, shared_clock
from consoles.doctor.finding import Finding, Language
from consoles.http.health import Live
from consoles.settings import Settings, load_settings
from consoles.site import PAGES
from streams.plates.models import FINDER, RECOGNISER

_ASK_S = 2.0
_SIGNS = {"en": {"ok": "ok", "warn": "warn", "fail": "fail"}, "zh": {"ok": "正常", "warn": "注意", "fail": "故障"}}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="check whether a hub can run here, and what it works with")
    parser.add_argument("--data", help="the hub's data folder (default: var)")
    parser.add_argument("--config", type=Path, help="TOML file of settings, see docs/OPERATIONS.md")
    parser.add_argument("--journal", help="postgresql://… where several hubs share the record")
    parser.add_argument("--bus", help="redis://… where several hubs wake one another")
    parser.add_argument("--lang", choices=get_args(Language), help="default: what the environment says, else en")
    parser.add_argument("--json", action="store_true", help="only the JSON object that is the last line otherwise")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each check and all of them as JSON; 1 where one failed."""
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal, bus=arguments.bus)
    language: Language = arguments.lang or language_of_environment()
    findings = asyncio.run(examine(settings, SystemClock()))
    told = [finding.told(language) for finding in findings]
    if not arguments.json:
        for one in told:
            todo = f" → {one['todo']}" if one["todo"] else ""
            print(f"{_SIGNS[language][one['verdict']]:4} {one['check']}: {one['what']}{todo}")
    failed = any(finding.verdict == "fail" for finding in findings)
    print(json.dumps({"ok": not failed, "findings": told}, ensure_ascii=False))
    return int(failed)


def language_of_environment() -> Language:
    """Return the language of messages, as POSIX has it."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if named.startswith("zh") else "en"


async def examine(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at everything a hub with these settings needs; changes nothing."""
    data, journal = Path(settings.data), settings.journal or None
    running = await _release_that_runs(settings)
    ports = {
        "http": settings.http_port, "jt808": settings.jt808_port, "case": settings.case_port,
        "approval": settings.approval_port,
    }  # fmt: skip
    ports |= {name: own.port for name, own in (("gb28181", settings.gb28181), ("viid", settings.viid)) if own}
    services = {"case": settings.case, "approval": settings.approval, "sms": settings.sms}
    return [
        machine.which_release(release(), running),
        *await machine.examine(data, PAGES, (FINDER, RECOGNISER), clock),
        *(machine.port(name, settings.host, port, hub_runs=running is not None) for name, port in ports.items()),
        *await record.examine(data, clock.now_ms(), in_files=journal is None),
        *await known_time.examine(data, journal, clock.now_ms(), settings.keep_readings_days),
        *(await backups.examine(settings.backup, data, journal, clock.now_ms()) if settings.backup else []),
        *(await outside.postgres(journal, clock.now_ms()) if journal else []),
        *(await shared_clock.examine(journal, clock) if journal else []),
        *([await outside.bus(settings.bus)] if settings.bus else []),
        *[await outside.service(name, where.url, clock.now_ms()) for name, where in services.items() if where],
        *await anchors.examine(settings.anchors, clock.now_ms()),
        await outside.cameras(data),
        *(found for folder in settings.recordings_folders for found in recordings.examine(folder)),
    ]


async def _release_that_runs(settings: Settings) -> str | None:
    """Return the release of the hub that answers here, empty of one that does not say; None where none answers."""
    if settings.http_port == 0:
        return None
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared with only
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S)) as http,
            http.get(f"http://{address(host, settings.http_port)}/health/live", allow_redirects=False) as response,
        ):
            return msgspec.json.decode(await response.content.read(64 * 1024), type=Live).release
    except (aiohttp.ClientError, OSError, TimeoutError, msgspec.MsgspecError):
        return None
