"""What hub and agent have in common as programs: their log, whose files are whose, and how an end is told."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import Any

import uvloop

from command.kernel.clock import SystemClock
from command.kernel.errors import TriuneError
from command.kernel.folders import private
from consoles.observe.logs import Style, writing


def run_until_stopped(work: Coroutine[Any, Any, None], style: Style, level: int) -> None:
    """Run it. What stops it is raised by itself, to be said in one line; anything else is our fault and shown whole."""
    try:
        with private(), writing(SystemClock(), sys.stderr, style, level):
            uvloop.run(work)
    except* TriuneError as group:
        error = _first(group)
        for note in getattr(error, "__notes__", ()):
            sys.stderr.write(f"triune: {note}\n")
        raise error from None


def _first(group: BaseExceptionGroup[TriuneError]) -> TriuneError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TriuneError)
    return error
