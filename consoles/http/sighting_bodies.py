"""What is asked about sightings over HTTP: the bodies, what they mean, and how a record tells of them in words."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec
import shapely
from msgspec import Meta

from command.kernel.errors import InvalidInputError
from command.kernel.ga36 import PlateKind, strip_separators
from command.kernel.limits import PATTERN_CHARS, READINGS_CAMERAS, TEXT_CHARS
from command.kernel.local_time import local_text
from command.readings import Direction, Place, PlateColour
from command.readings.analysis import When
from command.requests.base import Id, Lat, Lon
from command.tables import Tables
from consoles.http.inquiries import Stated
from consoles.limits import QUERY_AREA_CORNERS, QUERY_OPEN_MS, QUERY_PAGE

_LEAST_KNOWN = 2
_LEAST_EXACT = 5
_TOLD_NAMES = 20
Bearing = Annotated[float, Meta(ge=0, le=360)]


class Asked(Stated, frozen=True, kw_only=True):
    """What every query of sightings says: of which time and why, and where.

    `area` is a polygon of (lon, lat) corners, WGS-84: the cameras that stand in it. With `cameras` too, both hold.
    """

    cameras: Annotated[list[Id], Meta(max_length=READINGS_CAMERAS)] | None = None
    area: Annotated[list[tuple[Lon, Lat]], Meta(min_length=3, max_length=QUERY_AREA_CORNERS)] | None = None


class AskedOfPlate(Asked, frozen=True, kw_only=True):
    """One about one plate."""

    plate: Annotated[str, Meta(min_length=1, max_length=2 * PATTERN_CHARS)]


class Search(Asked, frozen=True, kw_only=True):
    """`POST …/search` and `…/export`. `cursor` is the `next` of the page before."""

    plate: Annotated[str, Meta(min_length=1, max_length=2 * PATTERN_CHARS)] = "*"
    colour: PlateColour | None = None
    kind: PlateKind | None = None
    direction: Direction | None = None
    headings: tuple[Bearing, Bearing] | None = None
    limit: Annotated[int, Meta(ge=1, le=QUERY_PAGE)] = 100
    cursor: Annotated[str, Meta(max_length=500)] = ""


class Track(AskedOfPlate, frozen=True, kw_only=True):
    """`POST …/track`."""


class Companions(AskedOfPlate, frozen=True, kw_only=True):
    """`POST …/companions`: who passed `at_least` of the same cameras within so long of the plate."""

    at_least: Annotated[int, Meta(ge=2, le=50)] = 3
    within_s: Annotated[int, Meta(ge=1, le=600)] = 60


class FirstTime(Asked, frozen=True, kw_only=True):
    """`POST …/first_time`: who passed in the time and in none of the `days` before it."""

    days: Annotated[int, Meta(ge=1, le=366)] = 30


class Frequent(Asked, frozen=True, kw_only=True):
    """`POST …/frequent`: who passed `at_least` so often, by day, by night (22 to 6 o'clock) or in all."""

    at_least: Annotated[int, Meta(ge=2, le=100_000)] = 10
    when: When = "all"


class Clones(Asked, frozen=True, kw_only=True):
    """`POST …/clones`: plates that were at two places sooner than one car may be."""


def pattern_of(search: Search) -> str:
    """Return the pattern as plates are written. A place and a short time, or two characters, narrow every search."""
    pattern = _as_written(search.plate)
    if len(pattern.replace("*", "").replace("?", "")) < _LEAST_KNOWN:
        placed = search.cameras is not None or search.area is not None
        if not placed or search.to_ms - search.from_ms > QUERY_OPEN_MS:
            raise InvalidInputError(
                "a query names a plate or at least two of its characters, or a place and a time of a day at most"
            )
    return pattern


def plate_of(text: str) -> str:
    """Return a whole plate as plates are written; `InvalidInputError` for a pattern or less than a plate."""
    plate = _as_written(text)
    if "*" in plate or "?" in plate or len(plate) < _LEAST_EXACT:
        raise InvalidInputError("a whole plate has to be named here")
    return plate


def _as_written(text: str) -> str:
    plate = strip_separators(text)
    if not 1 <= len(plate) <= PATTERN_CHARS:
        raise InvalidInputError(f"a plate or pattern has 1 to {PATTERN_CHARS} characters")
    return plate


def cameras_of(asked: Asked, t: Tables, may: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the cameras to look at, None for all: those named and in the area, of those that the person may."""
    wanted = None if asked.cameras is None else set(asked.cameras)
    if asked.area is not None:
        inside = _inside(asked.area, t)
        wanted = inside if wanted is None else wanted & inside
    if may is not None:
        wanted = set(may) if wanted is None else wanted & set(may)
    return None if wanted is None else tuple(sorted(wanted))


def _inside(ring: Sequence[tuple[float, float]], t: Tables) -> set[str]:
    area = shapely.Polygon(ring)
    if not area.is_valid or area.area == 0:
        raise InvalidInputError("the sides of an area do not cross or fall together")
    cameras = list(t.cameras)
    held = shapely.intersects_xy(area, [row.lon for row in cameras], [row.lat for row in cameras])
    return {row.id for row, inside in zip(cameras, held, strict=True) if inside}


def told(asked: Asked) -> str:
    """Return the question in words, and a digest of it: two with the same words are the same question."""
    parts = [f"{local_text(asked.from_ms)} – {local_text(asked.to_ms)}"]
    named = msgspec.structs.asdict(asked)
    for name in ("reason", "case", "from_ms", "to_ms", "limit", "cursor"):
        named.pop(name, None)
    if (plate := named.pop("plate", None)) is not None:
        parts.insert(0, str(plate))
    if (cameras := named.pop("cameras")) is not None:
        more = f" +{len(cameras) - _TOLD_NAMES}" if len(cameras) > _TOLD_NAMES else ""
        parts.append(f"cameras {', '.join(cameras[:_TOLD_NAMES])}{more}")
    if (area := named.pop("area")) is not None:
        parts.append(f"area {' '.join(f'{lat:.4f},{lon:.4f}' for lon, lat in area[:_TOLD_NAMES])}")
    parts += [f"{name} {value}" for name, value in named.items() if value is not None]
    same = msgspec.structs.replace(asked, reason="-", case="")
    if isinstance(same, Search):
        same = msgspec.structs.replace(same, limit=1, cursor="")
    digest = hashlib.sha256(msgspec.json.encode(same)).hexdigest()[:16]
    return f"{'; '.join(parts)[: TEXT_CHARS - 20]} #{digest}"


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins, and the query that it belongs to."""

    query: str
    after: Place

    def text(self) -> str:
        """Return it as pages carry it."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


def cursor_of(text: str) -> Cursor | None:
    """Return the cursor of a page; None for the first one. `InvalidInputError` where it is none of ours."""
    if not text:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Cursor)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InvalidInputError("this is no cursor of ours; ask from the beginning") from None
