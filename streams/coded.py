"""What both codecs have in common for a source: key frames, and the parameter sets that must stand before each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from streams import h264, h265
from streams.packets import Codec


class _Syntax(Protocol):
    """What each codec's module offers."""

    def nal_type(self, nal: bytes) -> int: ...

    def is_key(self, units: Iterable[bytes]) -> bool: ...

    def parameter_sets(self, units: Iterable[bytes]) -> tuple[bytes, ...]: ...


_OF: Final[dict[Codec, _Syntax]] = {"h264": h264, "h265": h265}
_START: Final = b"\x00\x00\x01"
_DELIMITER: Final[dict[Codec, int]] = {"h264": h264.NAL_DELIMITER, "h265": h265.NAL_DELIMITER}
_FFMPEG: Final[dict[str, Codec]] = {"h264": "h264", "hevc": "h265"}
# The parameter sets by their headers: of layer 0 and, in H.264, of any importance but none.
_H264_SETS: Final = frozenset({0x27, 0x47, 0x67, 0x28, 0x48, 0x68})
# With them, RTP packets of several or of parts of units, which a reader of the other codec takes for units.
_H265_SETS: Final = frozenset({b"\x40\x01", b"\x42\x01", b"\x44\x01", b"\x60\x01", b"\x62\x01"})


def codec_of(ffmpeg_name: str) -> Codec | None:
    """Return the codec that FFmpeg calls so, None for one that the hub does not pass on."""
    return _FFMPEG.get(ffmpeg_name)


def seems_to_be(data: bytes, said: Codec) -> Codec | None:
    """Return the other codec where an access unit begins with parameter sets of that one, else None."""
    units = h264.nal_units(data)[:2]
    if said == "h264" and any(unit[:2] in _H265_SETS for unit in units):
        return "h265"
    if said == "h265" and any(unit[0] in _H264_SETS for unit in units):
        return "h264"
    return None


def parameter_prefix(data: bytes, codec: Codec) -> bytes:
    """Return what stands before the first unit that is no parameter set: where it changes, the picture's size may."""
    start = data.find(_START)
    while start >= 0:
        unit = data[start + len(_START) : start + len(_START) + 2]
        if not unit or not _OF[codec].parameter_sets([unit]):
            return data[:start].rstrip(b"\0")  # zeros belong to the start code behind them
        start = data.find(_START, start + len(_START))
    return data


class ParameterSets:
    """The newest parameter sets of one stream, put before key frames that come without."""

    def __init__(self, codec: Codec, extradata: bytes = b"") -> None:
        self.codec: Final = codec
        self._of = _OF[codec]
        self._delimiter = _DELIMITER[codec]
        self._known: dict[int, list[bytes]] = {}
        self._learn(h264.nal_units(extradata))

    def complete(self, data: bytes) -> tuple[bytes, bool]:
        """Return an access unit (Annex B), a key frame with all its parameter sets first, and whether it is one."""
        units = h264.nal_units(data)
        is_key = self._of.is_key(units)
        in_band = self._learn(units)
        if is_key:
            sets = [unit for kind in sorted(self._known) for unit in self._known[kind]]
            # A delimiter is the first unit of its access unit or there is none: it may as well not be there.
            others = [unit for unit in units if unit not in in_band and self._of.nal_type(unit) != self._delimiter]
            units = [*sets, *others]
        return h264.annex_b(units), is_key

    def _learn(self, units: list[bytes]) -> tuple[bytes, ...]:
        """Take a kind's newest sets for all there are of that kind."""
        found = self._of.parameter_sets(units)
        kinds = {self._of.nal_type(unit) for unit in found}
        for kind in kinds:
            self._known[kind] = [unit for unit in found if self._of.nal_type(unit) == kind]
        return found
