"""H.265 byte streams: NAL units (ITU-T H.265 section 7.3.1) and RTP payloads (RFC 7798). They split as H.264 does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from streams.h264 import RTP_PAYLOAD_BYTES
from streams.nal_payloads import fragments, pack, sized

NAL_BLA_W_LP: Final = 16
NAL_CRA: Final = 21
NAL_VPS: Final = 32
NAL_SPS: Final = 33
NAL_PPS: Final = 34
NAL_DELIMITER: Final = 35
NAL_FILLER: Final = 38
_AGGREGATION: Final = 48
_FRAGMENT: Final = 49
_HEADER_BYTES: Final = 2


def nal_type(nal: bytes) -> int:
    """Return `nal_unit_type`, 0–63."""
    return nal[0] >> 1 & 0x3F


def is_key(units: Iterable[bytes]) -> bool:
    """Say whether decoding can start at this access unit: an IDR, CRA or BLA picture."""
    return any(NAL_BLA_W_LP <= nal_type(unit) <= NAL_CRA for unit in units)


def parameter_sets(units: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the video, sequence and picture parameter sets among `units`, in that order."""
    wanted = [unit for unit in units if NAL_VPS <= nal_type(unit) <= NAL_PPS]
    return tuple(sorted(wanted, key=nal_type))


def rtp_payloads(units: Sequence[bytes], limit: int = RTP_PAYLOAD_BYTES) -> list[bytes]:
    """Pack one access unit into RTP payloads of at most `limit` bytes, without DONL fields (RFC 7798 section 4.4).

    Small neighbours share an aggregation packet, large units become fragments. Delimiters and filler do not travel.
    """
    travelling = [
        unit for unit in units if len(unit) > _HEADER_BYTES and nal_type(unit) not in (NAL_DELIMITER, NAL_FILLER)
    ]
    return pack(travelling, limit, _HEADER_BYTES, _aggregate, _cut)


def _aggregate(units: list[bytes]) -> bytes:
    forbidden = max(unit[0] & 0x80 for unit in units)
    layer = min((unit[0] & 1) << 5 | unit[1] >> 3 for unit in units)
    temporal = min(unit[1] & 7 for unit in units)
    return bytes([forbidden | _AGGREGATION << 1 | layer >> 5, (layer & 0x1F) << 3 | temporal]) + sized(units)


def _cut(unit: bytes, limit: int) -> list[bytes]:
    header = bytes([unit[0] & 0x81 | _FRAGMENT << 1, unit[1]])
    return fragments(header, nal_type(unit), memoryview(unit)[_HEADER_BYTES:], limit)
