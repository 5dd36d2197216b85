"""Who may see which camera's pictures: whoever may mirror the table of cameras, unless it is kept to some roles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from command.access.visibility import tables_of
from command.actors import Actor, Role
from command.kernel.errors import NoRightError
from consoles.http.context import context_of
from consoles.http.identity import who_asks
from consoles.http.origins import require_ours


def may_see(actor: Actor, camera: str, kept_to: Mapping[str, Sequence[Role]]) -> bool:
    """Say whether the actor may see a camera's pictures, live and recorded.

    `kept_to` has roles by camera id, or by the beginning of ids before a `*`; every entry that names the camera counts.
    """
    return "cameras" in tables_of(actor) and not kept_from(actor, camera, kept_to)


def kept_from(actor: Actor, camera: str, kept_to: Mapping[str, Sequence[Role]]) -> bool:
    """Say whether the camera is kept to roles of which the actor holds none."""
    return any(actor.roles.isdisjoint(roles) for name, roles in kept_to.items() if is_named(name, camera))


def any_kept(kept_to: Mapping[str, Sequence[Role]], camera: str) -> bool:
    """Say whether the camera is kept to some roles, whoever asks."""
    return any(is_named(name, camera) for name in kept_to)


def authorised(kept_to: Mapping[str, Sequence[Role]]) -> Callable[[web.Request, str], Awaitable[None]]:
    """Return what raises unless whoever asks may see the camera now, as long as their session lasts."""

    async def authorise(request: web.Request, camera: str) -> None:
        require_ours(request)
        if not may_see(await who_asks(context_of(request), request), camera, kept_to):
            raise NoRightError("pictures of this camera are not for your role")

    return authorise


def is_named(name: str, camera: str) -> bool:
    """Say whether a name of the settings, an id or the beginning of ids and `*`, means the camera."""
    return camera.startswith(name[:-1]) if name.endswith("*") else camera == name
