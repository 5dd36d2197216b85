"""SIP messages (RFC 3261, 7): bytes to values and back. Text is kept as Latin-1, so that what is echoed is exact."""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from command.kernel.errors import InvalidInputError
from edge.limits import SIP_HEAD_BYTES, SIP_HEADERS, SIP_MESSAGE_BYTES

VERSION = "SIP/2.0"
Header: TypeAlias = tuple[str, str]

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]{1,64}")
_LONG_NAMES = {
    "i": "call-id", "m": "contact", "e": "content-encoding", "l": "content-length", "c": "content-type",
    "f": "from", "s": "subject", "k": "supported", "t": "to", "v": "via", "o": "event",
}  # fmt: skip
_REASONS = {
    100: "Trying", 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 415: "Unsupported Media Type",
    481: "Call/Transaction Does Not Exist", 488: "Not Acceptable Here", 489: "Bad Event", 500: "Server Internal Error",
    503: "Service Unavailable", 513: "Message Too Large",
}  # fmt: skip


class SipError(InvalidInputError):
    """What came is not SIP, or breaks a limit; or a message of ours cannot be written."""

    code = "bad_sip"


class _Headed(msgspec.Struct, frozen=True, kw_only=True):
    headers: tuple[Header, ...] = ()
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Return the values of every header field of that name, in order, whatever its case or compact form."""
        wanted = name.lower()
        return [value for key, value in self.headers if _LONG_NAMES.get(key.lower(), key.lower()) == wanted]

    def get(self, name: str) -> str | None:
        """Return the first value of that name, or None."""
        return next(iter(self.all(name)), None)

    def need(self, name: str) -> str:
        """Return the first value; `SipError` where there is none."""
        value = self.get(name)
        if value is None:
            raise SipError(f"the header {name} is missing")
        return value


class Request(_Headed, frozen=True, kw_only=True):
    """A method asked of somebody."""

    method: str
    uri: str


class Response(_Headed, frozen=True, kw_only=True):
    """An answer, provisional below 200."""

    status: int
    reason: str = ""


Message: TypeAlias = Request | Response


def parse(data: bytes) -> Message:
    """Read one message, its body cut to Content-Length where that is said. Raises `SipError`."""
    if len(data) > SIP_MESSAGE_BYTES:
        raise SipError(f"a message has at most {SIP_MESSAGE_BYTES} bytes")
    head, body = split_head(data)
    lines = _unfolded(head.decode("latin-1"))
    if len(lines) - 1 > SIP_HEADERS:
        raise SipError(f"a message has at most {SIP_HEADERS} header lines")
    headers = tuple(_header(line) for line in lines[1:])
    message = _first_line(lines[0], headers)
    length = content_length(message)
    if length is not None:
        if length > len(body):
            raise SipError(f"Content-Length is {length}, {len(body)} bytes came")
        body = body[:length]
    return msgspec.structs.replace(message, body=body)


def split_head(data: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the empty line. Raises `SipError` where there is none in time."""
    at = data.find(b"\r\n\r\n", 0, SIP_HEAD_BYTES)
    if at < 0:
        raise SipError("the head of the message has no end")
    return data[:at], data[at + 4 :]


def content_length(message: Message) -> int | None:
    """Return what Content-Length says, None where it is absent. Raises `SipError` for what is no length."""
    text = message.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise SipError(f"not a Content-Length: {text[:40]!r}")
    return int(text)


def serialise(message: Message) -> bytes:
    """Write a message with its Content-Length. Raises `SipError` where a text would break its line."""
    if isinstance(message, Request):
        first = f"{message.method} {message.uri} {VERSION}"
    else:
        first = f"{VERSION} {message.status} {message.reason or _REASONS.get(message.status, 'Unknown')}"
    kept = [f"{name}: {value}" for name, value in message.headers if name.lower() not in ("content-length", "l")]
    lines = [first, *kept, f"Content-Length: {len(message.body)}"]
    if any("\r" in line or "\n" in line for line in lines):
        raise SipError("a header holds a line break")
    try:
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + message.body
    except UnicodeEncodeError as error:
        raise SipError("a header holds what is not Latin-1") from error


def respond(request: Request, status: int, *headers: Header, tag: str = "", body: bytes = b"") -> Response:
    """Return an answer to a request with what has to be echoed (8.2.6.2); `tag` goes to a To that has none yet."""
    echoed: list[Header] = [("Via", via) for via in request.all("via")]
    to = request.need("to")
    if tag and ";tag=" not in to.rpartition(">")[2].replace(" ", ""):
        to = f"{to};tag={tag}"
    echoed += [
        ("From", request.need("from")), ("To", to), ("Call-ID", request.need("call-id")),
        ("CSeq", request.need("cseq")),
    ]  # fmt: skip
    return Response(status=status, headers=(*echoed, *headers), body=body)


def cseq(message: Message) -> tuple[int, str]:
    """Return number and method of CSeq. Raises `SipError`."""
    number, _, method = message.need("cseq").partition(" ")
    method = method.strip()
    if not (number.isascii() and number.isdecimal() and len(number) <= 10) or not _TOKEN.fullmatch(method):
        raise SipError("not a CSeq")
    return int(number), method


def _first_line(line: str, headers: tuple[Header, ...]) -> Message:
    first, _, rest = line.partition(" ")
    if first == VERSION:
        status, _, reason = rest.partition(" ")
        if not (status.isascii() and status.isdecimal() and len(status) == 3 and 100 <= int(status) <= 699):
            raise SipError(f"not a status: {status[:20]!r}")
        return Response(status=int(status), reason=reason, headers=headers)
    uri, _, version = rest.rpartition(" ")
    if version != VERSION or not uri or " " in uri or not _TOKEN.fullmatch(first):
        raise SipError(f"not the first line of a SIP message: {line[:60]!r}")
    return Request(method=first, uri=uri, headers=headers)


def _header(line: str) -> Header:
    name, colon, value = line.partition(":")
    name = name.rstrip()
    if not colon or not _TOKEN.fullmatch(name):
        raise SipError(f"not a header: {line[:60]!r}")
    return name, value.strip()


def _unfolded(head: str) -> list[str]:
    lines: list[str] = []
    for line in head.lstrip("\r\n").split("\r\n"):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    if any("\n" in line or "\r" in line or "\0" in line for line in lines):
        raise SipError("a header holds a lone line break")
    return lines
