"""Digest answers against the vectors of RFC 2617 and RFC 7616, and nonces without memory (SPEC R321)."""

from __future__ import annotations

import pytest

from edge.digest import Credentials, DigestError, Nonces, Replays, challenge, comma_parameters, credentials, is_right

# RFC 7616, 3.9.1: the same answer by both algorithms. RFC 2617, 3.5, and the same without qop (RFC 2069 with its
# erratum 749).
_NEWER = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{response}"'
)
_OLDER = (
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1"'
)
_WITHOUT_QOP = (
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea"'
)
_OLDEST = "CircleOfLife"


@pytest.mark.parametrize(
    ("header", "password"),
    [
        (_NEWER.format(algorithm="MD5", response="8ca523f5e9506fed4657c9700eebdbec"), "Circle of Life"),
        (
            _NEWER.format(
                algorithm="SHA-256", response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
            ),
            "Circle of Life",
        ),
        (_OLDER, "Circle Of Life"),
        (_WITHOUT_QOP, _OLDEST),
    ],
)
def test_published_answers_are_right_and_others_wrong(header: str, password: str) -> None:
    told = credentials(header)
    assert is_right(told, "GET", password)
    assert not is_right(told, "GET", password + "x")
    assert not is_right(told, "PUT", password)


@pytest.mark.parametrize(
    "header",
    ["Basic abc", "Digest", 'Digest username="a"', _OLDER.replace("qop=auth", "qop=auth-int"),
     _NEWER.format(algorithm="MD5-sess", response="0"), _OLDER.replace("nc=00000001", "nc=x")],
)  # fmt: skip
def test_what_is_not_understood_is_refused(header: str) -> None:
    with pytest.raises(DigestError):
        credentials(header)


def test_a_nonce_is_good_for_its_subject_and_its_time_alone() -> None:
    nonces = Nonces(lifetime_ms=60_000)
    nonce = nonces.make("device", 1_000_000)
    assert nonces.judge(nonce, "device", 1_060_000) == "fresh"
    assert nonces.judge(nonce, "device", 1_060_001) == "stale"
    assert nonces.judge(nonce, "other", 1_000_000) == "foreign"
    assert nonces.judge(f"{int(nonce[:12], 16) + 60_000:012x}{nonce[12:]}", "device", 1_000_000) == "foreign"
    assert Nonces(60_000).judge(nonce, "device", 1_000_000) == "foreign"
    assert nonces.judge("é" * 60, "device", 1_000_000) == "foreign"


def test_a_challenge_says_its_algorithm_and_whether_the_answer_was_only_late() -> None:
    said = challenge("3402000000", "n", "SHA-256", qop=True, stale=True)
    assert said == 'Digest realm="3402000000", nonce="n", algorithm=SHA-256, qop="auth", stale=true'


def test_parameters_of_authentication_keep_what_is_quoted() -> None:
    assert comma_parameters('realm="a, \\"b\\"", nc=00000001 ,qop=auth') == {
        "realm": 'a, "b"', "nc": "00000001", "qop": "auth",
    }  # fmt: skip
    with pytest.raises(DigestError):
        comma_parameters('realm="a" nonce')


def counted(nonce: str, count: int) -> Credentials:
    return Credentials(
        username="u", realm="r", nonce=nonce, uri="/", response="", algorithm="MD5", qop="auth" if count else "",
        nonce_count=count, client_nonce="",
    )  # fmt: skip


def test_an_answer_counts_once_though_requests_overtake_each_other() -> None:  # R581
    replays, nonce = Replays(most_nonces=10), Nonces(60_000).make("", 1_000_000)
    assert [replays.is_first(counted(nonce, count)) for count in (3, 1, 3, 2, 1, 4, 200, 4, 136, 137, 137)] == [
        True, True, False, True, False, True, True, False, False, True, False,
    ]  # fmt: skip


def test_without_a_count_a_nonce_is_good_once_and_one_that_was_forgotten_never_again() -> None:  # R581
    nonces = Nonces(60_000)
    first, second, third = (nonces.make("", at_ms) for at_ms in (1000, 2000, 3000))
    replays = Replays(most_nonces=1)
    assert replays.is_first(counted(first, 0))
    assert not replays.is_first(counted(first, 0))
    assert replays.is_first(counted(third, 0))
    assert not replays.is_first(counted(first, 0))
    assert replays.is_first(counted(second, 0))
    assert not replays.is_first(counted(third, 0))
