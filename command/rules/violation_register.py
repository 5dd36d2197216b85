"""What violations are judged by: interval sections, restrictions, regions of pictures. Versions, never rewritten."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import shapely
from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.violations import (
    Exemption,
    RegionsSet,
    Register,
    RestrictionSet,
    RuleEnded,
    SectionSet,
)
from command.kernel import ga36
from command.kernel.errors import ConflictError, InvalidInputError
from command.kernel.geo import check_point
from command.kernel.limits import VIOLATION_RULE_VERSIONS, VIOLATION_RULES
from command.rows import (
    RegionsRow,
    RegionsVersion,
    RestrictionRow,
    RestrictionVersion,
    RuleVersion,
    SectionRow,
    SectionVersion,
)
from command.rules.base import Decision, check_room, decides, folds
from command.tables import Table, Tables

V = TypeVar("V", bound=RuleVersion)


@decides(q.SetSection, "administrator", "commander", "hub")
def set_section(t: Tables, request: q.SetSection, actor: Actor, now_ms: int) -> Decision:
    """Between two different cameras, measured in the past, with a certificate that is still good."""
    section = request.definition
    start, end = t.cameras.need(section.start.camera), t.cameras.need(section.end.camera)
    if start.id == end.id:
        raise InvalidInputError("a section begins at one camera and ends at another")
    if section.measured_ms > now_ms:
        raise InvalidInputError("the length was measured before now")
    from_ms = _begins_ms(request.from_ms, now_ms)
    if section.certificate_until_ms <= from_ms:
        raise InvalidInputError("the calibration certificate has expired by the time that the section is to hold")
    if section.length_error_m >= section.length_m:
        raise InvalidInputError("the length is not known: its error is as large as itself")
    _check_new(t.sections, request.section)
    yield SectionSet(section=request.section, definition=section, from_ms=from_ms)
    return request.section


@decides(q.SetRestriction, "administrator", "commander", "hub")
def set_restriction(t: Tables, request: q.SetRestriction, actor: Actor, now_ms: int) -> Decision:
    """It names cameras or an area, and what it restricts; plates are kept as they are compared."""
    given = request.definition
    for camera in given.cameras:
        t.cameras.need(camera)
    if not given.cameras and not given.ring:
        raise InvalidInputError("a restriction names cameras or an area")
    if given.ring:
        for lon, lat in given.ring:
            check_point(lat, lon)
        _check_ring(given.ring)
    definition = replace(given, exempt=_plates(given.exempt))
    _check_new(t.restrictions, request.restriction)
    yield RestrictionSet(
        restriction=request.restriction, definition=definition, from_ms=_begins_ms(request.from_ms, now_ms)
    )
    return request.restriction


@decides(q.SetRegions, "administrator", "commander", "hub")
def set_regions(t: Tables, request: q.SetRegions, actor: Actor, now_ms: int) -> Decision:
    """Each region has a name of its own and encloses something."""
    t.cameras.need(request.camera)
    names = [region.name for region in request.regions]
    if len(set(names)) < len(names):
        raise InvalidInputError("two regions have the same name")
    for region in request.regions:
        _check_ring(region.ring)
        if region.hours and region.use != "bus":
            raise InvalidInputError("only bus lanes have hours")
        if region.lane is None and (region.use != "general" or region.travel):
            raise InvalidInputError(f"region {region.name} is to be judged by, so it names its lane")
    _check_new(t.regions, request.camera)
    yield RegionsSet(
        camera=request.camera, regions=request.regions, exempt=_plates(request.exempt),
        from_ms=_begins_ms(request.from_ms, now_ms),
    )  # fmt: skip
    return request.camera


@decides(q.EndRule, "administrator", "commander", "hub")
def end_rule(t: Tables, request: q.EndRule, actor: Actor, now_ms: int) -> Decision:
    """From now on nothing is judged by it; what was found stays."""
    row = _registers(t)[request.register].need(request.rule)
    if row.versions[0].until_ms is not None:
        raise ConflictError(f"{request.rule} has ended already", current=row)
    yield RuleEnded(register=request.register, rule=request.rule, why=request.why)
    return request.rule


@folds(SectionSet)
def section_set(t: Tables, fact: SectionSet, r: Recorded) -> None:
    """The newest version first; the one before holds until it."""
    new = SectionVersion(version=r.seq, by=r.actor, at_ms=r.at_ms, from_ms=fact.from_ms, definition=fact.definition)
    old = t.sections.get(fact.section)
    t.sections.put(SectionRow(id=fact.section, versions=_upon(old.versions if old else (), new)))
    _forget_ended(t.sections)


@folds(RestrictionSet)
def restriction_set(t: Tables, fact: RestrictionSet, r: Recorded) -> None:
    """The newest version first; the one before holds until it."""
    new = RestrictionVersion(version=r.seq, by=r.actor, at_ms=r.at_ms, from_ms=fact.from_ms, definition=fact.definition)
    old = t.restrictions.get(fact.restriction)
    t.restrictions.put(RestrictionRow(id=fact.restriction, versions=_upon(old.versions if old else (), new)))
    _forget_ended(t.restrictions)


@folds(RegionsSet)
def regions_set(t: Tables, fact: RegionsSet, r: Recorded) -> None:
    """The newest version first; the one before holds until it."""
    new = RegionsVersion(
        version=r.seq, by=r.actor, at_ms=r.at_ms, from_ms=fact.from_ms, regions=fact.regions, exempt=fact.exempt
    )
    old = t.regions.get(fact.camera)
    t.regions.put(RegionsRow(id=fact.camera, versions=_upon(old.versions if old else (), new)))
    _forget_ended(t.regions)


@folds(RuleEnded)
def rule_ended(t: Tables, fact: RuleEnded, r: Recorded) -> None:
    """It stays to be seen, with the instant at which it ended; a version that was still to come never holds."""
    table = _registers(t)[fact.register]
    row = table.need(fact.rule)
    table.put(replace(row, versions=tuple(_until(version, r.at_ms) for version in row.versions)))


def _registers(t: Tables) -> dict[Register, Table[Any]]:
    return {"sections": t.sections, "restrictions": t.restrictions, "regions": t.regions}


def _begins_ms(from_ms: int | None, now_ms: int) -> int:
    """Nobody is judged by a rule that was not registered yet when they drove."""
    if from_ms is not None and from_ms < now_ms:
        raise InvalidInputError("a rule holds from now on or later, never for what was before")
    return now_ms if from_ms is None else from_ms


def _check_new(table: Table[Any], key: str) -> None:
    row = table.get(key)
    if row is None or row.versions[0].until_ms is not None:
        check_room(table, VIOLATION_RULES)


def _check_ring(ring: Iterable[tuple[float, float]]) -> None:
    points = tuple(ring)
    if not all(math.isfinite(value) for point in points for value in point) or len(set(points)) < 3:
        raise InvalidInputError("not an area: it needs three different points at least")
    polygon = shapely.Polygon(points)
    if not polygon.is_valid or polygon.area == 0:
        raise InvalidInputError(f"not an area: {shapely.is_valid_reason(polygon)}")


def _plates(exempt: Iterable[Exemption]) -> tuple[Exemption, ...]:
    return tuple(replace(one, plate=ga36.strip_separators(one.plate)) for one in exempt)


def _upon(former: Sequence[V], new: V) -> tuple[V, ...]:
    return (new, *(_until(version, new.from_ms) for version in former))[:VIOLATION_RULE_VERSIONS]


def _until(version: V, at_ms: int) -> V:
    return version if version.until_ms is not None and version.until_ms <= at_ms else replace(version, until_ms=at_ms)


def _forget_ended(table: Table[Any]) -> None:
    """Where the table is full those go first that ended longest ago; the journal has them all."""
    ended = [row for row in table if row.versions[0].until_ms is not None]
    for row in sorted(ended, key=lambda row: (row.versions[0].until_ms, row.id))[
        : max(0, len(table) - VIOLATION_RULES)
    ]:
        table.drop(row.id)
