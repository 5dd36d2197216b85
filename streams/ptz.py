"""Moving cameras: who holds one, the dead man's stop, and the gateways that speak to them, by scheme of the address."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Annotated, Any, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

import msgspec
from msgspec import Meta

from command.kernel.clock import Clock
from command.kernel.errors import ConflictError, TooManyError, TriuneError, UnavailableError, UnknownIdError
from streams.limits import PTZ_CALL_MS, PTZ_DEAD_MAN_MS, PTZ_HELD, PTZ_HOLD_MS, PTZ_LOOK_MS
from streams.sources import scheme_of

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

Speed = Annotated[float, Meta(ge=-1, le=1)]
"""Share of the fastest: right, up and in are positive."""


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Go on moving like this until told otherwise; all 0 is a stop."""

    pan: Speed = 0.0
    tilt: Speed = 0.0
    zoom: Speed = 0.0


STOP = Move()


class Recall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Go to a place that the camera keeps under a number."""

    preset: Annotated[int, Meta(ge=0, le=65_535)]


Command: TypeAlias = Move | Recall


class Preset(msgspec.Struct, frozen=True):
    """A place that a camera keeps."""

    number: int
    name: str


class Ptz(Protocol):
    """One camera that can be moved. Its methods raise `UnavailableError` with what a technician can act on."""

    async def move(self, pan: float, tilt: float, zoom: float) -> None:
        """Move from now on, −1…1 each; all 0 stops."""
        ...

    async def preset(self, number: int) -> None:
        """Go to a preset."""
        ...


@runtime_checkable
class ListsPresets(Protocol):
    """A `Ptz` that knows which presets there are."""

    async def presets(self) -> list[Preset]:
        """Return them in the camera's order."""
        ...


OpenPtz: TypeAlias = Callable[[str, Clock], AbstractAsyncContextManager[Ptz]]
"""`open(address, clock)`; entering may raise `UnavailableError`."""


class PtzGateways:
    """The kinds of camera that can be moved. Gateways register theirs when the site is put together."""

    def __init__(self) -> None:
        self._kinds: dict[str, OpenPtz] = {}
        self._moves: dict[str, Callable[[str], bool]] = {}

    def register(self, scheme: str, open_ptz: OpenPtz, moves: Callable[[str], bool] = lambda _: True) -> None:
        """Let cameras whose address begins with `scheme:`, and `moves`, be moved by what `open_ptz` returns."""
        assert scheme not in self._kinds, f"the scheme {scheme} is registered twice"
        self._kinds[scheme] = open_ptz
        self._moves[scheme] = moves

    def moves(self, address: str) -> bool:
        """Say whether there is a gateway that can try."""
        scheme = scheme_of(address)
        return scheme in self._kinds and self._moves[scheme](address)

    def open(self, address: str, clock: Clock) -> AbstractAsyncContextManager[Ptz]:
        """Return the camera, not connected yet. Raises `UnknownIdError` where none of the gateways can move it."""
        if not self.moves(address):
            raise UnknownIdError("a camera with such an address cannot be moved")
        return self._kinds[scheme_of(address)](address, clock)


# Who holds a camera: pure.


class Operator(msgspec.Struct, frozen=True):
    """Somebody who moves cameras; of two the one with the higher rank goes before."""

    id: str
    name: str
    rank: int


class Hold(msgspec.Struct, frozen=True):
    """Who holds a camera until when, and by when it is stopped unless the move is renewed."""

    by: Operator
    until_ms: int
    stop_at_ms: int | None = None


def claim(held: Hold | None, who: Operator, command: Command, now_ms: int) -> Hold:
    """Return the hold as it is with this command.

    Raises `ConflictError` with `holder` and `until_ms` while somebody else of the same or a higher rank holds it.
    """
    if held is not None and now_ms < held.until_ms and held.by.id != who.id and who.rank <= held.by.rank:
        raise ConflictError(f"{held.by.name} moves this camera", holder=held.by.name, until_ms=held.until_ms)
    moves = isinstance(command, Move) and command != STOP
    return Hold(who, now_ms + PTZ_HOLD_MS, now_ms + PTZ_DEAD_MAN_MS if moves else None)


# The shell: one task for each camera that is held.


class Counters(msgspec.Struct):
    """What was done."""

    commands: int = 0
    refused: int = 0
    """Somebody else held the camera."""
    alone: int = 0
    """Nobody could tell whether somebody at another hub held it."""
    dead_man_stops: int = 0
    failed: int = 0
    """Commands that a camera did not take."""


class Holds(Protocol):
    """What hubs know of each other's holds; `streams.holds` has them in a table. Raises `UnavailableError`."""

    async def take(self, camera: str, who: Operator) -> None:
        """Have a camera held at this hub. Raises `ConflictError` as `claim`."""
        ...

    async def of(self, camera: str) -> Hold | None:
        """Return who holds a camera now, at whichever hub."""
        ...

    async def moved_on(self, camera: str) -> bool:
        """Say whether it was last taken at another hub, which stops it itself."""
        ...


class PtzControl:
    """`async with PtzControl(gateways, address_of, clock) as control`: gives each camera to one person at a time.

    `address_of(camera)` raises `UnknownIdError`. Of several hubs, `holds` are those of all; while their database is
    away, each goes by its own. Leaving stops what still moves.
    """

    def __init__(
        self, gateways: PtzGateways, address_of: Callable[[str], str], clock: Clock, holds: Holds | None = None
    ) -> None:
        self.counters = Counters()
        self._holds = holds
        self._gateways = gateways
        self._address_of = address_of
        self._clock = clock
        self._pilots: dict[str, _Pilot] = {}
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pilot in list(self._pilots.values()):
            pilot.release()
        # Whatever ended the hub, pilots stop what moves: told of an error the group would cancel them first.
        await self._tasks.__aexit__(None, None, None)

    def moves(self, camera: str) -> bool:
        """Say whether a camera may be movable at all. Raises `UnknownIdError`."""
        return self._gateways.moves(self._address_of(camera))

    async def hold(self, camera: str) -> Hold | None:
        """Return who holds a camera now."""
        if self._holds is not None:
            with suppress(UnavailableError):
                return await self._holds.of(camera)
        pilot = self._pilots.get(camera)
        return pilot.hold if pilot and self._clock.now_ms() < pilot.hold.until_ms else None

    async def presets(self, camera: str) -> list[Preset]:
        """Ask the camera which presets it has; none where it cannot say. Raises as `command`, but needs no hold."""
        async with self._gateways.open(self._address_of(camera), self._clock) as ptz:
            if not isinstance(ptz, ListsPresets):
                return []
            return await _in_time(ptz.presets())

    async def command(self, camera: str, who: Operator, command: Command) -> Hold:
        """Move a camera; returns once it has taken the command, or a newer one.

        Raises `ConflictError` while somebody else holds it, `UnknownIdError` where it cannot be moved, and
        `UnavailableError` where the camera does not do it.
        """
        try:
            await self._take(camera, who)
            pilot = self._pilots.get(camera)
            hold = claim(pilot.hold if pilot else None, who, command, self._clock.now_ms())
        except ConflictError:
            self.counters.refused += 1
            raise
        if pilot is None:
            if len(self._pilots) >= PTZ_HELD:
                raise TooManyError(f"{PTZ_HELD} cameras are being moved")
            opened = self._gateways.open(self._address_of(camera), self._clock)
            pilot = self._pilots[camera] = _Pilot(camera, hold, self._clock, self.counters, self._holds)
            self._tasks.create_task(self._fly(camera, pilot, opened), name=f"ptz {camera}")
        await pilot.put(hold, command)
        return hold

    async def _take(self, camera: str, who: Operator) -> None:
        if self._holds is not None:
            try:
                await self._holds.take(camera, who)
            except UnavailableError:
                self.counters.alone += 1

    async def _fly(self, camera: str, pilot: _Pilot, opened: AbstractAsyncContextManager[Ptz]) -> None:
        try:
            async with opened as ptz, asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(pilot.look(), name=f"ptz {camera} dead man")
                await pilot.run(ptz)
                del self._pilots[camera]
                looking.cancel()
        except Exception as error:  # noqa: BLE001 - a gateway's fault ends this hold and neither the hub nor the others
            pilot.fail(_told(error))
        finally:
            if self._pilots.get(camera) is pilot:
                del self._pilots[camera]


class _Pilot:
    """Moves one camera while somebody holds it. Of commands that wait, the newest is what the camera is told."""

    def __init__(self, camera: str, hold: Hold, clock: Clock, counters: Counters, holds: Holds | None) -> None:
        self.hold = hold
        self._holds = holds
        self._camera = camera
        self._clock = clock
        self._counters = counters
        self._next: tuple[Command, asyncio.Future[None]] | None = None
        self._changed = asyncio.Event()

    def put(self, hold: Hold, command: Command) -> asyncio.Future[None]:
        """Take a command in; the future ends when the camera has taken it or a newer one."""
        self.hold = hold
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._next is not None and not self._next[1].done():
            self._next[1].set_result(None)
        self._next = (command, answered)
        self._changed.set()
        return answered

    def release(self) -> None:
        """End the hold: what moves is stopped."""
        now_ms = self._clock.now_ms()
        stop_at_ms = None if self.hold.stop_at_ms is None else now_ms
        self.hold = msgspec.structs.replace(self.hold, until_ms=now_ms, stop_at_ms=stop_at_ms)
        self._changed.set()

    def fail(self, error: TriuneError) -> None:
        """Tell whoever waits."""
        if self._next is not None and not self._next[1].done():
            self._next[1].set_exception(error)

    async def look(self) -> None:
        """Wake the pilot regularly, so that it sees what is due."""
        while True:
            await self._clock.sleep(PTZ_LOOK_MS)
            self._changed.set()

    async def run(self, ptz: Ptz) -> None:
        """Pass commands on and stop what is no longer renewed, until the hold is over."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            now_ms = self._clock.now_ms()
            if self._next is not None:
                await self._obey(ptz, *self._next)
            # Also right after a command that was still on its way when the hold ended.
            if self._next is None and self.hold.stop_at_ms is not None and now_ms >= self.hold.stop_at_ms:
                await self._stop(ptz)
            if self._next is None and now_ms >= self.hold.until_ms:
                return

    async def _obey(self, ptz: Ptz, command: Command, answered: asyncio.Future[None]) -> None:
        self._next = None
        self._counters.commands += 1
        try:
            await _in_time(_said(ptz, command))
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            self._counters.failed += 1
            if isinstance(command, Move) and self._next is None:  # what got there nobody knows: it is stopped
                self.hold = msgspec.structs.replace(self.hold, stop_at_ms=self._clock.now_ms())
            if not answered.done():
                answered.set_exception(_told(error))
        else:
            if not answered.done():
                answered.set_result(None)

    async def _stop(self, ptz: Ptz) -> None:
        """Stop because nobody renewed the move; where the camera does not take it, the next look tries again."""
        due = self.hold
        moved_on = await self._moved_on()
        if self.hold is not due:
            return  # somebody moves it again meanwhile
        if moved_on:
            self.hold = msgspec.structs.replace(due, stop_at_ms=None)
            return
        try:
            await _in_time(ptz.move(0.0, 0.0, 0.0))
        except Exception as error:  # noqa: BLE001 - nobody waits for this one
            self._counters.failed += 1
            _log.warning("camera %s did not take the dead man's stop: %s", self._camera, _told(error).detail)
            return
        self._counters.dead_man_stops += 1
        if self.hold is due:  # else somebody moves it again meanwhile
            self.hold = msgspec.structs.replace(due, stop_at_ms=None)

    async def _moved_on(self) -> bool:
        if self._holds is not None:
            with suppress(UnavailableError):
                return await self._holds.moved_on(self._camera)
        return False


async def _said(ptz: Ptz, command: Command) -> None:
    match command:
        case Move(pan, tilt, zoom):
            await ptz.move(pan, tilt, zoom)
        case Recall(preset):
            await ptz.preset(preset)


async def _in_time(call: Coroutine[Any, Any, _T]) -> _T:
    try:
        async with asyncio.timeout(PTZ_CALL_MS / 1000):
            return await call
    except TimeoutError:
        raise UnavailableError(f"the camera did not answer within {PTZ_CALL_MS // 1000} s") from None


def _told(error: Exception) -> TriuneError:
    """Say what went wrong; texts of other errors than ours may hold the address with its password."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TriuneError):
        return error
    _log.error("a camera could not be moved: %s", type(error).__name__)
    return UnavailableError(f"internal error: {type(error).__name__}")
