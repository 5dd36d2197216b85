"""Pictures out of RTP payloads: whole or not at all, whatever arrives (SPEC R367)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams import h264, h265
from streams.depacketise import Depacketiser
from streams.h264 import annex_b
from streams.limits import CAMERA_FRAME_BYTES
from streams.packets import Codec
from streams.rtp import RtpPacket

UNITS: dict[Codec, list[bytes]] = {
    "h264": [b"\x67sets", b"\x68set", b"\x65" + bytes(range(1, 250)) * 20, b"\x65short"],
    "h265": [b"\x40\x01v", b"\x42\x01s", b"\x26\x01" + bytes(range(1, 250)) * 20, b"\x26\x01short"],
}


def _packets(codec: Codec, timestamp: int) -> list[RtpPacket]:
    payloads = (h264 if codec == "h264" else h265).rtp_payloads(UNITS[codec])
    return [RtpPacket(96, i == len(payloads) - 1, i, timestamp, 1, payload) for i, payload in enumerate(payloads)]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_picture_comes_out_as_it_went_in_also_where_its_marker_is_lost(codec: Codec) -> None:
    taken = Depacketiser(codec)
    one = [unit for packet in _packets(codec, 90) for unit in taken.feed(packet)]
    assert [(unit.data, unit.timestamp) for unit in one] == [(annex_b(UNITS[codec]), 90)]
    for packet in _packets(codec, 180):
        assert taken.feed(replace(packet, marker=False)) == []
    late = [unit for packet in _packets(codec, 270) for unit in taken.feed(packet)]
    assert [unit.timestamp for unit in late] == [180, 270]
    assert taken.broken == 0


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_picture_that_lost_a_packet_is_left_out_and_the_next_is_not(codec: Codec) -> None:
    for lost in range(1, len(_packets(codec, 0))):
        taken = Depacketiser(codec)
        first, second = _packets(codec, 90), _packets(codec, 180)
        del first[lost]
        if lost < len(first):
            first[lost] = replace(first[lost], follows_gap=True)
        else:
            second[0] = replace(second[0], follows_gap=True)
        out = [unit.timestamp for packet in [*first, *second, *_packets(codec, 270)] for unit in taken.feed(packet)]
        assert 90 not in out
        assert out[-1] == 270
        assert taken.broken >= 1


@given(st.integers(0, 2**32), st.sampled_from(["h264", "h265"]))
def test_whatever_arrives_is_at_most_left_out(seed: int, codec: Codec) -> None:
    rng = random.Random(seed)
    taken = Depacketiser(codec)
    for _ in range(50):
        packet = RtpPacket(96, rng.random() < 0.2, 0, rng.randrange(3), 1, rng.randbytes(rng.randrange(40)))
        for unit in taken.feed(replace(packet, follows_gap=rng.random() < 0.1)):
            assert h264.nal_units(unit.data)
    whole = [unit.timestamp for packet in _packets(codec, 900) for unit in taken.feed(packet)]
    assert whole[-1] == 900


def test_a_picture_without_end_is_given_up_in_bounded_memory() -> None:
    taken = Depacketiser("h264")
    for i in range(2 * CAMERA_FRAME_BYTES // 1400):
        payload = b"\x7c" + (b"\x85" if i == 0 else b"\x05") + bytes(1400)
        assert taken.feed(RtpPacket(96, False, i & 0xFFFF, 90, 1, payload)) == []
    assert taken._fragment is None or len(taken._fragment) <= CAMERA_FRAME_BYTES
    assert [unit.timestamp for packet in _packets("h264", 180) for unit in taken.feed(packet)] == [180]
