"""Real material brought into the county: recorded frames of terminals, GPS tracks, photos as a camera's stream."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
from msgspec.structs import replace

from edge.jt808 import frame as frames
from edge.jt808 import platform_messages as platform
from edge.jt808 import terminal_messages as terminal
from edge.jt808.bodies import decode_body
from edge.jt808.framing import MARK
from edge.jt808.location import Location, encode_location
from edge.simulators.jt808_terminal import Fix
from tests.edge.jt808.peer import Peer
from tests.paths import shared
from tests.streams.plates.material import FRAMES_PER_S, HEIGHT_PX, WIDTH_PX, passing

RECORDED_PHONE = RECORDED_DEVICE = "123456789012"


def recorded_frames(phone: str, msg_id: str) -> list[tuple[bytes, float | None]]:
    """Frames of one terminal as its vendor sent them, each with the latitude that another decoder read from it."""
    csv.field_size_limit(10**7)
    with shared("data/jt808/dev_frames.tsv").open(encoding="utf-8", newline="") as lines:
        return [
            (bytes.fromhex(row["wire_hex"]), float(row["derived_lat"]) if row["derived_lat"] else None)
            for row in csv.DictReader(lines, delimiter="\t")
            if row["derived_phone"] == phone and row["msg_id"] == msg_id
        ]


def retimed(wire: bytes, at_ms: int) -> bytes:
    """Return a recorded location as of another instant: what was recorded years ago is no position of today."""
    frame = frames.decode(wire.strip(MARK))
    body = decode_body(frame.header, frame.body)
    assert isinstance(body, Location)
    return frames.encode(replace(frame, body=encode_location(replace(body, at_ms=at_ms))))


async def replay_recorded(port: int, now_ms: int) -> float:
    """Sign in and report with recorded locations, which carry the emergency bit; return the latitude of the last."""
    async with Peer(port) as peer:
        await peer.sign_in(RECORDED_PHONE)
        lat = 0.0
        for frame, derived_lat in recorded_frames(RECORDED_PHONE, "0x0200"):
            peer.write(retimed(frame, now_ms))
            while not isinstance(answer := await peer.body(), terminal.GeneralReply):
                pass  # the confirmation of the emergency comes beside the reply
            assert answer.result == platform.OK, "acknowledged, so it is durable"
            lat = derived_lat or lat
        return lat


def geolife(relative: str, lat: float, lon: float, end_ms: int, count: int) -> list[Fix]:
    """The first fixes of a track, moved so that it begins at a point and ends at an instant."""
    lines = shared(f"data/gps/{relative}").read_text(encoding="ascii").splitlines()[6 : 6 + count]
    points = []
    for line in lines:
        fields = line.split(",")
        at = datetime.fromisoformat(f"{fields[5]}T{fields[6]}").replace(tzinfo=UTC)
        points.append((int(at.timestamp() * 1000), float(fields[0]), float(fields[1])))
    shift_ms = end_ms - points[-1][0]
    return [
        Fix(at_ms=at_ms + shift_ms, lat=lat + p_lat - points[0][1], lon=lon + p_lon - points[0][2])
        for at_ms, p_lat, p_lon in points
    ]


async def stream_of(fixes: list[Fix]) -> AsyncIterator[Fix]:
    """The fixes as a terminal's receiver gives them."""
    for fix in fixes:
        yield fix


def write_street(path: Path, plates: tuple[str, ...]) -> None:
    """Write an H.264 clip of the cars in real photos coming past, as a camera would code it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=FRAMES_PER_S, options={"preset": "veryfast", "tune": "zerolatency"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.bit_rate = 6_000_000
        stream.codec_context.gop_size = FRAMES_PER_S
        stream.time_base = Fraction(1, FRAMES_PER_S)
        for picture in passing(plates):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
