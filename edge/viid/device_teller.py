"""Tells an upper system of our devices for as long as it subscribed to them: all at first, then those that changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TriuneError, UnavailableError
from edge.limits import (
    VIID_BACKOFF_FIRST_MS,
    VIID_BACKOFF_LONGEST_MS,
    VIID_DEVICES_LOOK_MS,
    VIID_DEVICES_TOLD,
)
from edge.viid.bodies import RefusedError, Verdict
from edge.viid.catalogue import OwnDevice
from edge.viid.codes import StatusCode
from edge.viid.faults import contained
from edge.viid.sender import SenderState

Find = Callable[[], Awaitable[Sequence[OwnDevice]]]
"""Returns the devices that are to be told of now, none while the subscription is not in force."""
Tell = Callable[[Sequence[OwnDevice]], Awaitable[Sequence[Verdict]]]


class DeviceTeller:
    """Run `run`. What was told is known until the hub starts anew, and then told again: it is the same devices.

    The standard as we know it has no word for a device that is gone: it is told no more.
    """

    def __init__(self, receiver: str, find: Find, tell: Tell, clock: Clock, interval_ms: int) -> None:
        self.state = SenderState(receiver=receiver)
        self._find = find
        self._tell = tell
        self._clock = clock
        self._every_ms = max(interval_ms, VIID_DEVICES_LOOK_MS)
        self._told: dict[str, OwnDevice] = {}

    async def run(self) -> None:
        """Tell of them until cancelled."""
        pause_ms = VIID_BACKOFF_FIRST_MS
        while True:
            try:
                with contained(self.state.receiver):
                    await self._look()
            except TriuneError as error:
                self.state.up, self.state.reason = False, error.detail
                self.state.failures += 1
                await self._clock.sleep(pause_ms)
                pause_ms = min(2 * pause_ms, VIID_BACKOFF_LONGEST_MS)
            else:
                pause_ms = VIID_BACKOFF_FIRST_MS
                await self._clock.sleep(self._every_ms)

    async def _look(self) -> None:
        changed = [one for one in await self._find() if self._told.get(one.id) != one]
        for first in range(0, len(changed), VIID_DEVICES_TOLD):
            some = changed[first : first + VIID_DEVICES_TOLD]
            try:
                _check(await self._tell(some))
            except InvalidInputError as error:  # it will say no to these for ever, until they are others
                self.state.up, self.state.reason = True, error.detail
                self.state.refused += len(some)
            else:
                self.state.up, self.state.reason = True, ""
                self.state.sent += len(some)
                self.state.last_sent_ms = self._clock.now_ms()
            self._told |= {one.id: one for one in some}


def _check(verdicts: Sequence[Verdict]) -> None:
    """Take an answer without a status for a yes, as HTTP said."""
    wrong = next((verdict for verdict in verdicts if verdict.code is not StatusCode.OK), None)
    if wrong is not None and wrong.code is StatusCode.BUSY:
        raise UnavailableError("busy")
    if wrong is not None:
        raise RefusedError(f"answers {int(wrong.code)}: {wrong.told}", wrong.code)
