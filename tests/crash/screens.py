"""Consoles without a screen: they mirror all tables, move to another hub when theirs is gone, and never look back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import aiohttp

from command.access.visibility import tables_of
from command.actors import Actor
from tests.consoles.support import Person
from tests.crash.waiting import CLOCK, insist
from tests.e2e.hub_process import HubProcess

Row = dict[str, Any]
TABLES = sorted(tables_of(Actor(id="", name="", roles=frozenset({"dispatcher"}))))
STALE_S = 3.0
"""Three beats that do not come make a picture stale (R100); then a console goes elsewhere."""
_AGAIN_MS = 100
_STEPS = ("issued", "signed", "departed", "arrived", "fed_back", "refused", "recalled")
_GONE = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


class MovedError(Exception):
    """This hub is of no use to the console now."""


class Picture:
    """Tables as the messages of hubs make them. Nothing in it may ever go back.

    Places have no number, and another hub may have heard less of them: as the pages do, the later one is kept. Of one
    hub no older place may come either.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Row]] = {}
        self.seq = 0
        self.accepting = False
        self._places: dict[str, Row] = {}

    def join(self) -> None:
        """Begin to listen to a hub, which may have heard less of places than the one before."""
        self._places = {}

    def take(self, message: dict[str, Any], where: str) -> None:
        """Take in one message."""
        kind = message["type"]
        if kind in ("snapshot", "delta", "beat"):
            told = f"{where} told of {message['seq']} in a {kind} after {self.seq}"
            insist(message["seq"] >= self.seq, f"the picture went back: {told}")
            self.seq = message["seq"]
        if kind == "snapshot":
            table = message["table"]
            known, self.tables[table] = self.tables.get(table, {}), {}
            for key, row in message["rows"].items():
                self._put(table, key, known.get(key), row, where)
        elif kind == "delta":
            for table, rows in message["tables"].items():
                for key, row in rows.items():
                    old = self.tables.setdefault(table, {}).pop(key, None)
                    if row is not None:
                        self._put(table, key, old, row, where)
        elif kind == "beat":
            self.accepting = message["accepting"]

    def _put(self, table: str, key: str, old: Row | None, row: Row, where: str) -> None:
        if table == "positions":
            told = self._places.get(key, row)
            insist(row["at_ms"] >= told["at_ms"], f"{where} sent an older place: {row} after {told}")
            self._places[key] = row
            row = row if old is None else max(row, old, key=lambda place: int(place["at_ms"]))
        elif table == "orders" and old is not None:
            later = _STEPS.index(row["state"]) >= _STEPS.index(old["state"]) and row["overdue"] >= old["overdue"]
            insist(later, f"{where} sent an older order: {row} after {old}")
        self.tables[table][key] = row


class Screen:
    """One console. Run `follow`."""

    def __init__(self, name: str, person: Person, hubs: Sequence[HubProcess], first: int) -> None:
        self.picture = Picture()
        self.name = name
        self.moves = 0
        self._person = person
        self._hubs = itertools.islice(itertools.cycle(hubs), first, None)
        self._joined = False

    def row(self, table: str, key: str) -> Row:
        """The row as it is shown now, empty where it is not."""
        return self.picture.tables.get(table, {}).get(key, {})

    async def follow(self) -> None:
        """Keep to some hub until cancelled."""
        while True:
            try:
                await self._follow(next(self._hubs))
            except (aiohttp.ClientError, OSError, MovedError):  # a TimeoutError is an OSError
                self.moves += 1
            await CLOCK.sleep(_AGAIN_MS)

    async def _follow(self, hub: HubProcess) -> None:
        async with asyncio.timeout(STALE_S):
            socket = await self._person.http.ws_connect(f"{hub.url}/api/v1/live?space=live")
        async with socket:
            subscribe: dict[str, Any] = {
                "type": "subscribe",
                "tables": {table: {} for table in TABLES},
                "after": self.picture.seq if self._joined else None,
            }
            self.picture.join()
            await socket.send_json(subscribe)
            while True:
                message = await _receive(socket)
                if message["type"] == "refused":
                    insist(message["status"] in (429, 503), f"{hub.url} refused a console: {message}")
                    raise MovedError
                self.picture.take(message, f"{hub.url} for {self.name}")
                self._joined = self._joined or message["type"] == "beat"


async def look(person: Person, hub: HubProcess) -> Picture:
    """Return what a console is shown that opens at this hub now."""
    picture = Picture()
    async with person.http.ws_connect(f"{hub.url}/api/v1/live?space=live") as socket:
        await socket.send_json({"type": "subscribe", "tables": {table: {} for table in TABLES}})
        while True:
            message = await _receive(socket)
            picture.take(message, hub.url)
            if message["type"] == "beat":
                return picture


async def _receive(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    message = await socket.receive(STALE_S)
    if message.type in _GONE:
        raise MovedError
    told: dict[str, Any] = message.json()
    return told
