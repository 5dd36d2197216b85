"""An ONVIF camera is asked as its clock, its password and its network want it (SPEC R346 to R348)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from command.kernel.clock import SystemClock
from command.kernel.errors import UnknownIdError
from edge.limits import ONVIF_ANSWER_BYTES
from edge.onvif import events
from edge.onvif.address import OnvifAddress
from edge.onvif.client import OnvifClient
from edge.onvif.gateway import open_ptz
from edge.onvif.soap import OnvifError, RefusedError
from edge.simulators.onvif_camera import CameraModel, OnvifCamera
from streams.ptz import ListsPresets, Preset
from tests.streams.peers import until

CLOCK = SystemClock()
RTSP = "rtsp://127.0.0.1:8554/cam"
HOURS_MS = 3_600_000
_NEAR_MS = 15_000


@asynccontextmanager
async def camera(model: CameraModel) -> AsyncIterator[tuple[OnvifCamera, OnvifAddress]]:
    async with OnvifCamera(model, CLOCK) as simulated:
        port = await simulated.listen()
        yield simulated, OnvifAddress("127.0.0.1", port, user=model.user, password=model.password)


@asynccontextmanager
async def liar(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[OnvifAddress]:
    """A device that answers everything in its own way."""
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield OnvifAddress("127.0.0.1", runner.addresses[0][1], user="admin", password="secret")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("ahead_ms", [-9 * 365 * 24 * HOURS_MS, -8 * HOURS_MS, 0, 5 * HOURS_MS])
async def test_a_camera_whose_clock_is_wrong_lets_us_in(ahead_ms: int) -> None:
    async with (
        camera(CameraModel(rtsp=RTSP, clock_ahead_ms=ahead_ms)) as (simulated, address),
        OnvifClient(address, CLOCK) as client,
    ):
        said = await client.information()

        assert said.manufacturer == "Triune"
        assert abs(client.clock_offset_ms - ahead_ms) < 2000  # it says whole seconds
        assert simulated.refused == 0


@pytest.mark.parametrize("has_media2", [True, False])
async def test_profiles_and_stream_addresses_come_from_media_2_or_1(has_media2: bool) -> None:
    async with (
        camera(CameraModel(rtsp=RTSP, has_media2=has_media2)) as (_, address),
        OnvifClient(address, CLOCK) as client,
    ):
        profiles = await client.profiles()

        assert [(p.token, p.codec, p.width, p.fps, p.has_ptz) for p in profiles] == [
            ("main", "H264", 1280, 15.0, True),
            ("sub", "H264", 320, 15.0, True),
        ]
        assert client.offers("media2") == has_media2
        assert await client.stream_uri("main") == "rtsp://admin:camera-password@127.0.0.1:8554/cam"
        with pytest.raises(OnvifError, match="InvalidArgVal"):
            await client.stream_uri("none")


async def test_a_wrong_password_is_told_as_that_and_shown_nowhere() -> None:
    async with camera(CameraModel(rtsp=RTSP, clock_ahead_ms=HOURS_MS)) as (simulated, address):
        wrong = OnvifAddress(address.host, address.port, user="admin", password="hunter2hunter2")
        async with OnvifClient(wrong, CLOCK) as client:
            with pytest.raises(RefusedError, match="does not take this user and password") as refused:
                await client.profiles()
        assert "hunter2" not in refused.value.detail
        assert simulated.refused == 1, "each wrong try counts toward the camera's lock-out"


async def test_a_camera_that_names_another_host_is_asked_where_it_was_reached() -> None:
    async with (
        camera(CameraModel(rtsp="rtsp://192.0.2.9/live", names_host="192.0.2.9")) as (_, address),
        OnvifClient(address, CLOCK) as client,
    ):
        assert len(await client.profiles()) == 2
        assert (await client.stream_uri("sub")).endswith("@127.0.0.1:554/live")


async def test_whatever_address_a_camera_names_no_other_host_is_asked() -> None:  # R348
    async with camera(CameraModel(rtsp="rtsp://192.0.2.9/live")) as (_, address), OnvifClient(address, CLOCK) as client:
        for named in (
            "@elsewhere.example/x", ":@elsewhere.example/", "http:@elsewhere.example/x", "elsewhere.example", ".e/x",
            "//elsewhere.example/x", "http://elsewhere.example:80@elsewhere.example/x", "0.elsewhere.example",
            "?@elsewhere.example/", "#@elsewhere.example", "\\\\e.example\\x", "https://elsewhere.example/x", "",
        ):  # fmt: skip
            asked = URL(client._here(named))
            assert (asked.scheme, asked.host, asked.port, asked.user) == ("http", address.host, address.port, None), (
                named
            )


async def test_http_digest_is_answered_where_the_camera_asks_for_that() -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        said = request.headers.get("Authorization", "")
        if not said:
            challenge = 'Digest realm="cam", qop="auth", algorithm=SHA-256, nonce="5f", opaque="1"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        seen.append(said)
        operation = "GetServices" if b"GetServices" in await request.read() else "GetSystemDateAndTime"
        body = f"<E><Body><{operation}Response><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace>"
        body += f"<XAddr>/m</XAddr></Service></{operation}Response></Body></E>"
        return web.Response(text=body, content_type="application/soap+xml")

    async with liar(answer) as address, OnvifClient(address, CLOCK) as client:
        assert client.offers("media")
    assert len(seen) == 2
    assert all('username="admin"' in said and "secret" not in said for said in seen)


def _text(text: str, status: int = 200) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type="text/html")

    return answer


async def _elsewhere(_request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "http://192.0.2.1/steal"})


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(2 * ONVIF_ANSWER_BYTES // 65536 + 2):
        await response.write(b"<a>" + b" " * 65536)
    return response


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (_text("<html>Router login</html>"), "not SOAP"),
        (_text("not found", 404), "HTTP 404: not an ONVIF service there"),
        (_text("", 200), "not an ONVIF service there"),
        (_text("<!DOCTYPE x [<!ENTITY a 'b'>]><Envelope>&a;</Envelope>"), "document type is refused"),
        (_text("<Envelope><Body><GetServicesResponse/></Body></Envelope>"), "something else than GetSystemDateAndTime"),
        (_text("no", 403), "does not take this user"),
        (_elsewhere, "HTTP 302"),
        (_endless, "larger than"),
    ],
)
async def test_a_camera_that_lies_is_told_for_what_it_says(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], told: str
) -> None:
    async with liar(answer) as address:
        with pytest.raises(OnvifError, match=told) as raised:
            async with OnvifClient(address, CLOCK) as client:
                await client.profiles()
        assert "secret" not in raised.value.detail


async def test_a_camera_that_is_not_there_or_says_nothing_is_told_with_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(OnvifError, match=r"127\.0\.0\.1:1 cannot be reached"):
        async with OnvifClient(OnvifAddress("127.0.0.1", 1), CLOCK):
            pass

    monkeypatch.setattr("edge.onvif.client.ONVIF_CALL_MS", 200)
    ended = asyncio.Event()

    async def silent(_request: web.Request) -> web.Response:
        await ended.wait()
        return web.Response()

    async with liar(silent) as address:
        with pytest.raises(OnvifError, match="no answer from"):
            async with OnvifClient(address, CLOCK):
                pass
        ended.set()


async def test_it_moves_stops_and_goes_to_presets_by_their_numbers() -> None:
    async with camera(CameraModel(rtsp=RTSP)) as (simulated, address), open_ptz(address.text(), CLOCK) as ptz:
        await ptz.move(0.5, -0.25, 1)
        assert (moving := simulated.movement()) is not None
        assert (moving.pan, moving.tilt, moving.zoom) == (0.5, -0.25, 1.0)
        assert moving.until_ms is not None, "the camera stops by itself where the hub is gone"
        await ptz.move(0, 0, 0)
        assert simulated.movement() is None
        assert isinstance(ptz, ListsPresets)
        assert await ptz.presets() == [Preset(1, "gate"), Preset(2, "yard"), Preset(3, "road")]
        await ptz.preset(2)
        assert simulated.recalled == ["2"]
        with pytest.raises(UnknownIdError):
            await ptz.preset(9)


async def test_events_arrive_as_they_happen() -> None:
    async with camera(CameraModel(rtsp=RTSP, clock_ahead_ms=HOURS_MS)) as (simulated, address):
        heard: list[events.CameraEvent] = []

        async def hear(event: events.CameraEvent) -> None:
            heard.append(event)

        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(events.watch(address, CLOCK, hear))
            for active in (True, False):
                simulated.notice("tns1:RuleEngine/CellMotionDetector/Motion", "region 1", active=active)
                await until(lambda count=2 - active: len(heard) == count)
            watching.cancel()

        assert [(event.kind, event.active, event.source) for event in heard] == [
            ("motion", True, "region 1"),
            ("motion", False, "region 1"),
        ]
        assert all(abs(event.at_ms - CLOCK.now_ms()) < _NEAR_MS for event in heard)
