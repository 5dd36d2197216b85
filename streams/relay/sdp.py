"""Reads a viewer's WebRTC offer and writes our answer: one H.264 video we send, all else declined (RFC 8829, 8866)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from aiortc import RTCDtlsFingerprint, RTCIceCandidate, RTCIceParameters

from command.kernel.errors import InvalidInputError
from command.kernel.limits import SDP_BYTES, SDP_CANDIDATES, SDP_LINES

_DIGESTS: Final = ("sha-256", "sha-384", "sha-512")
_ICE_WORD: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
_ICE_PASSWORD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
Setup = Literal["active", "passive"]
_SETUPS: Final[dict[str, Setup]] = {"actpass": "active", "passive": "active", "active": "passive"}
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}")
_CANDIDATE: Final = re.compile(
    r"([A-Za-z0-9+/]{1,32}) 1 udp (\d{1,10}) ([0-9a-f.:]{2,45}) (\d{1,5}) typ (host|srflx|relay)\b",
    re.ASCII | re.IGNORECASE,
)

# Profiles by how much of a stream's profile a decoder of them understands: exact first, then the wider ones.
_HIGH, _MAIN, _BASELINE = "64", "4d", "42"
_WIDER: Final = {_BASELINE: (_BASELINE, _MAIN, _HIGH), _MAIN: (_MAIN, _HIGH), _HIGH: (_HIGH,)}


class H264Format(msgspec.Struct, frozen=True):
    """An H.264 payload type (packetization-mode 1) that the viewer offers to receive."""

    payload_type: int
    profile_level_id: str
    rtx_payload_type: int | None


class Section(msgspec.Struct, frozen=True):
    """One media section as far as an answer has to repeat it."""

    kind: str
    profile: str
    first_format: str
    mid: str


class Offer(msgspec.Struct, frozen=True):
    """What an offer says that matters to somebody who sends one video."""

    sections: tuple[Section, ...]
    video: int
    """Which of the sections receives the video."""
    formats: tuple[H264Format, ...]
    ice: RTCIceParameters
    candidates: tuple[RTCIceCandidate, ...]
    fingerprints: tuple[RTCDtlsFingerprint, ...]
    answer_setup: Setup
    """Who we are to be in the DTLS handshake (RFC 8842): "active" is its client."""

    def choose(self, stream_profile: str) -> H264Format:
        """Return the format to send a stream of that `profile-level-id` in.

        Nearest is best: the same profile, then one that contains it, then whatever the viewer put first; browsers
        decode by the parameter sets in the stream, not by what was negotiated.
        """
        for wanted in _WIDER.get(stream_profile[:2].lower(), ()):
            for offered in self.formats:
                if offered.profile_level_id[:2] == wanted:
                    return offered
        return self.formats[0]


class Answer(msgspec.Struct, frozen=True):
    """What our side of the session is."""

    format: H264Format
    ssrc: int
    rtx_ssrc: int
    cname: str
    ice: RTCIceParameters
    candidates: Sequence[RTCIceCandidate]
    fingerprints: Sequence[RTCDtlsFingerprint]
    setup: Setup

    def write(self, offer: Offer) -> str:
        """Return the SDP answer to `offer`."""
        lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {offer.sections[offer.video].mid}"]
        for i, section in enumerate(offer.sections):
            lines += self._video(section) if i == offer.video else _declined(section)
        return "\r\n".join(lines) + "\r\n"

    def _video(self, section: Section) -> list[str]:
        sent = self.format
        formats = [sent.payload_type]
        resent: list[str] = []
        ssrcs = [self.ssrc]
        if sent.rtx_payload_type is not None:
            formats.append(sent.rtx_payload_type)
            ssrcs.append(self.rtx_ssrc)
            resent = [
                f"a=rtpmap:{sent.rtx_payload_type} rtx/90000",
                f"a=fmtp:{sent.rtx_payload_type} apt={sent.payload_type}",
                f"a=ssrc-group:FID {self.ssrc} {self.rtx_ssrc}",
            ]
        return [
            f"m=video 9 {section.profile} {' '.join(str(x) for x in formats)}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{section.mid}",
            "a=sendonly",
            "a=rtcp-mux",
            f"a=msid:{self.cname} {self.cname}",
            f"a=setup:{self.setup}",
            f"a=ice-ufrag:{self.ice.usernameFragment}",
            f"a=ice-pwd:{self.ice.password}",
            *(f"a=fingerprint:{x.algorithm} {x.value}" for x in self.fingerprints),
            f"a=rtpmap:{sent.payload_type} H264/90000",
            f"a=fmtp:{sent.payload_type} level-asymmetry-allowed=1;packetization-mode=1;"
            f"profile-level-id={sent.profile_level_id}",
            f"a=rtcp-fb:{sent.payload_type} nack",
            f"a=rtcp-fb:{sent.payload_type} nack pli",
            *resent,
            *(f"a=ssrc:{ssrc} cname:{self.cname}" for ssrc in ssrcs),
            *(f"a=candidate:{_candidate(x)}" for x in self.candidates),
            "a=end-of-candidates",
        ]


def parse_offer(text: str) -> Offer:
    """Read an offer. Raises `InvalidInputError` that names what is wrong with it."""
    if len(text) > SDP_BYTES:
        raise InvalidInputError(f"the offer is longer than {SDP_BYTES} characters")
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) > SDP_LINES:
        raise InvalidInputError(f"the offer has more than {SDP_LINES} lines")
    if lines[0] != "v=0":
        raise InvalidInputError("the offer does not begin with v=0")
    session, *media = _split(lines)
    if not media:
        raise InvalidInputError("the offer has no media section")
    sections = tuple(_section(part) for part in media)
    video = next((i for i, part in enumerate(media) if _receives_video(part)), None)
    if video is None:
        raise InvalidInputError("the offer has no section that receives video")
    return _offer(sections, video, session, media)


def _offer(sections: tuple[Section, ...], video: int, session: list[str], media: list[list[str]]) -> Offer:
    part = media[video]
    formats = _formats(part)
    if not formats:
        raise InvalidInputError("the offer has no H.264 with packetization-mode 1")
    if "rtcp-mux" not in part:
        raise InvalidInputError("the offer does not multiplex RTCP")
    user = _one(part, session, "ice-ufrag", _ICE_WORD)
    password = _one(part, session, "ice-pwd", _ICE_PASSWORD)
    fingerprints = tuple(
        RTCDtlsFingerprint(*value.split(" ", 1))
        for value in _values(part, "fingerprint") or _values(session, "fingerprint")
        if re.fullmatch(r"sha-(256|384|512) [0-9A-Fa-f:]{32,255}", value)
    )
    if not fingerprints:
        raise InvalidInputError(f"the offer has no fingerprint by {', '.join(_DIGESTS)}")
    setup = _SETUPS.get((_values(part, "setup") or _values(session, "setup") or ["actpass"])[0])
    if setup is None:
        raise InvalidInputError("the offer's setup is unknown")
    # Bundled sections share one transport, and browsers name its candidates in the first of them only.
    lines = [line for other in media if f"ice-ufrag:{user}" in other or other is part for line in other]
    return Offer(
        sections=sections,
        video=video,
        formats=formats,
        ice=RTCIceParameters(usernameFragment=user, password=password),
        candidates=_candidates(_values(lines, "candidate")),
        fingerprints=fingerprints,
        answer_setup=setup,
    )


def _split(lines: list[str]) -> list[list[str]]:
    """Return the session's lines and then each media section's; `a=` is taken off attributes."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line[1:2] != "=":
            raise InvalidInputError("a line of the offer is not SDP")
        if line.startswith("m="):
            parts.append([])
        parts[-1].append(line.removeprefix("a="))
    return parts


def _section(part: list[str]) -> Section:
    fields = part[0].removeprefix("m=").split(" ")
    mids = _values(part, "mid")
    if len(fields) < 4 or not mids or not all(_TOKEN.fullmatch(x) for x in (fields[0], fields[3], mids[0])):
        raise InvalidInputError("a media section of the offer is malformed")
    if not re.fullmatch(r"[A-Z/]{1,32}", fields[2]):
        raise InvalidInputError("a media section of the offer has an unknown transport")
    return Section(kind=fields[0], profile=fields[2], first_format=fields[3], mid=mids[0])


def _receives_video(part: list[str]) -> bool:
    kind, port, profile, *_ = part[0].removeprefix("m=").split(" ")
    sends_only = "sendonly" in part or "inactive" in part
    return kind == "video" and port != "0" and profile == "UDP/TLS/RTP/SAVPF" and not sends_only


def _formats(part: list[str]) -> tuple[H264Format, ...]:
    names = dict(value.split(" ", 1) for value in _values(part, "rtpmap") if " " in value)
    parameters = {
        kind: dict(x.strip().partition("=")[::2] for x in text.split(";"))
        for kind, _, text in (value.partition(" ") for value in _values(part, "fmtp"))
    }
    resends = {
        parameters.get(kind, {}).get("apt", ""): int(kind)
        for kind, name in names.items()
        if name.lower() == "rtx/90000" and _is_payload_type(kind)
    }
    found: list[H264Format] = []
    for kind in part[0].split(" ")[3:]:
        said = parameters.get(kind, {})
        level = said.get("profile-level-id", "42e01f").lower()
        if (
            names.get(kind, "").lower() == "h264/90000"
            and _is_payload_type(kind)
            and said.get("packetization-mode") == "1"
            and re.fullmatch(r"[0-9a-f]{6}", level)
        ):
            found.append(H264Format(int(kind), level, resends.get(kind)))
    return tuple(found)


def _is_payload_type(text: str) -> bool:
    """Say whether it is a payload type that does not look like RTCP when multiplexed (RFC 5761)."""
    return text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) < 128 and not 64 <= int(text) <= 95


def _candidates(values: list[str]) -> tuple[RTCIceCandidate, ...]:
    """Return the UDP candidates with an address. Names under .local are left: such a peer's checks show its address."""
    if len(values) > SDP_CANDIDATES:
        raise InvalidInputError(f"the offer has more than {SDP_CANDIDATES} candidates")
    found: list[RTCIceCandidate] = []
    for value in values:
        match = _CANDIDATE.match(value)
        if match is None:
            continue
        foundation, priority, address, port, kind = match.groups()
        try:
            ipaddress.ip_address(address)
        except ValueError:
            continue
        if 0 < int(port) < 65536:
            found.append(
                RTCIceCandidate(
                    component=1,
                    foundation=foundation,
                    ip=address,
                    port=int(port),
                    priority=int(priority),
                    protocol="udp",
                    type=kind,
                )
            )
    return tuple(found)


def _values(part: list[str], name: str) -> list[str]:
    return [line[len(name) + 1 :] for line in part if line.startswith(f"{name}:")]


def _one(part: list[str], session: list[str], name: str, form: re.Pattern[str]) -> str:
    values = _values(part, name) or _values(session, name)
    if not values or not form.fullmatch(values[0]):
        raise InvalidInputError(f"the offer's {name} is missing or malformed")
    return values[0]


def _declined(section: Section) -> list[str]:
    return [
        f"m={section.kind} 0 {section.profile} {section.first_format}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=inactive",
    ]


def _candidate(x: RTCIceCandidate) -> str:
    return f"{x.foundation} {x.component} {x.protocol} {x.priority} {x.ip} {x.port} typ {x.type}"
