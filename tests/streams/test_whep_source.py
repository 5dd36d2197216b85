"""A camera that an external media server shows: another relay of ours, behind a token, stands for that server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from command.kernel.errors import InvalidInputError, SignInRequiredError
from edge.simulators.clips import Clip
from streams.camera_spec import CameraSpec
from streams.keeper import CameraKeeper
from streams.relay.elsewhere import elsewhere
from streams.relay.http import routes
from streams.relay.relay import Relay
from streams.source import standard_sources
from streams.sources import Sources
from streams.whep_source import whep_source
from tests.streams.peers import PATIENCE_S, Statuses, until
from tests.streams.relay import site as far_site
from tests.streams.relay.site import CLOCK, problems
from tests.streams.relay.viewers import LOOPBACK, Viewer, stay_on_loopback

TOKEN = "token with a space"


@pytest.mark.parametrize(
    ("address", "url", "token"),
    [
        ("whep+https://media.example/cam/whep", "https://media.example/cam/whep", ""),
        ("whep+https://abc@media.example:8889/cam/whep?x=1", "https://media.example:8889/cam/whep?x=1", "abc"),
        ("whep+http://:a%2Fb@[::1]:80/w", "http://[::1]:80/w", "a/b"),
    ],
)
def test_an_address_names_the_server_and_its_token(address: str, url: str, token: str) -> None:
    where = elsewhere(address)
    assert where is not None
    assert (where.url, where.token) == (url, token)


def test_an_address_that_names_no_server_is_refused() -> None:
    assert elsewhere("rtsp://camera/1") is None
    for address in ("whep+https:///path", "whep+https://host:port/x"):
        with pytest.raises(InvalidInputError):
            elsewhere(address)


class Hub:
    """A hub whose camera "a" is shown by the other server, and "b" by nobody."""

    def __init__(self, url: str, relay: Relay, keeper: CameraKeeper, statuses: Statuses) -> None:
        self.url = url
        self.relay = relay
        self.keeper = keeper
        self.statuses = statuses


@asynccontextmanager
async def hub_before(server: str) -> AsyncIterator[Hub]:
    async def anybody(_request: web.Request, _camera: str) -> None:
        pass

    sources: Sources = standard_sources()
    sources.register("whep+http", whep_source(LOOPBACK))
    statuses = Statuses()
    host = server.removeprefix("http://")
    async with CameraKeeper(CLOCK, statuses, sources=sources) as keeper, Relay(CLOCK, LOOPBACK) as relay:
        at = f"whep+http://token%20with%20a%20space@{host}/api/v1/cameras"
        await keeper.sync({"a": CameraSpec("a", f"{at}/a/whep"), "b": CameraSpec("b", f"{at}/none/whep")})
        app = web.Application(middlewares=[problems])
        app.add_routes(routes(relay, keeper, anybody))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield Hub(f"http://127.0.0.1:{runner.addresses[0][1]}", relay, keeper, statuses)
        finally:
            await runner.cleanup()


async def _with_token(request: web.Request, _camera: str) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise SignInRequiredError("wrong token")


async def test_viewers_are_sent_to_the_server_and_the_hub_pulls_for_itself(  # R368
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay_on_loopback(monkeypatch)
    async with (
        far_site.serve(clip, authorise=_with_token) as far,
        hub_before(far.url) as hub,
        aiohttp.ClientSession(hub.url) as http,
        Viewer() as viewer,
        asyncio.timeout(PATIENCE_S),
    ):
        # The hub's own pull: state, and pictures to record and to read plates in.
        await hub.statuses.next("a", "up")
        assert (await hub.statuses.next("b", "down")).reason == "the media server of this camera answers 404"
        picture = await hub.keeper.camera("a").snapshot()
        assert picture[:3] == b"\xff\xd8\xff"

        headers = {"Content-Type": "application/sdp"}
        offer = await viewer.offer()
        async with http.post("/api/v1/cameras/a/whep", data=offer, headers=headers) as answer:
            assert answer.status == 201
            location = answer.headers["Location"]
            text = await answer.text()
        assert TOKEN not in text + location
        await viewer.accept(text)
        assert (await viewer.picture()).width == 320
        assert hub.relay.viewers == 0
        before = far.relay.viewers
        async with http.delete(location.replace("/a/", "/b/")) as wrong:
            assert wrong.status == 404
        for _ in range(2):  # what is over already is over: no error on anybody's screen
            async with http.delete(location) as ended:
                assert ended.status == 200
        await until(lambda: far.relay.viewers < before)
        async with http.post("/api/v1/cameras/b/whep", data=offer, headers=headers) as none:
            assert none.status == 503
        async with http.post("/api/v1/cameras/a/whep", data=b"v=0", headers=headers) as hostile:
            assert hostile.status == 400

        for limit in ("CAMERA_OPEN_MS", "CAMERA_FROZEN_MS"):
            monkeypatch.setattr(f"streams.publisher.{limit}", 1000)
        far.simulators.set_up("cam", False)
        async with hub.keeper.camera("a").subscribe():
            assert (await hub.statuses.next("a", "down")).reason.startswith("connected, no packets")


@pytest.mark.parametrize("answer", ["", "v=0", "v=0\r\nm=video x", "nonsense", "v=0\r\n" * 50_000])
async def test_a_server_that_talks_nonsense_is_a_camera_that_is_down(answer: str) -> None:  # R368
    async def whep(_request: web.Request) -> web.Response:
        return web.Response(status=201, text=answer, content_type="application/sdp")

    app = web.Application()
    app.add_routes([web.post("/api/v1/cameras/{camera}/whep", whep)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with hub_before(f"http://127.0.0.1:{runner.addresses[0][1]}") as hub:
            assert "media server" in (await hub.statuses.next("a", "down")).reason
    finally:
        await runner.cleanup()
