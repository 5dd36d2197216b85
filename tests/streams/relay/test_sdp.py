from __future__ import annotations

import random

import pytest
from aiortc import RTCSessionDescription, sdp
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError
from streams.limits import SDP_BYTES
from streams.relay.sdp import Answer, NotPlayableError, parse_offer

# The parts of Chromium's offer (video and audio to receive) that matter, with two of its many formats.
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 8198980950257910488 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
        "c=IN IP4 0.0.0.0",
        "a=candidate:2105569501 1 udp 2113937151 192.0.2.2 43397 typ host generation 0 network-cost 999",
        "a=candidate:1 1 udp 2113937151 3e1f4c.local 43398 typ host",
        "a=candidate:2 1 tcp 1518283007 192.0.2.2 9 typ host tcptype active",
        "a=ice-ufrag:W+1d",
        "a=ice-pwd:+2vibifd7uLoZVy/aDJiGOU6",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 118 119",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:W+1d",
        "a=ice-pwd:+2vibifd7uLoZVy/aDJiGOU6",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=setup:actpass",
        "a=mid:1",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=rtpmap:102 H264/90000",
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
        "a=rtpmap:103 rtx/90000",
        "a=fmtp:103 apt=102",
        "a=rtpmap:104 H264/90000",
        "a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=64001f",
        "a=rtpmap:118 H264/90000",
        "a=fmtp:118 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
        "",
    ]
)


def test_an_offer_is_understood() -> None:
    offer = parse_offer(OFFER)

    assert [(section.kind, section.mid) for section in offer.sections] == [("audio", "0"), ("video", "1")]
    assert offer.video == 1
    assert [(x.payload_type, x.rtx_payload_type) for x in offer.formats] == [(102, 103), (118, None)]
    # Named in the first section of the bundle only; names under .local and TCP are left.
    assert [(x.ip, x.port) for x in offer.candidates] == [("192.0.2.2", 43397)]
    assert offer.answer_setup == "active"


@pytest.mark.parametrize(
    ("profile", "payload_type"),
    [("64001f", 118), ("4d401f", 118), ("42c01e", 102), ("640c29", 118), ("f4001f", 102)],
)
def test_the_nearest_profile_that_contains_the_stream_is_chosen(profile: str, payload_type: int) -> None:
    assert parse_offer(OFFER).choose("h264", profile).payload_type == payload_type


@pytest.mark.parametrize(
    ("old", "new"),
    [("H264/90000", "VP9/90000"), ("packetization-mode=1", "packetization-mode=0"), ("profile-level-id=", "a=")],
)
def test_a_viewer_that_cannot_play_the_camera_is_told_so(old: str, new: str) -> None:
    offer = parse_offer(OFFER.replace(old, new))
    if old != "profile-level-id=":  # which may be left out: RFC 6184 says what it is then
        with pytest.raises(NotPlayableError, match=r"H\.264"):
            offer.choose("h264", "64001f")
    with pytest.raises(NotPlayableError, match=r"H\.265"):
        offer.choose("h265", "1")


H265 = OFFER.replace(
    "a=rtpmap:96 VP8/90000", "a=rtpmap:96 H265/90000\r\na=fmtp:96 level-id=180;profile-id=1;tx-mode=SRST"
)


def test_h265_is_answered_with_what_the_viewer_said_of_it() -> None:
    offer = parse_offer(H265)
    sent_as = offer.choose("h265", "1")
    assert (sent_as.codec, sent_as.payload_type, sent_as.rtx_payload_type) == ("h265", 96, 97)
    answer = Answer(sent_as, 1, 2, "camera", offer.ice, offer.candidates, offer.fingerprints, "active").write(offer)
    assert "a=rtpmap:96 H265/90000\r\na=fmtp:96 level-id=180;profile-id=1;tx-mode=SRST\r\n" in answer
    # The same viewer plays a camera of H.264 too, in the format that it offered for that.
    assert offer.choose("h264", "64001f").payload_type == 118


@pytest.mark.parametrize("evil", ["tx-mode=MRST", "tx-mode=x"])
def test_h265_in_more_than_one_stream_is_not_taken(evil: str) -> None:
    with pytest.raises(NotPlayableError):
        parse_offer(H265.replace("tx-mode=SRST", evil)).choose("h265", "1")


def test_an_offer_to_a_receiver_must_send() -> None:
    publishing = OFFER.replace("a=recvonly", "a=sendonly")
    offer = parse_offer(publishing, "recvonly")
    answer = Answer(
        offer.formats[0], 1, 2, "hub", offer.ice, offer.candidates, offer.fingerprints, "active", "recvonly"
    ).write(offer)
    _, video = sdp.SessionDescription.parse(answer).media
    assert (video.direction, video.ssrc) == ("recvonly", [])
    assert [x.mimeType for x in video.rtp.codecs] == ["video/H264"]
    with pytest.raises(InvalidInputError, match="sends video"):
        parse_offer(OFFER, "recvonly")


def test_an_independent_parser_reads_the_answer() -> None:
    offer = parse_offer(OFFER)
    answer = Answer(
        format=offer.formats[0],
        ssrc=1234,
        rtx_ssrc=5678,
        cname="camera",
        ice=offer.ice,
        candidates=offer.candidates,
        fingerprints=offer.fingerprints,
        setup="active",
    ).write(offer)

    assert RTCSessionDescription(answer, "answer").type == "answer"
    audio, video = sdp.SessionDescription.parse(answer).media
    assert (audio.kind, audio.port, audio.rtp.muxId) == ("audio", 0, "0")
    assert (video.direction, video.rtcp_mux, video.rtp.muxId) == ("sendonly", True, "1")
    assert [(x.mimeType, x.payloadType) for x in video.rtp.codecs] == [("video/H264", 102), ("video/rtx", 103)]
    assert [x.ssrc for x in video.ssrc] == [1234, 5678]
    assert video.dtls is not None
    assert video.dtls.role == "client"
    assert [(x.ip, x.port) for x in video.ice_candidates] == [("192.0.2.2", 43397)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "hello"),
        ("m=video", "m=text"),
        ("a=rtcp-mux", "a=x"),
        ("a=ice-ufrag:W+1d", "a=ice-ufrag:\u4e2d\u6587"),
        ("a=ice-pwd:+2vibifd7uLoZVy/aDJiGOU6", "a=ice-pwd:short"),
        ("sha-256", "md5"),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("a=mid:1", "a=mid:1\ra=evil"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        ("a=recvonly", "a=sendonly"),
        ("a=candidate:1", "\r\n".join(["a=candidate:9 1 udp 1 192.0.2.3 1 typ host"] * 40) + "\r\na=candidate:1"),
        ("s=-", "s=" + "x" * SDP_BYTES),
        ("s=-", "nonsense"),
    ],
)
def test_a_hostile_offer_is_refused_with_a_reason(old: str, new: str) -> None:  # R370
    with pytest.raises(InvalidInputError):
        parse_offer(OFFER.replace(old, new))


@given(st.integers(0, 2**32), st.integers(1, 12))
def test_no_offer_does_more_than_be_refused(seed: int, changes: int) -> None:  # R370
    rng = random.Random(seed)
    text = list(OFFER)
    for _ in range(changes):
        at = rng.randrange(len(text))
        match rng.randrange(3):
            case 0:
                del text[at : at + rng.randrange(1, 80)]
            case 1:
                text[at] = rng.choice("\r\n\0 :=;/\u4e2d9a\U0001f6a8")
            case _:
                text[at:at] = rng.choice(["\r\n", "m=video 9 ", "a=fmtp:", "999999999999999999999", "\u0661", " "])
    try:
        offer = parse_offer("".join(text))
    except InvalidInputError:
        return
    assert 0 <= offer.video < len(offer.sections)
