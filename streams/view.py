"""What a technician is told of a camera."""

from __future__ import annotations

from typing import Literal

import msgspec

from streams.packets import Codec


class CameraView(msgspec.Struct, frozen=True, kw_only=True):
    """The present state of a camera's lifecycle. All instants are UTC milliseconds."""

    camera: str
    state: Literal["connecting", "up", "down"]
    since_ms: int
    reason: str
    failed_hop: str
    """Where the last attempt ended, if it failed."""
    pulled: bool
    """Whether its packets arrive now. If not, the state is that of `looked_ms`."""
    looked_ms: int | None
    """When the state was last seen to be so."""
    picture_ms: int | None
    """When the newest picture arrived."""
    retry_at_ms: int | None
    """When it is looked at again, if nobody asks earlier."""
    readers: int
    connections: int
    """Times that pictures began to arrive."""
    codec: Codec | None
    width_px: int | None
    height_px: int | None
