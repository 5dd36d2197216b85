"""What is asked of recordings: a stretch of time and a reason, in whose name, and who may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec.structs import replace

from command.actors import HUB, Actor
from command.kernel.errors import InvalidInputError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.kernel.names import told
from command.requests import Id, Instant, Reason
from command.services.bodies import read_body

Authorise = Callable[[web.Request, str], Awaitable[None]]
"""`authorise(request, camera)` raises unless whoever asks may see pictures of this camera."""

B = TypeVar("B")


class Stretch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time that is asked for, and why."""

    from_ms: Instant
    to_ms: Instant
    why: Reason
    situation: Id | None = None


def in_the_name_of(actor: Actor) -> Actor:
    """The hub writes it down for whoever did it: nobody can make or leave out such a record by hand."""
    return replace(HUB, id=actor.id)


def query_instant(request: web.Request, name: str, default: int | None = None) -> int:
    """Return an instant that is asked for, ms since 1970. Raises `InvalidInputError`."""
    given = request.query.get(name)
    if given is None and default is not None:
        return default
    try:
        return msgspec.convert(given, Instant, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"{name} is milliseconds since 1970") from error


async def read_as(request: web.Request, kind: type[B]) -> B:
    """Return the body of a request. Raises `InvalidInputError`."""
    try:
        return msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"not what is asked for: {told(error)}") from error
