"""Who may speak, without a network (SPEC R580-R582)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from command.kernel.limits import SIGN_IN_FAILURES_PER_ADDRESS
from edge import limits
from edge.digest import Credentials, comma_parameters, response
from edge.limits import VIID_NONCE_MS, VIID_SILENT_MS
from edge.viid import door as doors
from edge.viid.door import Ask, Challenged, Door
from tests.edge.viid.site import DEVICE, NOW_MS, PASSWORD, REALM

HOST = "10.0.0.7"
ASK = Ask(method="POST", target="/VIID/System/Register", host=HOST, identity=DEVICE, authorization=None)


@pytest.fixture
def door() -> Door:
    return Door(REALM, ("MD5", "SHA-256"), lambda _device: PASSWORD)


def answered(
    door: Door, ask: Ask = ASK, now_ms: int = NOW_MS, *, password: str = PASSWORD, uri: str = "", **more: str
) -> Ask:
    """The request with the answer to the first challenge of the door."""
    challenged = door.judge(replace(ask, authorization=None), now_ms, proof=True)
    assert isinstance(challenged, Challenged)
    said = comma_parameters(challenged.headers[0].removeprefix("Digest ")) | more
    told = Credentials(
        username=ask.identity or DEVICE, realm=said["realm"], nonce=said["nonce"], uri=uri or ask.target, response="",
        algorithm="MD5", qop="auth", nonce_count=1, client_nonce="c",
    )  # fmt: skip
    return replace(
        ask,
        authorization=f'Digest username="{told.username}", realm="{told.realm}", nonce="{told.nonce}", '
        f'uri="{told.uri}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c", '
        f'response="{response(told, ask.method, password)}"',
    )


def test_a_right_answer_is_let_in_and_registered(door: Door) -> None:
    ask = answered(door)
    assert door.judge(ask, NOW_MS, proof=True) == DEVICE
    assert door.register(DEVICE, ask, NOW_MS)
    assert door.judge(ASK, NOW_MS + VIID_SILENT_MS, proof=False) == DEVICE
    assert door.judge(ASK, NOW_MS + 2 * VIID_SILENT_MS, proof=False) == DEVICE
    assert isinstance(door.judge(ASK, NOW_MS + 3 * VIID_SILENT_MS + 1, proof=False), Challenged)


def test_an_id_alone_counts_from_where_it_registered_only(door: Door) -> None:
    ask = answered(door)
    door.judge(ask, NOW_MS, proof=True)
    door.register(DEVICE, ask, NOW_MS)
    assert isinstance(door.judge(replace(ASK, host="10.0.0.8"), NOW_MS, proof=False), Challenged)
    assert isinstance(door.judge(ASK, NOW_MS, proof=True), Challenged)
    assert door.judge(ASK, NOW_MS, proof=False) == DEVICE


def test_a_system_that_we_register_at_speaks_from_its_address_by_its_id() -> None:
    door = Door(REALM, ("MD5",), lambda _device: PASSWORD, {DEVICE: HOST})
    assert door.judge(ASK, NOW_MS, proof=False) == DEVICE
    assert isinstance(door.judge(ASK, NOW_MS, proof=True), Challenged)
    assert isinstance(door.judge(replace(ASK, host="10.0.0.8"), NOW_MS, proof=False), Challenged)
    assert isinstance(door.judge(replace(ASK, identity="1" * 20), NOW_MS, proof=False), Challenged)


@pytest.mark.parametrize(
    ("uri", "is_in"),
    [
        ("http://hub:8120/VIID/System/Register", True),
        ("/VIID/System/Register?a=1", True),
        ("/VIID/Images", False),
        ("http://[::", False),
    ],
)
def test_an_answer_is_for_one_address_however_it_is_written(door: Door, uri: str, is_in: bool) -> None:
    judged = door.judge(answered(door, uri=uri), NOW_MS, proof=True)
    assert (judged == DEVICE) is is_in
    assert is_in or door.refused[DEVICE].why == "the answer is for another address"


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (replace(ASK, identity="camera-1"), "no id of 20 digits"),
        (replace(ASK, authorization="Basic eDp5"), "the authorization is not Digest"),
        (replace(ASK, authorization="Digest " + "x" * 5000), "the authorization is not Digest"),
    ],
)
def test_what_is_wrong_is_said(door: Door, ask: Ask, why: str) -> None:
    judged = door.judge(ask if ask.authorization else answered(door, ask), NOW_MS, proof=True)
    assert isinstance(judged, Challenged)
    assert judged.why == why


def test_bytes_that_are_no_text_are_wrong_and_no_more(door: Door) -> None:
    ask = answered(door, nonce="\udcff" * 60)
    assert isinstance(door.judge(ask, NOW_MS, proof=True), Challenged)
    assert ask.authorization is not None
    for name in ("response", "cnonce", "username"):
        bad = replace(ask, authorization=ask.authorization.replace(f'{name}="', f'{name}="\udcff'))
        assert isinstance(door.judge(bad, NOW_MS, proof=True), Challenged)
    door.judge(replace(answered(door, replace(ASK, identity="\udcff")), identity="\udcff"), NOW_MS, proof=True)
    assert list(door.refused) == [DEVICE, ""]


def test_the_realm_is_ours(door: Door) -> None:
    judged = door.judge(answered(door, realm="elsewhere"), NOW_MS, proof=True)
    assert isinstance(judged, Challenged)
    assert judged.why == "the realm is not ours"


def test_a_late_answer_is_told_so_and_a_forged_nonce_opens_nothing(door: Door) -> None:
    late = door.judge(answered(door), NOW_MS + VIID_NONCE_MS + 1, proof=True)
    assert isinstance(late, Challenged)
    assert all("stale=true" in header for header in late.headers)
    assert isinstance(door.judge(answered(door, nonce="é" * 52), NOW_MS, proof=True), Challenged)


def test_an_address_that_tries_many_ids_has_to_wait_with_all_of_them(door: Door) -> None:
    for number in range(SIGN_IN_FAILURES_PER_ADDRESS):
        other = replace(ASK, identity=f"{number:020d}")
        door.judge(answered(door, other, password="wrong"), NOW_MS, proof=True)
    judged = door.judge(answered(door), NOW_MS, proof=True)
    assert judged == Challenged((), "too many wrong passwords")
    assert door.judge(answered(door, replace(ASK, host="10.0.0.8")), NOW_MS, proof=True) == DEVICE


def test_no_more_systems_are_registered_than_there_is_room_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.VIID_PEERS > 1
    monkeypatch.setattr(doors, "VIID_PEERS", 1)
    assert door.register(DEVICE, ASK, NOW_MS)
    assert not door.register("1" * 20, ASK, NOW_MS)
    assert door.register(DEVICE, ASK, NOW_MS)
    assert door.register("1" * 20, ASK, NOW_MS + VIID_SILENT_MS + 1)
    assert list(door.peers) == ["1" * 20]
