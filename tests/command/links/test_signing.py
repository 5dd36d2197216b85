"""Webhook signatures: the published vector of Standard Webhooks, and everything that must not verify."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError, SignInRequiredError
from command.kernel.limits import WEBHOOK_SIGNATURES, WEBHOOK_SKEW_MS
from command.links.signing import derive_secret, sign, verify

# The vector that the Standard Webhooks libraries test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT_MS = 1_614_265_330_000
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signs_the_published_vector() -> None:
    headers = sign(SECRET, EVENT, AT_MS, BODY)
    assert headers == {"webhook-id": EVENT, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}
    assert verify(SECRET, headers, BODY, AT_MS) == EVENT


def test_any_of_several_signatures_will_do_while_a_secret_is_replaced() -> None:
    headers = sign(SECRET, EVENT, AT_MS, BODY)
    other = sign(derive_secret(b"old", "u"), EVENT, AT_MS, BODY)["webhook-signature"]
    headers["webhook-signature"] = f"v2,xx {other} {SIGNATURE}"
    assert verify(SECRET, headers, BODY, AT_MS) == EVENT
    headers["webhook-signature"] = " ".join([other] * WEBHOOK_SIGNATURES + [SIGNATURE])
    with pytest.raises(SignInRequiredError):
        verify(SECRET, headers, BODY, AT_MS)


@pytest.mark.parametrize("off_ms", [-WEBHOOK_SKEW_MS, WEBHOOK_SKEW_MS])
def test_a_clock_may_be_five_minutes_off_but_no_more(off_ms: int) -> None:
    headers = sign(SECRET, EVENT, AT_MS, BODY)
    assert verify(SECRET, headers, BODY, AT_MS + off_ms) == EVENT
    with pytest.raises(SignInRequiredError, match="too far"):
        verify(SECRET, headers, BODY, AT_MS + off_ms + (1 if off_ms > 0 else -1))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "x", "١٢", "1" * 400, "\udcff", "-1614265330", "1614265330.0", "v1,"])
def test_a_missing_or_changed_header_does_not_verify(name: str, value: str | None) -> None:
    headers = sign(SECRET, EVENT, AT_MS, BODY)
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    with pytest.raises(SignInRequiredError):
        verify(SECRET, headers, BODY, AT_MS)


@given(body=st.binary(max_size=64), at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_no_other_body_verifies(body: bytes, at: int, bit: int) -> None:
    headers = sign(SECRET, EVENT, AT_MS, BODY)
    flipped = bytearray(BODY)
    flipped[at] ^= 1 << bit
    for other in {body, bytes(flipped)} - {BODY}:
        with pytest.raises(SignInRequiredError):
            verify(SECRET, headers, other, AT_MS)


def test_each_subscriber_has_a_secret_of_its_own() -> None:
    one, two = derive_secret(b"root", "http://a/hooks"), derive_secret(b"root", "http://b/hooks")
    assert one == derive_secret(b"root", "http://a/hooks")
    headers = sign(one, EVENT, AT_MS, BODY)
    for other in (two, derive_secret(b"other root", "http://a/hooks")):
        with pytest.raises(SignInRequiredError):
            verify(other, headers, BODY, AT_MS)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_长"])
def test_a_malformed_secret_is_said_to_be_one(secret: str) -> None:
    with pytest.raises(InvalidInputError):
        sign(secret, EVENT, AT_MS, BODY)
