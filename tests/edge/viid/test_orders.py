"""What may be subscribed to and looked out for (SPEC R588, R590)."""

from __future__ import annotations

from typing import Any

import pytest

from edge.viid.bodies import RefusedError
from edge.viid.orders import Subscription, host_of, ids_of, read_disposition, read_subscription
from edge.viid.values import Fields
from tests.edge.viid.site import DEVICE, NOW_MS, SERVER, china_ms

PEER = "43060000005030000001"


def subscription(origin: str = "", **more: Any) -> Subscription:
    told = {
        "SubscribeID": "s1",
        "SubscribeDetail": "13",
        "ResourceURI": DEVICE,
        "BeginTime": "20261122120000",
        "EndTime": "20261123120000",
        "ReceiveAddr": "http://10.0.0.1:8080/VIID/SubscribeNotifications",
    }
    return read_subscription(Fields(told | more), PEER, NOW_MS, origin)


@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        (DEVICE, True),
        (SERVER, True),
        (f"/VIID/APEs/{DEVICE}", True),
        (f"11;{DEVICE}", True),
        ("65", True),
        ("6501", True),
        ("650100", True),
        ("66", False),
        ("65010000001190000002", False),
        ("650", False),
    ],
)
def test_a_subscription_is_to_devices_libraries_or_civil_codes(resource: str, wanted: bool) -> None:
    assert subscription(ResourceURI=resource).wants("13", DEVICE, SERVER, NOW_MS + 1000) is wanted


def test_a_subscription_holds_from_its_beginning_to_its_end() -> None:
    asked = subscription(BeginTime="20261122130000")
    instants = (
        NOW_MS,
        china_ms("2026-11-22 13:00:00"),
        china_ms("2026-11-23 11:59:59"),
        china_ms("2026-11-23 12:00:00"),
    )
    assert [asked.wants("13", DEVICE, SERVER, at_ms) for at_ms in instants] == [False, True, True, False]
    assert subscription(EndTime="99991231235959").until_ms == 32_503_680_000_000


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://10.0.0.1/",
        "http://",
        "http://user:secret@10.0.0.1/",
        "http://[::1/",
        "http://10.0.0.1:99999/",
        "x" * 300,
    ],
)
def test_addresses_that_nobody_can_be_told_at_are_refused(address: str) -> None:
    with pytest.raises(RefusedError, match="ReceiveAddr"):
        subscription(ReceiveAddr=address)


def test_an_address_without_a_path_or_none_at_all_means_the_standards() -> None:
    assert subscription(ReceiveAddr="http://10.0.0.1:80").address == "http://10.0.0.1:80/VIID/SubscribeNotifications"
    assert subscription(ReceiveAddr="https://10.0.0.1/x/").address == "https://10.0.0.1/x/"
    told = Fields({"SubscribeID": "s", "SubscribeDetail": "13", "ResourceURI": "43", "EndTime": "20261123120000"})
    asked = read_subscription(told, PEER, NOW_MS, "https://10.0.0.9:8120")
    assert asked.address == "https://10.0.0.9:8120/VIID/SubscribeNotifications"


@pytest.mark.parametrize("interval", [-1, 90_000])
def test_an_interval_has_bounds(interval: int) -> None:
    with pytest.raises(RefusedError, match="ReportInterval"):
        subscription(ReportInterval=interval)


@pytest.mark.parametrize(
    ("feature", "pattern"),
    [
        ("湘F12345", "湘F12345"),
        ("湘F·123??", "湘F123??"),
        ('{"PlateNo":"湘F12345","Color":"5"}', "湘F12345"),
        ("蓝色小车,号牌湘F12345", "湘F12345"),
        ("湘f12345", "湘F12345"),
    ],
)
def test_the_plate_is_found_in_what_is_looked_out_for(feature: str, pattern: str) -> None:
    told = {
        "DispositionID": "d1",
        "DispositionCategory": "3",
        "TargetFeature": feature,
        "EndTime": "20261123120000",
        "ReceiveAddr": "http://10.0.0.1/",
        "TollgateList": f"{DEVICE};7",
        "Title": "t",
    }
    asked = read_disposition(Fields(told), PEER, NOW_MS)
    assert (asked.pattern, asked.tollgates, asked.level, asked.reason) == (pattern, (DEVICE,), 3, "t")
    assert not read_disposition(Fields(told | {"DispositionRange": 2}), PEER, NOW_MS).tollgates


@pytest.mark.parametrize("feature", ["", "一个高个子男人", "***", "湘*", "PlateNo"])
def test_without_a_plate_nobody_is_looked_out_for(feature: str) -> None:
    told = {
        "DispositionID": "d",
        "DispositionCategory": "3",
        "TargetFeature": feature,
        "EndTime": "20261123120000",
        "ReceiveAddr": "http://10.0.0.1/",
    }
    with pytest.raises(RefusedError, match="TargetFeature"):
        read_disposition(Fields(told), PEER, NOW_MS)


def test_hosts_and_lists_of_ids() -> None:
    assert host_of("https://Example.org:8443/x") == "example.org"
    assert ids_of("a,b;; c d'e") == ["a", "b", "c"]


def test_devices_are_for_upper_systems_alone_and_both_may_be_asked_for_at_once() -> None:  # R763
    with pytest.raises(RefusedError, match="upper systems"):
        subscription(SubscribeDetail="3")
    asked = subscription("http://10.0.0.1:8080", SubscribeDetail="13,3,7")
    assert (asked.details, asked.written("in force")["SubscribeDetail"]) == (("3", "13"), "3,13")
    assert [asked.wants(detail, DEVICE, SERVER, NOW_MS + 1000) for detail in ("3", "13", "7")] == [True, True, False]
