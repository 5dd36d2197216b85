from __future__ import annotations

import asyncio

import aiohttp
import pytest
from prometheus_client import REGISTRY

from edge.simulators.clips import Clip
from streams.limits import SDP_BYTES
from tests.streams.peers import PATIENCE_S, until
from tests.streams.relay.site import serve
from tests.streams.relay.test_sdp import OFFER
from tests.streams.relay.viewers import Viewer, stay_on_loopback

SDP = {"Content-Type": "application/sdp"}


async def test_a_whep_client_opens_watches_and_ends_a_session(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    stay_on_loopback(monkeypatch)
    async with (
        serve(clip) as site,
        aiohttp.ClientSession(site.url) as http,
        Viewer() as viewer,
        asyncio.timeout(PATIENCE_S),
    ):
        async with http.post("/api/v1/cameras/a/whep", data=await viewer.offer(), headers=SDP) as answer:
            assert answer.status == 201
            assert answer.content_type == "application/sdp"
            location = answer.headers["Location"]
            await viewer.accept(await answer.text())
        assert (await viewer.picture()).width == 320

        async with http.delete(location.replace("/a/", "/off/")) as wrong:
            assert wrong.status == 404
        async with http.patch(location, data="a=candidate") as trickle:
            assert trickle.status == 405
        async with http.delete(location) as ended:
            assert ended.status == 200
        await until(lambda: site.relay.viewers == 0)
        async with http.delete(location) as again:  # what is over already is over
            assert again.status == 200


async def test_a_snapshot_is_a_jpeg_of_a_camera_that_is_up(clip: Clip) -> None:
    async with serve(clip) as site, aiohttp.ClientSession(site.url) as http:
        async with http.get("/api/v1/cameras/a/snapshot.jpg") as picture:
            assert picture.status == 200
            assert picture.content_type == "image/jpeg"
            assert (await picture.read())[:3] == b"\xff\xd8\xff"
        for camera_id, status in (("off", 503), ("none", 404), ("secret", 403)):
            async with http.get(f"/api/v1/cameras/{camera_id}/snapshot.jpg") as refused:
                assert refused.status == status


@pytest.mark.parametrize(
    ("camera_id", "body", "kind", "status"),
    [
        ("a", b"", "application/sdp", 400),
        ("a", b"v=0\r\nm=video", "application/sdp", 400),
        ("a", b"\xff\xfe", "application/sdp", 400),
        ("a", OFFER.replace("H264", "VP9").encode(), "application/sdp", 406),
        ("a", OFFER.replace("H264", "H265").encode(), "application/sdp", 406),
        ("a", OFFER.encode(), "application/json", 400),
        ("a", b"v=0\r\n" + b"a=x\r\n" * SDP_BYTES, "application/sdp", 413),
        ("off", OFFER.encode(), "application/sdp", 503),
        ("none", OFFER.encode(), "application/sdp", 404),
        ("secret", OFFER.encode(), "application/sdp", 403),
    ],
)
async def test_what_cannot_be_answered_is_refused_and_leaves_nothing_open(
    clip: Clip, camera_id: str, body: bytes, kind: str, status: int
) -> None:
    async with serve(clip) as site, aiohttp.ClientSession(site.url) as http:
        url = f"/api/v1/cameras/{camera_id}/whep"
        async with http.post(url, data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status == status
        assert site.relay.viewers == 0


async def test_malformed_offers_are_counted(clip: Clip) -> None:
    def count() -> float:
        return REGISTRY.get_sample_value("triune_relay_refused_offers_total", {"why": "malformed"}) or 0.0

    before = count()
    async with (
        serve(clip) as site,
        aiohttp.ClientSession(site.url) as http,
        http.post("/api/v1/cameras/a/whep", data="hello", headers=SDP) as answer,
    ):
        assert answer.status == 400
    assert count() == before + 1
