"""What the hub's own parts find out and record, where nobody waits for the answer.

How something is, is said once, as it changes. Where the record is away just then it would stay wrong for as long as
nothing changes again: so what is so is held against the record again and again. Nothing waits to be said that may be
so no more by then, or that another hub knows better.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Set

from command.actors import HUB
from command.hub import Hub
from command.journal import DamagedJournalError
from command.kernel.errors import TooManyError, TriuneError, UnavailableError
from command.kernel.limits import BATCH_REQUESTS, SAID_LOOK_MS
from command.requests import Request
from command.tables import Tables

NOBODY_CAN_TELL = (UnavailableError, TooManyError, DamagedJournalError)
"""What the hub answers where it may be asked the same again; anything else is a refusal, and stays one."""


async def tell(hub: Hub, request: Request, log: logging.Logger, what: str) -> bool:
    """Record it, and say whether that is settled: False where it is to be said again, not where it was refused.

    Where it was not done `log` is told that `what` could not be recorded. Not where the hub was stopped: what ends with
    it tells its end, and that is no news.
    """
    try:
        await hub.ask(request, HUB)
    except TriuneError as error:
        if not hub.stopped:
            log.warning("%s could not be recorded: %s", what, error.detail)
        return not isinstance(error, NOBODY_CAN_TELL)
    return True


async def keep_said(
    hub: Hub, differing: Callable[[Tables], Set[str]], say: Callable[[str], Awaitable[None]]
) -> None:  # fmt: skip
    """Have `say` say what is otherwise than on record, until cancelled.

    `differing(tables)` names it; what it names at two looks in a row is no word that is still on its way. Not while
    nothing can be recorded.
    """
    before: Set[str] = frozenset()
    while True:
        await hub.clock.sleep(SAID_LOOK_MS)
        try:
            differs = await hub.read(differing) if hub.accepting else frozenset()
        except TriuneError:
            differs = frozenset()
        again = sorted(differs & before)
        for n in range(0, len(again), BATCH_REQUESTS):
            await asyncio.gather(*map(say, again[n : n + BATCH_REQUESTS]))
        before = differs
