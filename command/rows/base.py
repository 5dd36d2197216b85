"""What every row has."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of a table. Its key never changes."""

    id: str
