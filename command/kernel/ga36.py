"""What a Chinese number plate may say (GA 36-2018): characters by position, lengths, repair of look-alikes.

`O` as the issuing authority's letter was the police's own series and is no longer issued, but still seen.
Military, armed police and embassy plates follow other standards and are not covered.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
AUTHORITIES = LETTERS + "O"
SUFFIXES = "警学挂港澳使领"
# A to E mark battery vehicles, F to K the other new energies (GA 36-2018, new energy plates).
NEW_ENERGY_MARKS = "ABCDEFGHJK"
ALPHABET = PROVINCES + LETTERS + "O" + DIGITS + SUFFIXES

PlateKind = Literal[
    "ordinary", "new_energy_small", "new_energy_large", "police", "trailer", "coach", "hong_kong_macau", "embassy",
    "consulate", "temporary", "emergency",
]  # fmt: skip
"""What a plate was issued for: `coach` is a learner's car of a driving school (教练)."""

Format = tuple[str, ...]
"""For each position of a plate, the characters it may hold."""

_HEAD = (PROVINCES, AUTHORITIES)
_SERIAL = LETTERS + DIGITS
ORDINARY: Format = (*_HEAD, *[_SERIAL] * 4, _SERIAL + SUFFIXES)
NEW_ENERGY_SMALL: Format = (*_HEAD, NEW_ENERGY_MARKS, _SERIAL, *[DIGITS] * 4)
NEW_ENERGY_LARGE: Format = (*_HEAD, *[DIGITS] * 5, NEW_ENERGY_MARKS)
FORMATS: tuple[Format, ...] = (ORDINARY, NEW_ENERGY_SMALL, NEW_ENERGY_LARGE)

_LOOK_ALIKES = {"O": "0", "I": "1"}
_SEPARATORS = frozenset("·•‧・.-_ ")
_TRADITIONAL = str.maketrans("雲遼魯蘇贛陝閩貴寧滬粵瓊晉學掛領", "云辽鲁苏赣陕闽贵宁沪粤琼晋学挂领")


def is_plausible(plate: str) -> bool:
    """Say whether `plate` could have been issued: province, authority, serial, without separators."""
    return any(
        len(plate) == len(format_) and all(char in allowed for char, allowed in zip(plate, format_, strict=True))
        for format_ in FORMATS
    )


def strip_separators(text: str) -> str:
    """Return `text` as plates are compared: upper case, half width, simplified, without dots and spaces."""
    folded = unicodedata.normalize("NFKC", text).upper().translate(_TRADITIONAL)
    return "".join(char for char in folded if char not in _SEPARATORS and not char.isspace())


def normalise(text: str) -> str | None:
    """Return the plate that `text` means, or None. Repairs O and I, which no serial number contains."""
    plate = strip_separators(text)
    if len(plate) < 7:
        return None
    authority = "O" if plate[1] == "0" else plate[1]
    serial = "".join(_LOOK_ALIKES.get(char, char) for char in plate[2:])
    plate = plate[0] + authority + serial
    return plate if is_plausible(plate) else None
