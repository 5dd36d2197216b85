from __future__ import annotations

import pytest

from command.kernel.errors import InvalidInputError
from edge.onvif.address import OnvifAddress, onvif_address
from edge.onvif.client import rtsp_address
from edge.onvif.soap import OnvifError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.5", OnvifAddress("10.0.0.5", 80)),
        ("10.0.0.5:8000", OnvifAddress("10.0.0.5", 8000)),
        ("http://cam.lan/onvif/device", OnvifAddress("cam.lan", 80, "/onvif/device")),
        ("https://[2001:db8::5]/", OnvifAddress("2001:db8::5", 443, is_tls=True)),
        ("onvif://a%40b:p%2Fw%3A@h:81/x?profile=main", OnvifAddress("h", 81, "/x", "a@b", "p/w:", "main")),
    ],
)
def test_addresses_are_read_as_people_and_cameras_write_them_and_kept_whole(text: str, address: OnvifAddress) -> None:
    assert onvif_address(text) == address
    assert onvif_address(address.text()) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rtsp://h/s",
        "onvif://",
        "http://h:99999",
        "http://[::1",
        "onvif://u:secret%0a@h",
        "onvif://u:secret@",
        "a b\n",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        onvif_address(text)
    assert "secret" not in refused.value.detail


def test_an_address_shows_no_password() -> None:
    assert "secret" not in repr(onvif_address("onvif://admin:secret@10.0.0.5"))


def test_a_stream_is_fetched_from_the_host_that_was_asked_with_our_credentials() -> None:
    """SPEC R348: a camera that lies sends nobody and no password elsewhere."""
    address = onvif_address("onvif://admin:p%40ss@10.0.0.5:8080")

    assert rtsp_address("rtsp://192.168.1.2/ch1?s=0", address) == "rtsp://admin:p%40ss@10.0.0.5:554/ch1?s=0"
    assert rtsp_address("rtsp://x:y@evil.example:9/a", address) == "rtsp://admin:p%40ss@10.0.0.5:9/a"
    for lie in ("", "file:///etc/passwd", "http://10.0.0.5/", "rtsp://h:99999/", "rtsp://h/a\r\nb"):
        with pytest.raises(OnvifError):
            rtsp_address(lie, address)
