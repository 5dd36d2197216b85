"""H.265 payloads are judged by FFmpeg's own depacketiser, behind the simulated RTSP camera: see test_source."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams import h265

_VPS, _SPS, _PPS = b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc1"
_IDR, _CRA, _TRAIL = b"\x26\x01\xaf", b"\x2a\x01\xaf", b"\x02\x01\xd0"

_units = st.builds(
    lambda head, size: head[:2] + bytes(1 + i % 250 for i in range(size)) + b"\x80",
    st.sampled_from([_VPS, _SPS, _PPS, _IDR, _TRAIL]),
    st.integers(1, 5000),
)


def test_key_frames_and_parameter_sets_are_recognised() -> None:
    assert h265.is_key([_VPS, _SPS, _PPS, _IDR])
    assert h265.is_key([_CRA])
    assert not h265.is_key([_VPS, _SPS, _PPS, _TRAIL])
    assert h265.parameter_sets([_PPS, _VPS, _IDR, _SPS]) == (_VPS, _SPS, _PPS)


@given(st.lists(_units, min_size=1, max_size=6), st.integers(60, 1400))
def test_a_reader_of_the_standard_gets_the_units_back(units: list[bytes], limit: int) -> None:
    payloads = h265.rtp_payloads(units, limit)

    assert max(len(payload) for payload in payloads) <= limit
    assert _units_of(payloads) == units


def test_delimiters_and_filler_do_not_travel() -> None:
    assert h265.rtp_payloads([b"\x46\x01\x50", b"\x4c\x01\xff\x80", _IDR]) == [_IDR]


def _units_of(payloads: list[bytes]) -> list[bytes]:
    """Read payloads as RFC 7798 sections 4.4.1 to 4.4.3 say."""
    units: list[bytes] = []
    for payload in payloads:
        kind = payload[0] >> 1 & 0x3F
        if kind == 48:
            rest = payload[2:]
            while rest:
                size = int.from_bytes(rest[:2], "big")
                units.append(rest[2 : 2 + size])
                rest = rest[2 + size :]
        elif kind == 49:
            header = bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]])
            if payload[2] & 0x80:
                units.append(header)
            units[-1] += payload[3:]
        else:
            units.append(payload)
    return units
