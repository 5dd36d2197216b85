"""Who is at the command line, for what is kept of changes."""

from __future__ import annotations

import os
import pwd


def at_the_command_line() -> str:
    """Return `command line` and the user of this machine; one that it knows no name of, as in a container, by number.

    The user that the process runs as: what the environment says is anybody's to set.
    """
    number = os.getuid()
    try:
        return f"command line {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"command line {number}"
