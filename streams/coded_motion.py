"""Notices that something moves in a stream by how large its pictures are coded, without decoding any."""

from __future__ import annotations

import statistics
from collections import deque
from typing import Final

from streams.packets import Packet

# Pictures between key frames say what changed. Where nothing does they stay small, and it takes so many to know.
_LEARNT: Final = 50
_LEARNT_LEAST: Final = 10
# The middle of the newest few is compared: single large ones are how some encoders refresh a picture.
_NEWEST: Final = 5
# What a vehicle large enough to be read adds at least, and what is usual where sizes say nothing, in key frames: an
# encoder that holds its rate spends what it has on noise.
_ADDED: Final = 0.01
_TELLING: Final = 0.05


class CodedMotion:
    """Takes every packet of one stream in decoding order."""

    def __init__(self) -> None:
        self._still: deque[int] = deque(maxlen=_LEARNT)
        self._newest: deque[int] = deque(maxlen=_NEWEST)
        self._key_bytes = 0

    def take(self, packet: Packet) -> bool:
        """Say whether this and the packets before it are larger than those of a still scene."""
        if packet.is_key:
            self._key_bytes = len(packet.data)
            return False
        self._newest.append(len(packet.data))
        if len(self._still) >= _LEARNT_LEAST and len(self._newest) == _NEWEST:
            usual, now = statistics.median(self._still), statistics.median(self._newest)
            if now - usual > _ADDED * self._key_bytes:
                return True
        self._still.append(len(packet.data))
        return False

    @property
    def tells(self) -> bool:
        """Whether sizes say anything of this stream; so it seems until they were learnt."""
        if len(self._still) < _LEARNT_LEAST:
            return True
        return statistics.median(self._still) <= _TELLING * self._key_bytes

    def forget(self) -> None:
        """Learn anew what a still scene is: what seemed to move did not."""
        self._still.clear()
        self._newest.clear()
