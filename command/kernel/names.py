"""Names as people read them: none holds what cannot be seen, or turns how it is read, so that it shows as another."""

from __future__ import annotations

import re
from typing import Final

_UNSEEN: Final = (
    "\\u00ad\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb"  # format characters, bidi
    "\\u115f\\u1160\\u3164\\uffa0"  # letters of no width
    "\\U000e0000-\\U000e007f"  # tags
)
SEEN: Final = rf"^[^{_UNSEEN}]*\Z"
"""The pattern of a name."""
REFUSED: Final = "a name holds characters that cannot be seen or that turn how it is read"


def is_seen(name: str) -> bool:
    """Say whether all of a name can be seen (Unicode: bidi controls and other format characters cannot)."""
    return re.search(SEEN, name) is not None


def too_long(most_chars: int) -> str:
    """Return what a longer text is refused with."""
    return f"a text has at most {most_chars} characters"


def told(error: Exception) -> str:
    """Return what a message that does not fit is refused with: what people meet in words, not in those of msgspec."""
    said = str(error).replace(f"Expected `str` matching regex {SEEN!r}", REFUSED)
    return re.sub(r"Expected `str` of length <= (\d+)", lambda found: too_long(int(found[1])), said)
