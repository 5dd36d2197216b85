"""What a Chinese number plate may say: kinds, characters by position, lengths, repair of look-alikes.

GA 36-2018 sets the plates of ordinary, new energy, police, trailer and coach cars, of Hong Kong and Macau cars that
cross the border, of consulates and temporary ones; the embassies' and the fire and rescue service's (2018) follow it
in size and colour. `O` as the issuing authority's letter was the police's own series, is no longer issued, but still
seen: on ordinary and police plates, for the others came later or were never theirs. Military and armed police plates
follow another standard and are not covered.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Literal

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
AUTHORITIES = LETTERS + "O"
SUFFIXES = "警学挂港澳使领临应急"
# A to E mark battery vehicles, F to K the other new energies (GA 36-2018, new energy plates).
NEW_ENERGY_MARKS = "ABCDEFGHJK"
# The fire and the forest fire services.
RESCUE_SERVICES = "XS"
ALPHABET = PROVINCES + LETTERS + "O" + DIGITS + SUFFIXES

PlateKind = Literal[
    "ordinary", "new_energy_small", "new_energy_large", "police", "trailer", "coach", "hong_kong_macau", "embassy",
    "consulate", "temporary", "emergency",
]  # fmt: skip
"""What a plate was issued for: `coach` is a learner's car of a driving school (教练)."""

Format = tuple[str, ...]
"""For each position of a plate, the characters it may hold."""

_HEAD, _HEAD_OR_O = (PROVINCES, LETTERS), (PROVINCES, AUTHORITIES)
_SERIAL = LETTERS + DIGITS
FORMATS_BY_KIND: Mapping[PlateKind, tuple[Format, ...]] = {
    "ordinary": ((*_HEAD_OR_O, *[_SERIAL] * 5),),
    "new_energy_small": ((*_HEAD, NEW_ENERGY_MARKS, _SERIAL, *[DIGITS] * 4),),
    "new_energy_large": ((*_HEAD, *[DIGITS] * 5, NEW_ENERGY_MARKS),),
    "police": ((*_HEAD_OR_O, *[_SERIAL] * 4, "警"),),
    "trailer": ((*_HEAD, *[_SERIAL] * 4, "挂"),),
    "coach": ((*_HEAD, *[_SERIAL] * 4, "学"),),
    "hong_kong_macau": (("粤", "Z", *[_SERIAL] * 4, "港澳"),),
    # Three digits for the state or organisation and three for the car, behind the character or before it.
    "embassy": (("使", *[DIGITS] * 6), (*[DIGITS] * 6, "使"), (*_HEAD, *[_SERIAL] * 4, "使")),
    "consulate": ((*_HEAD, *[_SERIAL] * 4, "领"),),
    "temporary": ((*_HEAD, *[_SERIAL] * 4, "临"), (*_HEAD, *[_SERIAL] * 5, "临")),
    "emergency": ((PROVINCES, RESCUE_SERVICES, *[_SERIAL] * 4, "应", "急"),),
}
"""No plate fits the formats of two kinds, so what it says tells its kind."""
FORMATS: tuple[Format, ...] = tuple(format_ for formats in FORMATS_BY_KIND.values() for format_ in formats)

_LOOK_ALIKES = {"O": "0", "I": "1"}
_SEPARATORS = frozenset("·•‧・.-_ ")
_TRADITIONAL = str.maketrans("雲遼魯蘇贛陝閩貴寧滬粵瓊晉學掛領臨應", "云辽鲁苏赣陕闽贵宁沪粤琼晋学挂领临应")


def kind_of(plate: str) -> PlateKind | None:
    """Return what a plate, without separators, was issued for; None when none such is issued."""
    return next((kind for kind, formats in FORMATS_BY_KIND.items() if any(_fits(plate, one) for one in formats)), None)


def is_plausible(plate: str) -> bool:
    """Say whether `plate` could have been issued: province, authority, serial, without separators."""
    return kind_of(plate) is not None


def strip_separators(text: str) -> str:
    """Return `text` as plates are compared: upper case, half width, simplified, without dots and spaces."""
    folded = unicodedata.normalize("NFKC", text).upper().translate(_TRADITIONAL)
    return "".join(char for char in folded if char not in _SEPARATORS and not char.isspace())


def normalise(text: str) -> str | None:
    """Return the plate that `text` means, or None. Repairs O and I, which no serial number contains."""
    plate = strip_separators(text)
    if len(plate) < 7:
        return None
    head, serial = "", plate
    if plate[0] in PROVINCES:
        head, serial = plate[0] + ("O" if plate[1] == "0" else plate[1]), plate[2:]
    plate = head + "".join(_LOOK_ALIKES.get(char, char) for char in serial)
    return plate if is_plausible(plate) else None


def _fits(plate: str, format_: Format) -> bool:
    return len(plate) == len(format_) and all(char in chars for char, chars in zip(plate, format_, strict=True))
