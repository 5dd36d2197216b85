"""`triune replay`: a situation as it was at a moment, from the journal of a hub that runs or does not."""

from __future__ import annotations

import argparse
import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from command.journal import Journal
from command.kernel.errors import InvalidInputError
from command.rows import Row
from command.snapshots import SnapshotFolder
from consoles.cli.beside import record_beside
from consoles.http.context import LIVE
from consoles.settings import Settings, load_settings
from plans.past import Replays, Scene, opened_ms

_AFTER = re.compile(r"\+([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])")
_SHOWN = ("situations", "calls", "orders", "tasks", "approvals", "alarms", "hits", "cases")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("replay", help="show a situation as it was at a moment")
    parser.add_argument("situation", help="its id")
    parser.add_argument("--at", required=True, help="ISO 8601, or +00:05:00 after it was opened")
    parser.add_argument("--config", type=Path, help="the settings file that the hub is started with")
    parser.add_argument("--data", help="the hub's data folder (default: var)")
    parser.add_argument("--journal", metavar="URL", help="the database that hubs share, postgresql://…")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the rows in lines, and once more as JSON on the last one."""
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal)
    scene = asyncio.run(_scene(settings, arguments.situation, arguments.at))
    for name in _SHOWN:
        for row in scene.tables[name].values():
            print(line(name, row))
    print(msgspec.json.encode(scene).decode())
    return 0


async def _scene(settings: Settings, situation: str, at: str) -> Scene:
    async with record_beside(settings) as (journal, readings):
        at_ms = await instant(journal, situation, at)
        replays = Replays(SnapshotFolder(settings.snapshots_folder))
        return await replays.scene(journal, readings, LIVE, situation, at_ms, settings.limits)


async def instant(journal: Journal, situation: str, at: str) -> int:
    """Return the instant that `--at` names; a time without a zone is the machine's."""
    if after := _AFTER.fullmatch(at):
        hours, minutes, seconds = map(int, after.groups())
        return await opened_ms(journal, LIVE, situation) + ((hours * 60 + minutes) * 60 + seconds) * 1000
    try:
        return int(datetime.fromisoformat(at).astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{at!r} is neither a time as 2026-03-14T02:30:00+08:00 nor as +00:05:00") from None


def line(table: str, row: Row) -> str:
    """Return a row as a line: its plain values that say something."""
    plain: dict[str, object] = msgspec.to_builtins(row)
    values = [f"{name}={value}" for name, value in plain.items() if isinstance(value, str | int) and value != ""]
    return " ".join([table, *values])
