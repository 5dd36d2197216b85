"""A hub as its users run it: the real command in a process of its own, which tests may kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

TRIUNE = Path(sys.executable).parent / "triune"
_START_S = 60


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


async def triune(*arguments: str) -> dict[str, str]:
    """Run a command to its end; return the JSON on its last line."""
    process = await asyncio.create_subprocess_exec(
        TRIUNE, *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    result: dict[str, str] = json.loads(output.decode().splitlines()[-1])
    return result


class HubProcess:
    """`start`, `kill` and `start` again on the same data and ports."""

    def __init__(self, data: Path, *flags: str) -> None:
        self.http_port, self.jt808_port, self.case_port, self.approval_port = free_ports(4)
        self.data = data
        self.url = f"http://127.0.0.1:{self.http_port}"
        self._flags = flags
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return once the hub says where it is."""
        self._process = await asyncio.create_subprocess_exec(
            TRIUNE, "serve", "--data", str(self.data), "--http-port", str(self.http_port),
            "--jt808-port", str(self.jt808_port), "--case-port", str(self.case_port),
            "--approval-port", str(self.approval_port), *self._flags,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(_START_S):
            async for line in self._process.stdout:
                if line.startswith(b"{"):
                    return
        raise AssertionError(f"the hub ended with {await self._process.wait()} before it served")

    async def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: its connections stay open, and nothing comes."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self._process is None or self._process.returncode is not None:
            return 0
        self._process.terminate()
        async with asyncio.timeout(20):
            return await self._process.wait()


@asynccontextmanager
async def hub_process(data: Path, *flags: str) -> AsyncIterator[HubProcess]:
    """A started hub that is gone afterwards."""
    hub = HubProcess(data, *flags)
    await hub.start()
    try:
        yield hub
    finally:
        code = await hub.stop()
    assert code == 0, f"asked to stop, the hub ended with {code}"
