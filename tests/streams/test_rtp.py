from __future__ import annotations

import random
import struct
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.limits import (
    RTP_BAD_FRAMES,
    RTP_PROBATION_PACKETS,
    RTP_REORDER_MS,
    RTP_REORDER_PACKETS,
    RTP_SSRC_SILENT_MS,
)
from streams.rtp import MediaTime, Rfc4571Frames, RtpError, RtpPacket, RtpReceiver, parse

SSRC = 100_000_001


def packet(sequence: int, *, ssrc: int = SSRC, timestamp: int = 0, marker: bool = False, payload: bytes = b"") -> bytes:
    return struct.pack("!BBHII", 0x80, marker << 7 | 96, sequence & 0xFFFF, timestamp, ssrc) + (
        payload or (sequence & 0xFFFF).to_bytes(2, "big")
    )


def receive(receiver: RtpReceiver, sequences: list[int], now_ms: int = 0) -> list[RtpPacket]:
    return [taken for sequence in sequences for taken in receiver.receive(packet(sequence), now_ms)]


def sequences(packets: list[RtpPacket]) -> list[int]:
    return [taken.sequence for taken in packets]


def test_a_header_is_read_with_sources_extension_and_padding() -> None:
    """RFC 3550 section 5.1."""
    datagram = (
        bytes([0x80 | 0x20 | 0x10 | 2, 0x80 | 96, 0x12, 0x34])
        + (7).to_bytes(4, "big")
        + (8).to_bytes(4, "big")
        + bytes(8)
        + bytes([0xBE, 0xDE, 0, 1, 1, 2, 3, 4])
        + b"picture"
        + bytes([0, 0, 3])
    )

    assert parse(datagram) == RtpPacket(96, True, 0x1234, 7, 8, b"picture")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80\x60" + bytes(9),
        b"\x40\x60" + bytes(10),
        b"\x80\xc8" + bytes(10),  # a sender report
        b"\x82\x60" + bytes(13),  # two sources, room for less
        b"\x90\x60" + bytes(10) + b"\0\0",  # half an extension header
        b"\x90\x60" + bytes(10) + b"\0\0\0\x09",  # a longer extension than the packet
        b"\xa0\x60" + bytes(10) + b"ab\x00",
        b"\xa0\x60" + bytes(10) + b"ab\x04",
    ],
)
def test_what_is_not_rtp_is_refused_and_counted(datagram: bytes) -> None:
    """R335."""
    with pytest.raises(RtpError):
        parse(datagram)

    receiver = RtpReceiver(SSRC)
    assert receiver.receive(datagram, 0) == []
    assert receiver.counts.malformed == 1


def test_packets_come_out_in_order_over_the_wrap() -> None:
    receiver = RtpReceiver(SSRC)

    taken = receive(receiver, [65_533, 65_535, 65_534, 1, 0, 0, 65_534, 2])

    assert sequences(taken) == [65_533, 65_534, 65_535, 0, 1, 2]
    assert not any(one.follows_gap for one in taken)
    assert (receiver.counts.late, receiver.counts.lost) == (2, 0)


def test_a_missing_packet_is_given_up_after_so_many_others() -> None:
    """R336."""
    receiver = RtpReceiver(SSRC)
    receive(receiver, [10])

    assert receive(receiver, list(range(13, 13 + RTP_REORDER_PACKETS))) == []
    taken = receive(receiver, [13 + RTP_REORDER_PACKETS])

    assert sequences(taken) == list(range(13, 14 + RTP_REORDER_PACKETS))
    assert [one.follows_gap for one in taken] == [True] + [False] * RTP_REORDER_PACKETS
    assert receiver.counts.lost == 2
    assert receive(receiver, [11]) == []
    assert receiver.counts.late == 1


def test_a_missing_packet_is_given_up_after_a_time() -> None:
    """R336."""
    receiver = RtpReceiver(SSRC)
    receive(receiver, [10])
    receive(receiver, [12], now_ms=1000)

    assert receive(receiver, [13], now_ms=1000 + RTP_REORDER_MS - 1) == []
    assert sequences(receive(receiver, [14], now_ms=1000 + RTP_REORDER_MS)) == [12, 13, 14]


def test_a_stray_is_left_out_and_a_restarted_sender_followed() -> None:
    """RFC 3550 appendix A.1."""
    receiver = RtpReceiver(SSRC)

    assert sequences(receive(receiver, [10, 30_000, 11])) == [10, 11]
    taken = receive(receiver, [40_000, 40_001, 40_002])

    assert sequences(taken) == [40_001, 40_002]
    assert [one.follows_gap for one in taken] == [True, False]


def test_another_stream_is_kept_out_while_the_agreed_one_lives() -> None:
    """R337: a collision, or a forger who guessed the address."""
    receiver = RtpReceiver(SSRC)
    for i in range(200):
        assert len(receiver.receive(packet(i), i * 40)) == 1
        assert receiver.receive(packet(i + 7, ssrc=666), i * 40) == []

    assert receiver.counts.wrong_ssrc == 200


def test_a_device_that_ignores_the_agreed_ssrc_is_taken_after_probation() -> None:
    """R337."""
    receiver = RtpReceiver(SSRC)

    taken = [one for i in range(40) for one in receiver.receive(packet(i, ssrc=777), i)]

    assert sequences(taken) == list(range(40))
    assert receiver.ssrc == 777
    assert receiver.counts.wrong_ssrc == RTP_PROBATION_PACKETS - 1
    # The agreed one comes after all: it is believed at once.
    assert receiver.receive(packet(500), 41)[0].follows_gap


def test_strangers_of_many_ssrcs_never_pass_probation() -> None:
    """R337."""
    receiver = RtpReceiver(SSRC)

    assert not any(receiver.receive(packet(i, ssrc=i % 2), i) for i in range(10_000))
    assert receiver.counts.wrong_ssrc == 10_000


def test_a_device_that_draws_a_new_ssrc_is_followed_once_the_old_one_is_silent() -> None:
    """R337."""
    receiver = RtpReceiver(SSRC)
    receive(receiver, list(range(10)))

    early = [one for i in range(30) for one in receiver.receive(packet(i, ssrc=5), RTP_SSRC_SILENT_MS - 1)]
    later = [one for i in range(30, 60) for one in receiver.receive(packet(i, ssrc=5), RTP_SSRC_SILENT_MS)]

    assert early == []
    assert sequences(later) == list(range(30 - RTP_PROBATION_PACKETS + 1, 60))
    assert later[0].follows_gap


@given(st.lists(st.integers(0, 400), max_size=400), st.integers(0, 0xFFFF))
def test_whatever_the_order_each_packet_comes_out_once_and_forward(order: list[int], first: int) -> None:
    """R336."""
    receiver = RtpReceiver(SSRC)
    receive(receiver, [first])

    taken = receive(receiver, [first + 1 + i for i in order])

    steps = [(one.sequence - first) & 0xFFFF for one in taken]
    assert all(after > before for before, after in pairwise(steps))
    assert len(receiver._held) <= RTP_REORDER_PACKETS


def test_a_million_wrong_packets_keep_nothing_and_change_nothing() -> None:
    """R336, R337, R343: every kind between the packets of the agreed stream, which comes out whole."""
    receiver = RtpReceiver(SSRC)
    taken = receive(receiver, [20_000])
    blocks = sys.getallocatedblocks()
    for turn in range(1000):
        sequence = 20_001 + turn
        late = packet(sequence - 1)
        for other in range(250):
            # In order, as those who would pass probation are.
            for wrong in (packet(turn * 250 + other, ssrc=SSRC + 1), b"\x00" * 20, late, b"\x80"):
                assert receiver.receive(wrong, 0) == []
        taken += receive(receiver, [sequence])

    counts = receiver.counts
    assert sequences(taken) == list(range(20_000, 21_001))
    assert not any(one.follows_gap for one in taken[1:])
    assert (counts.wrong_ssrc, counts.malformed, counts.late) == (250_000, 500_000, 250_000)
    assert sys.getallocatedblocks() - blocks < 20_000, "what is wrong is kept"


@given(st.lists(st.binary(max_size=40), max_size=50))
def test_no_datagram_harms_a_receiver(datagrams: list[bytes]) -> None:
    receiver = RtpReceiver()
    for i, datagram in enumerate(datagrams):
        receiver.receive(datagram, i)


def test_tcp_is_cut_into_packets_however_it_comes() -> None:
    """RFC 4571."""
    wanted = [packet(i, payload=bytes(i * 37)) for i in range(1, 60)]
    stream = b"".join(len(one).to_bytes(2, "big") + one for one in [b"", *wanted])
    rng = random.Random(3)
    frames, got, at = Rfc4571Frames(), [], 0
    while at < len(stream):
        size = rng.randint(1, 200)
        got += frames.feed(stream[at : at + size])
        at += size

    assert got == wanted


def test_tcp_without_lengths_is_refused() -> None:
    """R335."""
    frames = Rfc4571Frames()
    with pytest.raises(RtpError, match="RFC 4571"):
        frames.feed(b"\x00\x01x" * RTP_BAD_FRAMES)


def test_time_goes_on_over_both_wraps() -> None:
    """R338."""
    time = MediaTime()
    pts, timestamp = (1 << 33) - 7200, (1 << 32) - 5400

    stamps = [time.ms((pts + 3600 * i) % (1 << 33), (timestamp + 3600 * i) % (1 << 32)) for i in range(6)]

    assert [after - before for before, after in pairwise(stamps)] == [40] * 5


def test_time_goes_on_as_rtp_does_where_pes_has_none_or_stands_still() -> None:
    """R338."""
    time = MediaTime()
    stamps = [time.ms(pts, i * 3600) for i, pts in enumerate((90_000, None, None, 90_000, 90_000 + 4 * 3600, None))]

    assert stamps == [1000, 1040, 1080, 1120, 1160, 1200]


@given(st.lists(st.tuples(st.none() | st.integers(0, (1 << 33) - 1), st.integers(0, (1 << 32) - 1)), max_size=50))
def test_no_time_stamps_harm_the_time(stamps: list[tuple[int | None, int]]) -> None:
    time = MediaTime()
    for pts, timestamp in stamps:
        assert isinstance(time.ms(pts, timestamp), int)
