"""Scenarios for sipp that make it a GB/T 28181 device: it registers, and answers what the platform asks out of call."""

from __future__ import annotations

import re
from pathlib import Path

from tests.edge.gb28181.site import DEVICE, DOMAIN, PASSWORD, SERVER
from tests.paths import shared

_HEAD = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="device">
"""
_ANSWER = """[last_Via:]
[last_From:]
[last_To:];tag=[call_number]d
[last_Call-ID:]
[last_CSeq:]
"""


def registration(folder: Path, *, password: str = PASSWORD, then: str = '<pause milliseconds="60000"/>') -> Path:
    """Register by digest, then stay there."""
    return _written(folder / "register.xml", _register(1) + _register(2, password) + '<recv response="200"/>' + then)


def refused_registration(folder: Path, password: str) -> Path:
    """Register with a wrong password, and see it refused."""
    return _written(folder / "refused.xml", _register(1) + _register(2, password) + '<recv response="403"/>')


def answering(folder: Path, *, lossy: bool = False) -> Path:
    """Answer each MESSAGE, SUBSCRIBE and INVITE. The catalogue comes in two messages, the second first, then again.

    A `lossy` device sends one half for questions with an even number, the other for odd ones.
    """
    first, second = _catalogue(0, 2), _catalogue(2, 4)
    even, odd = ((first,), (second,)) if lossy else ((second, first, second),) * 2
    steps = [
        '<recv request="MESSAGE" optional="true" next="message"><action>'
        f'{_found("&lt;SN&gt;([0-9]+)", "all,sn")}{_found("Catalog", "catalog")}{_found("DeviceInfo", "info")}'
        f'{_found("DeviceStatus", "status")}{_found("[13579]&lt;/SN&gt;", "odd")}</action></recv>',
        '<recv request="SUBSCRIBE" optional="true" next="subscribe"/>',
        '<recv request="INVITE" next="invite"/>',
        '<label id="message"/>', _send(f"SIP/2.0 200 OK\n{_ANSWER}Content-Length: 0\n\n"),
        '<nop next="catalog" test="catalog"/>', '<nop next="info" test="info"/>',
        '<nop next="status" test="status"/>', '<nop next="end"/>',
        '<label id="catalog"/>', '<nop next="odd" test="odd"/>', *(_message(n, part) for n, part in enumerate(even)),
        '<nop next="end"/>',
        '<label id="odd"/>', *(_message(n, part) for n, part in enumerate(odd)), '<nop next="end"/>',
        '<label id="info"/>', _message(0, _shared("device_info_response.xml")), '<nop next="end"/>',
        '<label id="status"/>', _message(0, _shared("device_status_response.xml")), '<nop next="end"/>',
        '<label id="subscribe"/>', _send(f"SIP/2.0 200 OK\n{_ANSWER}Expires: 3600\nContent-Length: 0\n\n"),
        '<nop next="end"/>',
        '<label id="invite"/>', _send(f"SIP/2.0 100 Trying\n{_ANSWER}Content-Length: 0\n\n"), _agreement(),
        '<recv request="ACK"/>', '<recv request="BYE"/>',
        _send("SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n"
              "Content-Length: 0\n\n"),
        '<label id="end"/>', '<Reference variables="all,sn,catalog,info,status,odd"/>',
    ]  # fmt: skip
    return _written(folder / "answer.xml", "\n".join(steps))


def recording(folder: Path) -> Path:
    """Answer each MESSAGE; tell recordings in two messages, the later first; play one, steered to 4 times and held."""
    steps = [
        f'<recv request="MESSAGE" optional="true" next="message"><action>{_found("&lt;SN&gt;([0-9]+)", "all,sn")}'
        f'{_found("RecordInfo", "records")}</action></recv>',
        '<recv request="SUBSCRIBE" optional="true" next="subscribe"/>',
        f'<recv request="INVITE" next="invite"><action>{_found(_PLAYBACK, "asked")}</action></recv>',
        '<label id="message"/>', _send(f"SIP/2.0 200 OK\n{_ANSWER}Content-Length: 0\n\n"),
        '<nop next="records" test="records"/>', '<nop next="end"/>',
        '<label id="records"/>', _message(0, _recorded("06:18:20", "06:48:20")),
        _message(1, _recorded("05:48:20", "06:18:20")), '<nop next="end"/>',
        '<label id="subscribe"/>', _send(f"SIP/2.0 489 Bad Event\n{_ANSWER}Content-Length: 0\n\n"),
        '<nop next="end"/>',
        '<label id="invite"/>', '<nop next="agree" test="asked"/>', _refusal(), '<recv request="ACK" next="end"/>',
        '<label id="agree"/>', _agreement(), '<recv request="ACK"/>',
        *_steered("faster", "^PLAY MANSRTSP/1.0.*Scale: 4.0"), *_steered("held", "^PAUSE MANSRTSP/1.0.*PauseTime: now"),
        '<recv request="BYE"/>', _send(_DONE),
        '<label id="end"/>', '<Reference variables="all,sn,records"/>',
    ]  # fmt: skip
    return _written(folder / "recorder.xml", "\n".join(steps))


_DONE = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n"


_PLAYBACK = "s=Playback.*u=[0-9]*:0.*t=1700000000 1700000060"


def _refusal(status: str = "400 Bad Request") -> str:
    return _send(_DONE.replace("200 OK", status).replace("[last_To:]", "[last_To:];tag=[call_number]d"))


def _steered(name: str, regexp: str) -> tuple[str, ...]:
    """Take an INFO; one that does not hold this is refused."""
    return (
        f'<recv request="INFO"><action>{_found(regexp, name)}</action></recv>', f'<nop next="{name}" test="{name}"/>',
        _send(_DONE.replace("200 OK", "400 Bad Request")), '<nop next="end"/>', f'<label id="{name}"/>', _send(_DONE),
    )  # fmt: skip


def _recorded(begin: str, end: str) -> str:
    """A part of an answer: a file of the 15th of November 2023, local time, of two."""
    return (
        '<?xml version="1.0" encoding="GB2312"?>\n<Response><CmdType>RecordInfo</CmdType><SN>[$sn]</SN>'
        f'<DeviceID>{DEVICE}</DeviceID><Name>a</Name><SumNum>2</SumNum><RecordList Num="1"><Item><DeviceID>{DEVICE}'
        f"</DeviceID><StartTime>2023-11-15T{begin}</StartTime><EndTime>2023-11-15T{end}</EndTime><Type>time</Type>"
        "</Item></RecordList></Response>"
    )


def _register(number: int, password: str = "") -> str:
    login = f"[authentication username={DEVICE} password={password}]\n" if password else ""
    request = (
        f"REGISTER sip:{SERVER}@{DOMAIN} SIP/2.0\n"
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]\n"
        f"From: <sip:{DEVICE}@{DOMAIN}>;tag=[call_number]\nTo: <sip:{DEVICE}@{DOMAIN}>\nCall-ID: [call_id]\n"
        f"CSeq: {number} REGISTER\nContact: <sip:{DEVICE}@[local_ip]:[local_port]>\n{login}"
        "Max-Forwards: 70\nExpires: 3600\nContent-Length: 0\n\n"
    )
    return _send(request) + ("" if password else '<recv response="401" auth="true"/>')


def _message(number: int, body: str) -> str:
    """A MESSAGE of its own within this call of sipp: another Call-ID and CSeq, answered 200."""
    request = (
        f"MESSAGE sip:{SERVER}@{DOMAIN} SIP/2.0\n"
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]\n"
        f"From: <sip:{DEVICE}@{DOMAIN}>;tag=m[call_number]\nTo: <sip:{SERVER}@{DOMAIN}>\n"
        f"Call-ID: m{number}///[call_id]\nCSeq: {30 + number} MESSAGE\nMax-Forwards: 70\n"
        f"Content-Type: APPLICATION/MANSCDP+xml\nContent-Length: [len]\n\n{body}"
    )
    return _send(request) + '<recv response="200"/>'


def _agreement() -> str:
    description = (
        f"v=0\no={DEVICE} 0 0 IN IP4 [local_ip]\ns=Play\nc=IN IP4 [local_ip]\nt=0 0\n"
        "m=video 40000 RTP/AVP 96\na=sendonly\na=rtpmap:96 PS/90000\ny=0200000001\nf=\n"
    )
    return _send(
        f"SIP/2.0 200 OK\n{_ANSWER}Contact: <sip:{DEVICE}@[local_ip]:[local_port]>\n"
        f"Content-Type: Application/SDP\nContent-Length: [len]\n\n{description}"
    )


def _shared(name: str) -> str:
    text = shared(f"data/gb28181/{name}").read_bytes().decode("gb18030")
    return re.sub(r"<SN>\d+</SN>", "<SN>[$sn]</SN>", text)


def _catalogue(begin: int, end: int) -> str:
    """Return the real answer with only some of its four items."""
    text = _shared("catalog_response.xml")
    items = re.findall(r"<Item>.*?</Item>", text, re.DOTALL)
    head, tail = text.split(items[0])[0], text.split(items[-1])[1]
    return head.replace('Num="4"', f'Num="{end - begin}"') + "".join(items[begin:end]) + tail


def _found(regexp: str, into: str) -> str:
    return f'<ereg regexp="{regexp}" search_in="body" assign_to="{into}"/>'


def _send(message: str) -> str:
    repeated = "" if message.startswith("SIP/2.0") else ' retrans="500"'
    return f"<send{repeated}><![CDATA[\n\n{message}]]></send>\n"


def _written(path: Path, steps: str) -> Path:
    path.write_text(f"{_HEAD}{steps}\n</scenario>\n", encoding="latin-1")
    return path
