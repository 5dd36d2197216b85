"""Finds SIP messages in a TCP stream by their Content-Length (RFC 3261, 18.3), holding no more than one of them."""

from __future__ import annotations

from edge.limits import SIP_HEAD_BYTES, SIP_MESSAGE_BYTES
from edge.sip.message import SipError


class SipFramer:
    """Fed with what arrives, gives whole messages. After a `SipError` nobody knows where the stream goes on."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> None:
        """Take bytes from the wire."""
        self._buffer += data

    def take(self) -> bytes | None:
        """Return the next whole message, None while there is none. Raises `SipError`."""
        if not self._wanted:
            self._wanted = self._length()
        if not self._wanted or len(self._buffer) < self._wanted:
            return None
        message = bytes(self._buffer[: self._wanted])
        del self._buffer[: self._wanted]
        self._wanted = 0
        return message

    def _length(self) -> int:
        """Return how long the message at the front is; 0 while its head is not whole. Keep-alive lines are skipped."""
        blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        del self._buffer[:blank]
        at = self._buffer.find(b"\r\n\r\n", 0, SIP_HEAD_BYTES)
        if at < 0:
            if len(self._buffer) >= SIP_HEAD_BYTES:
                raise SipError("the head of the message has no end")
            return 0
        length = _said_length(bytes(self._buffer[:at]))
        if at + 4 + length > SIP_MESSAGE_BYTES:
            raise SipError(f"a message has at most {SIP_MESSAGE_BYTES} bytes")
        return at + 4 + length


def _said_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-length", b"l"):
            text = value.strip()
            if not text.isdigit() or len(text) > 9:
                raise SipError("not a Content-Length")
            return int(text)
    raise SipError("a message in a stream has to say its Content-Length")
