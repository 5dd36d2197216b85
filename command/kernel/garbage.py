"""When Python looks for garbage: seldom, since nearly all that a hub lets go is freed by counting references."""

from __future__ import annotations

import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from command.kernel.clock import Clock
from command.kernel.limits import GARBAGE_GROWN_BYTES, GARBAGE_LOOK_MS

_NEW_OBJECTS = 10_000
"""So many more objects until the young ones are looked through; Python's own 700 are a few dozen requests."""


@contextmanager
def spare_what_is_loaded() -> Iterator[None]:
    """Look for no garbage while modules are loaded, an eighth of the time it takes, and never among them later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def spare_what_stays() -> None:
    """Collect once, then never look through what is there now again, and through what comes later seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


async def let_go_what_grew(clock: Clock) -> None:
    """Look through everything whenever memory has grown by `GARBAGE_GROWN_BYTES` since, until cancelled.

    Python counts objects and not what they hold: a few that hold one another, with the pictures, packets or tables of
    what has ended, may else stay for days where little else is made.
    """
    least = _resident_bytes()
    while True:
        await clock.sleep(GARBAGE_LOOK_MS)
        now = _resident_bytes()
        if now - least >= GARBAGE_GROWN_BYTES:
            gc.collect()
            least = _resident_bytes()
        else:
            least = min(least, now)


def _resident_bytes() -> int:
    """Return the memory that this process has now, 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
