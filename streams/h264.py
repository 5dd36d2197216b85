"""H.264 byte streams: NAL units of an access unit (ITU-T H.264 Annex B) and RTP payloads (RFC 6184)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from streams.nal_payloads import fragments, pack, sized

START_CODE: Final = b"\x00\x00\x00\x01"

NAL_IDR: Final = 5
NAL_SPS: Final = 7
NAL_PPS: Final = 8
NAL_DELIMITER: Final = 9
NAL_FILLER: Final = 12
_STAP_A: Final = 24
_FU_A: Final = 28

# Leaves room for RTP, SRTP, UDP and IPv6 in an Ethernet frame that a tunnel has made smaller.
RTP_PAYLOAD_BYTES: Final = 1200


def nal_type(nal: bytes) -> int:
    """Return `nal_unit_type`, 0–31."""
    return nal[0] & 0x1F


def nal_units(annex_b: bytes) -> list[bytes]:
    """Split an Annex B byte stream at its start codes; bytes before the first one are not part of any unit."""
    units: list[bytes] = []
    start = annex_b.find(b"\x00\x00\x01")
    while start >= 0:
        start += 3
        end = annex_b.find(b"\x00\x00\x01", start)
        # No NAL unit ends in a zero byte, so zeros before a start code belong to that start code.
        unit = (annex_b[start:] if end < 0 else annex_b[start:end]).rstrip(b"\x00")
        if unit:
            units.append(unit)
        start = end
    return units


def annex_b(units: Iterable[bytes]) -> bytes:
    """Join NAL units to an Annex B byte stream."""
    return b"".join(START_CODE + unit for unit in units)


def is_key(units: Iterable[bytes]) -> bool:
    """Say whether decoding can start at this access unit (it holds an IDR slice)."""
    return any(nal_type(unit) == NAL_IDR for unit in units)


def parameter_sets(units: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the sequence and picture parameter sets among `units`, sequence first."""
    wanted = [unit for unit in units if nal_type(unit) in (NAL_SPS, NAL_PPS)]
    return tuple(sorted(wanted, key=nal_type))


def profile_level_id(sps: bytes) -> str:
    """Return the six hex digits that SDP calls `profile-level-id` (RFC 6184 section 8.1) of a sequence parameter set.

    Raises `ValueError` for a set too short to say.
    """
    if len(sps) < 4:
        raise ValueError("the sequence parameter set is cut short")
    return sps[1:4].hex()


def rtp_payloads(units: Sequence[bytes], limit: int = RTP_PAYLOAD_BYTES) -> list[bytes]:
    """Pack one access unit into RTP payloads of at most `limit` bytes, packetization-mode 1 (RFC 6184 section 5).

    Small neighbours share a STAP-A, large units become FU-A fragments. Delimiters and filler carry nothing over RTP.
    """
    travelling = [unit for unit in units if nal_type(unit) not in (NAL_DELIMITER, NAL_FILLER)]
    return pack(travelling, limit, 1, _aggregate, _cut)


def _aggregate(units: list[bytes]) -> bytes:
    forbidden = max(unit[0] & 0x80 for unit in units)
    importance = max(unit[0] & 0x60 for unit in units)
    return bytes([forbidden | importance | _STAP_A]) + sized(units)


def _cut(unit: bytes, limit: int) -> list[bytes]:
    indicator = bytes([(unit[0] & 0xE0) | _FU_A])
    return fragments(indicator, nal_type(unit), memoryview(unit)[1:], limit)
