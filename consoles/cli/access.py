"""`triune account …` and `triune device …`: accounts and device tokens, on the machine that keeps them."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import get_args

import msgspec

from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.access.passwords import new_password
from command.actors import PEOPLE, Role
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from consoles.cli.enrolled import need_enrolled
from consoles.cli.hub_key import key_of_hub
from consoles.cli.output import complain
from consoles.cli.who import at_the_command_line
from consoles.parts.stores import accounts_alone
from consoles.settings import Settings, load_settings


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    account = commands.add_parser("account", help="who may sign in, and as what").add_subparsers(required=True)
    add = account.add_parser("add", help="add an account; its generated password is printed once")
    listing = account.add_parser("list", help="show every account, those that are shut out too")
    password = account.add_parser("password", help="set a new generated password and end the account's sessions")
    disable = account.add_parser("disable", help="let nobody sign in by it, and end its sessions")
    enable = account.add_parser("enable", help="let its person sign in again, by the password that it had")
    roles = account.add_parser("roles", help="give it these roles and no others, and end its sessions")
    person = account.add_parser("person", help="change the person's name or the unit; its sessions go on")
    for parser in (add, password, disable, enable, roles, person):
        parser.add_argument("name")
    for parser in (add, roles):
        choices = [role for role in get_args(Role) if role in PEOPLE]
        parser.add_argument("--role", action="append", required=True, choices=choices)
    for parser in (add, person):
        parser.add_argument("--display", help="the person's name as screens show it")
        parser.add_argument("--unit", help="the unit that an officer belongs to")
    device = commands.add_parser("device", help="make or take back a device's token").add_subparsers(required=True)
    token = device.add_parser("token", help="make a new token for a device, also after revoke; the one before is void")
    revoke = device.add_parser("revoke", help="take its token back; an edge agent's key is that of agent:NAME")
    for parser in (token, revoke):
        parser.add_argument("device")
    for parser, work in (
        (add, _add), (listing, _list), (password, _password), (disable, _disable), (enable, _enable), (roles, _roles),
        (person, _person), (token, _token), (revoke, _revoke),
    ):  # fmt: skip
        parser.add_argument("--config", type=Path, help="the settings file that the hub is started with")
        parser.add_argument("--data", help="the hub's data folder, with its site key (default: var)")
        parser.add_argument("--journal", metavar="URL", help="the database that several hubs share, postgresql://…")
        parser.set_defaults(run=run, work=work)


def run(arguments: argparse.Namespace) -> int:
    """Do it and print what came of it as JSON, on the last line."""
    print(json.dumps(asyncio.run(_with_accounts(arguments)), ensure_ascii=False))
    return 0


async def _with_accounts(arguments: argparse.Namespace) -> dict[str, object]:
    settings = _settings(arguments)
    # An account may be made before the first start; the rest is of a hub that is there.
    key = SiteKey.load(Path(settings.data) / "site.key") if arguments.work is _add else key_of_hub(settings)
    async with accounts_alone(settings, key, SystemClock()) as accounts:
        result: dict[str, object] = await arguments.work(accounts, arguments)
        return result


def _settings(arguments: argparse.Namespace) -> Settings:
    return load_settings(arguments.config, data=arguments.data, journal=arguments.journal)


async def _add(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    first = not await accounts.names()
    password = new_password()
    display = arguments.display or arguments.name
    await accounts.create(
        arguments.name, display, frozenset(arguments.role), arguments.unit or "", password, at_the_command_line()
    )
    if first:
        data = _settings(arguments).data
        complain(f"the first account of a site in {data}: if its hub runs already, that is elsewhere")
    return {"account": arguments.name, "password": password}


async def _list(accounts: Accounts, _arguments: argparse.Namespace) -> dict[str, object]:
    known = await accounts.listed()
    for one in known:
        print(*filter(None, (one.name, one.display, ",".join(one.roles), one.unit, one.disabled and "disabled")))
    return {"accounts": msgspec.to_builtins(known)}


async def _disable(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    await accounts.disable(arguments.name, at_the_command_line())
    return {"account": arguments.name, "disabled": True}


async def _enable(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    await accounts.enable(arguments.name, at_the_command_line())
    return {"account": arguments.name, "disabled": False}


async def _roles(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    await accounts.set_roles(arguments.name, frozenset(arguments.role), at_the_command_line())
    return {"account": arguments.name, "roles": sorted({*arguments.role})}


async def _person(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    if arguments.display is None and arguments.unit is None:
        raise InvalidInputError("give --display, --unit or both")
    await accounts.set_person(arguments.name, arguments.display, arguments.unit, at_the_command_line())
    return {"account": arguments.name}


async def _password(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    password = new_password()
    await accounts.set_password(arguments.name, password, at_the_command_line())
    return {"account": arguments.name, "password": password}


async def _token(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    await need_enrolled(_settings(arguments), arguments.device)
    return {"device": arguments.device, "token": await accounts.issue(arguments.device, at_the_command_line())}


async def _revoke(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, object]:
    await accounts.revoke(arguments.device, at_the_command_line())
    return {"device": arguments.device, "token": None}
