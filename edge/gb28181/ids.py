"""The 20-digit ids of GB/T 28181 (annex E): centre 8, industry 2, type 3, network 1, serial 6."""

from __future__ import annotations

import re

_ID = re.compile(r"[0-9]{20}")
# Types of things that show no picture: alarm in and out, servers, groups and directories, users.
_NO_PICTURES = frozenset({"133", "134", "135", "200", "201", "202", "215", "216", *(str(n) for n in range(300, 400))})


def is_id(text: str) -> bool:
    """Say whether this is a whole id of a device, channel or server."""
    return _ID.fullmatch(text) is not None


def kind_of(device: str) -> str:
    """Return the three digits of its type, e.g. 118 a recorder (NVR), 131 and 132 cameras, 200 a server."""
    return device[10:13]


def domain_of(server: str) -> str:
    """Return the SIP domain that an id is of: its first ten digits."""
    return server[:10]


def shows_pictures(channel: str) -> bool:
    """Say whether an item of a catalogue may be a camera: not a civil code, group, alarm input or person."""
    return is_id(channel) and kind_of(channel) not in _NO_PICTURES
