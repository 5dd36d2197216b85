"""Cameras and links."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.patrol import AlarmRenewed
from command.facts.scene import (
    CameraCameUp,
    CameraEnrolled,
    CameraRemoved,
    CameraWentDown,
    LinkCameUp,
    LinkWentDown,
)
from command.kernel.limits import DEVICE_ALARM_WORDS
from command.rows import CameraRow, LinkRow
from command.rules.alarms import clear_alarm, open_alarm, raise_alarm
from command.rules.base import Decision, decides, folds
from command.rules.wall import take_off
from command.tables import Tables

_NEXT = ";"
"""Between what a device said while its alarm stands, the newest first."""


@decides(q.EnrolCamera, "administrator", "camera_watch", "hub")
def enrol_camera(t: Tables, request: q.EnrolCamera, actor: Actor, now_ms: int) -> Decision:
    """Add or change."""
    yield CameraEnrolled(
        camera=request.camera, name=request.name, lat=request.lat, lon=request.lon,
        bearing_deg=request.bearing_deg, field_deg=request.field_deg, reads_plates=request.reads_plates,
    )  # fmt: skip
    return request.camera


@decides(q.RemoveCamera, "administrator", "hub")
def remove_camera(t: Tables, request: q.RemoveCamera, actor: Actor, now_ms: int) -> Decision:
    """Take it off the map, and off the wall."""
    yield from take_off(t, (request.camera,))
    yield CameraRemoved(camera=t.cameras.need(request.camera).id)
    return request.camera


@decides(q.ReportCamera, "hub")
def report_camera(t: Tables, request: q.ReportCamera, actor: Actor, now_ms: int) -> Decision:
    """Up or down; the same again says nothing, another reason does."""
    row = t.cameras.need(request.camera)
    if request.up and row.state != "up":
        yield CameraCameUp(camera=row.id)
    elif not request.up and (row.state != "down" or row.reason != request.reason):
        yield CameraWentDown(camera=row.id, reason=request.reason)
    return row.id


@decides(q.ReportReading, "hub")
def report_reading(t: Tables, request: q.ReportReading, actor: Actor, now_ms: int) -> Decision:
    """An alarm while plates are read worse than usual: somebody is to look at the lens."""
    camera = t.cameras.need(request.camera)
    if not request.why:
        yield from clear_alarm(t, "reading_worse", camera.id, "read as usual again")
    elif open_alarm(t, "reading_worse", camera.id) is None:
        detail = f"{request.why} {request.percent if request.percent is not None else ''}".strip()
        yield from raise_alarm(t, "reading_worse", 4, camera.id, lat=camera.lat, lon=camera.lon, detail=detail)
    return camera.id


@decides(q.ReportDeviceAlarm, "hub")
def report_device_alarm(t: Tables, request: q.ReportDeviceAlarm, actor: Actor, now_ms: int) -> Decision:
    """What a device reports stands as one alarm for each device, at its camera's place where it says none.

    Something else than it said since is news, be it no graver: whoever took or put aside one door knows of no other.
    """
    camera = t.cameras.get(request.subject)
    lat, lon = request.lat, request.lon
    if (lat is None or lon is None) and camera:
        lat, lon = camera.lat, camera.lon
    standing = open_alarm(t, "device_alarm", request.subject)
    if standing and request.level >= standing.level and not _has_said(standing.detail, request.detail):
        before = standing.detail.split(_NEXT)[: DEVICE_ALARM_WORDS - 1]
        detail = _NEXT.join(filter(None, (request.detail, *before)))
        yield AlarmRenewed(
            alarm=standing.id, level=standing.level, situation=standing.situation, lat=lat, lon=lon, detail=detail
        )
        return standing.id
    alarm = yield from raise_alarm(
        t, "device_alarm", request.level, request.subject, lat=lat, lon=lon, detail=request.detail
    )  # fmt: skip
    return alarm


def _has_said(told: str, detail: str) -> bool:
    return not detail or f"{_NEXT}{detail}{_NEXT}" in f"{_NEXT}{told}{_NEXT}"


@decides(q.ReportLink, "hub")
def report_link(t: Tables, request: q.ReportLink, actor: Actor, now_ms: int) -> Decision:
    """An outside service was lost or found again: a state on every screen, and an alarm while it lasts."""
    row = t.links.get(request.link)
    if request.up and (row is None or row.state == "down"):
        yield LinkCameUp(link=request.link)
        yield from clear_alarm(t, "link_down", request.link, "answers again")
    elif not request.up and (row is None or row.state == "up"):
        yield LinkWentDown(link=request.link, reason=request.reason)
        yield from raise_alarm(t, "link_down", 4, request.link, detail=request.reason)
    return request.link


@folds(CameraEnrolled)
def camera_enrolled(t: Tables, fact: CameraEnrolled, r: Recorded) -> None:
    """What it is changes; whether pictures arrive stays."""
    old = t.cameras.get(fact.camera)
    row = CameraRow(
        id=fact.camera,
        name=fact.name,
        lat=fact.lat,
        lon=fact.lon,
        bearing_deg=fact.bearing_deg,
        field_deg=fact.field_deg,
        reads_plates=fact.reads_plates,
    )
    if old:
        row = replace(row, state=old.state, since_ms=old.since_ms, reason=old.reason, recording=old.recording)
    t.cameras.put(row)


@folds(CameraRemoved)
def camera_removed(t: Tables, fact: CameraRemoved, r: Recorded) -> None:
    """Off the map."""
    t.cameras.drop(fact.camera)


@folds(CameraCameUp)
def camera_came_up(t: Tables, fact: CameraCameUp, r: Recorded) -> None:
    """Pictures."""
    t.cameras.put(replace(t.cameras.need(fact.camera), state="up", since_ms=r.at_ms, reason=""))


@folds(CameraWentDown)
def camera_went_down(t: Tables, fact: CameraWentDown, r: Recorded) -> None:
    """No pictures, and why; since when is kept while only the reason changes."""
    row = t.cameras.need(fact.camera)
    since_ms = row.since_ms if row.state == "down" else r.at_ms
    t.cameras.put(replace(row, state="down", since_ms=since_ms, reason=fact.reason))


@folds(LinkCameUp)
def link_came_up(t: Tables, fact: LinkCameUp, r: Recorded) -> None:
    """Answers."""
    t.links.put(LinkRow(id=fact.link, state="up", since_ms=r.at_ms))


@folds(LinkWentDown)
def link_went_down(t: Tables, fact: LinkWentDown, r: Recorded) -> None:
    """Does not answer."""
    t.links.put(LinkRow(id=fact.link, state="down", since_ms=r.at_ms, reason=fact.reason))
