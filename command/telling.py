"""What the hub's own parts find out and record, where nobody waits for the answer."""

from __future__ import annotations

import logging

from command.actors import HUB
from command.hub import Hub
from command.kernel.errors import TriuneError
from command.requests import Request


async def tell(hub: Hub, request: Request, log: logging.Logger, what: str) -> bool:
    """Record it, and say whether that was done; where not, `log` is told that `what` could not be recorded.

    Not where the hub was stopped: what ends with it tells its end, and that is no news.
    """
    try:
        await hub.ask(request, HUB)
    except TriuneError as error:
        if not hub.stopped:
            log.warning("%s could not be recorded: %s", what, error.detail)
        return False
    return True
