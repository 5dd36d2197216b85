"""Devices: JT/T 808 terminals, and officers' phones over HTTP. They keep a fix until it is acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from random import Random

import aiohttp

from edge.simulators.jt808_terminal import Fix, Jt808Terminal
from tests.consoles.support import Person
from tests.crash.ledger import Ledger
from tests.crash.people import TRY_S
from tests.crash.waiting import CLOCK, insist
from tests.e2e.hub_process import HubProcess

_EVERY_MS = 200
_AGAIN_MS = 100
_DAY_MS = 24 * 3600 * 1000
_LATER = frozenset({429, 502, 503, 504})


class Terminal(Jt808Terminal):
    """A vehicle terminal that knows a second platform: after each failed connection it tries the next."""

    def __init__(self, phone: str, hubs: Sequence[HubProcess], ledger: Ledger, chance: Random) -> None:
        super().__init__("127.0.0.1", 0, phone, self._drive(phone, ledger), CLOCK)
        self._hubs = hubs
        self._at = chance.randrange(len(hubs))
        self.reported = 0

    async def _drive(self, phone: str, ledger: Ledger) -> AsyncIterator[Fix]:
        """One fix for each second of yesterday: the protocol tells whole seconds, and instants must not meet."""
        at_ms = (CLOCK.now_ms() - _DAY_MS) // 1000 * 1000
        while True:
            async with ledger.turn():
                at_ms += 1000
                ledger.fixes[phone].append(at_ms)
                self.reported += 1
            # Never left while it waits for the acknowledgement: what matters is that it comes in the end.
            yield Fix(at_ms=at_ms, lat=29.0 + self.reported / 1e5, lon=113.0)
            await CLOCK.sleep(_EVERY_MS)

    async def _connect(self) -> bool:
        self._port = self._hubs[self._at % len(self._hubs)].jt808_port
        self._at += 1
        return await super()._connect()


class Phone:
    """An officer's phone. Run `report`."""

    def __init__(self, name: str, person: Person, hubs: Sequence[HubProcess], ledger: Ledger, chance: Random) -> None:
        self._device = f"mobile:{name}"
        self._person = person
        self._hubs = hubs
        self._ledger = ledger
        self._at = chance.randrange(len(hubs))

    async def report(self) -> None:
        """Report places while the gate is open, each until it is acknowledged."""
        number = last_ms = 0
        while True:
            async with self._ledger.turn():
                number += 1
                last_ms = max(CLOCK.now_ms(), last_ms + 1)
                self._ledger.fixes[self._device].append(last_ms)
                fix = {"at_ms": last_ms, "lat": 29.0 + number / 1e5, "lon": 113.1}
                while not await self._told(fix):
                    self._at += 1
                    await CLOCK.sleep(_AGAIN_MS)
            await CLOCK.sleep(_EVERY_MS)

    async def _told(self, fix: dict[str, float]) -> bool:
        hub = self._hubs[self._at % len(self._hubs)]
        timeout = aiohttp.ClientTimeout(total=TRY_S)
        headers = {"X-CSRF-Token": self._person.csrf}
        try:
            async with self._person.http.post(
                f"{hub.url}/api/v1/positions", json={"fixes": [fix]}, headers=headers, timeout=timeout
            ) as response:
                told = await response.text()
        except (TimeoutError, aiohttp.ClientError):
            return False
        insist(response.status == 204 or response.status in _LATER, f"a place got {response.status}: {told}")
        return response.status == 204
