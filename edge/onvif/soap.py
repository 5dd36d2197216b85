"""SOAP 1.2 envelopes with a WS-Security UsernameToken (OASIS profile 1.0, digest), and what a fault says."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from command.kernel.errors import InvalidInputError, TooLargeError, UnavailableError
from edge.onvif.xml import Element, parse

CONTENT_TYPE: Final = "application/soap+xml; charset=utf-8"
SOAP_NS: Final = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING_NS: Final = "http://www.w3.org/2005/08/addressing"
_OASIS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_SECURITY: Final = (
    f'<o:Security s:mustUnderstand="1" xmlns:o="{_OASIS}-wssecurity-secext-1.0.xsd"><o:UsernameToken>'
    "<o:Username>{user}</o:Username>"
    f'<o:Password Type="{_OASIS}-username-token-profile-1.0#PasswordDigest">{{digest}}</o:Password>'
    f'<o:Nonce EncodingType="{_OASIS}-soap-message-security-1.0#Base64Binary">{{nonce}}</o:Nonce>'
    f'<u:Created xmlns:u="{_OASIS}-wssecurity-utility-1.0.xsd">{{created}}</u:Created>'
    "</o:UsernameToken></o:Security>"
)
_REFUSALS: Final = ("NotAuthorized", "FailedAuthentication", "OperationProhibited", "InvalidSecurity", "FailedCheck")
_TOLD_CHARS: Final = 200
_PARAMETERS: Final = 8


class OnvifError(UnavailableError):
    """The camera cannot be asked, or refuses. The sentence is for a technician and holds no password."""


class RefusedError(OnvifError):
    """The camera does not take user and password, or the user may not do this."""


class FaultError(OnvifError):
    """The camera answers with a SOAP fault: what was asked is not offered, or not in this way."""


class Token(msgspec.Struct, frozen=True):
    """What signs one message. `nonce` is new for each; `created_ms` is the instant on the camera's own clock."""

    user: str
    password: str
    nonce: bytes
    created_ms: int

    def header(self) -> str:
        """Return the security header."""
        created = datetime.fromtimestamp(self.created_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return _SECURITY.format(
            user=escape(self.user),
            digest=password_digest(self.nonce, created, self.password),
            nonce=base64.b64encode(self.nonce).decode(),
            created=created,
        )


def password_digest(nonce: bytes, created: str, password: str) -> str:
    """Return Base64(SHA-1(nonce + created + password)), as UsernameToken Profile 1.0 says in 3.1."""
    told = nonce + created.encode() + password.encode()
    return base64.b64encode(hashlib.sha1(told, usedforsecurity=False).digest()).decode()


class Call(msgspec.Struct, frozen=True):
    """One operation of a service's namespace; its arguments are XML in that namespace, by the prefix `x`."""

    namespace: str
    operation: str
    arguments: str = ""


class Endpoint(msgspec.Struct, frozen=True):
    """Where WS-Addressing sends a message, and the headers that the other side wants to see again with each."""

    url: str
    parameters: tuple[tuple[str, str, str], ...] = ()
    """Namespace, name and text of each."""

    def header(self, action: str) -> str:
        """Return the headers of one message."""
        parameters = "".join(
            f"<p:{name} xmlns:p={quoteattr(namespace)}>{escape(text)}</p:{name}>"
            for namespace, name, text in self.parameters
        )
        return (
            f'<a:Action xmlns:a="{ADDRESSING_NS}">{escape(action)}</a:Action>'
            f'<a:To xmlns:a="{ADDRESSING_NS}">{escape(self.url)}</a:To>{parameters}'
        )


def endpoint(reference: Element) -> Endpoint | None:
    """Return where an endpoint reference points; None where it does not say."""
    parameters = list(reference.all("ReferenceParameters"))
    told = tuple((child.namespace, child.name, child.text) for p in parameters for child in p.children)
    url = reference.value("Address")
    return Endpoint(url, told[:_PARAMETERS]) if url else None


def envelope(call: Call, token: Token | None = None, *, to: Endpoint | None = None, action: str = "") -> bytes:
    """Return the message. `to` and `action` are for what is addressed by WS-Addressing (events)."""
    header = (token.header() if token else "") + (to.header(action) if to else "")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP_NS}"><s:Header>{header}</s:Header>'
        f'<s:Body><x:{call.operation} xmlns:x="{call.namespace}" xmlns:tt="http://www.onvif.org/ver10/schema">'
        f"{call.arguments}</x:{call.operation}></s:Body></s:Envelope>"
    ).encode()


def answer(document: bytes, operation: str) -> Element:
    """Return the operation's response.

    Raises `RefusedError`, `FaultError`, and `OnvifError` for what is no answer to it.
    """
    try:
        body = parse(document).find("Body")
    except (InvalidInputError, TooLargeError) as error:
        raise OnvifError(f"the camera's answer to {operation} is refused: {error.detail}") from None
    if body is None:
        raise OnvifError(f"the camera's answer to {operation} is not SOAP")
    if (fault := body.find("Fault")) is not None:
        raise fault_error(fault, operation)
    response = body.find(f"{operation}Response")
    if response is None:
        raise OnvifError(f"the camera answers something else than {operation}")
    return response


def fault_error(fault: Element, operation: str) -> OnvifError:
    """Return the error for a fault of SOAP 1.2, or of 1.1, which some cameras fall back to."""
    codes = [element.text.rpartition(":")[2] for element in fault.within() if element.name in {"Value", "faultcode"}]
    reason = (fault.value("Reason", "Text") or fault.value("faultstring"))[:_TOLD_CHARS]
    if any(code in _REFUSALS for code in codes):
        return RefusedError("the camera does not take this user and password, or this user may not do that")
    return FaultError(f"the camera refuses {operation}: {' / '.join([*codes[:4], reason])[:_TOLD_CHARS]}")
