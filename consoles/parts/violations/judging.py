"""Violations at work: passages are judged, evidence is put together, and its pages answered."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from command.leases import while_held
from command.passages import Passages
from consoles.http import metrics
from consoles.http.stretches import Authorise
from consoles.http.violations import for_case_service, for_people
from consoles.parts.agents.registry import AgentState
from consoles.parts.base import Base
from consoles.parts.recording import Recorded
from consoles.parts.stores import CAMERAS
from consoles.parts.violations.devices import Devices
from consoles.parts.violations.packs import Packs
from consoles.parts.violations.part import Violations
from streams.violations import pack


class Judging:
    """What the site hands to the cameras' part, which knows where recordings are."""

    def __init__(self, base: Base, passages: Passages) -> None:
        self.violations = Violations(base.hub, base.kept.readings, base.kept.blobs, passages)
        self._base = base
        self._key = Ed25519PrivateKey.from_private_bytes(base.key.derive(pack.PURPOSE))

    def start(self, recordings: Recorded, agents: Mapping[str, AgentState], authorise: Authorise) -> list[web.RouteDef]:
        """Begin, and return the routes. Every hub judges what came to it; the one that records makes evidence."""
        base, kept, tasks = self._base, self._base.kept, self._base.tasks
        devices = Devices(kept.accounts.camera_addresses, agents)
        packs = Packs(base.hub, kept.blobs, base.site_id, recordings, devices)
        tasks.start(self.violations.run(), "violations")
        tasks.start(while_held(kept.leases, CAMERAS, self.violations.sweep_on), "violations-of-late")
        tasks.start(self.violations.look_for_pictures(), "violations-without-pictures")
        tasks.start(while_held(kept.leases, CAMERAS, packs.run), "violation-packs")
        base.degraded.append(self.violations.degraded)
        base.measured.append(metrics.counted("violations", "Judgements of passages", self.violations.counters))
        return for_people(self._key, authorise)

    def told(self, case_token: str) -> list[web.RouteDef]:
        """Return the routes by which the case service fetches what it was told of."""
        return for_case_service(self._key, case_token)
