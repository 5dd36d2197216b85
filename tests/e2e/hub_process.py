"""A hub as its users run it: the real command in a process of its own, which tests may kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from command.access.keys import SiteKey
from command.actors import Role
from command.kernel.clock import SystemClock
from consoles.parts.stores import accounts_alone
from consoles.settings import load_settings
from tests.consoles.support import PASSWORD
from tests.ports import free_ports

TRIUNE = Path(sys.executable).parent / "triune"
_START_S = 120
_STOP_S = 60


class DidNotStartError(Exception):
    """The hub ended before it served. `code` is 2 where it said itself what it lacks."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the hub ended with {code} before it served")
        self.code = code


async def triune(*arguments: str) -> dict[str, str]:
    """Run a command to its end; return the JSON on its last line."""
    process = await asyncio.create_subprocess_exec(
        TRIUNE, *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    result: dict[str, str] = json.loads(output.decode().splitlines()[-1])
    return result


async def add_accounts(
    data: Path, people: Mapping[str, tuple[Role, str]], journal: str | None = None
) -> dict[str, str]:
    """Add accounts, each with a role and a unit, as `triune account add` does beside a hub; return their passwords.

    In this process: the command takes one of its own for each, 2 s of a CPU. `test_kill` runs it.
    """
    chosen = load_settings(None, data=str(data), journal=journal)
    async with accounts_alone(chosen, SiteKey.load(data / "site.key"), SystemClock()) as accounts:
        for name, (role, unit) in people.items():
            await accounts.create(name, name, frozenset({role}), unit, PASSWORD)
    return dict.fromkeys(people, PASSWORD)


class HubProcess:
    """`start`, `kill` and `start` again on the same data and ports. What it logs goes to `log`, where one is given."""

    def __init__(self, data: Path, *flags: str, log: Path | None = None) -> None:
        self.http_port, self.jt808_port, self.case_port, self.approval_port = free_ports(4)
        self.data = data
        self.url = f"http://127.0.0.1:{self.http_port}"
        self._flags = flags
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Return once the hub says where it is; `DidNotStartError` where it ends before."""
        with (self._log or Path(os.devnull)).open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                TRIUNE, "serve", "--data", str(self.data), "--http-port", str(self.http_port),
                "--jt808-port", str(self.jt808_port), "--case-port", str(self.case_port),
                "--approval-port", str(self.approval_port), *self._flags,
                stdout=asyncio.subprocess.PIPE, stderr=log if self._log else None,
            )  # fmt: skip
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_START_S):
                async for line in self._process.stdout:
                    if line.startswith(b"{"):
                        return
                raise DidNotStartError(await self._process.wait())
        except (asyncio.CancelledError, TimeoutError):
            await self.kill()  # left alone, it would have another test fail
            raise

    async def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        assert self._process is not None
        with suppress(ProcessLookupError):  # it may have ended by itself
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
        self.thaw()  # where a test failed while it was frozen: that is to be told, and not that it does not end
        try:
            async with asyncio.timeout(_STOP_S):
                return await self._process.wait()
        except TimeoutError:
            await self.kill()
            raise


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
