"""Waiting for something to be so in a hub, without looking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from command.hub import Changes, Hub
from command.tables import Tables

T = TypeVar("T")


async def until(hub: Hub, look: Callable[[Tables], T], seconds: float = 60) -> T:
    """Return what `look` sees once that is true; `TimeoutError` if it does not become so."""
    changed = asyncio.Event()

    def on_change(_seq: int, _changes: Changes) -> None:
        changed.set()

    stop = hub.listen(on_change)
    try:
        async with asyncio.timeout(seconds):
            while not (seen := await hub.read(look)):
                await changed.wait()
                changed.clear()
            return seen
    finally:
        stop()
