"""Who is at the command line, for what is kept of changes."""

from __future__ import annotations

import os
import pwd
import socket


def user() -> str:
    """Return the user that the process runs as; one that the machine knows no name of, as in a container, by number.

    What the environment says is anybody's to set.
    """
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def at_the_command_line() -> str:
    """Return `command line` and the user of this machine."""
    return f"command line {user()}"


def at_machine() -> str:
    """Return `user@machine`: for what several machines share."""
    return f"{user()}@{socket.gethostname()}"
