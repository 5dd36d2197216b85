from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.simulators.ps_clips import PsClip
from edge.simulators.ps_sender import RtpState, rtp_packets
from streams.access_units import AccessUnits, AnnexB
from streams.limits import ACCESS_UNIT_NALS, CAMERA_FRAME_BYTES
from streams.ps import PsDemuxer
from tests.streams.ps_coding import SSRC, datagrams, decoded, demux, demux_each, over_rtp


def test_disorder_and_repetition_change_nothing(ps_clip: PsClip) -> None:
    """R341."""
    packets = datagrams(ps_clip)
    rng = random.Random(5)
    order = [i + rng.uniform(0, 8) for i in range(len(packets))]
    order[0] = -1.0
    shuffled = [packets[i] for i in sorted(range(len(packets)), key=order.__getitem__)]
    doubled = [one for packet in shuffled for one in [packet] * rng.choice((1, 1, 2))]

    _, units = over_rtp(doubled)

    assert units == over_rtp(packets)[1]
    assert len(units) == 50


@pytest.mark.parametrize("seed", range(8))
def test_after_loss_only_whole_runs_come_from_key_frames_on(ps_clip: PsClip, seed: int) -> None:
    """R341: never a picture that is damaged, or that follows one that is."""
    rng = random.Random(seed)
    packets = [packet for packet in datagrams(ps_clip) if rng.random() > 0.01]

    video, units = over_rtp(packets)

    whole = {unit.data: i for i, unit in enumerate(over_rtp(datagrams(ps_clip))[1])}
    places = [whole[unit.data] for unit in units]  # each is bit by bit what was sent
    assert 0 < len(units) < 50
    assert all(units[i].is_key or places[i] == places[i - 1] + 1 for i in range(len(units)))
    assert units[0].is_key
    assert len(units) + video.dropped <= 50


def test_lost_between_two_pictures_the_next_key_frame_still_counts(ps_clip: PsClip) -> None:
    """R341: a loss that takes a whole picture with it does not take the key frame after it."""
    state = RtpState(SSRC)
    packets = []
    for i, frame in enumerate(ps_clip.frames):
        packets += [] if i == 9 and rtp_packets(frame, state, frame.at_ms) else rtp_packets(frame, state, frame.at_ms)

    _, units = over_rtp(packets)

    assert len(units) == 49


@pytest.mark.parametrize("length", [0, 1, 40, 0xFFFF])
def test_wrong_lengths_of_video_do_no_harm(ps_clip: PsClip, length: int) -> None:
    """R339: cameras write no length, or one modulo 65,536."""
    frames = []
    for frame in ps_clip.frames:
        at = next(
            at
            for at in range(len(frame.data))
            if frame.data[at : at + 3] == b"\0\0\1" and frame.data[at + 3] >> 4 == 14
        )
        frames.append(frame.data[: at + 4] + length.to_bytes(2, "big") + frame.data[at + 6 :])

    _, units = demux(b"".join(frames))

    assert len(decoded(units)) == len(units) == 50


def test_a_sound_packet_of_wrong_length_costs_at_most_the_run(ps_clip: PsClip) -> None:
    """R341: a pack begins with an RTP packet, so the next one is found."""
    sound = b"\0\0\1\xc0\xff\xff\x80\x00\x00" + bytes([0xD5]) * 160
    frames = [frame.data for frame in ps_clip.frames]
    frames[3] += sound

    _, units = demux_each(frames)

    assert len(units) >= 42
    assert len(decoded(units)) == len(units)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from(
                [
                    b"\0\0\1" + bytes([code])
                    for code in (0xBA, 0xBB, 0xBC, 0xBD, 0xC0, 0xE0, 0xE2, 0xB9, 0x67, 0x65, 0x41)
                ]
                + [b"\0\0\1\xe0\0\0\x80\x80\x05\x21\0\1\0\1", b"\0\0\1\x67\x42\0\x1e\0\0\1\x68\xce\0\0\1\x65\x88"]
            ),
        ),
        max_size=60,
    ),
    st.sampled_from([1, 3, 17, 500]),
)
def test_no_bytes_harm_the_demultiplexer(pieces: list[bytes], step: int) -> None:
    """R343."""
    demuxer, units = demux(b"".join(pieces), step)

    assert not units or units[0].is_key
    assert len(demuxer._buffer) < 0x10000 + 600


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 40))
def test_damage_anywhere_gives_pictures_or_nothing(ps_clip: PsClip, seed: int, changes: int) -> None:
    """R343: bytes changed in real streams, under RTP that lost nothing."""
    rng = random.Random(seed)
    packets = [bytearray(packet) for packet in datagrams(ps_clip)]
    for _ in range(changes):
        packet = rng.choice(packets)
        packet[rng.randrange(len(packet))] = rng.randrange(256)

    _, units = over_rtp([bytes(packet) for packet in packets])

    assert not units or units[0].is_key


def test_garbage_without_end_stays_in_bounded_memory() -> None:
    """R343: a picture that never ends, NAL units of no bytes, program packets that never come."""
    rng = random.Random(9)
    kinds: list[Callable[[], bytes]] = [
        lambda: b"\0\0\1\x65\x11" * 280,
        lambda: b"\x55" * 1400,
        lambda: b"\0\0\1\xbc\xff\xff" + b"\0\0\1\xe0\0\0\x80\0\0\0\0\1\x41\x9a",
        lambda: rng.randbytes(1400),
    ]
    demuxer = PsDemuxer(AccessUnits())
    demuxer.feed(
        b"\0\0\1\xba\x44" + bytes(8) + b"\xf8\0\0\1\xe0\0\0\x80\0\0\0\0\1\x67\x42\0\x1e\0\0\1\x68\xce\0\0\1\x65\x88", 0
    )
    tracemalloc.start()
    try:
        for kind in kinds:
            for _ in range(9000):  # 12 MB, more than a picture may have
                demuxer.feed(kind(), 0)
        assert tracemalloc.get_traced_memory()[1] < 3 * CAMERA_FRAME_BYTES
    finally:
        tracemalloc.stop()


def test_an_access_unit_of_too_many_parts_is_given_up() -> None:
    """R343."""
    units = AccessUnits()
    annex_b = AnnexB(units)
    sets = b"\0\0\1\x67\x42\0\x1e\0\0\1\x68\xce"
    first = b"\0\0\1\x65\x88\x11"
    more = b"\0\0\1\x65\x11\x11"

    whole = annex_b.feed(sets + first + more * (ACCESS_UNIT_NALS - 3), None, 0) + annex_b.end()
    larger = annex_b.feed(sets + first + more * ACCESS_UNIT_NALS, None, 0) + annex_b.end()

    assert [unit.is_key for unit in whole] == [True]
    assert larger == []
