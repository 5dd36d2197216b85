from __future__ import annotations

import pytest
from aiortc.codecs import depayload
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from hypothesis import given
from hypothesis import strategies as st

from streams import h264

_H264 = RTCRtpCodecParameters(mimeType="video/H264", clockRate=90000, payloadType=96)

# What an encoder may write: no start code inside, no zero at the end (its emulation prevention sees to both).
_units = st.builds(
    lambda kind, size, body: bytes([kind]) + (body * (size // len(body) + 1))[:size] + b"\x80",
    st.sampled_from([0x65, 0x41, 0x67, 0x68, 0x06]),
    st.integers(0, 5000),
    st.binary(min_size=1, max_size=40).map(lambda x: x.replace(b"\x00", b"\x03")),
)


@given(st.lists(_units, max_size=6))
def test_a_byte_stream_splits_into_the_units_it_was_made_of(units: list[bytes]) -> None:
    assert h264.nal_units(h264.annex_b(units)) == units


@pytest.mark.parametrize("start_code", [b"\x00\x00\x01", b"\x00\x00\x00\x01", b"\x00\x00\x00\x00\x00\x01"])
def test_start_codes_of_any_length_are_understood(start_code: bytes) -> None:
    assert h264.nal_units(start_code + b"\x67\x42" + start_code + b"\x65\x88") == [b"\x67\x42", b"\x65\x88"]


@given(st.lists(_units, min_size=1, max_size=6), st.integers(60, 1400))
def test_an_independent_depacketiser_gets_the_units_back(units: list[bytes], limit: int) -> None:
    payloads = h264.rtp_payloads(units, limit)

    assert max(len(payload) for payload in payloads) <= limit
    assert h264.nal_units(b"".join(depayload(_H264, payload) for payload in payloads)) == units


def test_delimiters_and_filler_do_not_travel() -> None:
    assert h264.rtp_payloads([b"\x09\xf0", b"\x0c\xff\x80", b"\x65\x88"]) == [b"\x65\x88"]


def test_key_frames_and_parameter_sets_are_recognised() -> None:
    sps, pps, idr, other = b"\x67\x64\x00\x1f\xac", b"\x68\xee", b"\x65\x88", b"\x41\x9a"

    assert h264.is_key([sps, pps, idr])
    assert not h264.is_key([sps, pps, other])
    assert h264.parameter_sets([pps, sps, idr]) == (sps, pps)
    assert h264.profile_level_id(sps) == "64001f"


def test_a_sequence_parameter_set_cut_short_is_an_error() -> None:
    with pytest.raises(ValueError, match="cut short"):
        h264.profile_level_id(b"\x67\x64")
