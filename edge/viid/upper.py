"""The link to an upper view library: registered there, kept alive, and registered anew whenever it has forgotten us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import SignInRequiredError, TriuneError, UnavailableError
from edge.limits import VIID_BACKOFF_FIRST_MS, VIID_BACKOFF_LONGEST_MS, VIID_BEATS_MISSED, VIID_KEEPALIVE_MS
from edge.viid.bodies import RefusedError, Verdict
from edge.viid.codes import StatusCode
from edge.viid.faults import contained
from edge.viid.remote import Remote

Report = Callable[[bool, str], Awaitable[None]]
"""Hears whether the upper system is there, and why not: at each beat, for it may have been unable to record it."""


class UpperState(msgspec.Struct, kw_only=True):
    """How the link is. `since_ms` is when that began, `heard_ms` when the system answered last."""

    id: str
    url: str
    up: bool = False
    since_ms: int = 0
    heard_ms: int = 0
    reason: str = "not registered yet"
    registrations: int = 0


class Upper:
    """Run `run`; `post` registers by itself where that is needed. `server_id` is what we are there."""

    def __init__(self, remote: Remote, state: UpperState, server_id: str, clock: Clock, report: Report) -> None:
        self.state = state
        self._remote = remote
        self._server_id = server_id
        self._clock = clock
        self._report = report
        self._turn = asyncio.Lock()
        self._missed = 0
        state.since_ms = clock.now_ms()

    async def run(self) -> None:
        """Register and keep alive until cancelled; anew each time, since another hub may have done it meanwhile."""
        self.state.up = False
        pause_ms = VIID_BACKOFF_FIRST_MS
        while True:
            try:
                with contained(self.state.url):
                    async with self._turn:
                        await self._beat()
            except TriuneError as error:
                self._missed += 1
                if isinstance(error, SignInRequiredError) or self._missed >= VIID_BEATS_MISSED or not self.state.up:
                    await self._lost(error.detail)
                await self._clock.sleep(pause_ms)
                pause_ms = min(2 * pause_ms, VIID_BACKOFF_LONGEST_MS)
            else:
                self._missed, pause_ms = 0, VIID_BACKOFF_FIRST_MS
                await self._clock.sleep(VIID_KEEPALIVE_MS)

    async def post(self, path: str, body: Mapping[str, object]) -> list[Verdict]:
        """Return what the system says; raises as `Remote.post`, and `UnavailableError` while it does not know us."""
        async with self._turn:
            if not self.state.up:
                await self._register()
            try:
                verdicts = await self._remote.post(self.state.url + path, body)
            except SignInRequiredError as error:
                await self._lost(error.detail)
                raise UnavailableError(error.detail) from error
            self.state.heard_ms = self._clock.now_ms()
            return verdicts

    async def _beat(self) -> None:
        if not self.state.up:
            await self._register()
            return
        body = {"KeepaliveObject": {"DeviceID": self._server_id}}
        _check(await self._remote.post(f"{self.state.url}/VIID/System/Keepalive", body))
        self.state.heard_ms = self._clock.now_ms()
        await self._report(True, "")

    async def _register(self) -> None:
        body = {"RegisterObject": {"DeviceID": self._server_id}}
        _check(await self._remote.post(f"{self.state.url}/VIID/System/Register", body))
        now_ms = self._clock.now_ms()
        self.state.up, self.state.since_ms, self.state.heard_ms, self.state.reason = True, now_ms, now_ms, ""
        self.state.registrations += 1
        await self._report(True, "")

    async def _lost(self, reason: str) -> None:
        if self.state.up:
            self.state.since_ms = self._clock.now_ms()
        self.state.up, self.state.reason = False, reason
        await self._report(False, reason)


def _check(verdicts: list[Verdict]) -> None:
    """Take an answer without a status for a yes, as HTTP said."""
    if verdicts and verdicts[0].code is not StatusCode.OK:
        raise RefusedError(f"answers {verdicts[0].code}: {verdicts[0].told}", verdicts[0].code)
