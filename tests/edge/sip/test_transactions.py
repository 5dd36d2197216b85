"""Requests repeated until answered, answers kept, dialogs (SPEC R322; RFC 3261, 12 and 17)."""

from __future__ import annotations

import pytest

from edge import limits
from edge.sip import transactions as module
from edge.sip.dialog import Dialog
from edge.sip.message import Header, Request, Response, SipError, parse, serialise
from edge.sip.transactions import ClientTransaction, ServerTransactions, key_of


def asked(method: str) -> Request:
    headers: tuple[Header, ...] = (
        ("Via", "SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK1"), ("From", "<sip:us@a>;tag=ours"),
        ("To", "<sip:them@b>"), ("Call-ID", "c1"), ("CSeq", f"7 {method}"),
    )  # fmt: skip
    return Request(method=method, uri="sip:them@10.0.0.2", headers=headers)


def answer(status: int, to: str = "<sip:them@b>;tag=theirs", **more: str) -> Response:
    request = asked("INVITE")
    kept = tuple((name, value) for name, value in request.headers if name != "To")
    return Response(status=status, headers=(*kept, ("To", to), *((n.replace("_", "-"), v) for n, v in more.items())))


def sent_at(transaction: ClientTransaction, until_ms: int) -> tuple[list[int], int | None]:
    times, failed = [], None
    for now_ms in range(0, until_ms + 1, 100):
        match transaction.due(now_ms):
            case "send":
                times.append(now_ms)
            case "failed":
                failed = now_ms
            case "wait":
                pass
    return times, failed


def test_a_request_over_udp_is_repeated_ever_more_slowly_and_given_up_after_64_t1() -> None:
    times, failed = sent_at(ClientTransaction(asked("MESSAGE"), reliable=False, now_ms=0), 60_000)
    assert times == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]  # timer E, 17.1.2.2
    assert failed == 32_000


def test_over_tcp_nothing_is_repeated() -> None:
    assert sent_at(ClientTransaction(asked("MESSAGE"), reliable=True, now_ms=0), 60_000) == ([], 32_000)


def test_an_invite_is_not_repeated_once_the_device_is_at_it() -> None:
    transaction = ClientTransaction(asked("INVITE"), reliable=False, now_ms=0, within_ms=10_000)
    assert sent_at(transaction, 1500) == ([500, 1500], None)  # timer A doubles
    transaction.receive(answer(100, "<sip:them@b>"))
    assert sent_at(transaction, 20_000) == ([], 10_000)


def test_the_ack_of_a_refusal_and_a_cancel_are_of_the_same_transaction() -> None:
    transaction = ClientTransaction(asked("INVITE"), reliable=False, now_ms=0)
    transaction.receive(answer(486))
    ack, cancel = transaction.ack(), transaction.cancel()
    assert ack.need("via") == cancel.need("via") == asked("INVITE").need("via")
    assert (ack.need("cseq"), ack.need("to")) == ("7 ACK", "<sip:them@b>;tag=theirs")
    assert (cancel.need("cseq"), cancel.need("to")) == ("7 CANCEL", "<sip:them@b>")
    assert key_of(ack) == key_of(asked("INVITE"))


def test_a_request_that_comes_again_is_answered_as_before_for_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIP_ANSWERED", 2)
    theirs = ServerTransactions()
    key = key_of(asked("MESSAGE"))
    assert theirs.seen(key, 0) is None
    theirs.begin(key)
    assert (theirs.seen(key, 0), theirs.handled) == (b"", 1)
    theirs.end(key, b"200", 0)
    assert (theirs.seen(key, 31_999), theirs.handled) == (b"200", 0)
    assert theirs.seen(key, limits.SIP_TIMEOUT_MS) is None
    for n in range(3):
        theirs.end((f"b{n}", "x", "c1", 7, "MESSAGE"), b"200", 1)
    assert theirs.seen(key, 2) is None  # pushed out by newer ones
    assert theirs.seen(("b2", "x", "c1", 7, "MESSAGE"), 2) == b"200"


def test_what_is_said_within_a_dialog_goes_where_the_answer_said() -> None:
    agreed = answer(200, Contact="<sip:them@10.0.0.2:5061>", Record_Route="<sip:p1;lr>, <sip:p0;lr>")
    dialog = Dialog.begun(asked("INVITE"), agreed)
    ack = dialog.request("ACK", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2")
    bye = parse(serialise(dialog.request("BYE", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK3")))
    assert isinstance(bye, Request)
    assert (ack.uri, ack.need("cseq")) == ("sip:them@10.0.0.2:5061", "7 ACK")
    assert (bye.uri, bye.need("cseq"), bye.need("call-id")) == ("sip:them@10.0.0.2:5061", "8 BYE", "c1")
    assert (bye.need("to"), bye.need("from")) == ("<sip:them@b>;tag=theirs", "<sip:us@a>;tag=ours")
    assert bye.all("route") == ["<sip:p0;lr>", "<sip:p1;lr>"]
    theirs = Request(
        method="BYE", uri="sip:us@a",
        headers=(("From", "<sip:them@b>;tag=theirs"), ("To", "<sip:us@a>;tag=ours"), ("Call-ID", "c1")),
    )  # fmt: skip
    assert dialog.holds(theirs)
    assert not dialog.holds(
        Request(method="BYE", uri="x", headers=(theirs.headers[0], theirs.headers[1], ("Call-ID", "c2")))
    )
    assert not dialog.holds(
        Request(method="BYE", uri="x", headers=(("From", "<sip:x@b>;tag=z"), theirs.headers[1], theirs.headers[2]))
    )


def test_an_agreement_without_a_tag_makes_no_dialog() -> None:
    with pytest.raises(SipError):
        Dialog.begun(asked("INVITE"), answer(200, "<sip:them@b>"))
