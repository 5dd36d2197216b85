"""Set-up of all tests."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import traceback
from collections.abc import Generator, Iterator

import pytest
from argon2 import PasswordHasher
from hypothesis import settings

from command.kernel.garbage import spare_what_is_loaded

# Where Python is told to keep no bytecode, as in images of containers, each worker and each hub that tests start
# would compile all it loads again: 2 to 3 s of a CPU each time. Workers and hubs inherit this.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# pytest-asyncio 1.5 asks for the current loop on Python 3.11, which makes one that nobody closes: a ResourceWarning at
# some later collection. Told that there is none, it makes none.
asyncio.set_event_loop(None)

# Hypothesis allows an example 200 ms of the clock on the wall, which a busy machine takes now and then.
settings.register_profile("any-pace", deadline=None)
settings.load_profile("any-pace")

pytest_plugins = ("tests.databases", "tests.postgres", "tests.redis_server")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while all tests are loaded, and never among them later."""
    with spare_what_is_loaded():
        return (yield)


def _cheap_hasher() -> PasswordHasher:
    """The same algorithm with the least work."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Spend no fifth of a second of a CPU on each sign-in to hubs in this process; `test_accounts` holds the cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("command.access.passwords.PasswordHasher", _cheap_hasher)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what was raised inside of groups within groups, which pytest cuts, and what tasks waited for in the end.

    In CI nothing is skipped: what is missing there is a failure.
    """
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    if call.excinfo is None:
        return report
    error = call.excinfo.value
    if isinstance(error, BaseExceptionGroup):
        report.sections.append(("raised", "\n".join(_leaves(error))))
    elif call.excinfo.typename == "Failed" and "Timeout" in str(error):
        report.sections.append(("tasks", _tasks()))
    return report


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[str]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield "".join(traceback.format_exception(error))


def _tasks() -> str:
    told = io.StringIO()
    for task in list(asyncio.tasks._all_tasks):  # type: ignore[attr-defined]  # of whichever loop: this one has stopped
        if not task.done():
            task.print_stack(limit=6, file=told)
    return told.getvalue()
