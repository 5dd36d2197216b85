"""What the harness finds wrong, and waiting for what can be observed, never longer than a deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from command.kernel.clock import SystemClock

CLOCK = SystemClock()
_LOOK_MS = 20


class ViolationError(AssertionError):
    """The product broke what it promises."""


def insist(kept: object, what: str) -> None:
    """Raise `ViolationError` unless it is so."""
    if not kept:
        raise ViolationError(what)


async def until(so: Callable[[], bool], limit_ms: int, what: str | Callable[[], str]) -> None:
    """Return once it is so; `ViolationError` names what did not come."""

    async def look() -> bool:
        return so()

    await until_told(look, limit_ms, what)


async def until_told(so: Callable[[], Awaitable[bool]], limit_ms: int, what: str | Callable[[], str]) -> None:
    """Do the same where somebody has to be asked."""
    end_ms = CLOCK.now_ms() + limit_ms
    while not await so():
        if CLOCK.now_ms() > end_ms:
            raise ViolationError(f"after {limit_ms} ms: {what if isinstance(what, str) else what()}")
        await CLOCK.sleep(_LOOK_MS)
