"""Pages of one hub ask another with the same session; pages of other sites never do. SPEC R207, R1064."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from command.kernel.errors import InvalidInputError
from consoles.http.app import make_app
from consoles.parts.serving import serving
from tests.consoles.support import Person, signed_in, site_with_people

EVIL = "http://127.0.0.1:1"
"""Another program's page on the same machine: its requests carry the cookies, as cookies know no ports."""


@asynccontextmanager
async def two_hubs(tmp_path: Path) -> AsyncIterator[tuple[Person, str, str]]:
    """One record at two ports, which know of each other, and somebody who is signed in at the first."""
    async with site_with_people(tmp_path, "dispatcher") as site:
        one = site.http_url
        app = make_app(site.context, (), [one])
        async with serving(app, "127.0.0.1", 0) as two, signed_in(one, "dispatcher") as person:
            yield person, one, two


async def test_a_page_of_one_hub_asks_another(tmp_path: Path) -> None:
    async with two_hubs(tmp_path) as (person, one, two):
        wanted = {"Origin": one, "Access-Control-Request-Method": "POST"}
        async with aiohttp.ClientSession() as browser, browser.options(f"{two}/api/v1/requests", headers=wanted) as may:
            assert may.status == 204
            assert may.headers["Access-Control-Allow-Origin"] == one
            assert may.headers["Access-Control-Allow-Credentials"] == "true"
            assert "X-CSRF-Token" in may.headers["Access-Control-Allow-Headers"]
            # An address of a camera and an adopted GA/T 1400 device are put, by RFC 9110's word.
            assert set(may.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "POST", "PUT", "DELETE"}
        cookies = {c.key: c.value for c in person.http.cookie_jar}
        async with aiohttp.ClientSession(two, cookies=cookies, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get("/api/v1/hubs", headers={"Origin": one}) as told:
                assert await told.json() == {"hubs": [one]}
                assert told.headers["Access-Control-Allow-Origin"] == one
                assert told.headers["Access-Control-Expose-Headers"] == "Content-Disposition, Repr-Digest"  # R1064
                assert one in told.headers["Content-Security-Policy"]
            async with http.get("/nothing", headers={"Origin": one}) as problem:
                assert (problem.status, problem.headers["Access-Control-Allow-Origin"]) == (404, one)
            async with http.ws_connect("/api/v1/live", headers={"Origin": one}) as socket:
                assert (await socket.receive_json(timeout=60))["type"] == "welcome"


@pytest.mark.parametrize("origin", [EVIL, "null", "https://elsewhere.example", ""])
async def test_pages_of_other_sites_learn_nothing(tmp_path: Path, origin: str) -> None:
    async with two_hubs(tmp_path) as (person, one, _):
        headers = {"Origin": origin}
        async with person.http.get("/api/v1/hubs", headers=headers) as told:
            assert "Access-Control-Allow-Origin" not in told.headers
        wanted = {**headers, "Access-Control-Request-Method": "POST"}
        async with person.http.options("/api/v1/requests", headers=wanted) as may:
            assert "Access-Control-Allow-Origin" not in may.headers
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await person.http.ws_connect("/api/v1/live", headers=headers)
        assert refused.value.status == 403
        async with person.http.ws_connect("/api/v1/live", headers={"Origin": one}) as socket:
            assert (await socket.receive_json(timeout=60))["type"] == "welcome", "the hub's own page"


@pytest.mark.parametrize("url", ["hub-2", "http://hub-2/", "ws://hub-2", "http://", "http://a b; script-src *"])
async def test_what_is_no_origin_stops_the_start(tmp_path: Path, url: str) -> None:
    async with site_with_people(tmp_path) as site:
        with pytest.raises(InvalidInputError):
            make_app(site.context, (), [url])
        with pytest.raises(InvalidInputError, match="at most"):
            make_app(site.context, (), ["http://hub"] * 100)
