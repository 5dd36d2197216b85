"""Asking a service, thing by thing, what it decided unheard: one that it cannot tell keeps no other from its turn."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.limits import CATCH_UP_FAILURES
from command.links.follow import AWAY, OWN_RECORD_AWAY

log = logging.getLogger(__name__)


class CatchingUp:
    """`what` says in English what is gone over ("approval")."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begin = ""
        """What comes next where the service was given up; else nothing, and the first does."""

    async def over(self, ids: Sequence[str], one: Callable[[str], Awaitable[None]]) -> None:
        """Have `one(id)` ask about each. What is refused for good is logged.

        Raises `UnavailableError` by the first that the service could not tell, once all had their turn, or after
        `CATCH_UP_FAILURES` in a row: then it is taken for away, and the next time it goes on from there. What the hub's
        own record raises ends it at once.
        """
        first = ids.index(self._begin) if self._begin in ids else 0
        self._begin, failed, in_a_row = "", "", 0
        for each in (*ids[first:], *ids[:first]):
            if in_a_row == CATCH_UP_FAILURES:
                self._begin = each
                break
            try:
                await one(each)
            except OWN_RECORD_AWAY:
                raise
            except AWAY as error:
                failed = failed or f"{self._what} {each}: {error.detail}"
                in_a_row += 1
                continue
            except TriuneError as error:
                log.warning("how %s %s stands in the service cannot be told: %s", self._what, each, error.detail)
            in_a_row = 0
        if failed:
            raise UnavailableError(failed)
