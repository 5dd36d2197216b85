"""The files that a fact names and that have to be kept as long as it: evidence, pictures of hits and of violations.

Those of lists (库) are named for a while only, see `command.list_files`; clips lie in a folder of their own.
"""

from __future__ import annotations

from command.facts.base import Fact
from command.facts.orders import EvidenceFixed
from command.facts.violations import ViolationFound, ViolationPacked
from command.facts.watchlist import PlateHit


def files_named(fact: Fact) -> tuple[str, ...]:
    """Return the names of blobs (SHA-256 in hex); most facts name none."""
    match fact:
        case EvidenceFixed(sha256=name):
            names: tuple[str, ...] = (name,)
        case PlateHit(picture=scene, plate_picture=plate):
            names = (scene, plate)
        case ViolationFound(finding=finding):
            names = tuple(seen.picture for seen in finding.passages)
        case ViolationPacked(manifest=manifest, parts=parts):
            names = (manifest, *parts)
        case _:
            names = ()
    return tuple(filter(None, names))
