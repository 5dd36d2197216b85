"""The newest picture that was recorded of a camera, for whoever has to see its place while it shows none."""

from __future__ import annotations

import asyncio
import io

import av
import cv2
import msgspec

from command.kernel.errors import UnknownIdError
from streams.limits import (
    PICTURE_PIXELS,
    RECORD_LISTED_MS,
    RECORD_SEGMENT_LONGEST_MS,
    STILL_BYTES,
    STILL_TRIES,
)
from streams.recorder.archive import Archive

_JPEG_QUALITY = 80


class Still(msgspec.Struct, frozen=True):
    """A JPEG, and when it was taken, UTC."""

    taken_ms: int
    jpeg: bytes


async def newest_still(archive: Archive, camera: str, now_ms: int) -> Still | None:
    """Return the first key frame of the newest segment that decodes; None where there is none.

    Raises `UnavailableError` where recordings cannot be had now.
    """
    spans = (await archive.listing(camera, now_ms - RECORD_LISTED_MS, now_ms)).spans
    if not spans:
        return None
    end_ms = max(span.to_ms for span in spans)
    late = (await archive.listing(camera, end_ms - RECORD_SEGMENT_LONGEST_MS, end_ms)).segments
    for segment in sorted(late, key=lambda each: each.from_ms, reverse=True)[:STILL_TRIES]:
        try:
            data = bytearray(await archive.init(camera, segment.init))
            async with archive.fragments(camera, segment.id) as body:
                async for piece in body.pieces:
                    data += piece
                    if len(data) >= STILL_BYTES:
                        break
        except UnknownIdError:
            continue  # overwritten meanwhile
        picture = await asyncio.to_thread(_first_picture, bytes(data))
        if picture is not None:
            return Still(segment.from_ms, picture)
    return None


def _first_picture(data: bytes) -> bytes | None:
    """Return the first picture of a file, which may be cut off at its end, as JPEG. Blocking."""
    try:
        with av.open(io.BytesIO(data), mode="r", format="mp4") as container:
            stream = container.streams.video[0]
            stream.codec_context.options = {"max_pixels": str(PICTURE_PIXELS)}
            frame = next(container.decode(stream))
    except (av.error.FFmpegError, StopIteration, IndexError):
        return None
    done, encoded = cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return encoded.tobytes() if done else None
