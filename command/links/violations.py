"""The violation link: what people confirmed becomes a case of the case service, once, with where its evidence is.

Addresses are told without a host: which hub tells is chance, and told twice the words have to be the same.
"""

from __future__ import annotations

import logging

import msgspec

from command.actors import HUB
from command.blobs import Blobs, DamagedBlobError
from command.facts import Place, Recorded
from command.facts.violations import Finding, ViolationConfirmed, ViolationPacked
from command.hub import Hub
from command.kernel.errors import UnknownIdError
from command.kernel.limits import VIOLATION_SEND_AFTER_MS
from command.links.clients import CaseClient
from command.links.naming import name_of
from command.links.service_messages import CaseOpening, Evidence, EvidenceFile, Violation
from command.requests import RecordViolationSent
from command.rows import ViolationRow
from command.tables import Tables
from command.vehicle_words import formal

PACKS = "/api/v1/hooks/violation-packs"
"""Where hubs show evidence to the case service."""
log = logging.getLogger(__name__)


class _Part(msgspec.Struct, frozen=True):
    name: str
    sha256: str
    size: int


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Rule(msgspec.Struct, frozen=True):
    section: _Named | None = None
    restriction: _Named | None = None


class _Manifest(msgspec.Struct, frozen=True):
    """What is told of a manifest (`streams/violations/pack.py`)."""

    parts: tuple[_Part, ...]
    rule: _Rule


class ViolationLink:
    """Tells the case service of violations that are confirmed and whose evidence changes no more."""

    name = "violation"

    def __init__(self, hub: Hub, client: CaseClient, site: str, blobs: Blobs) -> None:
        self._hub = hub
        self._client = client
        self._site = site
        self._blobs = blobs

    async def tell(self, fact: Recorded) -> bool:
        """Send it at its last confirmation, or once its evidence changes no more; told twice, it is the same case.

        Not before the time is over in which the confirmation can be taken back.
        """
        match fact.fact:
            case ViolationConfirmed() | ViolationPacked() as about:
                found = await self._hub.read(lambda t: _ready(t, about.violation))
            case _:
                return False
        if found is not None:
            await self._hub.clock.sleep_until((found[0].reviewed_ms or 0) + VIOLATION_SEND_AFTER_MS)
            found = await self._hub.read(lambda t: _ready(t, about.violation))
        if found is None:
            return False
        row, place = found
        name = name_of(row.id, row.found_ms)
        opening = CaseOpening(
            source=f"triune:{self._site}:violations", situation=name, kind="public_security", level=4,
            title=_title(row), at_ms=row.finding.ended_ms, place=place, violation=await self._violation(row),
        )  # fmt: skip
        case = await self._client.open_case(f"{self._site}/violation/{name}", opening)
        await self._hub.ask(RecordViolationSent(violation=row.id, case=case.number), HUB)
        return True

    async def _violation(self, row: ViolationRow) -> Violation:
        finding, manifest, size = row.finding, None, 0
        try:
            data = await self._blobs.get(row.manifest)
            manifest, size = msgspec.json.decode(data, type=_Manifest), len(data)
        except (UnknownIdError, DamagedBlobError, msgspec.MsgspecError):
            log.exception("the manifest of violation %s cannot be told", row.id)
        rule = manifest.rule.section or manifest.rule.restriction if manifest else None
        return Violation(
            kind=finding.kind, plate=row.corrected or row.plate, read_as=row.plate, colour=finding.colour,
            began_ms=finding.began_ms, ended_ms=finding.ended_ms, rule=finding.rule,
            rule_name=rule.name if rule else "", rule_version=finding.version, reviewed_by=row.reviewed_by,
            reviewed_ms=row.reviewed_ms or 0, region=finding.region, speed_kmh=finding.speed_kmh,
            limit_kmh=finding.limit_kmh, evidence=_evidence(row.manifest, size, manifest) if manifest else None,
        )  # fmt: skip


def _ready(t: Tables, violation: str) -> tuple[ViolationRow, Place | None] | None:
    row = t.violations.get(violation)
    if row is None or row.state != "confirmed" or row.clip == "pending":
        return None
    camera = t.cameras.get(row.finding.passages[-1].camera)
    place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera") if camera else None
    return row, place


def _evidence(sha256: str, size: int, manifest: _Manifest) -> Evidence:
    base = f"{PACKS}/{sha256}"
    return Evidence(
        manifest=EvidenceFile(name="manifest.json", address=f"{base}.json", sha256=sha256, size=size),
        parts=tuple(
            EvidenceFile(name=part.name, address=f"{base}/{part.name}", sha256=part.sha256, size=part.size)
            for part in manifest.parts
        ),
        pack=f"{base}.zip",
    )


def _title(row: ViolationRow) -> str:
    finding: Finding = row.finding
    plate = f"{row.corrected}（机读 {row.plate}）" if row.corrected else row.plate
    speed = f" {finding.speed_kmh:g}/{finding.limit_kmh} km/h" if finding.speed_kmh else ""
    return f"{formal('violation_kind', finding.kind)} {plate}{speed} 证据包 SHA-256 {row.manifest}"
