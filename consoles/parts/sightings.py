"""Whose passages are whose to look up: by the cameras kept to some roles, and by those of a person's station."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from command.actors import Actor
from command.tables import Tables
from consoles.http import queries
from consoles.http.sightings import Scope, Sightings
from consoles.http.watches import Watches
from consoles.parts.camera_rights import is_named, kept_from
from consoles.settings import Settings


def sightings(settings: Settings) -> list[web.RouteDef]:
    """Return the routes of queries."""
    return [*Sightings(scope(settings)).routes(), *queries.routes]


def watches(settings: Settings) -> list[web.RouteDef]:
    """Return the routes of the watch list."""
    return Watches(scope(settings)).routes()


def scope(settings: Settings) -> Scope:
    """Return what names the cameras that somebody may look up; None, all, where nothing keeps any from them."""

    def allowed(t: Tables, actor: Actor) -> Sequence[str] | None:
        unit = t.units.get(actor.unit) if actor.unit else None
        station = actor.station or (unit.station if unit else "")
        theirs = settings.cameras_of_stations.get(station)
        if theirs is None and not settings.cameras_kept_to:
            return None
        return [
            camera
            for camera in t.cameras.rows
            if not kept_from(actor, camera, settings.cameras_kept_to)
            and (theirs is None or any(is_named(name, camera) for name in theirs))
        ]

    return allowed
