"""A fault of ours at something that another system said costs that system, not the hub."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from command.kernel.errors import TriuneError, UnavailableError

log = logging.getLogger(__name__)


@contextmanager
def contained(what: str) -> Iterator[None]:
    """Let what was not foreseen count as any failure does. Raises `UnavailableError` for it, once it is in the log.

    Tasks that tend other systems share a task group with everything else: without this, one answer ends them all.
    """
    try:
        yield
    except TriuneError:
        raise
    except Exception as error:
        log.exception("a fault of ours with %s", what)
        raise UnavailableError(f"a fault of ours, which is in the log: {type(error).__name__}") from error
