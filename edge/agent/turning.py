"""Movements of cameras that the hub asks for, by the gateways of this agent; what is not renewed is stopped here."""

from __future__ import annotations

import msgspec

from command.kernel.errors import TriuneError
from edge.agent import errand_wire
from edge.agent.answering import Reply
from edge.agent.protocol import Errand, Refused
from streams.ptz import STOP, Move, Operator, Preset, PtzControl, Recall

PTZ = "ptz"
"""The kind of errand. The hub says `Asked`, one after the other; each is answered with a `Done`."""
_HUB = Operator("hub", "the hub", 0)
"""Who moves cameras here: who goes before whom is decided at the hub."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to do (MessagePack); with neither a move nor a preset, to tell which presets there are."""

    number: int
    move: Move | None = None
    recall: Recall | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """It was done, or why not."""

    number: int
    refused: Refused | None = None
    presets: list[Preset] = []


_asked = msgspec.msgpack.Decoder(Asked)


class Turning:
    """The errands of kind `ptz`."""

    def __init__(self, control: PtzControl) -> None:
        self._control = control

    async def turn(self, errand: Errand, reply: Reply) -> None:
        """Do what the hub says until it hangs up. What moves then is stopped, whether it hung up or was cut off.

        A link that stalls stops it too: `PtzControl` ends a move that is not renewed.
        """
        moves = False
        try:
            async for message in reply:
                asked = _asked.decode(message)
                if asked.move is not None:
                    moves = asked.move != STOP
                await reply.send(msgspec.msgpack.encode(await self._done(errand.camera, asked)))
        finally:
            if moves:
                await self._control.command(errand.camera, _HUB, STOP)

    async def _done(self, camera: str, asked: Asked) -> Done:
        try:
            command = asked.move or asked.recall
            if command is None:
                return Done(number=asked.number, presets=await self._control.presets(camera))
            await self._control.command(camera, _HUB, command)
        except TriuneError as error:
            return Done(number=asked.number, refused=errand_wire.refused(error))
        return Done(number=asked.number)
