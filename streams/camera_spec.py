"""What a camera is to be, and how it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec


class CameraSpec(msgspec.Struct, frozen=True):
    """An enrolled camera. The address may hold credentials, so it is never logged and never leaves the hub."""

    id: str
    url: str
    reads_plates: bool = False
    always: bool = False
    """Whether it is pulled also while nobody needs its pictures."""
    reported: bool = False
    """Whether somebody nearer to it tells how it is: then it is not looked at while nobody needs it."""

    def __repr__(self) -> str:
        return f"CameraSpec({self.id!r})"


class CameraStatus(msgspec.Struct, frozen=True):
    """What is so with a camera; of one that is not being pulled, what was so when it last was."""

    state: Literal["connecting", "up", "down"]
    since_ms: int
    reason: str = ""
    retry_at_ms: int | None = None


OnStatus = Callable[[str, CameraStatus], Awaitable[None]]
