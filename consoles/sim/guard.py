"""While a simulation runs, none of our code reaches a real clock, real randomness, a socket or a thread."""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, NoReturn
from unittest.mock import patch

from consoles.sim.trace import Trace

_OURS = frozenset({"command", "consoles", "edge", "plans", "streams", "asyncio"})
_REAL: tuple[tuple[ModuleType, tuple[str, ...]], ...] = (
    (time, ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep")),
    (uuid, ("uuid1", "uuid4")),
    (secrets, ("token_bytes", "token_hex", "token_urlsafe", "randbelow", "choice")),
    (random, ("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "expovariate")),
    (os, ("urandom",)),
    (socket, ("create_connection", "getaddrinfo", "socketpair")),
)
_LOGGERS = ("command", "consoles", "asyncio")


@contextmanager
def closed_world(trace: Trace, fail: Callable[[str], NoReturn]) -> Iterator[None]:
    """Refuse what is real to our own code (others in this process go on), and write what it logs into the trace."""
    with ExitStack() as stack:
        for module, names in _REAL:
            for name in names:
                refused = _refused(f"{module.__name__}.{name}", getattr(module, name), fail)
                stack.enter_context(patch.object(module, name, refused))
        start = _refused("threading.Thread.start", threading.Thread.start, fail)
        stack.enter_context(patch.object(threading.Thread, "start", start))
        handler = _ToTrace(trace)
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            stack.enter_context(patch.object(logger, "propagate", False))
            logger.addHandler(handler)
            stack.callback(logger.removeHandler, handler)
        yield


def _refused(name: str, real: Callable[..., Any], fail: Callable[[str], NoReturn]) -> Callable[..., Any]:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))  # noqa: SLF001 - who calls is the question
        if caller.partition(".")[0] in _OURS:
            fail(f"{caller} reaches {name}: a simulation has to be given it")
        return real(*args, **kwargs)

    return guarded


class _ToTrace(logging.Handler):
    """Warnings of the product are part of what happened."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(logging.WARNING)
        self._trace = trace

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, with the exception's kind and words but no addresses or paths."""
        error = record.exc_info[1] if record.exc_info else None
        text = record.getMessage()
        self._trace.note(record.name, "log", f"{text} {type(error).__name__}: {error}" if error else text)
