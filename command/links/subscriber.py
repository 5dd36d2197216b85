"""The hub's subscription to the webhooks of a service: asked for again in turn, for the service may have forgotten it.

A service that is restored or begins anew knows of no subscriber, and one that has another key signs otherwise. Neither
says so, and what was decided there would wait here for good.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError, UnavailableError
from command.kernel.limits import (
    LINK_BACKOFF_FIRST_MS,
    LINK_BACKOFF_LONGEST_MS,
    SUBSCRIBE_AGAIN_MS,
    SUBSCRIBE_SOONEST_MS,
    WEBHOOK_BACKOFF_LONGEST_MS,
)
from command.links.clients import ApprovalClient, CaseClient
from command.links.service_messages import Subscription
from command.links.signing import verify

log = logging.getLogger(__name__)
_DOUBTED_MS = 2 * WEBHOOK_BACKOFF_LONGEST_MS
"""A service whose webhook is refused tries it again within half of this; what stays away for longer was no service."""


class Subscriber:
    """Subscribes `url` to the service called `name`, and hears its webhooks. Run `run`.

    `catch_up` fetches what may have been decided while the service told nothing; its errors mean again later.
    """

    def __init__(
        self, name: str, client: CaseClient | ApprovalClient, url: str, catch_up: Callable[[], Awaitable[None]],
        clock: Clock,
    ) -> None:  # fmt: skip
        self.name = name
        self._client = client
        self._url = url
        self._catch_up = catch_up
        self._clock = clock
        self._secret = ""
        self._caught_up: Subscription | None = None
        """Under which subscription nothing is missing; None once the service was away."""
        self._untold = ""
        self._refused = ("", 0)
        """Why the last webhook was refused, and when; nothing once another was heard."""
        self._doubted = asyncio.Event()

    def problems(self) -> list[str]:
        """Say why decisions taken there do not come here; nothing where they do."""
        why, at_ms = self._refused
        if self._untold:
            return [f"{self.name}: the service {self._untold}"]
        if why and self._clock.now_ms() - at_ms <= _DOUBTED_MS:
            return [f"{self.name}: what the service tells is refused: {why}"]
        return []

    def hear(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the id of a webhook; what is refused (see `verify`) has the hub ask how the service signs now."""
        if not self._secret:
            raise UnavailableError(f"not subscribed to the {self.name} service yet")
        now_ms = self._clock.now_ms()
        try:
            event_id = verify(self._secret, headers, body, now_ms)
        except TriuneError as error:
            self._refused = error.detail, now_ms
            self._doubted.set()
            raise
        self._refused = "", 0
        return event_id

    async def run(self) -> None:
        """Subscribe until cancelled: in turn, and soon after a webhook that was refused."""
        pause_ms = LINK_BACKOFF_FIRST_MS
        while True:
            self._doubted.clear()
            untold = await self._subscribed()
            if untold and untold != self._untold:
                log.warning("the %s service %s", self.name, untold)
            self._untold = untold
            if untold:
                await self._clock.sleep(pause_ms)
                pause_ms = min(pause_ms * 2, LINK_BACKOFF_LONGEST_MS)
            else:
                pause_ms = LINK_BACKOFF_FIRST_MS
                await self._clock.sleep(SUBSCRIBE_SOONEST_MS)  # anybody can send what is refused
                await self._turn()

    async def _subscribed(self) -> str:
        """Subscribe, and catch up where something may be missing; return what is not so yet."""
        try:
            subscription = await self._client.subscribe(self._url)
        except TriuneError as error:
            self._caught_up = None  # it may have been restored meanwhile
            return f"does not tell of changes yet: {error.detail}"
        self._secret = subscription.secret
        if subscription == self._caught_up:
            return ""
        try:
            await self._catch_up()
        except TriuneError as error:
            return f"was not asked yet what it decided unheard: {error.detail}"
        self._caught_up = subscription
        return ""

    async def _turn(self) -> None:
        """Return when it is time again, or a webhook was refused."""
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(self._ring())
            await self._doubted.wait()
            waiting.cancel()

    async def _ring(self) -> None:
        await self._clock.sleep(SUBSCRIBE_AGAIN_MS)
        self._doubted.set()
