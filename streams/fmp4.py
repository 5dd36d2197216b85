"""Fragmented MP4 of one video track (ISO/IEC 14496-12 and -15), written from Annex B without decoding anything.

`track_of(key)` → `init_segment(track)`, then `fragment(number, samples)` for each run of access units. Times are ms.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from command.kernel.errors import InvalidInputError
from streams import h264
from streams.packets import Codec, Packet
from streams.sps import h264_format, h265_format

TIMESCALE: Final = 1000
"""Units per second of all times in these files: milliseconds."""

_TRACK: Final = 1
_USUAL_MS: Final = 40
_SYNC: Final = 0x02000000  # sample_depends_on = 2: nobody else
_NOT_SYNC: Final = 0x01010000  # sample_depends_on = 1, sample_is_non_sync_sample
_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_H265_VPS, _H265_SPS, _H265_PPS, _H265_DELIMITER, _H265_FILLER = 32, 33, 34, 35, 38
_NOT_IN_SAMPLES: Final[dict[Codec, frozenset[int]]] = {
    "h264": frozenset({h264.NAL_SPS, h264.NAL_PPS, h264.NAL_DELIMITER, h264.NAL_FILLER}),
    "h265": frozenset({_H265_VPS, _H265_SPS, _H265_PPS, _H265_DELIMITER, _H265_FILLER}),
}


class Track(msgspec.Struct, frozen=True):
    """What a decoder has to know before the first picture. Two equal tracks can share one initialization segment."""

    codec: Codec
    codecs: str
    """As in a MIME type's `codecs` (RFC 6381): `avc1.64001F`, `hvc1.1.6.L93.B0`."""
    width: int
    height: int
    config: bytes
    """The decoder configuration record: body of `avcC` or `hvcC`."""

    @property
    def mime(self) -> str:
        """The type as Media Source Extensions take it."""
        return f'video/mp4; codecs="{self.codecs}"'


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One access unit: NAL units behind their lengths of four bytes. `dts_ms` grows from sample to sample."""

    data: bytes
    dts_ms: int
    pts_ms: int
    duration_ms: int
    is_key: bool


def track_of(key: Packet) -> Track:
    """Return the track that a key frame with its parameter sets begins. Raises `InvalidInputError`."""
    units = h264.nal_units(key.data)
    return _h265_track(units) if key.codec == "h265" else _h264_track(units)


def sample_data(annex_b: bytes, codec: Codec) -> bytes:
    """Return an access unit as it stands in a sample, without parameter sets, delimiters and filler."""
    left_out = _NOT_IN_SAMPLES[codec]
    parts: list[bytes] = []
    for unit in h264.nal_units(annex_b):
        kind = unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F
        if kind not in left_out:
            parts += (len(unit).to_bytes(4), unit)
    return b"".join(parts)


class Timing:
    """Decode times of one stream from the times at which its pictures are shown; B-frames come before their turn.

    Feed it whole runs in decoding order (see `run_length`). No picture is ever shown before it is decoded: browsers
    and FFmpeg disagree about files where one is.
    """

    def __init__(self) -> None:
        self._base_ms: int | None = None
        self._lead_ms = 0
        self._next_ms = 0

    @property
    def base_ms(self) -> int:
        """The instant on the packets' own scale that the file calls 0; known after the first `samples`."""
        assert self._base_ms is not None
        return self._base_ms

    def samples(self, packets: Sequence[Packet]) -> list[Sample]:
        """Return the samples of at least one packet; the last one counts as long as the one before it."""
        shown = [packet.pts_ms for packet in packets]
        in_turn = sorted(shown)
        self._lead_ms = max(self._lead_ms, *(turn - at_ms for turn, at_ms in zip(in_turn, shown, strict=True)), 0)
        if self._base_ms is None:
            self._base_ms = in_turn[0] - self._lead_ms
        decoded: list[int] = []
        for turn in in_turn:
            decoded.append(max(self._next_ms, turn - self._lead_ms - self._base_ms))
            self._next_ms = decoded[-1] + 1
        lasts = [later - earlier for earlier, later in pairwise(decoded)]
        lasts.append(lasts[-1] if lasts else _USUAL_MS)
        base_ms = self._base_ms
        return [
            Sample(sample_data(packet.data, packet.codec), dts_ms, packet.pts_ms - base_ms, lasts_ms, packet.is_key)
            for packet, dts_ms, lasts_ms in zip(packets, decoded, lasts, strict=True)
        ]


def run_length(packets: Sequence[Packet]) -> int:
    """Return how many of the packets can go into a fragment: all that follows them is shown after them.

    The last packet always stays: what comes next may have to be shown before it.
    """
    earliest_after = None
    for count in range(len(packets) - 1, 0, -1):
        at_ms = packets[count].pts_ms
        earliest_after = at_ms if earliest_after is None else min(earliest_after, at_ms)
        if max(packet.pts_ms for packet in packets[:count]) < earliest_after:
            return count
    return 0


def init_segment(track: Track) -> bytes:
    """Return `ftyp` and `moov`: what comes before the fragments."""
    entry = _box(
        b"avc1" if track.codec == "h264" else b"hvc1",
        struct.pack(">6xH16x2H2I4xH32x2H", 1, track.width, track.height, 0x480000, 0x480000, 1, 24, 0xFFFF),
        _box(b"avcC" if track.codec == "h264" else b"hvcC", track.config),
    )
    empty = struct.pack(">4xI", 0)
    table = _box(
        b"stbl",
        _box(b"stsd", struct.pack(">4xI", 1), entry),
        _box(b"stts", empty),
        _box(b"stsc", empty),
        _box(b"stsz", empty, bytes(4)),
        _box(b"stco", empty),
    )
    here = _box(b"dinf", _box(b"dref", struct.pack(">4xI", 1), _box(b"url ", struct.pack(">I", 1))))
    media = _box(
        b"mdia",
        _box(b"mdhd", struct.pack(">12x2IH2x", TIMESCALE, 0, 0x55C4)),
        _box(b"hdlr", struct.pack(">8x4s12xx", b"vide")),
        _box(b"minf", _box(b"vmhd", struct.pack(">I8x", 1)), here, table),
    )
    header = struct.pack(">I8xI4xI8x4H", 3, _TRACK, 0, 0, 0, 0, 0) + _MATRIX
    header += struct.pack(">2I", track.width << 16, track.height << 16)
    movie = struct.pack(">12x2I2IQ", TIMESCALE, 0, 0x10000, 0x01000000, 0) + _MATRIX + bytes(24) + struct.pack(">I", 2)
    return _box(b"ftyp", b"iso6", bytes(4), b"iso6iso5mp41") + _box(
        b"moov",
        _box(b"mvhd", movie),
        _box(b"trak", _box(b"tkhd", header), media),
        _box(b"mvex", _box(b"trex", struct.pack(">4x5I", _TRACK, 1, 0, 0, 0))),
    )


def fragment(number: int, samples: Sequence[Sample]) -> bytes:
    """Return `moof` and `mdat` of at least one sample; `number` counts fragments from 1 (`sequence_number`)."""
    run = b"".join(
        struct.pack(
            ">3Ii", s.duration_ms, len(s.data), _SYNC if s.is_key else _NOT_SYNC, s.pts_ms - s.dts_ms
        )
        for s in samples
    )  # fmt: skip
    # moof 8, mfhd 16, traf 8, tfhd 16, tfdt 20, trun 20 and the samples', then the header of mdat.
    offset = 8 + 16 + 8 + 16 + 20 + 20 + len(run) + 8
    tracked = _box(
        b"traf",
        _box(b"tfhd", struct.pack(">2I", 0x020000, _TRACK)),
        _box(b"tfdt", struct.pack(">IQ", 0x01000000, samples[0].dts_ms)),
        _box(b"trun", struct.pack(">3I", 0x01000F01, len(samples), offset), run),
    )
    moof = _box(b"moof", _box(b"mfhd", struct.pack(">4xI", number)), tracked)
    return moof + _box(b"mdat", *(s.data for s in samples))


def _box(kind: bytes, *parts: bytes) -> bytes:
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, parts)), kind), *parts))


def _h264_track(units: Sequence[bytes]) -> Track:
    sequence = [unit for unit in units if h264.nal_type(unit) == h264.NAL_SPS]
    picture = [unit for unit in units if h264.nal_type(unit) == h264.NAL_PPS]
    if not sequence or not picture or len(sequence[0]) < 4 or len(sequence) > 31 or len(picture) > 255:
        raise InvalidInputError("a key frame of H.264 has to begin with its parameter sets")
    shape = h264_format(sequence[0])
    first = sequence[0]
    config = bytes([1, first[1], first[2], first[3], 0xFF, 0xE0 | len(sequence)]) + _sized(sequence)
    config += bytes([len(picture)]) + _sized(picture)
    if first[1] in (100, 110, 122, 144):
        config += bytes([0xFC | shape.chroma, 0xF8 | shape.luma_bits - 8, 0xF8 | shape.chroma_bits - 8, 0])
    return Track("h264", f"avc1.{first[1:4].hex().upper()}", shape.width, shape.height, config)


def _h265_track(units: Sequence[bytes]) -> Track:
    sets = {kind: [u for u in units if u[0] >> 1 & 0x3F == kind] for kind in (_H265_VPS, _H265_SPS, _H265_PPS)}
    if not all(sets.values()) or any(len(group) > 64 for group in sets.values()):
        raise InvalidInputError("a key frame of H.265 has to begin with its parameter sets")
    sps = sets[_H265_SPS][0]
    shape = h265_format(sps)
    plain = sps.replace(b"\x00\x00\x03", b"\x00\x00")
    profile = plain[3:15]  # general profile, tier, compatibility, constraints and level: 96 bits as they stand
    layers = plain[2] >> 1 & 7
    config = b"\x01" + profile + bytes([
        0xF0, 0, 0xFC, 0xFC | shape.chroma, 0xF8 | shape.luma_bits - 8, 0xF8 | shape.chroma_bits - 8,
        0, 0, (layers + 1) << 3 | (plain[2] & 1) << 2 | 3, len(sets),
    ])  # fmt: skip
    for kind, group in sets.items():
        config += struct.pack(">BH", 0x80 | kind, len(group)) + _sized(group)
    return Track("h265", _h265_codecs(profile), shape.width, shape.height, config)


def _h265_codecs(profile: bytes) -> str:
    """Return the codec as ISO/IEC 14496-15 annex E words it: profile, compatibility, tier and level, constraints."""
    space = ("", "A", "B", "C")[profile[0] >> 6]
    compatible = int(f"{int.from_bytes(profile[1:5]):032b}"[::-1], 2)
    tier = "H" if profile[0] & 0x20 else "L"
    constraints = "".join(f".{byte:X}" for byte in profile[5:11].rstrip(b"\x00"))
    return f"hvc1.{space}{profile[0] & 0x1F}.{compatible:X}.{tier}{profile[11]}{constraints}"


def _sized(units: Sequence[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
