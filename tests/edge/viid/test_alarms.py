"""Notices of vehicles that a lower system was asked to look out for, good and bad (SPEC R814, R815)."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from command.kernel.errors import UnavailableError
from edge.limits import VIID_OBJECTS, VIID_PICTURE_BYTES
from edge.viid.pictures import picture_of
from tests.edge.viid.site import DEVICE, Running, codes, curl, running, vehicle, vehicles
from tests.edge.viid.test_server import IDENTITY, jpeg, signed_in, sub_image

ASKED = "430621000050012026112211000000007"


def notice(number: int = 1, **more: Any) -> dict[str, Any]:
    told = {
        "NotificationID": f"n{number}", "DispositionID": ASKED, "Title": "布控告警", "TriggerTime": "20261122115900",
        "CntObjectID": f"v{number}", "MotorVehicleObject": vehicle(MotorVehicleID=f"v{number}"),
    } | more  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def notices(*told: Any) -> bytes:
    return msgspec.json.encode({"DispositionNotificationListObject": {"DispositionNotificationObject": list(told)}})


async def tell(at: Running, body: bytes) -> tuple[int, dict[str, Any]]:
    return await curl(f"{at.url}/VIID/DispositionNotifications", *IDENTITY, body=body)


async def test_the_vehicle_of_a_notice_is_taken_with_its_picture_and_once_however_it_is_told() -> None:  # R814
    async with running() as at:
        assert (await tell(at, notices(notice())))[0] == 401
        await signed_in(at)
        at.library.wanted[DEVICE, ASKED] = "湘F12345"
        seen = vehicle(MotorVehicleID="v1", SubImageList=sub_image(jpeg()))
        for _ in range(2):
            status, answer = await tell(at, notices(notice(MotorVehicleObject=seen)))
            assert (status, codes(answer)) == (200, [0])
            assert answer["ResponseStatusListObject"]["ResponseStatusObject"][0]["Id"] == "n1"
        # Told as a passage too, and without the list around it.
        assert codes((await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(seen)))[1]) == [0]
        bare = msgspec.json.encode({"DispositionNotificationObject": [notice(MotorVehicleObject=[seen])]})
        assert codes((await tell(at, bare))[1]) == [0]
        ((passage, picture),) = at.library.taken
        assert (passage.plate, picture) == ("湘F12345", jpeg())
        assert at.library.alarms == [(DEVICE, "matched")] * 3


async def test_what_was_not_asked_for_or_is_over_is_refused_by_itself_and_not_kept() -> None:  # R815
    async with running() as at:
        await signed_in(at)
        at.library.wanted = {(DEVICE, ASKED): "湘F12345", ("9" * 20, "d2"): "湘F12345"}
        wrong: list[tuple[dict[str, Any], int]] = [
            (notice(2, DispositionID="d1"), 4),
            (notice(3, DispositionID="d2"), 4),  # another system's
            (notice(4, DispositionID=None), 4),
            (notice(5, DispositionID={"a": 1}), 4),
            (notice(6, MotorVehicleObject=None), 8),
            (notice(7, MotorVehicleObject=[vehicle(MotorVehicleID="a"), vehicle(MotorVehicleID="b")]), 8),
            (notice(8, MotorVehicleObject=vehicle(MotorVehicleID="不")), 8),
            (notice(9, MotorVehicleObject=7), 8),
            (notice(10, MotorVehicleObject=vehicle(MotorVehicleID="c", DeviceID="1" * 20)), 4),  # nobody's device
            (notice(11, MotorVehicleObject=vehicle(MotorVehicleID="d", PassTime="20270101000000")), 8),
        ]
        status, answer = await tell(at, notices(*(told for told, _ in wrong), notice(1), 5))
        assert (status, codes(answer)) == (200, [*(code for _, code in wrong), 0, 4])
        assert [passage.id for passage, _ in at.library.taken] == ["v1"]
        assert at.library.alarms.count((DEVICE, "refused")) == len(wrong) + 1
        assert at.server.intake.counters.alarms_refused == len(wrong) + 1
        for body, code in ((b"{}", 8), (b"[", 7), (b'{"DispositionNotificationListObject": []}', 8)):
            status, answer = await tell(at, body)
            assert (status, answer["ResponseStatusObject"]["StatusCode"]) == (400, code), body


@pytest.mark.parametrize("plate", ["湘F54321", "", "湘F1234?"])
async def test_another_plate_than_was_asked_for_is_a_passage_and_no_match(plate: str) -> None:  # R816
    async with running() as at:
        await signed_in(at)
        at.library.wanted[DEVICE, ASKED] = "湘F12345"
        seen = vehicle(MotorVehicleID="v1", PlateNo=plate)
        _, answer = await tell(at, notices(notice(MotorVehicleObject=seen)))
        (told,) = answer["ResponseStatusListObject"]["ResponseStatusObject"]
        assert (told["StatusCode"], "no hit" in told["StatusString"]) == (0, True)
        assert [passage.plate for passage, _ in at.library.taken] == ([plate] if plate == "湘F54321" else [])
        assert at.library.alarms == [(DEVICE, "unmatched")]


async def test_a_picture_over_its_limit_is_left_out_and_the_notice_taken() -> None:  # R814 R585
    large = base64.b64encode(jpeg() + b"\0" * VIID_PICTURE_BYTES).decode()
    with pytest.raises(Exception, match="at most"):
        picture_of(large)
    async with running() as at:
        await signed_in(at)
        at.library.wanted[DEVICE, ASKED] = "湘F12345"
        seen = vehicle(MotorVehicleID="v1", SubImageList=sub_image(large))
        assert codes((await tell(at, notices(notice(MotorVehicleObject=seen))))[1]) == [0]
        assert at.library.taken[0][1] is None
        assert at.server.intake.counters.bad_pictures == 1


async def test_more_than_go_at_once_are_to_be_told_again_and_so_is_what_cannot_be_kept_now() -> None:  # R814
    async with running() as at:
        await signed_in(at)
        at.library.wanted[DEVICE, ASKED] = "湘F12345"
        _, answer = await tell(at, notices(*map(notice, range(VIID_OBJECTS + 2))))
        assert codes(answer) == [0] * VIID_OBJECTS + [2] * 2
        at.library.away = UnavailableError("the disk is full")
        assert (await tell(at, notices(notice(500))))[0] == 503
        at.library.away = None
        assert codes((await tell(at, notices(notice(500))))[1]) == [0]
        assert at.library.alarms.count((DEVICE, "refused")) == 0
