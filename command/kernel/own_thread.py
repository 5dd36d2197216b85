"""Work that may hang with a disk, in a thread of its own.

A file system that does not answer (a pulled cable of NFS, a dying disk) holds whoever calls it, for ever and beyond any
signal. Such a thread is left behind; it ends with the process, or when the disk answers again. The end of Python, and
of a loop, waits for threads of the loop's own pool: they are for work that ends by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def begin(work: Callable[[], T]) -> asyncio.Future[T]:
    """Run it in a thread of its own; who no longer waits leaves it to itself."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if not answer.done():
            if error is None:
                answer.set_result(result)  # type: ignore[arg-type]  # None only where T is
            else:
                answer.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - it goes to whoever asked
            error = raised
        with suppress(RuntimeError):  # the loop may be gone by now, and nobody waits
            loop.call_soon_threadsafe(tell, result, error)

    Thread(target=run, name="disk", daemon=True).start()
    return answer
