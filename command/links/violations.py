"""The violation link: what people confirmed becomes a case of the case service, once, with the hash of its evidence."""

from __future__ import annotations

from command.actors import HUB
from command.facts import Place, Recorded
from command.facts.violations import Finding, ViolationConfirmed, ViolationPacked
from command.hub import Hub
from command.links.clients import CaseClient
from command.links.naming import name_of
from command.links.service_messages import CaseOpening
from command.requests import RecordViolationSent
from command.rows import ViolationRow
from command.tables import Tables

_KINDS = {
    "interval_speed": "区间超速", "restricted_area": "违反禁行限行", "bus_lane": "占用公交专用车道",
    "emergency_lane": "占用应急车道", "wrong_way": "逆行",
}  # fmt: skip


class ViolationLink:
    """Tells the case service of violations that are confirmed and whose evidence changes no more."""

    name = "violation"

    def __init__(self, hub: Hub, client: CaseClient, site: str) -> None:
        self._hub = hub
        self._client = client
        self._site = site

    async def tell(self, fact: Recorded) -> bool:
        """Send it at its last confirmation, or once its clip came or will not; told twice, it is the same case."""
        match fact.fact:
            case ViolationConfirmed() | ViolationPacked() as about:
                found = await self._hub.read(lambda t: _ready(t, about.violation))
            case _:
                return False
        if found is None:
            return False
        row, place = found
        name = name_of(row.id, row.found_ms)
        opening = CaseOpening(
            source=f"triune:{self._site}:violations", situation=name, kind="public_security", level=4,
            title=_title(row), at_ms=row.finding.ended_ms, place=place,
        )  # fmt: skip
        case = await self._client.open_case(f"{self._site}/violation/{name}", opening)
        await self._hub.ask(RecordViolationSent(violation=row.id, case=case.number), HUB)
        return True


def _ready(t: Tables, violation: str) -> tuple[ViolationRow, Place | None] | None:
    row = t.violations.get(violation)
    if row is None or row.state != "confirmed" or row.clip == "pending":
        return None
    camera = t.cameras.get(row.finding.passages[-1].camera)
    place = Place(lat=camera.lat, lon=camera.lon, text=camera.name, source="camera") if camera else None
    return row, place


def _title(row: ViolationRow) -> str:
    finding: Finding = row.finding
    plate = f"{row.corrected}（机读 {row.plate}）" if row.corrected else row.plate
    speed = f" {finding.speed_kmh:g}/{finding.limit_kmh} km/h" if finding.speed_kmh else ""
    return f"{_KINDS[finding.kind]} {plate}{speed} 证据包 SHA-256 {row.manifest}"
