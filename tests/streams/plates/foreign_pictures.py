"""Files that lie about their pictures, and a process of its own that is given them: `python -m` this."""

from __future__ import annotations

import io
import json
import random
import resource
import struct
import subprocess
import sys
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable

import cv2
import msgspec
import numpy as np
from PIL import Image

from command.kernel.errors import InvalidInputError
from streams.plates.picture import decode_picture, picture_size

Segments = list[bytes]
"""A JPEG's, SOI first and the first scan with all behind it last; or a PNG's chunks, its signature first."""

_MOST_BYTES = 3 << 30
_ALONE = (0x00, 0x01, 0xD0, 0xD7, 0xD8, 0xD9, 0xDC, 0xDE, 0xF0, 0xFF)
_SIDES = (0, 8, 300)


class Outcome(msgspec.Struct):
    """What `decode_picture` made of one: its shape, or what it was refused with; `grown_mib` of memory for it."""

    said: str
    grown_mib: int


def decoded_apart(pictures: list[bytes]) -> list[Outcome]:
    """Have them decoded by a process of their own, one after the other."""
    return msgspec.json.decode(
        _run("decode", json.dumps([b64encode(one).decode() for one in pictures])), type=list[Outcome]
    )


def disagreements(rounds: int) -> list[str]:
    """Alter headers at random, in a process of its own; tell each of which header and decoder tell two sizes."""
    return msgspec.json.decode(_run("alter", str(rounds)), type=list[str])


def saved(mode: str = "RGB", kind: str = "JPEG", size: tuple[int, int] = (56, 40), **how: object) -> bytes:
    """A picture of noise."""
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(file, kind, **how)
    return file.getvalue()


def jpeg_segments(data: bytes) -> Segments:
    """Take a JPEG apart."""
    found, at = [data[:2]], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.append(data[at:end])
        at = end
    return [*found, data[at:]]


def png_chunk(name: bytes, content: bytes) -> bytes:
    """A chunk as it stands in the file."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_chunks(data: bytes) -> Segments:
    """Take a PNG apart."""
    found, at = [data[:8]], 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at:end])
        at = end
    return found


def with_size(frame: bytes, width: int, height: int) -> bytes:
    """A JPEG's frame header, of another size."""
    return frame[:5] + struct.pack(">HH", height, width) + frame[9:]


def is_frame(segment: bytes) -> bool:
    """Whether it is one that encoders here write."""
    return segment[1] in (0xC0, 0xC2)


def _run(verb: str, asked: str) -> str:
    command = [sys.executable, "-m", __name__, verb]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-500:]}"
    return done.stdout


def _decode(pictures: list[bytes]) -> list[Outcome]:
    found: list[Outcome] = []
    decode_picture(saved())  # what that loads is no part of any picture
    for one in pictures:
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            said = str(decode_picture(one).shape)
        except InvalidInputError as error:
            said = error.detail
        found.append(Outcome(said, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) // 1024))
    return found


def _altered(whole: Segments, chance: random.Random) -> bytes:
    """Some of a file's parts are doubled, lost, moved, altered, or given another size; stray ones stand between."""
    parts = list(whole)
    for _ in range(chance.randint(1, 3)):
        at, width, height = chance.randrange(1, len(parts)), chance.choice(_SIDES), chance.choice(_SIDES)
        one = bytearray(parts[at])
        match chance.randrange(5):
            case 0 if parts[0].startswith(b"\x89"):
                parts.insert(at, png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
            case 0 if chance.random() < 0.5:
                parts = [_hiding(part, width, height, chance) if is_frame(part) else part for part in parts]
            case 0:
                parts.insert(at, with_size(next(part for part in whole if is_frame(part)), width, height))
            case 1:
                stray = bytes((0xFF, chance.choice(_ALONE)))
                parts.insert(at, stray + chance.choice([b"", b"\x00", b"\x00\x00", b"\x00\x04", b"\x00\x04ab"]))
            case 2:
                one[chance.randrange(min(len(one), 20))] = chance.choice([0, 1, 2, 8, 0xC0, 0xDA, 0xFF])
                parts[at] = bytes(one)
            case 3:
                parts.insert(at, parts.pop(chance.randrange(1, len(parts))))
            case _:
                cut = chance.randrange(len(one))
                parts[at] = bytes(one[:cut]) + bytes((0xFF, chance.choice([0xC0, 0xD8, 0xD9, 0xDC]))) + bytes(one[cut:])
    return b"".join(parts)


def _hiding(frame: bytes, width: int, height: int, chance: random.Random) -> bytes:
    """A frame header of another size, and the first in a comment: some marker has whoever trusts it jump there."""
    other = with_size(frame, width, height)
    start = struct.pack(">BBH", 0xFF, chance.randrange(256), 2 + len(other) + 4)
    return start + other + b"\xff\xfe" + struct.pack(">H", 2 + len(frame)) + frame


def _disagreeing(rounds: int) -> Iterable[str]:
    turned = Image.Exif()
    turned[274] = 6
    jpegs = [saved(), saved(progressive=True), saved("L"), saved("CMYK"), saved(exif=turned), saved() + saved()]
    pngs = [saved(kind="PNG"), saved("P", "PNG"), saved("RGBA", "PNG")]
    wholes = [jpeg_segments(one) for one in jpegs] + [png_chunks(one) for one in pngs]
    chance = random.Random(845)
    for _ in range(rounds):
        data = _altered(chance.choice(wholes), chance)
        try:
            size = picture_size(data)
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except (InvalidInputError, cv2.error):
            continue
        if picture is not None and picture.shape[1::-1] not in (size, size[::-1]):
            yield f"{size} {picture.shape} {data[:400].hex()}"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    told = json.loads(sys.stdin.read())
    answer = _decode([b64decode(one) for one in told]) if sys.argv[1] == "decode" else list(_disagreeing(told))
    sys.stdout.write(msgspec.json.encode(answer).decode())
