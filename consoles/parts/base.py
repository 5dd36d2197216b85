"""What every part of a running hub stands on."""

from __future__ import annotations

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
    hub: Hub
    kept: Stores
    tasks: Background
    measured: list[metrics.Source] = field(default_factory=list)
    """Shown in `/metrics`."""
    degraded: list[health.Check] = field(default_factory=list)
    """Named in `/health/ready` as what does not work as it should."""
