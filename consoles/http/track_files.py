"""Where patrols were, taken out as a file: asked anew, and on record with the file's hash before it is answered."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from aiohttp import hdrs, web

from command.kernel.errors import TooLargeError
from command.kernel.local_time import local_text
from command.patrol.holders import known_units
from command.patrol.lines import lines_of
from command.requests.scene import QueryOf
from command.rows import retired_id
from command.tables import Tables
from consoles.http.context import context_of
from consoles.http.csv_file import Cell, csv_of
from consoles.http.inquiries import Inquiry, Stated
from consoles.http.record import transfer
from consoles.http.track_csv import Language, Words, summary, track_rows
from consoles.http.tracks import FoundUnits, FoundWays, Present, Track, body, units_found, ways_found
from consoles.limits import PATROL_FILE_LINES

_NAME_CHARS = 40
"""Of a unit's name in a file's, so that the whole is one that any file system holds (255 bytes)."""
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
"""Windows refuses them ("Naming Files, Paths, and Namespaces", Microsoft)."""


class TrackFile(Track, frozen=True, kw_only=True):
    """`POST …/track/file`: the question, and the language of the page."""

    language: Language = "zh"


class PresentFile(Present, frozen=True, kw_only=True):
    """`POST …/present/file`: the question, and the language of the page."""

    language: Language = "zh"


@dataclass(frozen=True)
class _Sheet:
    """What is taken out: `of` is whose, in the file's name; `rows` are written in a thread."""

    what: QueryOf
    kind: str
    of: str
    about: str
    to_ms: int
    summaries: Sequence[tuple[str, str]]
    notes: Sequence[str]
    head: Sequence[str]
    rows: Callable[[], Iterator[Sequence[Cell]]]


async def track_file(request: web.Request) -> web.Response:
    """`POST /api/v1/positions/track/file`: every fix and every gap of the ways that `track` finds, as CSV."""
    asked = await body(request, TrackFile)
    words = Words(asked.language)
    async with transfer(context_of(request)):
        found = await ways_found(request, asked, "patrol_track_file")
        units = await found.query.space.hub.read(lambda t: {unit: row.name for unit, row in known_units(t).items()})
        name, device = units.get(asked.unit or "", ""), asked.device or ""
        sheet = _Sheet(
            what="patrol_track_file", kind="track", of=name or device,
            about=words("of_unit", name=name, id=asked.unit) if asked.unit else words("of_device", id=device),
            to_ms=found.to_ms,
            summaries=[(f"{words('summary')} {way.device}", summary(way, words)) for way, _ in found.ways],
            notes=[words("gap_note", span=words.span(found.gap_ms)), words("datums"), *_since(asked, found, words)],
            head=words.track_head, rows=lambda: _track_rows(found, units, words),
        )  # fmt: skip
        return await _taken_out(found.query, asked, sheet, words)


async def present_file(request: web.Request) -> web.Response:
    """`POST /api/v1/positions/present/file`: whom `present` finds, a line for each of their devices, as CSV."""
    asked = await body(request, PresentFile)
    words = Words(asked.language)
    async with transfer(context_of(request)):
        found = await units_found(request, asked, "present_file")
        hub = found.query.space.hub
        names = await hub.read(
            lambda t: {unit: (row.name, _station(t, row.station)) for unit, row in known_units(t).items()}
        )
        sheet = _Sheet(
            what="present_file", kind="present", of="", about=_place(asked, words),
            to_ms=min(asked.to_ms, hub.clock.now_ms()), summaries=(),
            notes=[words("present_note"), *_since(asked, found, words)],
            head=words.present_head, rows=lambda: _present_rows(found, names, words),
        )  # fmt: skip
        return await _taken_out(found.query, asked, sheet, words)


routes = [
    web.post("/api/v1/positions/track/file", track_file),
    web.post("/api/v1/positions/present/file", present_file),
]


async def _taken_out(query: Inquiry, asked: Stated, sheet: _Sheet, words: Words) -> web.Response:
    at_ms = query.space.hub.clock.now_ms()

    def written() -> tuple[bytes, bytes, int]:
        rows = list(islice(sheet.rows(), PATROL_FILE_LINES + 1))
        if len(rows) > PATROL_FILE_LINES:
            raise TooLargeError(f"a file holds {PATROL_FILE_LINES} lines; ask for less time", most=PATROL_FILE_LINES)
        about = [
            (words("about"), sheet.about),
            (words("span"), f"{local_text(asked.from_ms)} – {local_text(sheet.to_ms)}"),
            (words("reason"), asked.reason.strip()),
            *([(words("case"), asked.case)] if asked.case else []),
            (words("taken_by"), f"{query.actor.name} ({query.actor.id})"),
            (words("taken_at"), local_text(at_ms)),
            (words("lines"), str(len(rows))),
            *sheet.summaries,
            *((words("note"), note) for note in (*sheet.notes, words("on_record"))),
        ]
        data = csv_of(about, sheet.head, rows).encode()
        return data, hashlib.sha256(data).digest(), len(rows)

    try:
        data, digest, lines = await asyncio.to_thread(written)
    except TooLargeError:
        await query.recorded(sheet.what, 0)
        raise
    number = await query.recorded(sheet.what, lines, sha256=digest.hex())
    name = "_".join(
        filter(None, (words(sheet.kind), sheet.of[:_NAME_CHARS], _stamp(asked.from_ms), _stamp(sheet.to_ms), number))
    )
    headers = {
        hdrs.CACHE_CONTROL: "private, no-store",
        hdrs.CONTENT_DISPOSITION: disposition(f"{name}.csv", f"{sheet.kind}-{number}.csv"),
        "Repr-Digest": f"sha-256=:{b64encode(digest).decode()}:",  # RFC 9530
    }
    return web.Response(body=data, content_type="text/csv", charset="utf-8", headers=headers)


def disposition(name: str, plain: str) -> str:
    """Return `Content-Disposition` of a file to keep (RFC 6266, RFC 8187); `plain` is its name in ASCII."""
    safe = "".join("_" if one in _NOT_IN_NAMES or unicodedata.category(one)[0] in "CZ" else one for one in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _track_rows(found: FoundWays, units: Mapping[str, str], words: Words) -> Iterator[Sequence[Cell]]:
    for way, fixes in found.ways:
        unit = units.get(way.unit, way.unit) or words("nobody")
        yield from track_rows(way, unit, lines_of(fixes, way), words)


def _present_rows(found: FoundUnits, names: Mapping[str, tuple[str, str]], words: Words) -> Iterator[Sequence[Cell]]:
    for there in found.units:
        unit, station = names.get(there.unit, (there.unit or words("nobody"), ""))
        for one in there.devices:
            times = (local_text(one.first_ms), local_text(one.last_ms))
            yield (unit, there.unit, station, one.device, *times, one.fixes)


def _place(asked: Present, words: Words) -> str:
    if (circle := asked.circle) is not None:
        return words("in_circle", place=f"{circle.lat:.5f},{circle.lon:.5f}", metres=f"{circle.radius_m:.0f}")
    return words("in_area", corners=" ".join(f"{lat:.5f},{lon:.5f}" for lon, lat in asked.area or ()))


def _since(asked: Stated, found: FoundWays | FoundUnits, words: Words) -> list[str]:
    kept = [words("kept_since", at=local_text(found.since_ms))] if found.since_ms > asked.from_ms else []
    known = [words("known_since", at=local_text(found.known_ms))] if found.known_ms > asked.from_ms else []
    return [*kept, *known]


def _station(t: Tables, station: str) -> str:
    row = t.stations.get(station) or t.retired.get(retired_id("station", station))
    return row.name if row else ""


def _stamp(at_ms: int) -> str:
    """Return an instant as `20261121-2046`."""
    return local_text(at_ms)[:16].translate(str.maketrans(" ", "-", "-:"))
