"""What every part of a running hub stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from command.access.keys import SiteKey
from command.hub import Hub
from consoles.http import health, metrics
from consoles.parts.background import Background
from consoles.parts.stores import Stores
from consoles.settings import Settings


@dataclass(frozen=True)
class Base:
    """The hub of the live space with what it keeps, and where parts leave what they do, count and lack."""

    settings: Settings
    key: SiteKey
    hub_id: str
    """New at each start."""
    hub: Hub
    kept: Stores
    tasks: Background
    started_ms: int
    measured: list[metrics.Source] = field(default_factory=list)
    """Shown in `/metrics`."""
    degraded: list[health.Check] = field(default_factory=list)
    """Named in `/health/ready` as what does not work as it should."""
    connected: list[Callable[[], int]] = field(default_factory=list)
    """How many devices each gateway has connected now."""
    waits: list[Callable[[], Mapping[str, int | None]]] = field(default_factory=list)
    """How much each link has still to tell, by its name; None where nobody can tell."""

    @property
    def site_id(self) -> str:
        """The same for all hubs of a site, and at each start."""
        return self.key.derive("site-id").hex()[:12]
