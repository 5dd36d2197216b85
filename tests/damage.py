"""Damage done to bytes that are sealed, and so like dice: what is written over one of them may be what was there."""

from __future__ import annotations


def flipped(data: bytes, at: int = -1) -> bytes:
    """The data with one bit of the byte at that place turned over."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)
