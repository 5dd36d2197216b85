"""People at browsers, who ask again with the same key, at another hub too, until they are told yes."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Sequence
from random import Random

import aiohttp
import msgspec

from command import requests as q
from command.journal import Answer
from command.requests import Request
from tests.consoles.support import Person
from tests.crash.ledger import Asked, Ledger
from tests.crash.screens import Screen
from tests.crash.waiting import CLOCK, insist, until
from tests.e2e.hub_process import HubProcess

TRY_S = 2.0
_PAUSE_MS = 100
_MOVES_SHARE = 0.1
_AGAIN_MS = 100
_GIVE_UP_MS = 120_000
_DUE_MS = 120_000
_LATER = frozenset({429, 502, 503, 504})


class Asker:
    """Somebody signed in, who knows of all hubs."""

    def __init__(self, name: str, person: Person, hubs: Sequence[HubProcess], ledger: Ledger, chance: Random) -> None:
        self.name = name
        self._person = person
        self._hubs = hubs
        self._ledger = ledger
        self._chance = chance
        self._at = chance.randrange(len(hubs))

    async def ask(self, mark: str, request: Request, only: HubProcess | None = None) -> Answer:
        """Ask until it is answered yes; whoever waits too long goes to the next hub, unless it is to be one only."""
        asked = Asked(self.name, f"{self.name}-{secrets.token_hex(8)}", mark, request)
        self._ledger.note(asked)
        end_ms = CLOCK.now_ms() + _GIVE_UP_MS
        while True:
            hub = only or self._hubs[self._at % len(self._hubs)]
            told = await self.once(hub, asked)
            if isinstance(told, Answer):
                self._ledger.by_hub[hub.url] += 1
                asked.answer = told
                return told
            self._ledger.tries[told] += 1
            insist(CLOCK.now_ms() < end_ms, f"{asked.key} was not answered in {_GIVE_UP_MS} ms: {told}")
            self._at += 1
            await CLOCK.sleep(_AGAIN_MS)

    async def once(self, hub: HubProcess, asked: Asked) -> Answer | str:
        """Return the answer, or in a word why there is none yet."""
        headers = {"X-CSRF-Token": self._person.csrf, "Idempotency-Key": asked.key}
        timeout = aiohttp.ClientTimeout(total=TRY_S)
        body = msgspec.json.encode(asked.request)
        try:
            async with self._person.http.post(
                f"{hub.url}/api/v1/requests", data=body, headers=headers, timeout=timeout
            ) as response:
                told = await response.read()
        except TimeoutError:
            return "timeout"
        except aiohttp.ClientError:
            return "disconnected"
        if response.status == 200:
            return msgspec.json.decode(told, type=Answer)
        insist(response.status in _LATER, f"{asked.key} got {response.status} from {hub.url}: {told.decode()}")
        return str(response.status)

    async def report(self, situations: Sequence[str]) -> None:
        """Report calls and write notes while the gate is open."""
        numbers = itertools.count(self._chance.randrange(10_000) * 1_000_000)
        while True:
            async with self._ledger.turn():
                mark = f"1{next(numbers):010}"
                request: Request = q.ReportCall(dialled="110", caller=mark)
                if self._chance.random() < _MOVES_SHARE:
                    self._at = self._chance.randrange(len(self._hubs))
                if self._chance.random() < 0.6:
                    mark = f"note {mark}"
                    request = q.NoteSituation(situation=self._chance.choice(situations), text=mark)
                await self.ask(mark, request)
            await CLOCK.sleep(_PAUSE_MS)

    async def command(self, situation: str, unit: str, screen: Screen) -> None:
        """Issue orders that nobody signs; recall each once the screen shows that its deadline came."""
        for number in itertools.count():
            async with self._ledger.turn():
                mark = f"order {number} of {unit}"
                order = (await self.ask(mark, q.IssueOrder(situation=situation, unit=unit, text=mark))).subject

                def overdue(order: str = order) -> bool:
                    return bool(screen.row("orders", order).get("overdue"))

                await until(overdue, _DUE_MS, f"order {order} was not signed, and its deadline did not come")
                await self.ask(f"recall {mark}", q.RecallOrder(order=order, why=f"recall {mark}"))
            await CLOCK.sleep(_PAUSE_MS)


async def repeat(
    askers: dict[str, Asker], hubs: Sequence[HubProcess], asked: Sequence[Asked], chance: Random, lanes: int = 8
) -> None:
    """Ask everything again with its key, at whichever hub: the answer has to be the first one."""
    waiting = list(asked)
    chance.shuffle(waiting)

    async def lane() -> None:
        while waiting:
            item = waiting.pop()
            hub = chance.choice(hubs)
            for _ in range(100):
                told = await askers[item.person].once(hub, item)
                if isinstance(told, Answer):
                    break
                await CLOCK.sleep(_AGAIN_MS)
            insist(told == item.answer, f"{item.key} was answered {item.answer}, and again at {hub.url}: {told}")

    async with asyncio.TaskGroup() as group:
        for _ in range(lanes):
            group.create_task(lane())
