"""Accounts, tokens of devices and who changed them, for administrators; and everybody's own password."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from aiohttp import web

from command import wire
from command.access.accounts import Accounts
from command.access.passwords import new_password
from command.actors import PEOPLE
from command.kernel.errors import InvalidInputError, NoRightError
from command.kernel.limits import ACCOUNT_CHANGES, REQUEST_BODY_BYTES
from command.services.bodies import read_body
from consoles.http.context import LIVE, actor_of, context_of, require
from consoles.http.identity import SESSION_COOKIE
from consoles.http.record import json_response
from consoles.limits import SIGN_IN_BODY_BYTES

Body = TypeVar("Body", bound=msgspec.Struct)


async def listed(request: web.Request) -> web.Response:
    """`GET /api/v1/accounts`: every account."""
    accounts, _ = _administered(request)
    return json_response(wire.AccountList(accounts=await accounts.listed()))


async def add(request: web.Request) -> web.Response:
    """`POST /api/v1/accounts`: add one; the answer tells its password, once."""
    accounts, who = _administered(request)
    new = await _body(request, wire.NewAccount)
    password = new_password()
    await accounts.create(new.name, new.display, frozenset(new.roles), new.unit, password, who)
    return json_response(wire.MadeAccount(name=new.name, password=password))


async def set_roles(request: web.Request) -> web.Response:
    """`PUT /api/v1/accounts/{name}/roles`."""
    accounts, who = _administered(request)
    body = await _body(request, wire.AccountRoles)
    await accounts.set_roles(request.match_info["name"], frozenset(body.roles), who)
    return web.Response(status=204)


async def set_person(request: web.Request) -> web.Response:
    """`PUT /api/v1/accounts/{name}/person`: another person's name, or another unit; what is left out stays."""
    accounts, who = _administered(request)
    body = await _body(request, wire.AccountPerson)
    await accounts.set_person(request.match_info["name"], body.display, body.unit, who)
    return web.Response(status=204)


async def set_state(request: web.Request) -> web.Response:
    """`PUT /api/v1/accounts/{name}/state`: shut it out or let it in again."""
    accounts, who = _administered(request)
    body = await _body(request, wire.AccountState)
    await (accounts.disable if body.disabled else accounts.enable)(request.match_info["name"], who)
    return web.Response(status=204)


async def set_password(request: web.Request) -> web.Response:
    """`POST /api/v1/accounts/{name}/password`: make another password; the answer tells it, once."""
    accounts, who = _administered(request)
    password = new_password()
    await accounts.set_password(request.match_info["name"], password, who)
    return json_response(wire.MadePassword(password=password))


async def set_own_password(request: web.Request) -> web.Response:
    """`PUT /api/v1/session/password`: one's own, by the one before. Other sessions of the person end."""
    if not actor_of(request).roles <= PEOPLE:
        raise NoRightError("passwords are for people")
    body = await _body(request, wire.OwnPassword, SIGN_IN_BODY_BYTES)
    token = request.cookies.get(SESSION_COOKIE, "")
    context = context_of(request)
    await context.accounts.change_own_password(token, body.old, body.new, context.proxies.address_of(request))
    return web.Response(status=204)


async def changes(request: web.Request) -> web.Response:
    """`GET /api/v1/account-changes?limit=`: the newest changes, the newest first."""
    accounts, _ = _administered(request)
    asked = request.query.get("limit", str(ACCOUNT_CHANGES))
    if not re.fullmatch("[1-9][0-9]{0,8}", asked):
        raise InvalidInputError("the limit is a number from 1 on")
    return json_response(wire.AccountChanges(changes=await accounts.changes(int(asked))))


async def tokens(request: web.Request) -> web.Response:
    """`GET /api/v1/devices/tokens`: which enrolled devices have a token."""
    accounts, _ = _administered(request)
    enrolled = await context_of(request).spaces[LIVE].hub.read(lambda t: sorted(device.id for device in t.devices))
    holders = frozenset(await accounts.devices())
    devices = {device: wire.DeviceToken(issued=device in holders) for device in enrolled}
    return json_response(wire.DeviceTokens(devices=devices))


async def issue(request: web.Request) -> web.Response:
    """`POST /api/v1/devices/{id}/token`: make another token for an enrolled device; the answer tells it, once."""
    accounts, who = _administered(request)
    device = request.match_info["id"]
    await context_of(request).spaces[LIVE].hub.read(lambda t: t.devices.need(device))
    return json_response(wire.MadeToken(token=await accounts.issue(device, who)))


async def revoke(request: web.Request) -> web.Response:
    """`DELETE /api/v1/devices/{id}/token`: take it back."""
    accounts, who = _administered(request)
    await accounts.revoke(request.match_info["id"], who)
    return web.Response(status=204)


def _administered(request: web.Request) -> tuple[Accounts, str]:
    """Return the accounts and the administrator who asks; `NoRightError` for anybody else."""
    actor = actor_of(request)
    require(actor, "administrator")
    return context_of(request).accounts, actor.id


async def _body(request: web.Request, body: type[Body], limit: int = REQUEST_BODY_BYTES) -> Body:
    return msgspec.json.decode(await read_body(request, limit), type=body)


routes = [
    web.get("/api/v1/accounts", listed),
    web.post("/api/v1/accounts", add),
    web.put("/api/v1/accounts/{name}/roles", set_roles),
    web.put("/api/v1/accounts/{name}/person", set_person),
    web.put("/api/v1/accounts/{name}/state", set_state),
    web.post("/api/v1/accounts/{name}/password", set_password),
    web.put("/api/v1/session/password", set_own_password),
    web.get("/api/v1/account-changes", changes),
    web.get("/api/v1/devices/tokens", tokens),
    web.post("/api/v1/devices/{id}/token", issue),
    web.delete("/api/v1/devices/{id}/token", revoke),
]
