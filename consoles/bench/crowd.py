"""A crowd of consoles in a process of its own, so that the server's CPU time is the server's alone.

The first line of standard input says where the hub is (`Site`), each further one is an order; each is answered with a
line of JSON. The process ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Literal

import aiohttp
import msgspec
import uvloop

from command import requests as q
from command.kernel.clock import SystemClock
from consoles.bench.dialects import Client, Console, Mqtt, SocketIo
from consoles.bench.measure import allow_many_sockets, paced, percentile, stopwatch_ms

_TOGETHER = 32
_PROBES = 10
_ECHO_EVERY = 10
_READY_S = 60.0


class Person(msgspec.Struct, frozen=True):
    """A session of somebody who may see the tables: what goes into the headers `Cookie` and `X-CSRF-Token`."""

    cookie: str
    csrf: str


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server is; of a hub, who its consoles are in turn and what each subscribes to.

    Several people, since one alone may not ask as often as a crowd does.
    """

    host: str
    port: int
    dialect: Literal["triune", "socketio", "mqtt"] = "triune"
    people: list[Person] = []
    tables: list[str] = []


class Grow(msgspec.Struct, frozen=True, tag="grow"):
    """Be so many consoles, all subscribed, before answering `Counted`."""

    consoles: int


class Count(msgspec.Struct, frozen=True, tag="count"):
    """Answer `Counted`."""


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Report calls over HTTP at a rate; answer `Asked` when every probe has every row."""

    first: int
    count: int
    per_s: float


class Counted(msgspec.Struct, frozen=True):
    """Consoles still connected, messages that brought rows to them, all together, and these rows."""

    consoles: int
    messages: int
    rows: int


class Asked(msgspec.Struct, frozen=True):
    """Milliseconds from sending a request: to its row decoded in a console, to its answer; and an echo's."""

    row_p50_ms: float
    row_p99_ms: float
    answer_p50_ms: float
    echo_p50_ms: float
    echo_p99_ms: float


Order = Grow | Count | Ask


class _Changed(msgspec.Struct):
    tables: dict[str, dict[str, msgspec.Raw]]


class Probed:
    """When rows of calls asked for became ready in the consoles that are looked into."""

    def __init__(self) -> None:
        self.sent_ms: dict[str, float] = {}
        self.ready_ms: list[float] = []
        self._awaited = 0
        self._all = asyncio.Event()
        self._decode = msgspec.json.Decoder(_Changed).decode

    def take(self, payload: bytes) -> None:
        """Note the rows of one delta."""
        calls = self._decode(payload).tables.get("calls", {})
        now_ms = stopwatch_ms()
        self.ready_ms += [now_ms - self.sent_ms[call] for call in calls if call in self.sent_ms]
        if len(self.ready_ms) >= self._awaited:
            self._all.set()

    def begin(self, count: int) -> None:
        """Forget what was; so many rows are to come."""
        self.sent_ms, self.ready_ms, self._awaited = {}, [], count
        self._all.clear()

    async def all_ready(self) -> None:
        """Return when they came."""
        async with asyncio.timeout(_READY_S):
            await self._all.wait()


class Crowd:
    """The consoles, and the people who ask."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._consoles: list[Client] = []
        self._probed = Probed()
        self._clock = SystemClock()

    async def obey(self, order: Order) -> Counted | Asked:
        """Carry out an order and return its answer."""
        match order:
            case Grow():
                while (lacking := order.consoles - len(self._consoles)) > 0:
                    async with asyncio.TaskGroup() as tasks:
                        for _ in range(min(_TOGETHER, lacking)):
                            tasks.create_task(self._connect())
            case Count():
                pass
            case Ask():
                return await self._ask(order)
        every = self._consoles
        return Counted(sum(x.connected for x in every), sum(x.messages for x in every), sum(x.rows for x in every))

    def close(self) -> None:
        """Disconnect."""
        for console in self._consoles:
            console.close()

    async def _connect(self) -> None:
        console = self._client()
        self._consoles.append(console)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: console, self._site.host, self._site.port)
        await console.subscribed

    def _client(self) -> Client:
        site, nth = self._site, len(self._consoles)
        host = f"{site.host}:{site.port}"
        match site.dialect:
            case "triune":
                return Console(
                    host, self._person(nth).cookie, site.tables, self._probed.take if nth < _PROBES else None
                )
            case "socketio":
                return SocketIo(host)
            case "mqtt":
                return Mqtt(f"bench-{nth}")

    def _person(self, nth: int) -> Person:
        return self._site.people[nth % len(self._site.people)]

    async def _ask(self, order: Ask) -> Asked:
        self._probed.begin(order.count * min(_PROBES, len(self._consoles)))
        answered_ms: list[float] = []
        echoed_ms: list[float] = []
        url = f"http://{self._site.host}:{self._site.port}"
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.DummyCookieJar()) as http:

            async def report(number: int) -> None:
                call = f"bench-{number:06}"
                body = msgspec.json.encode(q.ReportCall(dialled="110", caller=f"139{number:08}", call=call))
                self._probed.sent_ms[call] = sent_ms = stopwatch_ms()
                who = self._person(number)
                headers = {"Cookie": who.cookie, "X-CSRF-Token": who.csrf, "Idempotency-Key": call}
                async with http.post("/api/v1/requests", data=body, headers=headers) as response:
                    response.raise_for_status()
                answered_ms.append(stopwatch_ms() - sent_ms)

            async def echo(number: int) -> None:
                sent_ms = stopwatch_ms()
                async with http.get("/api/v1/session", headers={"Cookie": self._person(number).cookie}) as response:
                    response.raise_for_status()
                echoed_ms.append(stopwatch_ms() - sent_ms)

            async with asyncio.TaskGroup() as tasks:
                async for number in paced(self._clock, order.count, order.per_s):
                    tasks.create_task(report(order.first + number))
                    if number % _ECHO_EVERY == 0:
                        tasks.create_task(echo(number // _ECHO_EVERY))
            await self._probed.all_ready()
        ready_ms = self._probed.ready_ms
        return Asked(
            row_p50_ms=percentile(ready_ms, 0.5), row_p99_ms=percentile(ready_ms, 0.99),
            answer_p50_ms=percentile(answered_ms, 0.5),
            echo_p50_ms=percentile(echoed_ms, 0.5), echo_p99_ms=percentile(echoed_ms, 0.99),
        )  # fmt: skip


async def _main() -> None:
    allow_many_sockets()
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    crowd = Crowd(msgspec.json.decode(await orders.readline(), type=Site))
    decoder: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
    while line := await orders.readline():
        answer = await crowd.obey(decoder.decode(line))
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()
    crowd.close()


if __name__ == "__main__":
    uvloop.run(_main())
