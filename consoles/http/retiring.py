"""What retiring a unit or device means for accounts and tokens, which are of the site and no facts."""

from __future__ import annotations

from contextlib import suppress

from command import requests
from command.actors import Actor
from command.kernel.errors import ConflictError, UnknownIdError
from command.rows import retired_id
from consoles.http.context import LIVE, Context, Space

PHONE = "mobile:"
"""What the id of an officer's own phone begins with: the account follows."""
_NAMED = 5


async def before_asking(context: Context, space: Space, asked: requests.Request) -> None:
    """Raise `ConflictError` where accounts still need what is to be retired.

    A token of before opens nothing for whoever enrols the id of a retired device again.
    """
    if space.name != LIVE:
        return
    match asked:
        case requests.RetireUnit():
            bound = [each.name for each in await context.accounts.listed() if each.unit == asked.unit]
            if bound:
                more = f" +{len(bound) - _NAMED}" if len(bound) > _NAMED else ""
                raise ConflictError(f"unit {asked.unit} has accounts: {', '.join(bound[:_NAMED])}{more}")
        case requests.RetireDevice() if asked.device.startswith(PHONE):
            name = asked.device.removeprefix(PHONE)
            listed = await context.accounts.listed()
            if any(each.name == name and each.unit and not each.disabled for each in listed):
                raise ConflictError(f"{asked.device} is the phone of account {name}, which belongs to a unit")
        case requests.EnrolDevice():
            if await space.hub.read(lambda t: retired_id("device", asked.device) in t.retired.rows):
                await _take_token(context, asked.device, None)
        case _:
            pass


async def once_done(context: Context, space: Space, asked: requests.Request, actor: Actor) -> None:
    """Take back the token of a device that was retired. Where that cannot be done now, asking again does it."""
    if space.name == LIVE and isinstance(asked, requests.RetireDevice):
        await _take_token(context, asked.device, actor)


async def _take_token(context: Context, device: str, actor: Actor | None) -> None:
    with suppress(UnknownIdError):  # it has none
        await (context.accounts.revoke(device, actor.id) if actor else context.accounts.revoke(device))
