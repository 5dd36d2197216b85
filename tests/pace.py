"""How long this process was kept from running: what a test allows the product does not begin to run meanwhile."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from command.kernel.clock import SystemClock

_LOOK_MS = 20
_KEPT_MS = 100


class Pace:
    """`with Pace() as pace:` and then `pace.now_ms()`, a clock that does not count while the process stands still.

    Only where the processor did nothing for it: what the product itself takes long for counts.
    """

    def __enter__(self) -> Self:
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._stood_ms = 0.0
        self._looked_ms, self._used_s = self._clock.now_ms(), time.process_time()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def now_ms(self) -> float:
        """Milliseconds in which the process could run; only differences tell something."""
        with self._lock:
            now_ms, used_s = self._clock.now_ms(), time.process_time()
            idle_ms = now_ms - self._looked_ms - (used_s - self._used_s) * 1000
            if idle_ms > _KEPT_MS:
                self._stood_ms += idle_ms
            self._looked_ms, self._used_s = now_ms, used_s
            return now_ms - self._stood_ms

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_MS / 1000):
            self.now_ms()
