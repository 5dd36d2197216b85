"""Ids of GA/T 1400.1: devices 20 digits, images 41, vehicles 48, subscriptions, dispositions and notices 33."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from edge.viid.values import written

_DEVICE = re.compile(r"[0-9]{20}")
_ID = re.compile(r"[0-9A-Za-z_\-]{1,64}")
_BUSINESS = {"disposition": "01", "alarm": "02", "subscription": "03", "notice": "04"}
_IMAGE, _MOTOR_VEHICLE = "02", "02"
_APE = "119"
_SERIALS = 100_000


def is_device(text: str) -> bool:
    """Say whether this is the id of a device, tollgate, view library or platform."""
    return _DEVICE.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """Say whether this can be an id of an object at all; implementations make them freely."""
    return _ID.fullmatch(text) is not None


def image_id(device: str, at_ms: int, name: str) -> str:
    """Return the id of an image: device, kind, instant and a serial that follows from `name`."""
    return f"{device}{_IMAGE}{written(at_ms)}{_serial(name)}"


def vehicle_id(device: str, at_ms: int, name: str) -> str:
    """Return the id of a vehicle in an image; the same passage has the same, however often it is told."""
    return f"{image_id(device, at_ms, name)}{_MOTOR_VEHICLE}{_serial(name + '/vehicle')}"


def business_id(server: str, kind: Literal["alarm", "subscription", "notice"], at_ms: int, name: str) -> str:
    """Return the id of something agreed or told: organisation 12, kind 2, instant 14, serial 5."""
    return f"{server[:12]}{_BUSINESS[kind]}{written(at_ms)}{_serial(name)}"


def disposition_id(server: str, at_ms: int, number: int) -> str:
    """Return the id of a disposition of ours: as `business_id`, but no two of a second have the same serial.

    `number` counts up; within one second there are fewer than 100 000.
    """
    return f"{server[:12]}{_BUSINESS['disposition']}{written(at_ms)}{number % _SERIALS:05d}"


def own_device(server: str, number: int) -> str:
    """Return the id under which a camera of ours is told: the server's place, kind 119, and a number of our own."""
    return f"{server[:10]}{_APE}{server[13]}{number:06d}"


def _serial(name: str) -> str:
    return f"{int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % _SERIALS:05d}"
