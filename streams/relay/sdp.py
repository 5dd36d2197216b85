"""Reads a WebRTC offer and writes our answer: one H.264 or H.265 video, all else declined (RFC 8829, 8866, 7798)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from aiortc import RTCDtlsFingerprint, RTCIceCandidate, RTCIceParameters

from command.kernel.errors import InvalidInputError, TriuneError
from streams.limits import SDP_BYTES, SDP_CANDIDATES, SDP_LINES
from streams.packets import Codec

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
_WIDER: Final[dict[Codec, dict[str, tuple[str, ...]]]] = {
    "h264": {_BASELINE: (_BASELINE, _MAIN, _HIGH), _MAIN: (_MAIN, _HIGH), _HIGH: (_HIGH,)},
    "h265": {"1": ("1", "2"), "2": ("2",)},
}
_ENCODINGS: Final[dict[str, Codec]] = {"h264/90000": "h264", "h265/90000": "h265"}
_H265_PARAMETER: Final = re.compile(r"(profile-id|tier-flag|level-id)=\d{1,3}")
Direction = Literal["sendonly", "recvonly"]


class NotPlayableError(TriuneError):
    """The camera's video is of a kind that this viewer did not offer to receive; the hub does not code it anew."""

    status = 406
    code = "not_playable"


class VideoFormat(msgspec.Struct, frozen=True):
    """A payload type of H.264 (packetization-mode 1) or H.265 that the peer offers."""

    codec: Codec
    payload_type: int
    profile: str
    """H.264's `profile-level-id`, H.265's `profile-id`."""
    parameters: str
    """What our answer says of it after `a=fmtp:`."""
    rtx_payload_type: int | None


class Section(msgspec.Struct, frozen=True):
    """One media section as far as an answer has to repeat it."""

    kind: str
    profile: str
    first_format: str
    mid: str


class Offer(msgspec.Struct, frozen=True):
    """What an offer says that matters to somebody who sends, or receives, one video."""

    sections: tuple[Section, ...]
    video: int
    """Which of the sections has the video."""
    formats: tuple[VideoFormat, ...]
    ice: RTCIceParameters
    candidates: tuple[RTCIceCandidate, ...]
    fingerprints: tuple[RTCDtlsFingerprint, ...]
    answer_setup: Setup
    """Who we are to be in the DTLS handshake (RFC 8842): "active" is its client."""

    def choose(self, codec: Codec, profile: str) -> VideoFormat:
        """Return the format to send a stream in, whose profile is as in `VideoFormat`.

        Nearest is best: the same profile, then one that contains it, then whatever the viewer put first; browsers
        decode by the parameter sets in the stream, not by what was negotiated. Raises `NotPlayableError`.
        """
        playable = [offered for offered in self.formats if offered.codec == codec]
        if not playable:
            name = "H.264 (packetization-mode 1)" if codec == "h264" else "H.265"
            raise NotPlayableError(f"the camera sends {name}, which this viewer does not take")
        for wanted in _WIDER[codec].get(profile[:2].lower(), ()):
            for offered in playable:
                if offered.profile[:2] == wanted:
                    return offered
        return playable[0]


class Answer(msgspec.Struct, frozen=True):
    """What our side of the session is."""

    format: VideoFormat
    ssrc: int
    rtx_ssrc: int
    cname: str
    ice: RTCIceParameters
    candidates: Sequence[RTCIceCandidate]
    fingerprints: Sequence[RTCDtlsFingerprint]
    setup: Setup
    direction: Direction = "sendonly"

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
        # A receiver of ours takes packets again as they were; that needs no stream of its own.
        if sent.rtx_payload_type is not None and self.direction == "sendonly":
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
            f"a={self.direction}",
            "a=rtcp-mux",
            *([f"a=msid:{self.cname} {self.cname}"] if self.direction == "sendonly" else []),
            f"a=setup:{self.setup}",
            f"a=ice-ufrag:{self.ice.usernameFragment}",
            f"a=ice-pwd:{self.ice.password}",
            *(f"a=fingerprint:{x.algorithm} {x.value}" for x in self.fingerprints),
            f"a=rtpmap:{sent.payload_type} {sent.codec.upper()}/90000",
            f"a=fmtp:{sent.payload_type} {sent.parameters}",
            f"a=rtcp-fb:{sent.payload_type} nack",
            f"a=rtcp-fb:{sent.payload_type} nack pli",
            *([f"a=rtcp-fb:{sent.payload_type} goog-remb"] if self.direction == "recvonly" else []),
            *resent,
            *(f"a=ssrc:{ssrc} cname:{self.cname}" for ssrc in ssrcs if self.direction == "sendonly"),
            *(f"a=candidate:{_candidate(x)}" for x in self.candidates),
            "a=end-of-candidates",
        ]


def parse_offer(text: str, ours: Direction = "sendonly") -> Offer:
    """Read an offer to one who sends video, or receives it. Raises `InvalidInputError` that names what is wrong."""
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
    video = next((i for i, part in enumerate(media) if _has_video(part, ours)), None)
    if video is None:
        raise InvalidInputError(f"the offer has no section that {'receives' if ours == 'sendonly' else 'sends'} video")
    return _offer(sections, video, session, media)


def _offer(sections: tuple[Section, ...], video: int, session: list[str], media: list[list[str]]) -> Offer:
    part = media[video]
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
        formats=_formats(part),
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


def _has_video(part: list[str], ours: Direction) -> bool:
    kind, port, profile, *_ = part[0].removeprefix("m=").split(" ")
    against = "inactive" in part or ours in part
    return kind == "video" and port != "0" and profile == "UDP/TLS/RTP/SAVPF" and not against


def _formats(part: list[str]) -> tuple[VideoFormat, ...]:
    names = dict(value.split(" ", 1) for value in _values(part, "rtpmap") if " " in value)
    said = {kind: text for kind, _, text in (value.partition(" ") for value in _values(part, "fmtp"))}
    resends = {
        _parameters(said.get(kind, "")).get("apt", ""): int(kind)
        for kind, name in names.items()
        if name.lower() == "rtx/90000" and _is_payload_type(kind)
    }
    found: list[VideoFormat] = []
    for kind in part[0].split(" ")[3:]:
        codec = _ENCODINGS.get(names.get(kind, "").lower())
        if codec is None or not _is_payload_type(kind):
            continue
        described = (_h264 if codec == "h264" else _h265)(_parameters(said.get(kind, "")))
        if described is not None:
            found.append(VideoFormat(codec, int(kind), *described, resends.get(kind)))
    return tuple(found)


def _parameters(text: str) -> dict[str, str]:
    return dict(x.strip().partition("=")[::2] for x in text.split(";"))


def _h264(said: dict[str, str]) -> tuple[str, str] | None:
    """Return profile and our parameters of an H.264 format (RFC 6184 section 8.1), None for one we do not send."""
    level = said.get("profile-level-id", "42e01f").lower()
    if said.get("packetization-mode") != "1" or not re.fullmatch(r"[0-9a-f]{6}", level):
        return None
    return level, f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={level}"


def _h265(said: dict[str, str]) -> tuple[str, str] | None:
    """Return profile and our parameters of an H.265 format (RFC 7798 section 7.1), None for one we do not send."""
    if said.get("tx-mode", "SRST") != "SRST":
        return None
    kept = [text for name, value in said.items() if _H265_PARAMETER.fullmatch(text := f"{name}={value}")]
    return said.get("profile-id", "1"), ";".join([*kept, "tx-mode=SRST"])


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
