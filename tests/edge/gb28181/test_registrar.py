"""Who may register: digest, nonces, wrong passwords (SPEC R320-R323)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from command.kernel.limits import SIGN_IN_FAILURES, SIGN_IN_PAUSE_MS
from edge.digest import Credentials, comma_parameters, credentials, response
from edge.gb28181.registrar import Registered, Registrar
from edge.limits import GB28181_NONCE_MS, GB28181_REGISTERED_MOST_S
from edge.sip.message import Header, Request, Response, SipError
from tests.edge.gb28181.site import DEVICE, DOMAIN, PASSWORD

HOST = "10.0.0.7"
NOW_MS = 1_795_320_000_000


def register(*more: Header, expires: str = "3600", device: str = DEVICE) -> Request:
    headers: tuple[Header, ...] = (
        ("Via", "SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bK1"), ("From", f"<sip:{device}@{DOMAIN}>;tag=1"),
        ("To", f"<sip:{device}@{DOMAIN}>"), ("Call-ID", "r1"), ("CSeq", "1 REGISTER"),
        ("Contact", f"<sip:{device}@10.0.0.7:5060>"), ("Expires", expires), *more,
    )  # fmt: skip
    return Request(method="REGISTER", uri=f"sip:34020000002000000001@{DOMAIN}", headers=headers)


def answered(challenged: Response, password: str = PASSWORD, *, which: int = 0, count: int = 1) -> Header:
    """The answer to one of the challenges, as RFC 2617 and RFC 7616 have a device make it."""
    said = comma_parameters(challenged.all("www-authenticate")[which].removeprefix("Digest "))
    qop = f', qop=auth, nc={count:08x}, cnonce="c"' if "qop" in said else ""
    parts = (
        f'Digest username="{DEVICE}", realm="{said["realm"]}", nonce="{said["nonce"]}", uri="sip:{DOMAIN}", '
        f'algorithm={said["algorithm"]}{qop}, response="'
    )
    told: Credentials = credentials(f'{parts}"')
    return "Authorization", f'{parts}{response(told, "REGISTER", password)}"'


def signed_in(registrar: Registrar, *more: Header, now_ms: int = NOW_MS) -> tuple[Response, Registered | None]:
    challenged, _ = registrar.register(register(*more), HOST, now_ms)
    return registrar.register(register(*more, answered(challenged)), HOST, now_ms)


@pytest.fixture
def registrar() -> Registrar:
    return Registrar(DOMAIN, lambda _device: PASSWORD)


def test_a_device_of_2016_is_challenged_with_md5_alone_and_told_the_time(registrar: Registrar) -> None:  # R320 R323
    challenged, nobody = registrar.register(register(), HOST, NOW_MS)
    assert (challenged.status, nobody) == (401, None)
    (said,) = challenged.all("www-authenticate")
    assert "algorithm=MD5" in said
    assert "qop" not in said
    granted, registered = registrar.register(register(answered(challenged)), HOST, NOW_MS)
    assert registered == Registered(device=DEVICE, expires_s=3600, version="2.0", algorithm="MD5")
    assert (granted.status, granted.get("expires"), granted.get("x-gb-ver")) == (200, "3600", "3.0")
    assert granted.get("date") == "2026-11-22T12:00:00.000"


@pytest.mark.parametrize(("which", "algorithm"), [(0, "SHA-256"), (1, "MD5")])
def test_a_device_of_2022_may_choose_sha_256(registrar: Registrar, which: int, algorithm: str) -> None:  # R320
    challenged, _ = registrar.register(register(("X-GB-Ver", "3.0")), HOST, NOW_MS)
    again = register(("X-GB-Ver", "3.0"), answered(challenged, which=which))
    _, registered = registrar.register(again, HOST, NOW_MS)
    assert registered is not None
    assert (registered.version, registered.algorithm) == ("3.0", algorithm)


def test_an_answer_is_good_once_and_for_a_time(registrar: Registrar) -> None:  # R322
    challenged, _ = registrar.register(register(), HOST, NOW_MS)
    late = register(answered(challenged))
    refused, nobody = registrar.register(late, HOST, NOW_MS + GB28181_NONCE_MS + 1)
    assert (refused.status, nobody, registrar.counters.stale) == (401, None, 1)
    assert "stale=true" in refused.need("www-authenticate")
    assert registrar.register(late, HOST, NOW_MS)[1] is not None
    replayed, nobody = registrar.register(late, "10.6.6.6", NOW_MS)
    assert (replayed.status, nobody, registrar.counters.replayed) == (401, None, 1)
    assert registrar.counters.wrong_passwords == 0


def test_with_a_count_a_nonce_serves_again_but_no_count_does(registrar: Registrar) -> None:  # R322
    version = ("X-GB-Ver", "3.0")
    challenged, _ = registrar.register(register(version), HOST, NOW_MS)
    for count, granted in ((1, True), (2, True), (2, False), (1, False)):
        _, registered = registrar.register(register(version, answered(challenged, count=count)), HOST, NOW_MS)
        assert (registered is not None) == granted


def test_wrong_passwords_are_counted_and_their_sender_has_to_wait_nobody_else(registrar: Registrar) -> None:  # R321
    for n in range(SIGN_IN_FAILURES):
        challenged, _ = registrar.register(register(), HOST, NOW_MS)
        refused, nobody = registrar.register(register(answered(challenged, "guess")), HOST, NOW_MS)
        assert (refused.status, nobody, registrar.counters.wrong_passwords) == (403, None, n + 1)
    assert registrar.register(register(), HOST, NOW_MS)[0].status == 403
    assert registrar.counters.throttled == 1
    assert registrar.refused[DEVICE].why == "too many wrong passwords"
    elsewhere, _ = registrar.register(register(), "10.0.0.8", NOW_MS)
    assert registrar.register(register(answered(elsewhere)), "10.0.0.8", NOW_MS)[1] is not None
    assert DEVICE not in registrar.refused
    assert signed_in(registrar, now_ms=NOW_MS + SIGN_IN_PAUSE_MS)[1] is not None


def test_another_ones_name_or_realm_is_refused(registrar: Registrar) -> None:  # R321
    challenged, _ = registrar.register(register(), HOST, NOW_MS)
    name, value = answered(challenged)
    other = DEVICE[:-1] + "2"
    for header, device in ((value, other), (value.replace(DOMAIN, "4403000000", 1), DEVICE)):
        refused, nobody = registrar.register(register((name, header), device=device), HOST, NOW_MS)
        assert (refused.status, nobody) == (403, None)
    assert registrar.register(register(device="admin"), HOST, NOW_MS)[0].status == 403


def test_a_device_has_its_own_password_where_one_is_set() -> None:  # R321
    registrar = Registrar(DOMAIN, lambda device: "own" if device == DEVICE else PASSWORD)
    challenged, _ = registrar.register(register(), HOST, NOW_MS)
    assert registrar.register(register(answered(challenged)), HOST, NOW_MS)[1] is None
    assert registrar.register(register(answered(challenged, "own")), HOST, NOW_MS)[1] is not None


@pytest.mark.parametrize(("said", "granted"), [("0", 0), ("1", 60), ("999999999", GB28181_REGISTERED_MOST_S)])
def test_how_long_a_registration_lasts_is_within_bounds(registrar: Registrar, said: str, granted: int) -> None:  # R323
    challenged, _ = registrar.register(register(), HOST, NOW_MS)
    _, registered = registrar.register(register(answered(challenged), expires=said), HOST, NOW_MS)
    assert registered is not None
    assert registered.expires_s == granted


def test_what_is_no_registration_is_refused(registrar: Registrar) -> None:  # R320
    challenged, _ = registrar.register(register(), HOST, NOW_MS)
    for broken in (register(answered(challenged), expires="soon"), register(("Authorization", "Basic x"))):
        with pytest.raises(SipError):
            registrar.register(broken, HOST, NOW_MS)
    with pytest.raises(SipError):
        registrar.register(replace(register(), headers=()), HOST, NOW_MS)
