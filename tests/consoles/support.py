"""A hub with its HTTP face, in this process, and people who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from command.actors import Role
from command.requests import Request
from consoles.settings import Settings
from consoles.site import Site, running_site

PASSWORD = "right-horse-battery"
ROLES: tuple[Role, ...] = (
    "call_taker", "dispatcher", "commander", "duty_leader", "officer", "director", "camera_watch", "administrator",
    "wall",
)  # fmt: skip


def settings(tmp_path: Path) -> Settings:
    """Everything in a temporary folder, on free ports of the loopback, without plate readers."""
    return Settings(
        data=str(tmp_path / "var"), http_port=0, jt808_port=0, case_port=0, approval_port=0, plate_workers=0
    )


@asynccontextmanager
async def site_with_people(
    tmp_path: Path, *roles: Role, cameras_kept_to: dict[str, list[Role]] | None = None
) -> AsyncIterator[Site]:
    """A running site with an account for each of the roles, named after it."""
    wanted = msgspec.structs.replace(settings(tmp_path), cameras_kept_to=cameras_kept_to or {})
    async with running_site(wanted) as site:
        for role in roles:
            unit = "u1" if role == "officer" else ""
            await site.context.accounts.create(role, role, frozenset({role}), unit, PASSWORD)
        yield site


async def recorded(site: Site, after: int) -> list[bytes]:
    """What the hub recorded after a fact, but for services that come up or go down: that may come at any time."""
    facts = [fact.data for fact in await site.hub.journal.read("live", after, 1000)]
    return [fact for fact in facts if b'"link_came_up"' not in fact and b'"link_went_down"' not in fact]


class Person:
    """Somebody with a browser."""

    def __init__(self, http: aiohttp.ClientSession, csrf: str) -> None:
        self.http = http
        self.csrf = csrf

    async def ask(self, request: Request | dict[str, Any], key: str | None = None) -> tuple[int, dict[str, Any]]:
        """Return status and body."""
        headers = {"X-CSRF-Token": self.csrf} | ({"Idempotency-Key": key} if key else {})
        async with self.http.post("/api/v1/requests", data=msgspec.json.encode(request), headers=headers) as response:
            return response.status, msgspec.json.decode(await response.read())

    async def get(self, path: str) -> tuple[int, Any]:
        """Return status and body."""
        async with self.http.get(path) as response:
            return response.status, msgspec.json.decode(await response.read())


@asynccontextmanager
async def signed_in(url: str, name: str, password: str = PASSWORD) -> AsyncIterator[Person]:
    """Sign in and out again."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies for an address instead of a name, which tests use
    async with aiohttp.ClientSession(url, cookie_jar=jar) as http:
        body = msgspec.json.encode({"name": name, "password": password})
        async with http.post("/api/v1/session", data=body) as response:
            assert response.status == 200, await response.text()
            csrf = response.cookies["triune_csrf"].value
        yield Person(http, csrf)


class Mirror:
    """A console without a screen: tables as the live websocket brings them."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.tables: dict[str, dict[str, Any]] = {}
        self.seq = 0
        self.messages: list[dict[str, Any]] = []

    async def subscribe(self, *tables: str, after: int | None = None, situation: str | None = None) -> None:
        """Ask for tables and take in everything up to the beat that ends the answer."""
        wanted = {name: ({"situation": situation} if situation else {}) for name in tables}
        await self.socket.send_json({"type": "subscribe", "tables": wanted, "after": after})
        while (await self.take())["type"] not in ("beat", "refused"):
            pass

    async def take(self) -> dict[str, Any]:
        """Take one message in and return it."""
        message: dict[str, Any] = await self.socket.receive_json(timeout=60)
        self.messages.append(message)
        if message["type"] == "snapshot":
            self.tables[message["table"]] = dict(message["rows"])
        elif message["type"] == "delta":
            assert message["seq"] >= self.seq
            for table, rows in message["tables"].items():
                for key, row in rows.items():
                    if row is None:
                        self.tables.setdefault(table, {}).pop(key, None)
                    else:
                        self.tables.setdefault(table, {})[key] = row
        self.seq = max(self.seq, message.get("seq", 0))
        return message

    async def until(self, seq: int) -> None:
        """Take messages in until the picture is at least that of `seq`."""
        while self.seq < seq:
            await self.take()


@asynccontextmanager
async def mirror(person: Person, space: str = "live") -> AsyncIterator[Mirror]:
    """Open the live websocket; the welcome is taken in."""
    async with person.http.ws_connect(f"/api/v1/live?space={space}") as socket:
        connected = Mirror(socket)
        welcome = await connected.take()
        assert welcome["type"] == "welcome"
        yield connected
