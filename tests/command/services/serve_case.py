"""A case service in a process of its own, so that a test can kill it: `python -m … FILE` prints its address."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from command.kernel.clock import SystemClock
from tests.command.services.peers import case_service


async def serve(path: Path) -> None:
    async with case_service(path, SystemClock()) as service:
        sys.stdout.write(service.url + "\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
