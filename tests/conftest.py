"""Set-up of all tests."""

from __future__ import annotations

import asyncio

# pytest-asyncio 1.5 asks for the current loop on Python 3.11, which makes one that nobody closes: a ResourceWarning at
# some later collection. Told that there is none, it makes none.
asyncio.set_event_loop(None)

pytest_plugins = ("tests.databases", "tests.postgres", "tests.redis_server")
