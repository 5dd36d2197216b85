"""Header fields with parts: Via, From and To (RFC 3261, 20 and 25.1)."""

from __future__ import annotations

import re

import msgspec

from edge.limits import SIP_PARAMETERS
from edge.sip.message import Header, Request, SipError

_VIA = re.compile(r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9\-]{1,16})\s+([^;,\s]{1,255})\s*((?:;[^,]*)?)")
_BRACKETED = re.compile(r"[^<]*<([^<>]{1,1000})>(.*)", re.DOTALL)
_URI = re.compile(r"(sips?):(?:([^@]{1,255})@)?(\[[0-9a-fA-F:.]+\]|[^:;?@]{1,255})(?::(\d{1,5}))?(.*)", re.IGNORECASE)


class Via(msgspec.Struct, frozen=True):
    """The topmost Via: where answers go, and the branch that names the transaction."""

    transport: str
    sent_by: str
    branch: str
    wants_rport: bool


class NameAddress(msgspec.Struct, frozen=True):
    """From, To or Contact. `user` and `tag` are empty where there are none; `uri` is without the brackets."""

    uri: str
    user: str
    host: str
    port: int | None
    tag: str


def top_via(value: str) -> Via:
    """Read the first value of a Via. Raises `SipError`."""
    found = _VIA.match(value)
    if not found:
        raise SipError("not a Via")
    transport, sent_by, rest = found.groups()
    parameters = semicolon_parameters(rest)
    return Via(transport.upper(), sent_by, parameters.get("branch", ""), "rport" in parameters)


def stamped(request: Request, host: str, port: int) -> Request:
    """Return the request with where it really came from in its topmost Via (18.2.1 and RFC 3581)."""
    headers: list[Header] = list(request.headers)
    at = next((i for i, (name, _) in enumerate(headers) if name.lower() in ("via", "v")), None)
    if at is None:
        raise SipError("the header via is missing")
    name, value = headers[at]
    first, comma, others = value.partition(",")
    via = top_via(first)
    if via.wants_rport:
        first = re.sub(r";\s*rport\s*(=\s*\d*)?(?=;|\s|$)", f";rport={port}", first, count=1, flags=re.IGNORECASE)
    first = re.sub(r";\s*received\s*=[^;]*", "", first, flags=re.IGNORECASE)
    headers[at] = (name, f"{first.rstrip()};received={host}{comma}{others}")
    return msgspec.structs.replace(request, headers=tuple(headers))


def name_address(value: str) -> NameAddress:
    """Read `"name" <sip:user@host:port>;tag=…`, or the same without brackets. Raises `SipError`."""
    # A display name is skipped only to its last quote: what it holds must not pass for an address.
    bracketed = _BRACKETED.fullmatch(re.sub(r'^\s*"(?:[^"\\]|\\.)*"', "", value))
    if bracketed:
        uri, rest = bracketed[1].strip(), bracketed[2]
    else:
        uri, semicolon, rest = value.strip().partition(";")
        rest = semicolon + rest
    found = _URI.fullmatch(uri)
    if not found:
        raise SipError("not a SIP address")
    port = int(found[4]) if found[4] else None
    if port is not None and not 0 < port <= 65535:
        raise SipError("not a port")
    tag = semicolon_parameters(rest).get("tag", "")
    return NameAddress(uri, (found[2] or "").partition(":")[0], found[3], port, tag)


def semicolon_parameters(text: str) -> dict[str, str]:
    """Read `;a=b;c` with names in small letters; one without a value has an empty one. The first of a name counts."""
    parameters: dict[str, str] = {}
    for part in text.split(";", SIP_PARAMETERS)[1:]:
        name, _, value = part.partition("=")
        parameters.setdefault(name.strip().lower(), value.strip())
    return parameters
