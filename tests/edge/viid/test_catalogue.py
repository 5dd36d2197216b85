"""Catalogues of devices, told and taken, and subscribing at a lower system (SPEC R724-R729)."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest

from command.kernel.errors import SignInRequiredError, UnavailableError
from command.kernel.geo import to_wgs84
from edge.viid.bodies import RefusedError, Verdict, read_json, verdicts_of
from edge.viid.catalogue import Listed, OwnDevice, chosen, devices_of, read_device, write_devices
from edge.viid.codes import StatusCode
from edge.viid.lower import Lower, cancel, catalogue, renew
from edge.viid.remote import Remote
from edge.viid.values import Fields
from tests.edge.viid.site import (
    DEVICE,
    NOW_MS,
    PASSWORD,
    SERVER,
    codes,
    curl,
    digest,
    register,
    running,
    vehicle,
)

IDENTITY = ("-H", f"User-Identify: {DEVICE}")
UPPER, GATE = "43060000005030000001", "65010000001210000009"
APE: dict[str, Any] = {
    "ApeID": DEVICE, "Name": "南门", "Model": "X", "IPAddr": "10.1.2.3", "Port": 80, "Longitude": 113.10000000000001,
    "Latitude": "29.1", "PlaceCode": "430621", "IsOnline": "1", "MonitorDirection": "4", "UserId": "admin",
    "Password": "secret",
}  # fmt: skip
OWN = [
    OwnDevice(id=f"4306210000119{n:07}", name=name, lat=29.1 + n, lon=113.1, bearing_deg=92.0, online=online,
              reads_plates=n == 1)
    for n, (name, online) in enumerate((("南门", True), ("北门", False), ("North", None)))
]  # fmt: skip


def read(**more: Any) -> Listed:
    return read_device(Fields(APE | more), "ape", "wgs84")


def test_a_device_is_read_with_its_place_and_nothing_that_is_secret() -> None:  # R726
    found = read()
    assert found == Listed(
        id=DEVICE, kind="ape", name="南门", lat=29.1, lon=113.10000000000001, heading_deg=0.0, online=True
    )
    gate = read_device(Fields({"TollgateID": GATE, "Longitude": 113, "Latitude": 29, "Status": 2}), "tollgate", "wgs84")
    assert (gate.id, gate.name, gate.online, gate.heading_deg) == (GATE, GATE, False, None)
    shifted = read_device(Fields(APE), "ape", "gcj02")
    assert (shifted.lat, shifted.lon) == to_wgs84(29.1, 113.10000000000001, "gcj02")


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(0, 0), ("", ""), (None, 113), ("29,1", "113"), (113.1, 291), ("nan", "1"), ([29], 113), ("1e3", 1)],
)
def test_a_device_without_a_place_is_kept_without(lat: object, lon: object) -> None:  # R726
    found = read(Latitude=lat, Longitude=lon)
    assert (found.lat, found.lon, found.name) == (None, None, "南门")


def test_what_is_no_device_is_refused_by_itself() -> None:  # R726
    for wrong in ("", "1", "x" * 20, DEVICE + "1", None):
        with pytest.raises(RefusedError, match="20 digits"):
            read(ApeID=wrong)


def test_a_catalogue_comes_in_each_of_its_forms() -> None:  # R726
    apes, gates = {"APEObject": [APE, "no object"]}, {"TollgateObject": {"TollgateID": GATE}}
    for body in (
        {"APEListObject": apes, "TollgateListObject": gates}, {"DeviceList": apes, "TollgateObjectList": gates},
        {"APEObjectList": apes, "TollgateObjectList": gates},
    ):  # fmt: skip
        assert [kind for kind, _ in devices_of(Fields(body))] == ["ape", "ape", "tollgate"]
    assert devices_of(Fields({"DeviceList": "?"})) == []


def test_ours_are_told_without_addresses_and_by_pages() -> None:  # R725
    told = msgspec.to_builtins(write_devices(OWN, SERVER))["APEListObject"]["APEObject"]
    assert [(one["Name"], one["IsOnline"], one["FunctionType"]) for one in told] == [
        ("南门", "1", "5"), ("北门", "2", "1"), ("North", "9", "5"),
    ]  # fmt: skip
    assert told[0] | {"ApeID": 0} == {
        "ApeID": 0, "Name": "南门", "Model": "", "IPAddr": "", "Port": 0, "Longitude": 113.1, "Latitude": 29.1,
        "PlaceCode": "430621", "MonitorDirection": "1", "IsOnline": "1", "OwnerApsID": SERVER, "FunctionType": "5",
    }  # fmt: skip
    assert [read_device(Fields(one), "ape", "wgs84").lat for one in told] == [29.1, 30.1, 31.1]
    assert chosen(OWN, {}) == OWN
    assert chosen(OWN, {"ApeID": f"{OWN[2].id},{OWN[0].id}"}) == [OWN[0], OWN[2]]
    assert chosen(OWN, {"APE.Name": "门"}) == OWN[:2]
    assert chosen(OWN, {"RecordStartNo": "2", "PageRecordNum": "1"}) == OWN[1:2]
    assert chosen(OWN, {"PageRecordNum": "x", "RecordStartNo": "-1"}) == OWN
    assert chosen(OWN, {"RecordStartNo": "9"}) == []


async def test_the_catalogue_is_for_upper_systems_and_taken_from_registered_ones() -> None:  # R725 R726
    async with running(uppers={UPPER: "http://127.0.0.1:1"}) as at:
        at.library.own = OWN
        status, told = await curl(f"{at.url}/VIID/APEs?RecordStartNo=2", *digest(UPPER))
        assert (status, [one["Name"] for one in told["APEListObject"]["APEObject"]]) == (200, ["北门", "North"])
        body = msgspec.json.encode({"APEListObject": {"APEObject": [APE, {"ApeID": "1"}]}})
        assert (await curl(f"{at.url}/VIID/APEs", body=body))[0] == 401
        assert at.library.told == []
        await curl(f"{at.url}/VIID/System/Register", *digest(), body=register())
        assert codes((await curl(f"{at.url}/VIID/APEs", *IDENTITY))[1]) == [4]  # one of its devices has no use for it
        assert sorted(codes((await curl(f"{at.url}/VIID/APEs", *IDENTITY, body=body))[1])) == [0, 8]
        gate = msgspec.json.encode({"TollgateListObject": {"TollgateObject": {"TollgateID": GATE}}})
        assert codes((await curl(f"{at.url}/VIID/Tollgates", *IDENTITY, "-X", "PUT", body=gate))[1]) == [0]
        assert [(peer, one.id) for peer, one in at.library.told] == [(DEVICE, DEVICE), (DEVICE, GATE)]
        assert at.server.intake.counters.devices == 2
        at.library.away = UnavailableError("the database is away")
        status, answer = await curl(f"{at.url}/VIID/APEs", *IDENTITY, body=body)
        assert (status, answer["ResponseStatusObject"]["StatusCode"]) == (503, 2)


async def test_a_notice_brings_passages_and_devices_and_is_counted_once_each() -> None:  # R724 R726
    notice = {
        "NotificationID": "n1", "SubscribeID": "s1", "DeviceList": {"APEObject": [APE]},
        "MotorVehicleObjectList": {"MotorVehicleObject": [vehicle()]},
    }  # fmt: skip
    body = msgspec.json.encode({"SubscribeNotificationListObject": {"SubscribeNotificationObject": [notice]}})
    async with running() as at:
        for _ in range(2):
            assert codes((await curl(f"{at.url}/VIID/SubscribeNotifications", *digest(), body=body))[1]) == [0]
        assert len(at.library.taken) == 1
        assert (at.library.notices, at.library.told[0][1].name) == ({"s1": 2}, "南门")


LOWER = Lower(id="43062100005003202611221200000001", peer=SERVER, url="", title="过车", resources=(SERVER,))


def test_an_order_says_what_is_wanted_for_how_long_and_where_it_is_told() -> None:  # R724
    told = msgspec.to_builtins(LOWER.body("http://10.0.0.2:8120", UPPER, NOW_MS))
    (one,) = told["SubscribeListObject"]["SubscribeObject"]
    assert one == {
        "SubscribeID": LOWER.id, "Title": "过车", "SubscribeDetail": "13", "ResourceClass": 4, "ResourceURI": SERVER,
        "ApplicantName": UPPER, "ApplicantOrg": UPPER, "BeginTime": "20261122120000", "EndTime": "20261123120000",
        "ReceiveAddr": "http://10.0.0.2:8120/VIID/SubscribeNotifications", "ReportInterval": 1, "OperateType": 0,
    }  # fmt: skip
    for resource, kind in ((DEVICE, 1), ("430621", 5)):
        other = msgspec.structs.replace(LOWER, resources=(resource,)).body("http://x", UPPER, NOW_MS)
        assert msgspec.to_builtins(other)["SubscribeListObject"]["SubscribeObject"][0]["ResourceClass"] == kind


async def test_it_is_taken_renewed_and_ended_at_a_real_system() -> None:  # R724 R725
    async with running(uppers={UPPER: "http://127.0.0.1:1"}) as at, aiohttp.ClientSession() as http:
        remote = Remote(http, UPPER, UPPER, PASSWORD)
        lower = msgspec.structs.replace(LOWER, url=at.url)
        body = lower.body("http://127.0.0.1:9", UPPER, NOW_MS)
        with pytest.raises(SignInRequiredError):
            await renew(Remote(http, UPPER, UPPER, "wrong"), lower, body, known=False)
        await renew(remote, lower, body, known=False)
        await renew(remote, lower, lower.body("http://127.0.0.1:9", UPPER, NOW_MS + 60_000), known=True)
        ((asked, state),) = at.library.subscribed.values()
        assert (asked.peer, asked.resources, asked.until_ms, state) == (
            UPPER, (SERVER,), NOW_MS + 24 * 3_600_000 + 60_000, "in force",
        )  # fmt: skip
        at.library.own = OWN
        assert [len(devices_of(one)) for one in await catalogue(remote, lower)] == [3, 0]
        ends = lower.body("http://127.0.0.1:9", UPPER, NOW_MS, ends=True)
        assert Fields(ends).inner("SubscribeListObject").list("SubscribeObject")[0].text("CancelReason") == "不再需要"
        for _ in range(2):
            await cancel(remote, lower, ends)
        assert at.library.subscribed[lower.id][1] == "cancelled"
        at.library.subscribed.clear()
        await cancel(remote, lower, ends)  # nobody there knows of it
        bad = lower.body("ftp://10.0.0.1", UPPER, NOW_MS)
        with pytest.raises(RefusedError, match="ReceiveAddr"):
            await renew(remote, lower, bad, known=True)


def test_a_system_that_starts_again_is_asked_again_later() -> None:  # R727
    answer = msgspec.json.encode({"ResponseStatusObject": {"Id": "1", "StatusCode": "9", "StatusString": "Reboot"}})
    assert verdicts_of(read_json(answer)) == [Verdict("1", StatusCode.BUSY, "Reboot")]
