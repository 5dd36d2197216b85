"""Who may see which camera's pictures: whoever may mirror the table of cameras, unless it is kept to some roles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from command.access.kept_cameras import KeptTo, kept_from
from command.access.visibility import tables_of
from command.actors import Actor
from command.kernel.errors import NoRightError
from consoles.http.context import context_of
from consoles.http.identity import who_asks
from consoles.http.origins import require_ours


def may_see(actor: Actor, camera: str, kept_to: KeptTo) -> bool:
    """Say whether the actor may see a camera's pictures, live and recorded."""
    return "cameras" in tables_of(actor) and not kept_from(actor, camera, kept_to)


def authorised(kept_to: KeptTo) -> Callable[[web.Request, str], Awaitable[None]]:
    """Return what raises unless whoever asks may see the camera now, as long as their session lasts."""

    async def authorise(request: web.Request, camera: str) -> None:
        require_ours(request)
        if not may_see(await who_asks(context_of(request), request), camera, kept_to):
            raise NoRightError("pictures of this camera are not for your role")

    return authorise
