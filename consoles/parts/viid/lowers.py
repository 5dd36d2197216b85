"""Keeps what we subscribed to at lower systems in force, and asks these what devices they have; on one hub for all."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

import aiohttp
import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.kernel.geo import Datum
from consoles.parts.viid.lower_store import KeptLower, LowerStore
from consoles.parts.viid.tended import Tended
from edge.limits import (
    VIID_BACKOFF_FIRST_MS,
    VIID_BACKOFF_LONGEST_MS,
    VIID_CATALOGUE_OF_PEER,
    VIID_LEASE_MS,
    VIID_RENEW_MS,
)
from edge.viid.bodies import RefusedError, Verdict
from edge.viid.catalogue import Listed, devices_of, read_device
from edge.viid.faults import contained
from edge.viid.lower import Lower, cancel, catalogue, renew
from edge.viid.remote import Remote

log = logging.getLogger(__name__)
TakeDevices = Callable[[str, Sequence[Listed]], Awaitable[Sequence[Verdict]]]
"""Keeps what a system says of its devices."""


class LowerState(msgspec.Struct, kw_only=True):
    """How a subscription does. `up` is None until it was tried; `devices` were told at the last renewal."""

    id: str
    up: bool | None = None
    reason: str = ""
    renewed_ms: int = 0
    devices: int = 0


class Lowers:
    """Run `run`, on the hub that tells for all. `password_of(peer)` is what a system asks us for.

    Lower systems tell us at our origin `receive_at`, and of places in `datum`.
    """

    def __init__(
        self, store: LowerStore, http: aiohttp.ClientSession, clock: Clock, server_id: str, receive_at: str,
        datum: Datum, password_of: Callable[[str], str], take_devices: TakeDevices,
    ) -> None:  # fmt: skip
        self._store = store
        self._http = http
        self._clock = clock
        self._server_id = server_id
        self._receive_at = receive_at
        self._datum: Datum = datum
        self._password_of = password_of
        self._take_devices = take_devices
        self._tended = Tended(
            "subscriptions at lower systems", store.changed, self._find, self._begin, lambda kept: kept.ended
        )

    def states(self) -> dict[str, LowerState]:
        """Return how each does."""
        return self._tended.states()

    def again(self, lower: str) -> bool:
        """Renew one at once, and ask for its devices; say whether it is kept in force here."""
        return self._tended.again(lower)

    async def run(self) -> None:
        """Keep them in force until cancelled."""
        await self._tended.run()

    async def _find(self) -> dict[str, KeptLower]:
        return {kept.lower.id: kept for kept in await self._store.lowers()}

    def _begin(self, name: str, kept: KeptLower) -> tuple[LowerState, Coroutine[None, None, None]]:
        state = LowerState(id=name)
        return state, self._tend(kept, state)

    async def _tend(self, kept: KeptLower, state: LowerState) -> None:
        """Subscribe and renew, or end it there; after what fails pauses get longer."""
        pause_ms, leased_ms = VIID_BACKOFF_FIRST_MS, kept.leased_ms
        remote = Remote(self._http, self._server_id, self._server_id, self._password_of(kept.lower.peer))
        while True:
            try:
                with contained(kept.lower.url):
                    if kept.ended:
                        await self._end(remote, kept.lower, leased_ms)
                        return
                    leased_ms = await self._renew(remote, kept.lower, leased_ms)
                    state.up, state.reason, state.renewed_ms = True, "", self._clock.now_ms()
                    state.devices = await self._ask_devices(remote, kept.lower)
            except TriuneError as error:
                state.up, state.reason = kept.ended or leased_ms > self._clock.now_ms(), error.detail
                await self._clock.sleep(pause_ms)
                pause_ms = min(2 * pause_ms, VIID_BACKOFF_LONGEST_MS)
            else:
                pause_ms = VIID_BACKOFF_FIRST_MS
                await self._clock.sleep(VIID_RENEW_MS)

    async def _renew(self, remote: Remote, lower: Lower, leased_ms: int) -> int:
        now_ms = self._clock.now_ms()
        await renew(remote, lower, lower.body(self._receive_at, self._server_id, now_ms), known=leased_ms > now_ms)
        await self._store.lease(lower.id, now_ms + VIID_LEASE_MS)
        return now_ms + VIID_LEASE_MS

    async def _end(self, remote: Remote, lower: Lower, leased_ms: int) -> None:
        """End it there; past its time it has ended by itself, whether anybody answers or not."""
        now_ms = self._clock.now_ms()
        if leased_ms > now_ms:
            await cancel(remote, lower, lower.body(self._receive_at, self._server_id, now_ms, ends=True))
        await self._store.forget(lower.id)

    async def _ask_devices(self, remote: Remote, lower: Lower) -> int:
        """Take in the catalogue; return how many devices were told. What is none of them is left out."""
        listed: list[Listed] = []
        for body in await catalogue(remote, lower):
            for kind, told in devices_of(body):
                try:
                    listed.append(read_device(told, kind, self._datum))
                except RefusedError as error:
                    log.info("a device of GA/T 1400 system %s is left out: %s", lower.peer, error.detail)
        if len(listed) > VIID_CATALOGUE_OF_PEER:
            log.warning("of %d devices of GA/T 1400 system %s the rest is left", len(listed), lower.peer)
        await self._take_devices(lower.peer, listed[:VIID_CATALOGUE_OF_PEER])
        return len(listed)
