"""SIP messages, headers and framing (SPEC R320)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.limits import SIP_HEAD_BYTES, SIP_HEADERS, SIP_MESSAGE_BYTES
from edge.sip.framing import SipFramer
from edge.sip.headers import name_address, stamped, top_via
from edge.sip.message import Request, Response, SipError, parse, respond, serialise

# The shape of the example in RFC 3261, 24.2, with a compact form, a folded line and a body.
BYE = (
    b"BYE sip:alice@pc33.atlanta.com SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.4;rport;branch=z9hG4bKnashds10\r\n"
    b"Max-Forwards: 70\r\nFrom: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\nTo: Alice <sip:alice@atlanta.com>\r\n"
    b" ;tag=1928301774\r\ni: a84b4c76e66710\r\nCSeq: 231 BYE\r\nSubject: \xb4\xf3\r\nContent-Length: 2\r\n\r\nhi!!"
)


def test_a_request_is_read_whatever_its_compact_forms_and_folds() -> None:
    request = parse(BYE)
    assert isinstance(request, Request)
    assert (request.method, request.uri, request.body) == ("BYE", "sip:alice@pc33.atlanta.com", b"hi")
    assert request.get("Call-ID") == "a84b4c76e66710"
    assert name_address(request.need("to")).tag == "1928301774"
    assert top_via(request.need("via")).branch == "z9hG4bKnashds10"


def test_an_answer_echoes_byte_for_byte_and_says_where_the_request_came_from() -> None:
    request = parse(BYE)
    assert isinstance(request, Request)
    answer = respond(stamped(request, "10.0.0.9", 4711), 200, ("Contact", "<sip:x@y>"), tag="new")
    read = parse(serialise(answer))
    assert isinstance(read, Response)
    assert read.need("via") == "SIP/2.0/UDP 192.0.2.4;rport=4711;branch=z9hG4bKnashds10;received=10.0.0.9"
    assert name_address(read.need("to")).tag == "1928301774"  # there was one
    assert read.need("from") == "Bob <sip:bob@biloxi.com>;tag=a6c85cf"
    assert serialise(request).count(b"\xb4\xf3") == 1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"BYE sip:a@b SIP/2.0\r\nno colon\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n", b"BYE sip:a@b SIP/2.0\r\nContent-Length: 9\r\n\r\nabc",
        b"SIP/2.0 99 Low\r\n\r\n", b"BYE sip:a@b SIP/2.0\r\nTo: a\nb\r\n\r\n", b"BYE sip:a@b SIP/2.0\r\n",
        b"BYE sip:a@b SIP/2.0\r\n" + b"A: b\r\n" * (SIP_HEADERS + 1) + b"\r\n", b"x" * (SIP_MESSAGE_BYTES + 1),
    ],
)  # fmt: skip
def test_what_is_no_sip_is_refused_with_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(SipError):
        parse(data)


def test_nothing_of_ours_can_break_its_line() -> None:
    with pytest.raises(SipError):
        serialise(Request(method="BYE", uri="sip:a@b", headers=(("Subject", "x\r\nRoute: <sip:evil>"),)))


@pytest.mark.parametrize(
    ("text", "user", "host", "port", "tag"),
    [
        ("<sip:34020000001320000001@3402000000>;tag=1", "34020000001320000001", "3402000000", None, "1"),
        ("sip:34020000001320000001@10.0.0.1:5060;tag=2", "34020000001320000001", "10.0.0.1", 5060, "2"),
        ('"<sip:evil@x>" <sip:good@y;transport=tcp>;tag=3', "good", "y", None, "3"),
        ("<sip:[::1]:5062>", "", "[::1]", 5062, ""),
    ],
)
def test_addresses(text: str, user: str, host: str, port: int | None, tag: str) -> None:
    found = name_address(text)
    assert (found.user, found.host, found.port, found.tag) == (user, host, port, tag)


@given(st.binary(max_size=400))
def test_no_bytes_bring_about_anything_but_a_message_or_a_refusal(junk: bytes) -> None:
    for data in (junk, b"BYE sip:a@b SIP/2.0\r\n" + junk + b"\r\n\r\n", BYE[:120] + junk + BYE[120:]):
        try:
            message = parse(data)
            if isinstance(message, Request):
                serialise(respond(stamped(message, "10.0.0.1", 5060), 200, tag="x"))
        except SipError:
            pass


@given(st.lists(st.integers(1, 60), max_size=12))
def test_a_stream_gives_the_same_messages_however_it_is_cut(cuts: list[int]) -> None:
    one = BYE.replace(b"hi!!", b"hi")
    data, framer, found = b"\r\n\r\n" + one * 3, SipFramer(), []
    for size in [*cuts, len(data)]:
        framer.feed(data[:size])
        data = data[size:]
        while (message := framer.take()) is not None:
            found.append(message)
    assert found == [one] * 3


@pytest.mark.parametrize(
    "data",
    [b"x" * SIP_HEAD_BYTES, b"BYE sip:a@b SIP/2.0\r\nTo: a\r\n\r\n", b"B s SIP/2.0\r\nl: 99999999\r\n\r\n",
     b"B s SIP/2.0\r\nContent-Length: x\r\n\r\n"],
)  # fmt: skip
def test_a_stream_that_says_no_sound_length_is_given_up(data: bytes) -> None:
    framer = SipFramer()
    framer.feed(data)
    with pytest.raises(SipError):
        framer.take()
