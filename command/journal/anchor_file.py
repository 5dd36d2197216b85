"""Heads that were kept outside, as a file of lines: what of it is genuine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from command.journal.audit import Seal, seals
from command.journal.heads import AnchoredHead
from command.kernel.errors import InvalidInputError

_LINE_BYTES = 4096
"""Longer than any line of ours; a longer one is skipped in pieces, none of which can be read."""


class AnchorFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: heads by space, in order. A torn line proves nothing: whoever could tear it could remove it."""

    public: bytes | None
    outside: dict[str, list[Seal]]
    heads: int
    unreadable: int


def read_anchor(path: Path, public: bytes | None, report: Callable[[str], None]) -> AnchorFile:
    """Read a file; heads signed with `public` count, where None with the key of the first line.

    Reports heads that somebody forged, or signed with another key. Raises `InvalidInputError` where there is no file.
    """
    found: dict[str, list[AnchoredHead]] = {}
    heads = unreadable = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LINE_BYTES), b""), start=1):
                try:
                    head = msgspec.json.decode(line, type=AnchoredHead)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    unreadable += bool(line.strip())
                    continue
                if not head.is_genuine():
                    report(f"line {number} of the anchor was not signed with the key it names")
                elif public is not None and head.public_key != public.hex():
                    report(f"line {number} of the anchor is signed with another key, {head.public_key}")
                else:
                    public = bytes.fromhex(head.public_key)
                    found.setdefault(head.space, []).append(head)
                    heads += 1
    except OSError as error:
        raise InvalidInputError(f"the anchor {path} cannot be read: {error.strerror}") from error
    if not heads:
        report("the anchor holds no head that was signed with this key")
    outside = {space: seals(anchored) for space, anchored in found.items()}
    return AnchorFile(public=public, outside=outside, heads=heads, unreadable=unreadable)
