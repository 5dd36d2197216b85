"""What asyncio's tasks get wrong before Python 3.13."""

from __future__ import annotations

import asyncio


def end_if_cancelled() -> None:
    """Raise `CancelledError` where the present task was told to end: to be called once `except*` has caught a group.

    A `TaskGroup` one of whose tasks fails while the group is cancelled from outside raises the failure alone, and who
    goes on after it never ends. Python 3.13 says the cancellation again at the next `await`.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
