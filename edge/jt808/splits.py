"""Joining split JT/T 808 messages, with bounds on number, size and time."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from command.kernel.errors import TooLargeError
from edge.jt808.frame import Frame, Header, Part
from edge.limits import DEVICE_FRAME_BYTES, DEVICE_SPLIT_MESSAGES, DEVICE_SPLIT_WAIT_MS


class Message(msgspec.Struct, frozen=True):
    """A whole message. `header` is that of its first part; `serials` are of all parts, which are answered alike."""

    header: Header
    serials: tuple[int, ...]
    body: bytes


class Missing(msgspec.Struct, frozen=True):
    """Parts to ask for again (0x8003)."""

    header: Header
    first_serial: int
    indexes: tuple[int, ...]


@dataclass(slots=True)
class _Assembly:
    total: int
    wait_until_ms: int
    asked_again: bool = False
    parts: dict[int, Frame] = field(default_factory=dict)

    def size(self) -> int:
        return sum(len(frame.body) for frame in self.parts.values())


class Splits:
    """The half-received messages of one connection, by phone and message id.

    Makers do not keep to consecutive serials, so parts are matched by index: one that contradicts what is there
    begins the message anew.
    """

    def __init__(self) -> None:
        self._assemblies: dict[tuple[str, int], _Assembly] = {}
        self.given_up = 0

    def add(self, frame: Frame, part: Part, now_ms: int) -> Message | None:
        """Take one part and return the whole message once it is there. Raises `TooLargeError` at the size limit."""
        key = (frame.header.phone, frame.header.msg_id)
        assembly = self._assemblies.get(key)
        if assembly and not _fits(assembly, frame, part):
            self._give_up(key)
            assembly = None
        if assembly is None:
            of_phone = [each for each in self._assemblies if each[0] == frame.header.phone]
            if len(of_phone) >= DEVICE_SPLIT_MESSAGES:
                self._give_up(of_phone[0])
            assembly = self._assemblies[key] = _Assembly(part.total, 0)
        assembly.parts[part.index] = frame
        assembly.wait_until_ms = now_ms + DEVICE_SPLIT_WAIT_MS
        if assembly.size() > DEVICE_FRAME_BYTES or part.total > DEVICE_FRAME_BYTES // 256:
            self._give_up(key)
            raise TooLargeError(f"a message of {part.total} parts; {DEVICE_FRAME_BYTES} bytes are taken")
        if len(assembly.parts) < part.total:
            return None
        del self._assemblies[key]
        ordered = [assembly.parts[index] for index in range(1, part.total + 1)]
        return Message(
            ordered[0].header,
            tuple(each.header.serial for each in ordered),
            b"".join(each.body for each in ordered),
        )

    def overdue(self, now_ms: int) -> list[Missing]:
        """Return what to ask for again. What stays away after having been asked for is given up."""
        requests: list[Missing] = []
        for key, assembly in list(self._assemblies.items()):
            if now_ms < assembly.wait_until_ms:
                continue
            if assembly.asked_again:
                self._give_up(key)
                continue
            assembly.asked_again = True
            assembly.wait_until_ms = now_ms + DEVICE_SPLIT_WAIT_MS
            index, known = next(iter(assembly.parts.items()))
            first_serial = (known.header.serial - index + 1) % 0x10000
            missing = (index for index in range(1, assembly.total + 1) if index not in assembly.parts)
            requests.append(Missing(known.header, first_serial, tuple(missing)[:255]))
        return requests

    def _give_up(self, key: tuple[str, int]) -> None:
        del self._assemblies[key]
        self.given_up += 1


def _fits(assembly: _Assembly, frame: Frame, part: Part) -> bool:
    known = assembly.parts.get(part.index)
    return assembly.total == part.total and (known is None or known.body == frame.body)
