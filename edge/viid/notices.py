"""What is told to others, as the standard words it: passages by themselves, to a subscription, and as an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from command.readings import Sighting
from edge.viid.catalogue import OwnDevice, written_device
from edge.viid.ids import business_id
from edge.viid.orders import Disposition, Subscription
from edge.viid.values import written
from edge.viid.vehicle import write_vehicle

_INFO_IDS_CHARS = 1024


class Notice(msgspec.Struct, frozen=True):
    """A passage that somebody is to be told of. `hit` is what it was on the watch list, empty for any passage."""

    sighting: Sighting
    hit: str = ""

    @property
    def key(self) -> str:
        """What tells it apart: the same passage is told once, and once more for each hit that it was."""
        return f"{self.sighting.first_ms}/{self.sighting.camera}/{self.sighting.plate}/{self.hit}"


class Passage(msgspec.Struct, frozen=True):
    """A passage with the id of the device that it is told under, and its picture where it goes along."""

    sighting: Sighting
    device: str
    picture: bytes | None
    hit: str = ""

    def vehicle(self) -> dict[str, object]:
        """Return its MotorVehicleObject."""
        return write_vehicle(self.sighting, self.device, self.picture)


class Body(NamedTuple):
    """What is told, and under which id each passage is in it: answers name these."""

    ids: list[str]
    body: dict[str, object]


def vehicles(passages: list[Passage]) -> Body:
    """Return the body that brings passages by themselves."""
    told = [passage.vehicle() for passage in passages]
    return Body(_ids("MotorVehicleID", told), {"MotorVehicleListObject": {"MotorVehicleObject": told}})


def subscribed(server: str, asked: Subscription, passages: list[Passage]) -> Body:
    """Return the body that tells a subscription of passages: one notice."""
    told = [passage.vehicle() for passage in passages]
    names = _ids("MotorVehicleID", told)
    ids = ",".join(names)
    newest_ms = max(passage.sighting.first_ms for passage in passages)
    notice = {
        "NotificationID": business_id(server, "notice", newest_ms, f"{asked.id}/{ids}"), "SubscribeID": asked.id,
        "Title": asked.title, "TriggerTime": written(newest_ms), "InfoIDs": ids[:_INFO_IDS_CHARS],
        "MotorVehicleObjectList": {"MotorVehicleObject": told},
    }  # fmt: skip
    return Body(names, {"SubscribeNotificationListObject": {"SubscribeNotificationObject": [notice]}})


def devices(server: str, asked: Subscription, told: Sequence[OwnDevice], now_ms: int) -> dict[str, object]:
    """Return the body that tells a subscription of devices."""
    ids = ",".join(one.id for one in told)
    notice = {
        "NotificationID": business_id(server, "notice", now_ms, f"{asked.id}/{ids}"), "SubscribeID": asked.id,
        "Title": asked.title, "TriggerTime": written(now_ms), "InfoIDs": ids[:_INFO_IDS_CHARS],
        "DeviceList": {"APEObject": [written_device(one, server) for one in told]},
    }  # fmt: skip
    return {"SubscribeNotificationListObject": {"SubscribeNotificationObject": [notice]}}


def disposed(server: str, asked: Disposition, passages: list[Passage]) -> Body:
    """Return the body that tells of vehicles that were looked out for: a notice of each."""
    notices: list[dict[str, object]] = []
    for passage in passages:
        vehicle, at_ms = passage.vehicle(), passage.sighting.first_ms
        notices.append(
            {
                "NotificationID": business_id(server, "alarm", at_ms, f"{asked.id}/{passage.hit}"),
                "DispositionID": asked.id, "Title": asked.title, "TriggerTime": written(at_ms),
                "CntObjectID": vehicle["MotorVehicleID"], "MotorVehicleObject": vehicle,
            }
        )  # fmt: skip
    body: dict[str, object] = {"DispositionNotificationListObject": {"DispositionNotificationObject": notices}}
    return Body(_ids("NotificationID", notices), body)


def _ids(name: str, objects: Sequence[dict[str, object]]) -> list[str]:
    return [str(one[name]) for one in objects]
