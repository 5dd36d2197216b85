"""Tokens, envelopes and faults (SPEC R346, R347)."""

from __future__ import annotations

import base64

import pytest

from edge.onvif.messages import GET_TIME
from edge.onvif.soap import FaultError, OnvifError, RefusedError, Token, answer, endpoint, envelope, password_digest
from edge.onvif.xml import parse

_FAULT = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>'
    "<s:Subcode><s:Value>ter:{code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text>{text}</s:Text></s:Reason>"
    "</s:Fault></s:Body></s:Envelope>"
)


def test_the_digest_is_that_of_the_onvif_programmers_guide() -> None:
    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")

    assert password_digest(nonce, "2010-09-16T07:50:45Z", "userpassword") == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


def test_a_token_holds_no_password_and_its_date_is_the_one_it_is_digested_with() -> None:
    document = envelope(GET_TIME, Token("<admin> & co", "s3cret", b"n" * 16, 1_600_000_000_123))
    token = parse(document).find("Header", "Security", "UsernameToken")

    assert b"s3cret" not in document
    assert token is not None
    assert token.value("Username") == "<admin> & co"
    assert token.value("Created") == "2020-09-13T12:26:40.123Z"
    assert token.value("Password") == password_digest(b"n" * 16, "2020-09-13T12:26:40.123Z", "s3cret")


@pytest.mark.parametrize(
    ("document", "kind", "told"),
    [
        (_FAULT.format(code="NotAuthorized", text="Sender not Authorized"), RefusedError, "user and password"),
        (_FAULT.format(code="ActionNotSupported", text="no"), FaultError, "ActionNotSupported / no"),
        (_FAULT.format(code="X", text="long" * 1000), FaultError, "long"),
        ("<E><Body><Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>old</faultstring></Fault></Body></E>",
         FaultError, "Client / old"),
        ("<E><Body><OtherResponse/></Body></E>", OnvifError, "something else than GetX"),
        ("<html><body>Login</body></html>", OnvifError, "not SOAP"),
        ("<html><br></html>", OnvifError, "is refused"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_for_what_it_is(document: str, kind: type[OnvifError], told: str) -> None:
    with pytest.raises(kind, match=told) as raised:
        answer(document.encode(), "GetX")
    assert type(raised.value) is kind
    assert len(raised.value.detail) < 300


def test_an_endpoint_is_addressed_with_the_parameters_that_it_wants_to_see_again() -> None:
    reference = parse(
        b'<r><Address>http://10.0.0.2/pull?a=1&amp;b=2</Address><ReferenceParameters>'
        b'<d:Id xmlns:d="http://maker.example/&quot;x&quot;">7 &lt; 8</d:Id></ReferenceParameters></r>'
    )  # fmt: skip
    at = endpoint(reference)
    assert at is not None
    header = parse(envelope(GET_TIME, to=at, action="urn:pull")).find("Header")
    assert header is not None

    assert header.value("To") == "http://10.0.0.2/pull?a=1&b=2"
    assert header.value("Action") == "urn:pull"
    parameter = header.find("Id")
    assert parameter is not None
    assert (parameter.namespace, parameter.text) == ('http://maker.example/"x"', "7 < 8")
    assert endpoint(parse(b"<r/>")) is None
