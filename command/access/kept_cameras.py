"""Cameras whose pictures are kept to some roles, and rows that tell what they show (SPEC R366, R690)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from command.actors import Actor, Role
from command.rows import ViolationRow

KeptTo = Mapping[str, Sequence[Role]]
"""Roles by camera id, or by the beginning of ids before a `*`; every entry that names a camera counts."""


def kept_from(actor: Actor, camera: str, kept_to: KeptTo) -> bool:
    """Say whether the camera is kept to roles of which the actor holds none."""
    return any(actor.roles.isdisjoint(roles) for name, roles in kept_to.items() if is_named(name, camera))


def any_kept(kept_to: KeptTo, camera: str) -> bool:
    """Say whether the camera is kept to some roles, whoever asks."""
    return any(is_named(name, camera) for name in kept_to)


def is_named(name: str, camera: str) -> bool:
    """Say whether a name of the settings, an id or the beginning of ids and `*`, means the camera."""
    return camera.startswith(name[:-1]) if name.endswith("*") else camera == name


def hides(kept_to: KeptTo, row: object, actor: Actor) -> bool:
    """Say whether a row is kept from the actor: a violation where any of its cameras is, for one tells of the other."""
    if not kept_to or not isinstance(row, ViolationRow):
        return False
    return any(kept_from(actor, passage.camera, kept_to) for passage in row.finding.passages)
