"""Health, for whoever starts, stops and balances hubs. Open to all: it names parts, and nothing of what they hold.

`/health/live` says that the process's loop turns: without an answer, restart it. `/health/ready` says whether the hub
can record: at 503 send nobody here, and do not restart it for that, since it looks for its journal by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec
from aiohttp import web

from command.kernel.errors import TooManyError, TriuneError
from command.tables import Tables
from consoles.http.context import LIVE, Context, context_of
from consoles.http.identity import is_open
from consoles.limits import HEALTH_AGE_MS, HEALTH_ANSWER_MS

LinkState = Literal["up", "down"]
Check = Callable[[], Iterable[str]]
"""Names the parts that are away, without which the hub still records: `bus`, …"""


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """The process turns, and is of this release; one before this does not say of which."""

    status: Literal["ok"]
    release: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`wrong` keeps the hub from recording, `degraded` does not; both hold names of parts and what is with them."""

    status: Literal["ready", "degraded", "not_ready"]
    wrong: list[str]
    degraded: list[str]


def routes(examiner: Examiner) -> list[web.RouteDef]:
    """Return the routes."""

    @is_open
    async def live(request: web.Request) -> web.Response:
        return _answer(200, Live(status="ok", release=context_of(request).release))

    @is_open
    async def ready(request: web.Request) -> web.Response:
        health = await examiner.health(context_of(request))
        return _answer(503 if health.status == "not_ready" else 200, health)

    return [web.get("/health/live", live), web.get("/health/ready", ready)]


class Examiner:
    """Looks at most once in a while, whoever asks how often: the door is open, and the look takes the hub's time.

    `checks` are looked at each time anew, so parts may still add theirs.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._turn = asyncio.Lock()
        self._at_ms: int | None = None
        self._known = Health(status="not_ready", wrong=[], degraded=[])
        self.links: dict[str, LinkState] | None = None
        """How links were at the last look; None where the hub did not say."""

    async def health(self, context: Context) -> Health:
        """Return what was found at the last look, which is not long ago."""
        async with self._turn:
            now_ms = context.clock.now_ms()
            if self._at_ms is None or now_ms - self._at_ms >= HEALTH_AGE_MS:
                self._known = await self._look(context)
                self._at_ms = context.clock.now_ms()
        return self._known

    async def _look(self, context: Context) -> Health:
        hub = context.spaces[LIVE].hub
        why_not = "damaged" if hub.damaged else "does not answer" if hub.hangs else "cannot be written"
        self.links = None
        wrong = [] if hub.accepting else [f"journal: {why_not}"]
        degraded = [name for check in self._checks for name in check()]
        try:
            async with asyncio.timeout(HEALTH_ANSWER_MS / 1000):
                self.links = await hub.read(_links)
                degraded += [f"link {link}: away" for link, state in self.links.items() if state != "up"]
        except TimeoutError:
            wrong.append("hub: does not answer")
        except TooManyError:
            wrong.append("hub: its inbox is full")
        except TriuneError:
            wrong.append("hub: has stopped")
        # A rehearsal that ended for its limits is no reason to send dispatchers elsewhere.
        degraded += ["rehearsal: cannot record" for name, s in context.spaces.items()
                     if name != LIVE and not s.hub.accepting]  # fmt: skip
        status: Literal["ready", "degraded", "not_ready"] = "ready"
        if wrong or degraded:
            status = "not_ready" if wrong else "degraded"
        return Health(status=status, wrong=wrong, degraded=degraded)


def _links(t: Tables) -> dict[str, LinkState]:
    return {row.id: row.state for row in sorted(t.links, key=lambda row: row.id)}


def _answer(status: int, value: object) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip
