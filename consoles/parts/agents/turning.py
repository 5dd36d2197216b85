"""Moving a camera behind an edge agent: one errand while somebody holds the camera."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import msgspec

from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError
from consoles.parts.agents.errands import Errands
from consoles.parts.agents.registry import Agents, in_charge
from consoles.parts.hubs.replies import Reply
from edge.agent.turning import PTZ, Asked, Done
from streams.ptz import Move, OpenPtz, Preset, Ptz, Recall
from streams.sources import scheme_of

_MOVABLE = frozenset({"onvif", "onvifs", "gb28181"})
"""Cameras that an agent has a gateway for; what those say is told where one is not movable after all."""
_done = msgspec.msgpack.Decoder(Done)


def moves(address: str) -> bool:
    """Say whether an agent may be able to move the camera at `edge://AGENT/ADDRESS`."""
    place = in_charge(address)
    return place is not None and scheme_of(place[1]) in _MOVABLE


def opens_ptz(agents: Agents, errands: Errands) -> OpenPtz:
    """Return what moves cameras at `edge://AGENT/ADDRESS`, for `PtzGateways.register`."""
    return lambda address, _clock: far_ptz(lambda: errands.open(PTZ, agents.camera_at(address)))


@asynccontextmanager
async def far_ptz(opens: Callable[[], AbstractAsyncContextManager[Reply]]) -> AsyncIterator[Ptz]:
    """Move a camera by the errands that `opens()` asks for, of kind `ptz`."""
    async with AsyncExitStack() as stack:
        yield _FarPtz(stack, opens)


class _FarPtz:
    """Asks one thing at a time, over an errand that is opened anew where it ended.

    An answer that came too late for whoever asked is passed over.
    """

    def __init__(self, stack: AsyncExitStack, opens: Callable[[], AbstractAsyncContextManager[Reply]]) -> None:
        self._stack = stack
        self._opens = opens
        self._reply: Reply | None = None
        self._number = 0

    async def move(self, pan: float, tilt: float, zoom: float) -> None:
        """Move, or stop where all are 0."""
        await self._ask(move=Move(pan, tilt, zoom))

    async def preset(self, number: int) -> None:
        """Go to a preset. Raises `UnknownIdError` where there is none."""
        await self._ask(recall=Recall(number))

    async def presets(self) -> list[Preset]:
        """Return the camera's presets."""
        return (await self._ask()).presets

    async def _ask(self, *, move: Move | None = None, recall: Recall | None = None) -> Done:
        self._number += 1
        asked = Asked(number=self._number, move=move, recall=recall)
        if self._reply is None:
            self._reply = await self._stack.enter_async_context(self._opens())
        try:
            done = await _answer(self._reply, asked)
        except TriuneError:
            self._reply = None
            await self._stack.aclose()
            raise
        if done.refused is not None:
            raise self._reply.error_of(done.refused)
        return done


async def _answer(reply: Reply, asked: Asked) -> Done:
    await reply.send(msgspec.msgpack.encode(asked))
    async for message in reply:
        try:
            done = _done.decode(message)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise InvalidInputError(f"not an answer of an agent: {error}") from error
        if done.number == asked.number:
            return done
    raise UnavailableError(f"{reply.who} moves the camera no more", hop=reply.hop)
