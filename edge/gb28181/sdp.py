"""The session descriptions of GB/T 28181 (annex G): what is asked of a device, and what it answers."""

from __future__ import annotations

from typing import Literal

from command.kernel.errors import InvalidInputError
from edge.gb28181.invite import Answer, Media
from streams.limits import SDP_BYTES, SDP_LINES

CONTENT_TYPE = "APPLICATION/SDP"
_PS = 96


class SdpError(InvalidInputError):
    """A device's description cannot be used."""

    code = "bad_sdp"


def offer(server: str, channel: str, media: Media, playback: tuple[int, int] | None) -> bytes:
    """Return what asks for a channel: live, or from one instant to another in UTC milliseconds."""
    family = "IP6" if ":" in media.host else "IP4"
    span = "0 0" if playback is None else f"{playback[0] // 1000} {playback[1] // 1000}"
    lines = ["v=0", f"o={server} 0 0 IN {family} {media.host}", f"s={'Play' if playback is None else 'Playback'}"]
    if playback is not None:
        lines.append(f"u={channel}:0")
    lines += [
        f"c=IN {family} {media.host}", f"t={span}",
        f"m=video {media.port} {'RTP/AVP' if media.transport == 'udp' else 'TCP/RTP/AVP'} {_PS}",
        "a=recvonly", f"a=rtpmap:{_PS} PS/90000",
    ]  # fmt: skip
    if media.transport != "udp":
        lines += [f"a=setup:{media.transport.removeprefix('tcp_')}", "a=connection:new"]
    lines += [f"y={media.ssrc:010d}", "f=v/////a///"]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def parse_answer(body: bytes) -> Answer:
    """Read what a device answered. Raises `SdpError` where it sends no video or says not from where."""
    if len(body) > SDP_BYTES:
        raise SdpError(f"a session description has at most {SDP_BYTES} bytes")
    lines = [(line[:1], line[2:].strip()) for line in body.decode("latin-1").splitlines() if line[1:2] == "="]
    if len(lines) > SDP_LINES:
        raise SdpError(f"a session description has at most {SDP_LINES} lines")
    session, video = _parts(lines)
    port, payload_type = _video(video)
    connection = _first(video, "c") or _first(session, "c")
    parts = (connection or "").split()
    if len(parts) != 3:
        raise SdpError("the answer has no address (c=)")
    said = _first(video, "y") or _first(session, "y") or ""
    ssrc = int(said) if said.isascii() and said.isdecimal() and len(said) <= 10 and int(said) < 1 << 32 else None
    return Answer(
        host=parts[2].partition("/")[0], port=port, ssrc=ssrc, setup=_setup(video, session),
        payload_type=payload_type, encoding=_encoding(video, payload_type),
    )  # fmt: skip


_Lines = list[tuple[str, str]]


def _parts(lines: _Lines) -> tuple[_Lines, _Lines]:
    """Return the lines before the first medium, and those of the first video."""
    starts = [at for at, (kind, _) in enumerate(lines) if kind == "m"]
    for at, start in enumerate(starts):
        if lines[start][1].startswith("video"):
            end = starts[at + 1] if at + 1 < len(starts) else len(lines)
            return lines[: starts[0]], lines[start:end]
    raise SdpError("the answer has no video (m=)")


def _video(video: _Lines) -> tuple[int, int]:
    words = video[0][1].split()
    if len(words) < 4 or not all(
        word.isascii() and word.isdecimal() and len(word) <= 5 for word in (words[1], words[3])
    ):
        raise SdpError("the line m= of the answer cannot be read")
    port, payload_type = int(words[1]), int(words[3])
    if not 0 < port <= 65535 or payload_type > 127:
        raise SdpError("the device refuses the video: port 0" if port == 0 else "the line m= of the answer is wrong")
    return port, payload_type


def _first(lines: _Lines, kind: str) -> str | None:
    return next((value for each, value in lines if each == kind), None)


def _setup(*parts: _Lines) -> Literal["active", "passive"] | None:
    for kind, value in (line for part in parts for line in part):
        if kind == "a" and value.lower() == "setup:active":
            return "active"
        if kind == "a" and value.lower() == "setup:passive":
            return "passive"
    return None


def _encoding(video: _Lines, payload_type: int) -> str:
    for kind, value in video:
        name, _, mapping = value.partition(" ")
        if kind == "a" and name == f"rtpmap:{payload_type}":
            return mapping.partition("/")[0].strip().upper()
    return "PS"
