"""Which message from outside is being served, so that the keys it asks the hub under lead back to it.

Carried by a context variable: tasks started for a message know it too, and nothing in between passes it on.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Correlation:
    """One message from outside. `asked` is told each key that it asks the hub under, before the hub sees it."""

    request_id: str
    asked: Callable[[str], None]
    served: bool = False
    """It was answered: what goes on of the tasks that it started is nobody's request any more."""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def next_key(self) -> str:
        """Return a key that nobody else makes, in which the message can be read."""
        return f"{self.request_id}-{next(self._numbers)}"


_current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def request_id() -> str | None:
    """Return the id of the message being served, if one is."""
    serving = _current.get()
    return serving.request_id if serving and not serving.served else None


def key_of(key: str | None) -> str:
    """Return the idempotency key to ask under, made where there is none, and note it with the message being served."""
    serving = _current.get()
    if serving is None or serving.served:
        return key or uuid.uuid4().hex
    key = key or serving.next_key()
    serving.asked(key)
    return key


@contextmanager
def serving(correlation: Correlation) -> Iterator[None]:
    """Serve the message until the block is left."""
    token = _current.set(correlation)
    try:
        yield
    finally:
        correlation.served = True
        _current.reset(token)
