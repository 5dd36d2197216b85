"""Whose passages are whose to look up: by the cameras kept to some roles, and by those of a person's station."""

from __future__ import annotations

from collections.abc import Sequence

from command.access.kept_cameras import is_named, kept_from
from command.actors import Actor
from command.tables import Tables
from consoles.http.inquiries import station_of
from consoles.http.sightings import Scope
from consoles.settings import Settings


def scope(settings: Settings) -> Scope:
    """Return what names the cameras that somebody may look up; None, all, where nothing keeps any from them."""

    def allowed(t: Tables, actor: Actor) -> Sequence[str] | None:
        theirs = settings.cameras_of_stations.get(station_of(t, actor))
        if theirs is None and not settings.cameras_kept_to:
            return None
        return [
            camera
            for camera in t.cameras.rows
            if not kept_from(actor, camera, settings.cameras_kept_to)
            and (theirs is None or any(is_named(name, camera) for name in theirs))
        ]

    return allowed
