"""Standard output and error of a command, as whoever started it left them: closed, full, or without Chinese."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress


def take_output() -> None:
    """Let nothing that is written later fail for its characters, nor for a stream that is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open until the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # which JSON reads as what it stands for


def complain(what: str) -> None:
    """Say in a line of standard error what is wrong. Where that takes nothing, the exit code has to tell it alone."""
    with suppress(OSError):
        sys.stderr.write(f"triune: {what}\n")


def let_go_of_output() -> None:
    """Drop what waits for a standard output that takes no more: Python would try again as it ends, and show a fault."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
