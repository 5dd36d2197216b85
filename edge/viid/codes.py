"""Code tables of GA/T 1400.3, annex B, and GA/T 16.7 for kinds of plates.

The standard's text was not to be had. The tables were held against four public sources that know nothing of each other:
- the header of a device maker's library (CMS1400Struct.h): status codes, ColorType, PlateClassType, ImageType,
  HDirectionType, DispositionCategoryType and SubscribeDetailType, all values;
- the service CargoX, whose comments quote B.3: colours of plates are black, white, yellow, blue and green of ColorType,
  what cannot be read of a plate is `-`; pictures are B.3.54, subscriptions B.3.49;
- a view library in Python that names GA/T 1400.3 A.1, A.26 and C.25: APE, directions, states of subscriptions;
- the subscriptions of one in Java: categories 1 to 16, ResourceClass 0 to 5.
What two of them have they have alike. The header alone counts PlateClass 15 and 16 as learners' cars and motorcycles
and has no trailers: by GA/T 16.7, as three programs of traffic authorities have it, 15 is a trailer, 16 a learner. None
has 51 and 52, new energy. VehicleColor is ColorType too, VehicleClass of another standard; neither is kept or told.
"""

from __future__ import annotations

from enum import IntEnum

from command.kernel.ga36 import PlateKind
from command.readings import PlateColour

MOTOR_VEHICLES = "13"
"""The category of subscriptions that passages of motor vehicles are of."""
DEVICES = "3"
"""That of the catalogue of devices that collect (采集设备目录), so in every program in which it was found."""
DISPOSITION_OF_MOTOR_VEHICLES = "3"
"""The category of ours."""
DISPOSITION_OF_VEHICLES = frozenset({"2", DISPOSITION_OF_MOTOR_VEHICLES})
"""Categories of dispositions that may mean a vehicle: 3 by most implementations, 2 by one. What is named decides."""


class StatusCode(IntEnum):
    """What became of a request or of one object of it."""

    OK = 0
    OTHER = 1
    BUSY = 2
    DEVICE_ERROR = 3
    INVALID_OPERATION = 4
    INVALID_JSON_FORMAT = 7
    INVALID_JSON_CONTENT = 8
    REBOOTING = 9


PLATE_COLOURS: dict[str, PlateColour] = {
    "1": "black", "2": "white", "5": "blue", "6": "yellow", "9": "green",
}  # fmt: skip
PLATE_COLOUR_CODES: dict[PlateColour, str] = {
    **{colour: code for code, colour in PLATE_COLOURS.items()}, "yellow_green": "9", "unknown": "99",
}  # fmt: skip
PLATE_KINDS: dict[str, PlateKind] = {
    "03": "embassy", "04": "consulate", "15": "trailer", "16": "coach", "20": "temporary", "22": "temporary",
    "23": "police", "26": "hong_kong_macau", "27": "hong_kong_macau", "51": "new_energy_large",
    "52": "new_energy_small",
}  # fmt: skip
"""Kinds of plates by their classes; 15 trailer, 51 and 52 new energy are of GA/T 16.7 alone."""
PLATE_CLASSES: dict[PlateKind, str] = {
    "embassy": "03", "consulate": "04", "trailer": "15", "coach": "16", "temporary": "22", "police": "23",
    "hong_kong_macau": "26", "new_energy_large": "51", "new_energy_small": "52", "emergency": "99",
}  # fmt: skip
HEADINGS_DEG: dict[str, float] = {
    "1": 90.0, "2": 270.0, "3": 180.0, "4": 0.0, "5": 45.0, "6": 225.0, "7": 135.0, "8": 315.0,
}  # fmt: skip
"""Of travel over ground: 1 from west to east, 2 from east to west, 3 southwards, 4 northwards, then the diagonals."""
PICTURE_ORDER = ("01", "14", "09", "08", "07", "100", "", "02", "10", "04", "05", "11")
"""Types of pictures, the one that shows most first: scenes, close-up, composites, others, the plate alone, people."""


def class_of(kind: PlateKind, colour: PlateColour) -> str:
    """Return the class of a plate: large vehicles have yellow ones, small ones blue."""
    if kind == "ordinary":
        return {"yellow": "01", "blue": "02"}.get(colour, "99")
    return PLATE_CLASSES[kind]


def direction_of(heading_deg: float | None) -> str:
    """Return the direction that is nearest to a heading; 9 where none is known."""
    if heading_deg is None:
        return "9"
    return min(HEADINGS_DEG, key=lambda code: abs((HEADINGS_DEG[code] - heading_deg + 180) % 360 - 180))
