"""What can be done with a camera by the scheme of its address: pulled, moved, and gone to hop by hop."""

from __future__ import annotations

from dataclasses import dataclass, field

from streams.diagnosis import Way, Ways
from streams.ptz import OpenPtz, PtzGateways
from streams.source import standard_sources
from streams.sources import Open, Sources


@dataclass(frozen=True)
class Schemes:
    """The kinds of camera that a hub or an agent knows; gateways register theirs when it is put together."""

    sources: Sources = field(default_factory=standard_sources)
    movable: PtzGateways = field(default_factory=PtzGateways)
    ways: Ways = field(default_factory=Ways)

    def register(self, scheme: str, source: Open, way: Way | None = None, ptz: OpenPtz | None = None) -> None:
        """Let cameras at `scheme:` be pulled by `source`, gone to by `way`, without one by their pull alone, and moved
        by `ptz`, without one not at all."""
        self.sources.register(scheme, source)
        if way is not None:
            self.ways.register(scheme, way)
        if ptz is not None:
            self.movable.register(scheme, ptz)
