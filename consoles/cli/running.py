"""What hub and agent have in common as programs: their log, whose files are whose, and how an end is told."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import uvloop

from command.kernel.clock import SystemClock
from command.kernel.errors import TriuneError
from command.kernel.folders import private
from consoles.cli.output import complain
from consoles.observe.logs import Style, writing


def run_until_stopped(work: Coroutine[Any, Any, None], style: Style, level: int) -> None:
    """Run it. What stops it is raised by itself, to be said in one line; anything else is our fault and shown whole."""
    try:
        with private(), writing(SystemClock(), sys.stderr, style, level):
            uvloop.run(work)
    except* TriuneError as group:
        error = _first(group)
        for note in getattr(error, "__notes__", ()):
            complain(note)
        raise error from None


def stop_asked() -> asyncio.Event:
    """Return what is set once somebody asks the program to end: by a key, a service manager, or a session that drops.

    A hang-up that was already ignored when it began (`nohup`) goes on being ignored.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    return stop


def _first(group: BaseExceptionGroup[TriuneError]) -> TriuneError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TriuneError)
    return error
