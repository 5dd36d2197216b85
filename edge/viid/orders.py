"""What other systems ask of us for a time: subscriptions (GA/T 1400.3, A.19) and dispositions (布控, A.17)."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from command.facts.base import Level
from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from command.kernel.plate_pattern import checked_pattern
from edge.limits import VIID_INTERVAL_S
from edge.viid.bodies import RefusedError
from edge.viid.codes import DEVICES, DISPOSITION_OF_VEHICLES, MOTOR_VEHICLES, StatusCode
from edge.viid.ids import is_device, is_id
from edge.viid.values import Fields, written

_RESOURCE = re.compile(r"[0-9]{2,20}")
_CIVIL_CODE_DIGITS = (2, 4, 6, 8)
_RESOURCE_CHARS, _ADDRESS_CHARS = 1024, 256
_PLATE_IN_TEXT = re.compile(rf"[{ga36.PROVINCES}?*][A-Za-z0-9?*·{ga36.SUFFIXES}]{{1,15}}")
_LEVELS: dict[int | None, Level] = {1: 1, 2: 2, 3: 3}
OrderState = Literal["waiting", "in force", "cancelled", "over"]
_STATES: dict[OrderState, int] = {"in force": 0, "cancelled": 1, "over": 2, "waiting": 9}
"""SubscribeStatus and DispositionStatus: 0 in force, 1 cancelled, 2 past its end, 9 not yet."""
ORDER_STATES: dict[int | None, OrderState] = {code: state for state, code in _STATES.items()}
"""The states by their codes."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants to be told of passages, of devices, or both, by `details`.

    `resources` are ids of devices, tollgates, our own, or civil codes.
    """

    id: str
    peer: str
    title: str
    resources: tuple[str, ...]
    address: str
    from_ms: int
    until_ms: int
    interval_s: int
    applicant: str
    details: tuple[str, ...] = (MOTOR_VEHICLES,)

    def wants(self, detail: str, device: str, server: str, at_ms: int) -> bool:
        """Say whether what is of a detail and a device is, at an instant, what was subscribed to."""
        return (
            detail in self.details
            and self.from_ms <= at_ms < self.until_ms
            and any(
                name in (device, server) or (len(name) in _CIVIL_CODE_DIGITS and device.startswith(name))
                for name in self.resources
            )
        )

    def written(self, state: OrderState) -> dict[str, object]:
        """Return it as it is told."""
        return {
            "SubscribeID": self.id, "Title": self.title, "SubscribeDetail": ",".join(self.details),
            "ResourceURI": ",".join(self.resources), "ApplicantName": self.applicant,
            "BeginTime": written(self.from_ms),
            "EndTime": written(self.until_ms), "ReceiveAddr": self.address, "ReportInterval": self.interval_s,
            "OperateType": int(state == "cancelled"), "SubscribeStatus": _STATES[state],
        }  # fmt: skip


class Disposition(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants a vehicle to be looked out for, and to be told of it. `pattern` is a watch pattern."""

    id: str
    peer: str
    title: str
    pattern: str
    level: Level
    address: str
    until_ms: int
    reason: str
    applicant: str
    tollgates: tuple[str, ...] = ()
    """Ids of the tollgates and devices that it is for; empty: all."""

    def written(self, state: OrderState) -> dict[str, object]:
        """Return it as it is told."""
        return {
            "DispositionID": self.id, "Title": self.title, "DispositionCategory": "3", "TargetFeature": self.pattern,
            "PriorityLevel": min(self.level, 3), "ApplicantName": self.applicant, "EndTime": written(self.until_ms),
            "ReceiveAddr": self.address, "TollgateList": ";".join(self.tollgates), "Reason": self.reason,
            "OperateType": int(state == "cancelled"), "DispositionStatus": _STATES[state],
        }  # fmt: skip


def is_cancelled(told: Fields) -> bool:
    """Say whether the object asks to end what it names: OperateType 1."""
    return told.whole("OperateType") == 1


def read_subscription(told: Fields, peer: str, now_ms: int, origin: str = "") -> Subscription:
    """Return what a SubscribeObject asks; told at `origin` where it names no address. Raises `RefusedError`.

    An origin is known of upper systems alone, and so are devices.
    """
    asked = re.split(r"[,;，；\s]+", told.text("SubscribeDetail"))
    details = tuple(detail for detail in (DEVICES, MOTOR_VEHICLES) if detail in asked)
    if not details:
        words = f"only SubscribeDetail {DEVICES} (devices) and {MOTOR_VEHICLES} (motor vehicles) are offered"
        raise RefusedError(words, StatusCode.INVALID_OPERATION)
    if DEVICES in details and not origin:
        words = "the catalogue (3) is for upper systems, which are set here"
        raise RefusedError(words, StatusCode.INVALID_OPERATION)
    from_ms, until_ms = _times(told, now_ms)
    interval_s = told.whole("ReportInterval") or 0
    if not 0 <= interval_s <= VIID_INTERVAL_S:
        raise RefusedError(f"ReportInterval is 0 to {VIID_INTERVAL_S} s")
    resources = tuple(dict.fromkeys(_RESOURCE.findall(told.text("ResourceURI", _RESOURCE_CHARS))))
    if not resources:
        raise RefusedError("ResourceURI names no device, tollgate, library or civil code")
    return Subscription(
        id=_id(told, "SubscribeID"), peer=peer, title=told.text("Title"), resources=resources,
        address=_address(told, origin, "/VIID/SubscribeNotifications"), from_ms=from_ms, until_ms=until_ms,
        interval_s=interval_s, applicant=_applicant(told), details=details,
    )  # fmt: skip


def read_disposition(told: Fields, peer: str, now_ms: int, origin: str = "") -> Disposition:
    """Return what a DispositionObject asks; told at `origin` where it names no address. Raises `RefusedError`."""
    disposition = _id(told, "DispositionID")
    if told.text("DispositionCategory") not in DISPOSITION_OF_VEHICLES:
        raise RefusedError("only dispositions of motor vehicles (3) are taken", StatusCode.INVALID_OPERATION)
    _, until_ms = _times(told, now_ms)
    tollgates = [name for name in _RESOURCE.findall(told.text("TollgateList", _RESOURCE_CHARS)) if is_device(name)]
    title, reason = told.text("Title"), told.text("Reason")
    return Disposition(
        id=disposition, peer=peer, title=title, pattern=_target(told),
        level=_LEVELS.get(told.whole("PriorityLevel"), 3),
        address=_address(told, origin, "/VIID/DispositionNotifications"), until_ms=until_ms,
        reason=reason or title or "GA/T 1400", applicant=_applicant(told),
        tollgates=tuple(dict.fromkeys(tollgates)) if told.whole("DispositionRange") != 2 else (),
    )  # fmt: skip


def _target(told: Fields) -> str:
    """Find the plate: TargetFeature holds it alone, within other words, or as JSON of a vehicle."""
    said = told.text("TargetFeature")
    for text in (said, *_PLATE_IN_TEXT.findall(said)):
        try:
            pattern = checked_pattern(text)
        except InvalidInputError:
            continue
        if len(pattern.replace("*", "").replace("?", "")) >= 2:
            return pattern
    raise RefusedError("TargetFeature names no number plate")


def _id(told: Fields, name: str) -> str:
    text = told.text(name, 64)
    if not is_id(text):
        raise RefusedError(f"{name} is missing or no id")
    return text


def _times(told: Fields, now_ms: int) -> tuple[int, int]:
    from_ms, until_ms = told.instant_ms("BeginTime"), told.instant_ms("EndTime")
    if until_ms is None:
        raise RefusedError("EndTime is missing or no time")
    if until_ms <= now_ms:
        raise RefusedError(f"EndTime is past; our clock says {written(now_ms)}")
    return from_ms or now_ms, until_ms


def _address(told: Fields, origin: str, path: str) -> str:
    """Return where to tell it; an address without a path, or none at all, means the standard's."""
    text = told.text("ReceiveAddr", _ADDRESS_CHARS + 1) or origin
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise RefusedError("ReceiveAddr is no address") from None
    if len(text) > _ADDRESS_CHARS or parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise RefusedError("ReceiveAddr is no http address")
    return text if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}{path}"


def _applicant(told: Fields) -> str:
    said = (told.text("ApplicantOrg", 100), told.text("ApplicantName", 50))
    return " ".join(dict.fromkeys(filter(None, said)))


def host_of(address: str) -> str:
    """Return the host that an address of `read_subscription` or `read_disposition` names."""
    return urlsplit(address).hostname or ""


def ids_of(text: str) -> list[str]:
    """Return the ids of a query's IDList."""
    return [name for name in re.split(r"[,;\s]+", text) if is_id(name)]
