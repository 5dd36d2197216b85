"""The GB/T 28181 devices of all hubs and edge agents as one list: each as it is known where it is, or was last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
from aiohttp import web

from command.roll import HubPlace
from consoles.http.context import actor_of, require
from consoles.http.record import json_response
from consoles.parts.agents.devices import DevicesAtAgents
from consoles.parts.gb28181.part import Adopted, Gateway, address_of
from consoles.parts.hubs.listing import Told, tells, told_by_others, url_of_own
from consoles.parts.hubs.part import Hubs
from edge.agent.gb28181 import ToldDevice, told_of
from edge.gb28181.devices import DeviceState
from edge.gb28181.ids import shows_pictures
from edge.gb28181.pilot import Where
from edge.gb28181.registrar import Refused

PATH = "/api/v1/gb28181/devices"
DEVICES = "devices"
"""The kind of errand: answered with a `ToldDevice` for each device, and for each that was refused."""
_REFUSED_SHOWN = 100


class ListedDevice(DeviceState, frozen=True, kw_only=True):
    """A device with the hub that it is at, empty where there is one hub alone, and the agent that it came to."""

    hub: str
    agent: str


class ListedRefusal(Refused, frozen=True, kw_only=True):
    """A refusal with the hub that refused, or the agent."""

    hub: str
    agent: str


class SilentAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that devices may come to and that does not tell of them, and why."""

    agent: str
    hub: str
    why: str


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel with the enrolled camera that it is, empty where it is not adopted."""

    address: str
    camera: str


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """Registered devices with their catalogues, which of their channels may be or are cameras, and who was refused.

    `server_id` and `port` are those of the hub that was asked, empty and 0 where it is nobody to devices; `away` are
    hubs that do not answer, whose devices are not among these, and `silent` agents that do not.
    """

    server_id: str
    port: int
    devices: list[ListedDevice]
    cameras: list[Channel]
    refused: list[ListedRefusal]
    silent: list[SilentAgent]
    away: list[str]


class ListOfDevices:
    """Lists them. `gateway` is this hub's, None where it is nobody to devices; `hubs` are the others, if there are."""

    def __init__(
        self, gateway: Gateway | None, hubs: Hubs | None, adopted: Adopted, at_agents: DevicesAtAgents
    ) -> None:
        self._at_agents = at_agents
        self._gateway = gateway
        self._hubs = hubs
        self._adopted = adopted
        self.routes = [web.get(PATH, self._list)]
        if hubs:
            hubs.door.register(DEVICES, tells(self._own))

    async def _own(self) -> list[ToldDevice]:
        return [*told_of(self._gateway.platform if self._gateway else None), *await self._at_agents()]

    async def _list(self, request: web.Request) -> web.Response:
        """`GET /api/v1/gb28181/devices`."""
        require(actor_of(request), "administrator")
        here, told = await asyncio.gather(self._own(), self._of_others())
        own = HubPlace(0, url_of_own(self._hubs))
        devices, refused, silent = joined([(own, here), *told.by])
        adopted, platform = await self._adopted.everywhere(), self._gateway.platform if self._gateway else None
        cameras = [
            Channel(
                address=address_of(device.device, item.channel, device.agent),
                camera=adopted.get((device.agent, Where(device.device, item.channel)), ""),
            )
            for device in devices
            for item in device.channels
            if shows_pictures(item.channel)
        ]
        return json_response(
            Devices(
                server_id=self._gateway.server_id if self._gateway else "", port=platform.port if platform else 0,
                devices=devices, cameras=cameras, refused=refused, silent=silent, away=told.away,
            )
        )  # fmt: skip

    async def _of_others(self) -> Told[ToldDevice]:
        return await told_by_others(self._hubs, DEVICES, ToldDevice) if self._hubs else Told([], [])


def joined(
    told: Iterable[tuple[HubPlace, list[ToldDevice]]],
) -> tuple[list[ListedDevice], list[ListedRefusal], list[SilentAgent]]:
    """Return each device once, of several that know it from where it is, then where it was heard last.

    With them, who was refused last, and the agents that do not tell.
    """
    best: dict[str, ListedDevice] = {}
    refused: list[ListedRefusal] = []
    silent: list[SilentAgent] = []
    for place, each in ((place, each) for place, all_told in told for each in all_told):
        if (state := each.device) is not None:
            known = best.get(state.device)
            if known is None or _weight(state) > _weight(known):
                best[state.device] = ListedDevice(**msgspec.structs.asdict(state), hub=place.url, agent=each.agent)
        elif each.refused is not None:
            refused.append(ListedRefusal(**msgspec.structs.asdict(each.refused), hub=place.url, agent=each.agent))
        elif each.silent:
            silent.append(SilentAgent(agent=each.agent, hub=place.url, why=each.silent))
    refused.sort(key=lambda one: one.at_ms, reverse=True)
    return [best[device] for device in sorted(best)], refused[:_REFUSED_SHOWN], silent


def _weight(state: DeviceState) -> tuple[bool, bool, int]:
    return state.online, state.waiting, state.heard_ms
