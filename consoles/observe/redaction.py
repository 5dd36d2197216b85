"""What no log may hold: telephone numbers, plates, identity numbers, passwords in addresses, tokens."""

from __future__ import annotations

import re

from command.kernel.ga36 import PROVINCES, SUFFIXES

_MASK = "***"
_ALONE, _ENDS = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
# RFC 3986 userinfo.
_USER = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")
# RFC 6750 bearer tokens; anything named as a secret.
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {_MASK}"),
    (
        re.compile(r"(?i)\b(password|passwd|token|secret|authorization|cookie)([\"']?\s*[=:]\s*[\"']?)[^\s\"',;&}]+"),
        rf"\1\2{_MASK}",
    ),
)
_SECRET_WORDS = re.compile("bearer|basic|passw|token|secret|authorization|cookie")
# Plates of every kind in GA 36: a province, a letter, five or six letters or digits, the last perhaps a character; six
# digits after or before 使. The separator that is painted, or none.
_PLATE = re.compile(
    rf"[{PROVINCES}使领][A-Z][·.\s-]?[A-Z0-9]{{4,5}}(?:应急|[A-Z0-9{SUFFIXES}])"
    r"|使[·.\s-]?\d{3}[·.\s-]?\d{3}|(?<!\d)\d{3}[·.\s-]?\d{3}[·.\s-]?使"
)
# GB 11643 identity numbers; mobile and landline numbers. Instants in milliseconds have 13 digits and stay.
_NUMBERS = (
    re.compile(rf"{_ALONE}[1-9]\d{{16}}[\dXx]{_ENDS}"),
    re.compile(rf"{_ALONE}(?:\+?86[- ]?|0)?1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}}{_ENDS}"),
    re.compile(rf"{_ALONE}0\d{{2,3}}[- ]?[2-9]\d{{6,7}}{_ENDS}"),
)
_DIGITS = re.compile(r"\d{3}[- ]?\d{4}")


def redacted(text: str) -> str:
    """Return the text with everything masked that names a person or opens a door."""
    # Most texts are ids: a quick look first, since each field of each line comes through here.
    if "://" in text:
        text = _USER.sub(_MASK, text)
    if _SECRET_WORDS.search(text.lower()):
        for pattern, mask in _SECRETS:
            text = pattern.sub(mask, text)
    if not text.isascii():
        text = _PLATE.sub(_MASK, text)
    if _DIGITS.search(text):
        for pattern in _NUMBERS:
            text = pattern.sub(_MASK, text)
    return text
