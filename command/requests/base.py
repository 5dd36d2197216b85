"""What requests are made of."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from command.kernel.geo import Datum
from command.kernel.limits import TEXT_CHARS
from command.kernel.names import SEEN

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\w.:@\-〔〕]+\Z")]
Text = Annotated[str, Meta(max_length=TEXT_CHARS)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=SEEN)]
Phone = Annotated[str, Meta(max_length=32, pattern=r"^[0-9+*#\- ]*\Z")]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
LATEST_MS = 32_503_680_000_000
"""Nothing that is asked for ends after the year 2999."""
Instant = Annotated[int, Meta(ge=0, le=LATEST_MS)]


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="request", forbid_unknown_fields=True):
    """Something asked of the record."""


class GivenPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place as it came in, with the datum it speaks."""

    lat: Lat
    lon: Lon
    datum: Datum = "wgs84"
    text: Text = ""
    source: Literal["map", "carrier", "phone", "address", "camera", "unit"] = "map"
    uncertainty_m: Annotated[float, Meta(ge=0, le=100_000)] | None = None
