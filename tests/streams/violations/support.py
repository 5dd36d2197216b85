"""A section of 2 km between two cameras, and sightings of a car."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from command.facts.violations import MeasuringPoint, SpeedSection
from command.readings import Sighting
from command.rows import SectionVersion

START_MS = 1_700_000_000_000
YEAR_MS = 365 * 86_400_000


def section(**changes: Any) -> SpeedSection:
    given: dict[str, Any] = {
        "name": "滨江路",
        "start": MeasuringPoint(camera="k1", device="GD-001", clock_error_ms=100, frame_error_ms=40),
        "end": MeasuringPoint(camera="k2", device="GD-002", clock_error_ms=100, frame_error_ms=40),
        "length_m": 2000.0,
        "length_error_m": 20.0,
        "measured_by": "市计量所",
        "measured_ms": START_MS - YEAR_MS,
        "limit_small_kmh": 60,
        "limit_large_kmh": 50,
        "certificate": "JL-2026-0117",
        "certificate_until_ms": START_MS + YEAR_MS,
    }
    return SpeedSection(**given | changes)


def version(definition: SpeedSection | None = None, until_ms: int | None = None) -> SectionVersion:
    return SectionVersion(
        version=7, by="zhang", at_ms=START_MS, from_ms=START_MS, until_ms=until_ms,
        definition=definition or section(),
    )  # fmt: skip


def seen(camera: str, after_s: float, **changes: Any) -> Sighting:
    """A sure passage of a second that begins so long after the rules came into force."""
    first_ms = START_MS + int(after_s * 1000)
    given: dict[str, Any] = {
        "camera": camera, "plate": "京A12345", "colour": "blue", "first_ms": first_ms, "last_ms": first_ms + 1000,
        "reads": 6, "confidence": 0.97, "picture": "ab" * 32, "box": (100, 500, 80, 30),
    }  # fmt: skip
    return Sighting(**given | changes)


class _Text(HTMLParser):
    """What people read on a page: each cell and paragraph a line, without styles."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        self.lines.extend(value or "" for name, value in attrs if name == "alt")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style and data.strip():
            self.lines.append(data.strip())


def read_out(paper: bytes) -> list[str]:
    """Return what people read on a paper, piece by piece, the words for its pictures too."""
    text = _Text()
    text.feed(paper.decode())
    return text.lines


_PERMITTED = re.compile(
    r"[0-9a-f]{64}|[\w-]+\.(jpg|png|mp4|json|html)|SHA256SUMS(\.sig)?|km/h|SHA-256|Ed25519|GB/T 28181|GA/T 1400|WGS-84"
    r"|triune-violation-evidence/1"
)


def english(lines: Iterable[str], *names: str) -> list[str]:
    """Return what is left in Latin letters besides units, standards, hashes, files, and the names that are given.

    `names` are plates, ids and what people typed; a letter alone is one of a plate.
    """
    text = _PERMITTED.sub(" ", " ".join(lines))
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", " ", text)
    return re.findall(r"[A-Za-z]+", text)
