"""Which source an address has (SPEC R390, R401)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from command.kernel.clock import Clock, SystemClock
from streams.packets import Packet
from streams.source import standard_sources
from streams.sources import SourceError, pulls_always, split_options

_PACKET = Packet(b"", 0, True, 0, "h265")


@asynccontextmanager
async def _one_packet(address: str, clock: Clock) -> AsyncIterator[AsyncIterator[Packet]]:
    async def packets() -> AsyncIterator[Packet]:
        yield _PACKET
        raise SourceError(f"that was all of {address} at {clock.now_ms() > 0}")

    yield packets()


async def test_a_gateway_registers_the_scheme_of_its_addresses() -> None:
    sources = standard_sources()
    sources.register("whip", _one_packet)

    async with sources.open("WHIP:phone-1", SystemClock()) as packets:
        assert await anext(packets) == _PACKET
        with pytest.raises(SourceError, match="that was all of WHIP:phone-1"):
            await anext(packets)


@pytest.mark.parametrize("address", ["http://user:secret@127.0.0.1/x", "no-colon", ""])
def test_an_address_of_no_known_kind_is_refused_without_being_told(address: str) -> None:
    with pytest.raises(SourceError) as caught:
        standard_sources().open(address, SystemClock())

    assert caught.value.reason == "the address begins with none of rtsp, rtsps, file"


@pytest.mark.parametrize(
    ("address", "url", "options"),
    [
        ("rtsp://h/a?transport=x#transport=udp", "rtsp://h/a?transport=x", {"transport": "udp"}),
        ("file:///a#b.mp4#play=once&pull=always", "file:///a#b.mp4", {"play": "once", "pull": "always"}),
        ("rtsp://admin:pa#ss@h/a", "rtsp://admin:pa#ss@h/a", {}),
        ("rtsp://h/a#", "rtsp://h/a#", {}),
    ],
)
def test_options_of_ours_stand_behind_the_address(address: str, url: str, options: dict[str, str]) -> None:
    assert split_options(address) == (url, options)


@pytest.mark.parametrize("address", ["rtsp://h/a#transport=smoke", "rtsp://h/a#color=red"])
def test_an_option_that_there_is_not_is_refused(address: str) -> None:
    with pytest.raises(SourceError, match=r"transport=tcp\|udp; play=loop\|once; pull=demand\|always"):
        split_options(address)

    assert pulls_always(address) == (address, False)


def test_whether_to_pull_for_ever_is_no_matter_of_the_source() -> None:
    assert pulls_always("onvif://h/#pull=always") == ("onvif://h/", True)
    assert pulls_always("rtsp://h/#pull=always&transport=udp") == ("rtsp://h/#transport=udp", True)
    assert pulls_always("rtsp://h/") == ("rtsp://h/", False)
