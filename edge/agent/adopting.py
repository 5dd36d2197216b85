"""What a hub asks of an agent before its cameras are adopted: which are there, and how far a trial of one comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from command.access.keys import Box
from command.kernel.clock import Clock
from command.kernel.errors import TooManyError
from edge.agent.answering import Handler, Reply
from edge.agent.gb28181 import FoundChannel
from edge.agent.protocol import Errand
from edge.limits import ADOPTION_TRIES
from edge.onvif.discovery import FoundDevice
from edge.onvif.trial import try_camera
from streams.sources import Sources

ONVIF_FOUND, ATTEMPT = "onvif_found", "attempt"
"""Kinds of errands. The first is answered with a list of `FoundChannel`; the second is asked `SealedAddress` and
answered with an `edge.onvif.trial.Trial`."""
_LABEL = "camera to be tried"
"""Of the sealed address; no camera can have it as its id."""


class SealedAddress(msgspec.Struct, frozen=True):
    """A camera's address with its password, sealed for the agent as those of its cameras are, see `ATTEMPT`."""

    address: bytes


def sealed(address: str, box: Box) -> msgspec.Raw:
    """Return what an agent is asked to try."""
    return msgspec.Raw(msgspec.json.encode(SealedAddress(box.seal(address.encode(), _LABEL))))


def finds_onvif(find: Callable[[], Awaitable[Sequence[FoundDevice]]]) -> Handler:
    """Return what tells which ONVIF cameras are on the networks of this machine; who asks meanwhile waits."""
    looking = asyncio.Lock()

    async def answer(_errand: Errand, reply: Reply) -> None:
        async with looking:
            devices = await find()
        found = [
            FoundChannel(
                address=device.address.text(),
                name=device.name or device.address.host,
                told=" ".join(filter(None, (device.hardware, device.location))),
            )
            for device in devices
        ]
        await reply.send(msgspec.json.encode(found))

    return answer


def attempts(sources: Sources, box: Box, clock: Clock) -> Handler:
    """Return what tries cameras that are near this machine, hop by hop."""
    trying = asyncio.Semaphore(ADOPTION_TRIES)

    async def answer(errand: Errand, reply: Reply) -> None:
        asked = msgspec.json.decode(errand.body, type=SealedAddress)
        address = box.open(asked.address, _LABEL).decode()
        if trying.locked():
            raise TooManyError(f"{ADOPTION_TRIES} cameras are being tried")
        async with trying:
            await reply.send(msgspec.json.encode(await try_camera(address, clock, sources)))

    return answer
