"""Webhook signatures, pure: who sent this body, when, and as which event.

The scheme is Standard Webhooks 1.0 (standardwebhooks.com), so that other people's libraries verify it:

- `webhook-id`: the event's id, the same on every attempt; whoever receives an id twice does nothing the second time.
- `webhook-timestamp`: seconds since 1970 of this attempt; refused when more than `WEBHOOK_SKEW_MS` off.
- `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id "." timestamp "." body`; several, separated by
  blanks, while a secret is being replaced.
- A secret is written `whsec_` and base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from command.kernel.errors import InvalidInputError, SignInRequiredError
from command.kernel.limits import WEBHOOK_SIGNATURES, WEBHOOK_SKEW_MS

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that says "secret", not one


def derive_secret(root: bytes, url: str) -> str:
    """Return the secret of the subscriber at `url`.

    It follows from the service's root secret, so the service stores none, and no subscriber can sign to another.
    """
    return SECRET_PREFIX + base64.b64encode(hmac.digest(root, b"webhook " + url.encode(), hashlib.sha256)).decode()


def sign(secret: str, event_id: str, at_ms: int, body: bytes) -> dict[str, str]:
    """Return the three headers for one attempt at `at_ms` to deliver `body`."""
    timestamp = str(at_ms // 1000)
    return {
        ID_HEADER: event_id,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: _signature(secret, event_id, timestamp, body),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> str:
    """Return the event's id, to be acted on once.

    Header names are looked up in lower case, so pass a case-insensitive mapping such as aiohttp's. Raises
    `SignInRequiredError` where a header is missing, the clock is off or no signature fits.
    """
    try:
        event_id, timestamp, signatures = (headers[name] for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
    except KeyError as missing:
        raise SignInRequiredError(f"the webhook lacks the header {missing}") from None
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise SignInRequiredError("webhook-timestamp is not a count of seconds")
    if abs(int(timestamp) * 1000 - now_ms) > WEBHOOK_SKEW_MS:
        raise SignInRequiredError("webhook-timestamp is too far from this clock", now_ms=now_ms)
    expected = _signature(secret, event_id, timestamp, body).encode()
    offered = signatures.split(" ", WEBHOOK_SIGNATURES)[:WEBHOOK_SIGNATURES]
    if not any(hmac.compare_digest(expected, one.encode("utf-8", "replace")) for one in offered):
        raise SignInRequiredError("no webhook-signature fits this body")
    return event_id


def _signature(secret: str, event_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((event_id.encode("utf-8", "replace"), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not (secret.startswith(SECRET_PREFIX) and key):
        raise InvalidInputError("a webhook secret is whsec_ followed by base64")
    return key
