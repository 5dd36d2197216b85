"""By which device and clock a passage was read, as the hub knows it when it puts the evidence together (SPEC R821)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from command.facts.violations import Finding, JudgedPassage, SpeedSection
from command.kernel.clock_sync import KernelClock, kernel_clock
from command.tables import Tables
from consoles.parts.agents.registry import AgentState, in_charge
from edge.gb28181.pilot import where
from streams.violations.pack import DeviceNote, devices_of

_ADOPTED = re.compile(r"v(\d{20})")
"""The id of a camera that became one as another system's catalogue told of its device (SPEC R728)."""


@dataclass(frozen=True)
class Devices:
    """What is asked: the addresses of cameras, the agents that came to this hub, and the machine's clock."""

    addresses: Callable[[], Awaitable[Mapping[str, str]]]
    agents: Mapping[str, AgentState] = field(default_factory=dict)
    clock: Callable[[], KernelClock] = kernel_clock

    async def notes(self, finding: Finding, section: SpeedSection | None) -> tuple[DeviceNote, ...]:
        """Return a note for each passage; `section` is one that its camera is an end of. Raises `UnavailableError`."""
        addresses, error_ms = await self.addresses(), self.clock().most_ms
        known = devices_of(finding, section)
        return tuple(
            self._with(note, passage.camera, addresses.get(passage.camera, ""), error_ms)
            for note, passage in zip(known, finding.passages, strict=True)
        )

    def _with(self, note: DeviceNote, camera: str, address: str, error_ms: int | None) -> DeviceNote:
        agent, inner = in_charge(address) or ("", address)
        channel, told = where(inner), _ADOPTED.fullmatch(camera)
        note = replace(note, channel=channel.channel if channel else told[1] if told else "")
        match note.source:
            case "camera":
                return replace(note, agent="", hub_clock_error_ms=error_ms)
            case "edge":
                return replace(
                    note, agent=agent or None, agent_ahead_ms=self._ahead_ms(agent), hub_clock_error_ms=error_ms
                )
            case "viid":
                return note

    def _ahead_ms(self, agent: str) -> int | None:
        state = self.agents.get(agent)
        # Of an agent that has not said yet how it is, as of one at another hub, nobody measured the clock.
        return state.clock_ahead_ms if state and state.up and state.libraries is not None else None


def section_of(t: Tables, finding: Finding) -> SpeedSection | None:
    """Return the section that the finding is of, else one that was good then and tells of its camera's device."""
    if finding.kind == "interval_speed":
        held = t.sections.get(finding.rule)
        versions = held.versions if held else ()
        return next((each.definition for each in versions if each.version == finding.version), None)
    [passage] = finding.passages
    return next(
        (
            version.definition
            for row in t.sections
            for version in row.versions
            if version.holds(passage.first_ms) and _tells_of(version.definition, passage)
        ),
        None,
    )


def _tells_of(section: SpeedSection, passage: JudgedPassage) -> bool:
    cameras = (section.start.camera, section.end.camera)
    return passage.camera in cameras and passage.last_ms < section.certificate_until_ms
