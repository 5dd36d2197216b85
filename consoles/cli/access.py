"""`triune account …` and `triune device …`: accounts and device tokens, on the machine that keeps them."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
from pathlib import Path
from typing import get_args

from command.access.accounts import Accounts
from command.access.keys import SiteKey
from command.actors import PEOPLE, Role
from command.kernel.clock import SystemClock
from consoles.cli.hub_key import key_of_hub
from consoles.parts.stores import accounts_alone
from consoles.settings import load_settings


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    account = commands.add_parser("account", help="add an account or set a password").add_subparsers(required=True)
    add = account.add_parser("add", help="add an account; its generated password is printed once")
    add.add_argument("name")
    add.add_argument("--role", action="append", required=True, choices=[r for r in get_args(Role) if r in PEOPLE])
    add.add_argument("--display", default="", help="the person's name as screens show it")
    add.add_argument("--unit", default="", help="the unit that an officer belongs to")
    password = account.add_parser("password", help="set a new generated password and end the account's sessions")
    password.add_argument("name")
    device = commands.add_parser("device", help="make a token for an enrolled device").add_subparsers(required=True)
    token = device.add_parser("token", help="make a new token; the one before no longer works")
    token.add_argument("device")
    for parser, work, may_be_first in ((add, _add, True), (password, _password, False), (token, _token, False)):
        parser.add_argument("--config", type=Path, help="the settings file that the hub is started with")
        parser.add_argument("--data", help="the hub's data folder, with its site key (default: var)")
        parser.add_argument("--journal", metavar="URL", help="the database that several hubs share, postgresql://…")
        parser.set_defaults(run=run, work=work, may_be_first=may_be_first)


def run(arguments: argparse.Namespace) -> int:
    """Do it and print the secret as JSON, on the last line."""
    print(json.dumps(asyncio.run(_with_accounts(arguments)), ensure_ascii=False))
    return 0


async def _with_accounts(arguments: argparse.Namespace) -> dict[str, str]:
    settings = load_settings(arguments.config, data=arguments.data, journal=arguments.journal)
    # An account may be made before the first start; the rest is of a hub that is there.
    key = SiteKey.load(Path(settings.data) / "site.key") if arguments.may_be_first else key_of_hub(settings)
    async with accounts_alone(settings, key, SystemClock()) as accounts:
        result: dict[str, str] = await arguments.work(accounts, arguments)
        return result


async def _add(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    display = arguments.display or arguments.name
    await accounts.create(arguments.name, display, frozenset(arguments.role), arguments.unit, password)
    return {"account": arguments.name, "password": password}


async def _password(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, str]:
    password = secrets.token_urlsafe(12)
    await accounts.set_password(arguments.name, password)
    return {"account": arguments.name, "password": password}


async def _token(accounts: Accounts, arguments: argparse.Namespace) -> dict[str, str]:
    return {"device": arguments.device, "token": await accounts.issue(arguments.device)}
