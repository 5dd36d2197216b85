"""The server as curl and aiohttp see it, which nobody here wrote (SPEC R580-R587)."""

from __future__ import annotations

import base64
import gzip

import aiohttp
import cv2
import msgspec
import numpy as np
import pytest

from command.kernel.errors import UnavailableError
from command.kernel.limits import SIGN_IN_FAILURES, SIGN_IN_PAUSE_MS
from edge.digest import Algorithm
from edge.limits import VIID_BODIES_AT_ONCE, VIID_OBJECTS, VIID_SILENT_MS, VIID_SMALL_BODY_BYTES
from tests.edge.viid.site import (
    DEVICE,
    PASSWORD,
    SERVER,
    Running,
    china_ms,
    codes,
    curl,
    digest,
    register,
    running,
    vehicle,
    vehicles,
)
from tests.paths import shared

IDENTITY = ("-H", f"User-Identify: {DEVICE}")


def jpeg(width: int = 64, height: int = 48) -> bytes:
    ok, data = cv2.imencode(".jpg", np.full((height, width, 3), 128, np.uint8))
    assert ok
    return data.tobytes()


def sub_image(data: bytes | str, type_: str = "01") -> dict[str, object]:
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    return {"SubImageInfoObject": [{"ImageID": "i1", "Type": type_, "FileFormat": "Jpeg", "Data": text}]}


async def signed_in(at: Running) -> None:
    assert (await curl(f"{at.url}/VIID/System/Register", *digest(), body=register()))[0] == 200


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256",), ("MD5", "SHA-256"), ("SHA-256", "MD5")])
async def test_curl_registers_keeps_alive_and_unregisters(algorithms: tuple[Algorithm, ...]) -> None:  # R580
    async with running(algorithms=algorithms) as at:
        assert (await curl(f"{at.url}/VIID/System/Keepalive", *IDENTITY, body=b"{}"))[0] == 401
        status, told = await curl(f"{at.url}/VIID/System/Register", *digest(), body=register())
        assert (status, told["ResponseStatusObject"]) == (
            200,
            {"Id": DEVICE, "LocalTime": "20261122120000", "RequestURL": "/VIID/System/Register", "StatusCode": 0,
             "StatusString": "OK"},
        )  # fmt: skip
        keepalive = msgspec.json.encode({"KeepaliveObject": {"DeviceID": DEVICE}})
        assert (await curl(f"{at.url}/VIID/System/Keepalive", *IDENTITY, body=keepalive))[0] == 200
        assert list(at.server.door.peers) == [DEVICE]
        assert (await curl(f"{at.url}/VIID/System/UnRegister", *IDENTITY, body=register()))[0] == 401
        assert (await curl(f"{at.url}/VIID/System/UnRegister", *digest(), body=register()))[0] == 200
        assert (await curl(f"{at.url}/VIID/System/Keepalive", *IDENTITY, body=keepalive))[0] == 401


async def test_aiohttp_signs_each_request_and_is_told_when_its_nonce_is_too_old() -> None:  # R580 R581
    async with running(algorithms=("SHA-256",)) as at:
        login = aiohttp.DigestAuthMiddleware(DEVICE, PASSWORD)
        async with aiohttp.ClientSession(at.url, middlewares=(login,)) as http:
            for later_ms in (0, 1000, VIID_SILENT_MS + 1):
                at.clock.advance(at.clock.now_ms() + later_ms)
                async with http.post("/VIID/MotorVehicles", data=vehicles(vehicle())) as response:
                    assert response.status == 200
        assert at.server.door.counters.challenged == 2
        assert at.server.door.counters.stale == 1
        assert len(at.library.taken) == 1


async def test_an_answer_that_was_overheard_opens_nothing(tmp_path: object) -> None:  # R581
    async with running(algorithms=("MD5",)) as at, aiohttp.ClientSession(at.url) as http:
        seen: list[str] = []

        async def keep(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
            response = await handler(request)
            seen.extend(value for name, value in request.headers.items() if name == "Authorization")
            return response

        login = aiohttp.DigestAuthMiddleware(DEVICE, PASSWORD)
        async with http.post("/VIID/System/Register", data=register(), middlewares=(login, keep)) as response:
            assert response.status == 200
        for path in ("/VIID/System/Register", "/VIID/System/UnRegister"):
            async with http.post(path, data=register(), headers={"Authorization": seen[-1]}) as response:
                assert response.status == 401
        assert at.server.door.counters.replayed == 1
        assert at.server.door.peer(DEVICE, at.clock.now_ms()) is not None


async def test_wrong_passwords_by_the_thousand_are_not_even_looked_at() -> None:  # R582
    async with running() as at:
        url = f"{at.url}/VIID/System/Register"
        for _ in range(SIGN_IN_FAILURES):
            assert (await curl(url, *digest(password="x"), body=register()))[0] == 401
        assert (await curl(url, *digest(), body=register()))[0] == 429
        assert at.server.door.refused[DEVICE].why == "too many wrong passwords"
        assert at.server.door.counters.wrong_passwords == SIGN_IN_FAILURES
        at.clock.advance(at.clock.now_ms() + SIGN_IN_PAUSE_MS)
        assert (await curl(url, *digest(), body=register()))[0] == 200
        assert DEVICE not in at.server.door.refused


async def test_who_is_silent_for_long_registers_again_and_the_time_is_for_all() -> None:  # R580
    async with running() as at:
        await signed_in(at)
        at.clock.advance(at.clock.now_ms() + VIID_SILENT_MS + 1)
        assert (await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(vehicle())))[0] == 401
        _, told = await curl(f"{at.url}/VIID/System/Time")
        assert told["SystemTimeObject"]["VIIDServerID"] == SERVER
        assert told["SystemTimeObject"]["LocalTime"] == "20261122120500"


async def test_another_id_in_the_body_than_at_the_door_is_refused() -> None:  # R580
    async with running() as at:
        status, told = await curl(f"{at.url}/VIID/System/Register", *digest(), body=register(SERVER))
        assert (status, told["ResponseStatusObject"]["StatusCode"]) == (400, 8)
        assert not at.server.door.peers


@pytest.mark.data
async def test_the_recorded_sample_of_sixty_members_is_taken() -> None:  # R583
    body = shared("data/gat1400/motorvehicles_post.json").read_bytes()
    async with running(china_ms("2016-09-12 22:01:10")) as at:
        await signed_in(at)
        status, told = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=body)
        assert (status, codes(told)) == (200, [0])
        ((passage, picture),) = at.library.taken
        assert (passage.plate, passage.pass_ms, picture) == ("苏NF5676", china_ms("2016-09-12 22:01:07"), None)
        assert (passage.tollgate, passage.lane, passage.char_confidences) == ("2141245", 1, ())
        assert at.server.intake.counters.pictures_elsewhere == 1


@pytest.mark.data
async def test_the_recorded_sample_is_refused_for_its_clock_today() -> None:  # R584
    body = shared("data/gat1400/motorvehicles_post.json").read_bytes()
    async with running() as at:
        await signed_in(at)
        _, told = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=body)
        (one,) = told["ResponseStatusListObject"]["ResponseStatusObject"]
        assert one["StatusCode"] == 8
        assert "our clock says 20261122120000" in one["StatusString"]
        assert at.server.intake.counters.wrong_clock == 1


async def test_each_vehicle_has_its_own_status_and_a_bad_one_keeps_no_other_out() -> None:  # R583 R584
    told = [
        vehicle(), vehicle(), vehicle(MotorVehicleID="v2", PassTime="20270101000000"), vehicle(MotorVehicleID="v3"),
        vehicle(MotorVehicleID="v4", DeviceID="43062100001190000009"), "no object", 7, None,
        vehicle(MotorVehicleID="v5", HasPlate="0"), vehicle(MotorVehicleID="v6", PassTime="yesterday"),
        vehicle(MotorVehicleID="v7", PlateNo="x" * 500),
    ]  # fmt: skip
    async with running() as at:
        await signed_in(at)
        status, answer = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(*told))
        assert (status, codes(answer)) == (200, [0, 0, 8, 0, 4, 8, 8, 8, 0, 8, 8])
        assert [passage.id for passage, _ in at.library.taken] == [told[0]["MotorVehicleID"], "v3"]  # type: ignore[index]
        _, answer = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(vehicle()))
        assert answer["ResponseStatusListObject"]["ResponseStatusObject"][0]["StatusString"] == "already here"
        counters = at.server.intake.counters
        assert (counters.taken, counters.repeated, counters.without_plate, counters.refused) == (2, 2, 1, 7)


async def test_another_vehicle_under_an_id_that_was_there_is_another_passage() -> None:  # R1008
    again = [
        vehicle(), vehicle(PlateNo="湘F99999", PassTime="20261122115930"), vehicle(PassTime="20261122115931"),
        vehicle(MotorVehicleID="x1", PlateNo="湘F11111"), vehicle(MotorVehicleID="x1", PlateNo="湘F22222"),
    ]  # fmt: skip
    async with running() as at:
        await signed_in(at)
        for _ in range(2):
            _, answer = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(*again))
            assert codes(answer) == [0] * len(again)
        assert [(passage.plate, passage.pass_ms) for passage, _ in at.library.taken] == [
            ("湘F12345", at.library.taken[0][0].pass_ms), ("湘F99999", china_ms("2026-11-22 11:59:30")),
            ("湘F12345", china_ms("2026-11-22 11:59:31")), ("湘F11111", at.library.taken[0][0].pass_ms),
            ("湘F22222", at.library.taken[0][0].pass_ms),
        ]  # fmt: skip
        assert at.server.intake.counters.repeated == len(again)


async def test_a_vehicle_of_a_clock_ahead_is_the_same_when_it_is_told_again() -> None:  # R1008
    async with running() as at:
        await signed_in(at)
        for _ in range(2):
            await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(vehicle(PassTime="20261122120100")))
            at.clock.advance(at.clock.now_ms() + 5000)
        assert len(at.library.taken) == 1


async def test_a_passage_that_cannot_be_kept_now_is_answered_busy_and_taken_the_next_time() -> None:  # R583
    async with running() as at:
        await signed_in(at)
        at.library.away = UnavailableError("the disk is full")
        status, answer = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(vehicle()))
        assert (status, codes(answer)) == (503, [2])
        at.library.away = None
        status, answer = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(vehicle()))
        assert (status, codes(answer), len(at.library.taken)) == (200, [0], 1)


async def test_pictures_are_looked_at_and_bad_ones_cost_the_passage_nothing() -> None:  # R585
    whole, bomb = jpeg(), jpeg(8, 8).replace(b"\x00\x08\x00\x08", b"\xff\xff\xff\xff")
    noise = cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 255, (48, 64, 3)).astype(np.uint8))[1].tobytes()
    cut = noise[: len(noise) * 2 // 3] + b"\xff\xd9"
    cases: list[tuple[object, bytes | None]] = [
        (sub_image(whole), whole), (sub_image("data:image/jpeg;base64," + base64.b64encode(whole).decode()), whole),
        (sub_image(base64.encodebytes(whole).decode()), whole), (sub_image(b"GIF89a"), None), (sub_image("%%%"), None),
        (sub_image(whole[:-40]), None), (sub_image(bomb), None), (sub_image(cut), None),
        (sub_image(b"\xff\xd8\xff" + bytes(99) + b"\xff\xd9"), None),
        ({"SubImageInfoObject": [*_list(b"x", "01"), *_list(whole, "02")]}, whole), ([], None),
    ]  # fmt: skip
    told = [vehicle(MotorVehicleID=f"v{n}", SubImageList=sub) for n, (sub, _) in enumerate(cases)]
    async with running() as at:
        await signed_in(at)
        _, answer = await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(*told))
        assert codes(answer) == [0] * len(cases)
        kept = {passage.id: picture for passage, picture in at.library.taken}
        assert [kept[f"v{n}"] for n in range(len(cases))] == [picture for _, picture in cases]
        assert at.server.intake.counters.bad_pictures == 7


def _list(data: bytes, type_: str) -> list[dict[str, object]]:
    return list(sub_image(data, type_)["SubImageInfoObject"])  # type: ignore[call-overload, no-any-return]


async def test_an_image_that_came_before_its_vehicle_is_its_picture() -> None:  # R585
    image = {"ImageInfo": {"ImageID": "img7"}, "Data": base64.b64encode(jpeg()).decode()}
    body = msgspec.json.encode({"ImageListObject": {"Image": [image, {"ImageInfo": {"ImageID": "img8"}, "Data": "x"}]}})
    async with running() as at:
        await signed_in(at)
        _, answer = await curl(f"{at.url}/VIID/Images", *IDENTITY, body=body)
        assert codes(answer) == [0, 8]
        await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(vehicle(SourceID="img7")))
        assert at.library.taken[0][1] == jpeg()


async def test_what_lower_systems_notify_us_of_is_taken_too() -> None:  # R583
    notices = [
        {"NotificationID": f"n{n}", "MotorVehicleObjectList": {"MotorVehicleObject": told}}
        for n, told in enumerate([[vehicle()], [vehicle(MotorVehicleID="v2"), vehicle(MotorVehicleID="")]])
    ]
    body = msgspec.json.encode({"SubscribeNotificationListObject": {"SubscribeNotificationObject": notices}})
    async with running() as at:
        await signed_in(at)
        _, answer = await curl(f"{at.url}/VIID/SubscribeNotifications", *IDENTITY, body=body)
        assert codes(answer) == [0, 8]
        assert len(at.library.taken) == 2


@pytest.mark.parametrize("kind", ["Faces", "Persons", "NonMotorVehicles"])
async def test_what_is_not_taken_here_is_said(kind: str) -> None:  # R583
    async with running() as at:
        assert (await curl(f"{at.url}/VIID/{kind}", body=b"{}"))[0] == 401
        await signed_in(at)
        status, answer = await curl(f"{at.url}/VIID/{kind}", *IDENTITY, body=b"{}")
        assert (status, codes(answer)) == (200, [4])
        assert f"{kind} are not taken here" in str(answer)
        assert (await curl(f"{at.url}/VIID/Nothing", *IDENTITY))[0] == 404


async def test_bad_bodies_get_an_answer_and_take_nobody_with_them() -> None:  # R586
    deep = b'{"MotorVehicleListObject":' * 5000 + b"1" + b"}" * 5000
    async with running() as at:
        await signed_in(at)
        url = f"{at.url}/VIID/MotorVehicles"
        for body, code in ((b"", 7), (b"[1]", 7), (b"\x00\xff", 7), (deep, 7), (b'{"a":1e999999}', 7), (b"{}", 8),
                           (b'{"MotorVehicleListObject":{"MotorVehicleObject":[]}}', 8)):  # fmt: skip
            status, answer = await curl(url, *IDENTITY, body=body)
            assert (status, answer["ResponseStatusObject"]["StatusCode"]) == (400, code), body[:40]
        for kind in ("application/xml", "multipart/form-data", "image/jpeg"):
            status, _ = await curl(url, *IDENTITY, "-H", f"Content-Type: {kind}", "--data-binary", "{}")
            assert status == 415
        zipped = gzip.compress(vehicles(vehicle()))
        assert (await curl(url, *IDENTITY, "-H", "Content-Encoding: gzip", body=zipped))[0] == 415
        large = b" " * (VIID_SMALL_BODY_BYTES + 1)
        assert (await curl(f"{at.url}/VIID/Subscribes", *IDENTITY, body=large))[0] == 413
        many = vehicles(*(vehicle(MotorVehicleID=f"v{n}") for n in range(VIID_OBJECTS + 3)))
        _, answer = await curl(url, *IDENTITY, body=many)
        assert codes(answer) == [0] * VIID_OBJECTS + [2] * 3


async def test_gbk_numbers_booleans_and_other_cases_of_names_are_understood() -> None:  # R583
    told = vehicle(HasPlate=True, PlateColor=6, PlateClass=1, PassTime=china_ms("2026-11-22 11:59:00"), Direction=3.0)
    told["motorvehicleid"] = told.pop("MotorVehicleID")
    body = vehicles(told).decode().encode("gb18030")
    async with running() as at:
        await signed_in(at)
        assert codes((await curl(f"{at.url}/VIID/MotorVehicles", *IDENTITY, body=body))[1]) == [0]
        passage, _ = at.library.taken[0]
        assert (passage.plate, passage.colour, passage.kind) == ("湘F12345", "yellow", "ordinary")
        assert (passage.pass_ms, passage.heading_deg) == (china_ms("2026-11-22 11:59:00"), 180.0)


async def test_no_more_large_bodies_are_held_than_there_are_places() -> None:  # R586
    async with running() as at, aiohttp.ClientSession(at.url) as http:
        await signed_in(at)
        headers = {"User-Identify": DEVICE, "Content-Length": "100"}

        async with at.server._bodies, at.server._bodies, at.server._bodies, at.server._bodies:
            assert VIID_BODIES_AT_ONCE == 4
            async with http.post("/VIID/MotorVehicles", headers=headers, data=b"{" + b" " * 98 + b"}") as response:
                assert response.status == 503
        assert at.server.counters.busy == 1


async def test_subscriptions_and_dispositions_begin_are_listed_and_end() -> None:  # R588 R590
    ask = {
        "SubscribeID": "430621000000032026112212000000001", "Title": "t", "SubscribeDetail": "12,13",
        "ResourceURI": f"/VIID/Tollgates/{DEVICE}", "BeginTime": "20261122000000", "EndTime": "20261231000000",
        "ReceiveAddr": "http://127.0.0.1:9/VIID/SubscribeNotifications", "ReportInterval": "3", "OperateType": 0,
    }  # fmt: skip
    watch = {
        "DispositionID": "d1", "Title": "盗抢", "DispositionCategory": "3", "TargetFeature": "车牌湘F12345",
        "PriorityLevel": 1, "BeginTime": "20261122000000", "EndTime": "20261231000000", "OperateType": "0",
        "ReceiveAddr": "http://127.0.0.1:9/VIID/DispositionNotifications",
    }  # fmt: skip
    async with running() as at:
        await signed_in(at)
        bad = [ask | {"SubscribeDetail": "12"}, ask | {"EndTime": "20200101000000"}, ask | {"ReceiveAddr": "file:///x"},
               ask | {"ResourceURI": ""}, ask | {"SubscribeID": "a b"}]  # fmt: skip
        body = msgspec.json.encode({"SubscribeListObject": {"SubscribeObject": [ask, *bad]}})
        _, answer = await curl(f"{at.url}/VIID/Subscribes", *IDENTITY, body=body)
        assert codes(answer) == [0, 4, 8, 8, 8, 8]
        _, listed = await curl(f"{at.url}/VIID/Subscribes", *IDENTITY)
        (one,) = listed["SubscribeListObject"]["SubscribeObject"]
        assert (one["SubscribeStatus"], one["ReportInterval"], one["ResourceURI"]) == (0, 3, DEVICE)
        cancel = msgspec.json.encode({"SubscribeObject": {"OperateType": 1, "CancelReason": "done"}})
        _, answer = await curl(f"{at.url}/VIID/Subscribes/{ask['SubscribeID']}", *IDENTITY, "-X", "PUT", body=cancel)
        assert codes(answer) == [0]
        assert at.library.subscribed[str(ask["SubscribeID"])][1] == "cancelled"
        _, answer = await curl(f"{at.url}/VIID/Subscribes?IDList=nobody,x", *IDENTITY, "-X", "DELETE")
        assert codes(answer) == [4, 4]

        bad = [watch | {"TargetFeature": "a tall man"}, watch | {"DispositionCategory": "1"}]
        body = msgspec.json.encode({"DispositionListObject": {"DispositionObject": [watch, *bad]}})
        _, answer = await curl(f"{at.url}/VIID/Dispositions", *IDENTITY, body=body)
        assert codes(answer) == [0, 8, 4]
        assert at.library.disposed["d1"][0].pattern == "湘F12345"
        _, listed = await curl(f"{at.url}/VIID/Dispositions", *IDENTITY)
        assert listed["DispositionListObject"]["DispositionObject"][0]["DispositionStatus"] == 9
        _, answer = await curl(f"{at.url}/VIID/Dispositions?IDList=d1", *IDENTITY, "-X", "DELETE")
        assert at.library.disposed["d1"][1] == "cancelled"
