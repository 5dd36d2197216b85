"""A real server as a child process of tests and benches: started, stopped, killed and frozen by its pid."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.ports import free_port

_START_S = 100.0
_STOP_S = 60.0
_LOOK_S = 0.02


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


class Server:
    """A folder of its own and a process on a port of 127.0.0.1 that stays the same over restarts.

    Every method blocks; asyncio callers go through `asyncio.to_thread`.
    """

    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="triune-test-"))
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _is_ready(self) -> bool:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start, and return once it takes connections."""
        assert self._process is None, "running already"
        with self.log.open("ab") as log:
            self._process = self._spawn(log.fileno())
        for _ in range(int(_START_S / _LOOK_S)):
            if self._is_ready():
                return
            if self._process.poll() is not None:
                break
            time.sleep(_LOOK_S)
        self.kill()
        raise RuntimeError(f"the server does not start:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it in order; what is connected is cut off."""
        if self._process is not None:
            self._process.send_signal(self.stop_signal)
            self._process.wait(_STOP_S)
            self._process = None

    def kill(self) -> None:
        """SIGKILL the process and its children, as a crash would, and return once all of them are gone.

        While a child is still ending it holds what they share, and PostgreSQL does not start again beside it.
        """
        if self._process is not None:
            family = self._stopped()
            handles = [os.pidfd_open(pid) for pid in family]  # all there: a stopped parent reaps nobody
            try:
                self._signal(family, signal.SIGKILL)
                for handle in handles:
                    ended = select.poll()
                    ended.register(handle, select.POLLIN)
                    if not ended.poll(_STOP_S * 1000):
                        raise TimeoutError(f"killed, and not gone after {_STOP_S} s")
            finally:
                for handle in handles:
                    os.close(handle)
            self._process.wait(_STOP_S)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP it and its children: it holds its connections and says nothing."""
        self._signal(self._stopped(), signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT, children first."""
        self._signal([*children(self.pid), self.pid], signal.SIGCONT)

    def close(self) -> None:
        """Kill it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder)

    def _stopped(self) -> list[int]:
        """Stop it, so that it has no more children than are returned with it."""
        self._signal([self.pid], signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return [self.pid, *children(self.pid)]

    @staticmethod
    def _signal(pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
