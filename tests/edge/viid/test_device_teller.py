"""Our catalogue, told to who subscribed to it: all at first, then what changed, and again what was not taken."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from command.kernel.clock import VirtualClock
from command.kernel.errors import TriuneError, UnavailableError
from edge.limits import VIID_BACKOFF_FIRST_MS, VIID_DEVICES_LOOK_MS
from edge.viid import device_teller
from edge.viid.bodies import Verdict
from edge.viid.catalogue import OwnDevice
from edge.viid.codes import StatusCode
from edge.viid.device_teller import DeviceTeller
from tests.edge.viid.site import NOW_MS
from tests.edge.viid.test_sending import at_work, settled, sleeping


def device(number: int, name: str = "") -> OwnDevice:
    return OwnDevice(
        id=f"4306210000119000000{number}", name=name or f"相机{number}", lat=29.0, lon=113.0, bearing_deg=90.0,
        online=True, reads_plates=True,
    )  # fmt: skip


async def test_all_are_told_once_and_then_those_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:  # R763
    monkeypatch.setattr(device_teller, "VIID_DEVICES_TOLD", 2)
    clock, told = VirtualClock(NOW_MS), list[list[str]]()
    devices = [device(number) for number in range(3)]
    answers: list[TriuneError | StatusCode] = []

    async def find() -> list[OwnDevice]:
        return list(devices)

    async def tell(some: Sequence[OwnDevice]) -> list[Verdict]:
        told.append([one.name for one in some])
        answer = answers.pop(0) if answers else StatusCode.OK
        if isinstance(answer, TriuneError):
            raise answer
        return [Verdict("", answer)]

    async def next_look(after_ms: int) -> list[list[str]]:
        wake_ms = await sleeping(clock)
        assert wake_ms - clock.now_ms() == after_ms
        told.clear()
        clock.advance(wake_ms)
        await settled()
        return told

    teller = DeviceTeller("catalogue/p/s", find, tell, clock, 0)
    async with at_work(teller.run()):
        await settled()
        assert told == [["相机0", "相机1"], ["相机2"]]
        assert await next_look(VIID_DEVICES_LOOK_MS) == []
        devices[1] = replace(devices[1], online=False)
        devices.append(device(3))
        assert await next_look(VIID_DEVICES_LOOK_MS) == [["相机1", "相机3"]]
        # What was not taken is told again, but not what is refused for good.
        for wrong in (UnavailableError("away"), StatusCode.BUSY):
            devices[0] = replace(devices[0], name=f"改{wrong!r}"[:3])
            answers.append(wrong)
            assert await next_look(VIID_DEVICES_LOOK_MS) == [[devices[0].name]]
            assert teller.state.up is False
            assert await next_look(VIID_BACKOFF_FIRST_MS) == [[devices[0].name]]
        devices[0] = replace(devices[0], name="不要")
        answers.append(StatusCode.INVALID_OPERATION)
        assert await next_look(VIID_DEVICES_LOOK_MS) == [["不要"]]
        assert await next_look(VIID_DEVICES_LOOK_MS) == []
    assert (teller.state.sent, teller.state.refused, teller.state.failures) == (7, 1, 2)


async def test_a_fault_of_ours_with_one_answer_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:  # R850
    clock, faults = VirtualClock(NOW_MS), [ValueError("never foreseen")]

    async def find() -> list[OwnDevice]:
        return [device(1)]

    async def tell(some: Sequence[OwnDevice]) -> list[Verdict]:
        if faults:
            raise faults.pop()
        return [Verdict("") for _ in some]

    teller = DeviceTeller("catalogue/p/s", find, tell, clock, 0)
    async with at_work(teller.run()):
        assert await sleeping(clock) == NOW_MS + VIID_BACKOFF_FIRST_MS
        assert (teller.state.up, teller.state.failures, "never foreseen" in caplog.text) == (False, 1, True)
        clock.advance(NOW_MS + VIID_BACKOFF_FIRST_MS)
        await settled()
        assert (teller.state.up, teller.state.sent) == (True, 1)
