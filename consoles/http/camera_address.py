"""Where an enrolled camera is reached: kept sealed, and never shown again."""

from __future__ import annotations

import msgspec
from aiohttp import web

from command.kernel.errors import InvalidInputError
from command.kernel.limits import REQUEST_BODY_BYTES
from command.services.bodies import read_body
from consoles.http.adoption import Credential
from consoles.http.context import actor_of, context_of, require
from consoles.parts.agents.registry import SCHEME as AGENT_SCHEME
from consoles.parts.agents.registry import in_charge
from edge.onvif.trial import with_credentials
from streams.sources import SourceError, Sources, check_address, scheme_of

PATH = "/api/v1/cameras/{camera_id}/address"


class Address(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a camera is reached, with its user and password.

    `user`, `password` and `profile` go into the address as where one is adopted; without them it stays as it is.
    """

    address: str
    user: Credential = ""
    password: Credential = ""
    profile: Credential = ""


def routes(sources: Sources) -> list[web.RouteDef]:
    """Return the route, for administrators alone."""

    async def set_address(request: web.Request) -> web.Response:
        require(actor_of(request), "administrator")
        camera = request.match_info["camera_id"]
        form = msgspec.json.decode(await read_body(request, REQUEST_BODY_BYTES), type=Address)
        address = form.address
        if form.user or form.profile:
            address = with_credentials(address, form.user, form.password, form.profile)
        _check(address, sources)
        context = context_of(request)
        await context.space(request).hub.read(lambda t: t.cameras.need(camera))
        await context.accounts.set_camera_address(camera, address)
        return web.Response(status=204)

    return [web.put(PATH, set_address)]


def _check(address: str, sources: Sources) -> None:
    """Raise `InvalidInputError` for what is the address of no camera, here or at an agent."""
    agent = in_charge(address)
    if scheme_of(address) == AGENT_SCHEME and agent is None:
        raise InvalidInputError(f"the address of an agent's camera is {AGENT_SCHEME}://AGENT/ADDRESS")
    if scheme_of(address) not in sources.schemes:
        raise InvalidInputError(f"a camera's address begins with one of {', '.join(sources.schemes)}")
    try:
        check_address(agent[1] if agent else address)
    except SourceError as error:
        raise InvalidInputError(error.reason) from None
