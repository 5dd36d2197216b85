"""`triune hubs …`: the hubs that share a database, and taking one out that is gone for good."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import msgspec

from command.kernel.errors import InvalidInputError, UnknownIdError
from command.places import Places
from consoles.cli.who import at_machine
from consoles.http.hubs import checked_why, views
from consoles.parts.stores import roll_alone
from consoles.settings import load_settings

_WHO_CHARS = 100


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    hubs = commands.add_parser("hubs", help="list the hubs of a site, or take one out").add_subparsers(required=True)
    listing = hubs.add_parser("list", help="print the hubs and what is at each as JSON")
    taking = hubs.add_parser("take-out", help="take out a hub that is gone for good; refused while it is at work")
    taking.add_argument("hub", help="its address, as the list has it")
    taking.add_argument("--why", required=True, help="why, for the record")
    for parser, work in ((listing, _show), (taking, _take_out)):
        parser.add_argument("--config", type=Path, help="the settings file that a hub is started with")
        parser.add_argument("--journal", metavar="URL", help="the database that the hubs share, postgresql://…")
        parser.set_defaults(run=run, work=work)


def run(arguments: argparse.Namespace) -> int:
    """Do it and print the hubs that there are then, on the last line."""
    print(asyncio.run(_with_roll(arguments)))
    return 0


async def _with_roll(arguments: argparse.Namespace) -> str:
    settings = load_settings(arguments.config, journal=arguments.journal)
    if not settings.journal:
        raise InvalidInputError("a hub that keeps its own files is alone: give the `journal` that several share")
    async with roll_alone(settings) as places:
        await arguments.work(places, arguments)
        return msgspec.json.encode(await views(places)).decode()


async def _show(_places: Places, _arguments: argparse.Namespace) -> None:
    """Change nothing."""


async def _take_out(places: Places, arguments: argparse.Namespace) -> None:
    url, why = str(arguments.hub).rstrip("/"), checked_why(str(arguments.why))
    found = [number for number, state in (await places.roll.look()).items() if state.place.url == url]
    if not found:
        raise UnknownIdError(f"there is no hub {url}")
    await places.roll.take_out(found[0], at_machine()[:_WHO_CHARS], why)
