"""What technicians ask through an agent or a hub: the way to a camera, and pictures of one that may be adopted."""

from __future__ import annotations

import asyncio

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooManyError, UnavailableError
from edge.agent.answering import Handler, Reply
from edge.agent.live import message_of
from edge.agent.protocol import Errand
from edge.limits import ADOPTION_TRIES
from streams.diagnosis import Ways, diagnose
from streams.keeper import CameraKeeper
from streams.limits import CAMERA_DIAGNOSES
from streams.sources import SourceError, Sources, scheme_of

DIAGNOSIS, TRIAL = "diagnosis", "trial"
"""Kinds of errands. The first is answered with a `streams.diagnosis.Diagnosis`; the second is asked `Tried` and
answered with pictures, as errands of kind `live` are, until the asker hangs up."""


class Tried(msgspec.Struct, frozen=True):
    """Where the camera is: of GB/T 28181, whose addresses hold no password."""

    address: str


def diagnoses(keeper: CameraKeeper, ways: Ways, clock: Clock) -> Handler:
    """Return what goes to the cameras that run here."""
    going = asyncio.Semaphore(CAMERA_DIAGNOSES)

    async def answer(errand: Errand, reply: Reply) -> None:
        if going.locked():
            raise TooManyError(f"{CAMERA_DIAGNOSES} cameras are being looked into")
        async with going:
            found = await diagnose(keeper.camera(errand.camera), clock, ways)
        await reply.send(msgspec.json.encode(found))

    return answer


def trials(sources: Sources, clock: Clock) -> Handler:
    """Return what shows cameras that nobody has enrolled; `sources` reach them without asking anybody else."""
    trying = asyncio.Semaphore(ADOPTION_TRIES)

    async def answer(errand: Errand, reply: Reply) -> None:
        address = msgspec.json.decode(errand.body, type=Tried).address
        if scheme_of(address) != "gb28181":
            raise InvalidInputError("only cameras of GB/T 28181 are tried so")
        if trying.locked():
            raise TooManyError(f"{ADOPTION_TRIES} cameras are being tried")
        try:
            async with trying, sources.open(address, clock) as packets:
                async for packet in packets:
                    await reply.send(message_of(packet, clock.now_ms()))
        except SourceError as error:
            raise UnavailableError(error.reason, hop=error.hop) from None

    return answer
