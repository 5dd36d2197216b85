from __future__ import annotations

import asyncio

import pytest

from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError
from edge.onvif.gateway import with_transport
from edge.onvif.trial import try_camera, with_credentials
from streams.sources import Sources

CLOCK = SystemClock()


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("10.0.0.5", "onvif://admin:p%2F%23@10.0.0.5:80/onvif/device_service?profile=sub"),
        ("10.0.0.5:81#pull=always", "onvif://admin:p%2F%23@10.0.0.5:81/onvif/device_service?profile=sub#pull=always"),
        ("https://h/x", "onvifs://admin:p%2F%23@h:443/x?profile=sub"),
        ("rtsp://old:one@h:554/s?a=1#transport=udp", "rtsp://admin:p%2F%23@h:554/s?a=1#transport=udp"),
        ("edge://gate/10.0.0.5", "edge://gate/onvif://admin:p%2F%23@10.0.0.5:80/onvif/device_service?profile=sub"),
        ("edge://gate/rtsp://h/s#transport=udp", "edge://gate/rtsp://admin:p%2F%23@h/s#transport=udp"),
        ("gb28181://34020000001320000001/34020000001310000001",) * 2,
        ("whip:",) * 2,
    ],
)
def test_credentials_go_where_an_address_has_them(address: str, kept: str) -> None:
    assert with_credentials(address, "admin", "p/#", "sub") == kept


def test_credentials_that_are_not_said_leave_those_of_the_address() -> None:
    assert with_credentials("rtsp://a:b@h/s", "", "") == "rtsp://a:b@h/s"
    assert with_credentials("onvif://a:b@h/s", "", "") == "onvif://a:b@h:80/s"


@pytest.mark.parametrize("address", ["http://[::1", "rtsp://[secret", "10.0.0.5#pull=never", "rtsp://h/#play=no"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        with_credentials(address, "admin", "secret", "")
    assert "secret" not in refused.value.detail


def test_the_transport_asked_for_is_that_of_the_stream() -> None:
    assert with_transport("rtsp://h/s", {"transport": "udp"}) == "rtsp://h/s#transport=udp"
    assert with_transport("rtsp://h/s", {}) == "rtsp://h/s"


async def test_a_trial_ends_in_time_and_says_at_which_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    """SPEC R350."""
    monkeypatch.setattr("edge.onvif.trial.ADOPTION_TRY_MS", 200)
    held: list[asyncio.StreamWriter] = []

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    trial = await try_camera(f"onvif://127.0.0.1:{port}", CLOCK, Sources())
    for writer in held:
        writer.close()
    server.close()

    assert trial.failed is not None
    assert trial.failed.hop == "device"
    assert "took longer" in trial.failed.told
