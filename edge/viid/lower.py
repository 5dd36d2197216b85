"""Passages that we want of a lower view library: subscribed to there for a time, renewed before it is over, cancelled.

The lower system tells them to our `/VIID/SubscribeNotifications`. What it has forgotten, after a fault of its own, it
is told anew with the next renewal; what we forget ends by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from command.kernel.errors import InvalidInputError, UnavailableError
from edge.limits import VIID_CATALOGUE_BYTES, VIID_LEASE_MS
from edge.viid.bodies import RefusedError, Verdict
from edge.viid.codes import MOTOR_VEHICLES, StatusCode
from edge.viid.remote import NotSaidError, Remote
from edge.viid.values import Fields, written

_SUBSCRIBES = "/VIID/Subscribes"
_LIBRARY, _DEVICE, _CIVIL_CODE = 4, 1, 5
"""ResourceClass."""
_DEVICE_DIGITS = 20
_AT_ONCE_S = 1


class Lower(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription at a lower system `peer`, whose origin is `url`. `resources` are its own id, devices, or codes."""

    id: str
    peer: str
    url: str
    title: str
    resources: tuple[str, ...]

    def body(self, receive_at: str, server: str, now_ms: int, *, ends: bool = False) -> dict[str, object]:
        """Return the order for a time from now on, told at our origin `receive_at`; or that it ends."""
        told: dict[str, object] = {
            "SubscribeID": self.id, "Title": self.title, "SubscribeDetail": MOTOR_VEHICLES,
            "ResourceClass": _class_of(self.resources[0], self.peer), "ResourceURI": ",".join(self.resources),
            "ApplicantName": server, "ApplicantOrg": server, "BeginTime": written(now_ms),
            "EndTime": written(now_ms + VIID_LEASE_MS), "ReceiveAddr": f"{receive_at}/VIID/SubscribeNotifications",
            "ReportInterval": _AT_ONCE_S, "OperateType": int(ends),
        }  # fmt: skip
        if ends:
            told |= {"SubscribeCancelOrg": server, "CancelTime": written(now_ms), "CancelReason": "不再需要"}
        return {"SubscribeListObject": {"SubscribeObject": [told]}}


def _class_of(resource: str, peer: str) -> int:
    if resource == peer:
        return _LIBRARY
    return _DEVICE if len(resource) == _DEVICE_DIGITS else _CIVIL_CODE


async def renew(remote: Remote, lower: Lower, body: Mapping[str, object], *, known: bool) -> None:
    """Subscribe, or say it again where the system took it before. Raises as `Remote`, `RefusedError` for a no."""
    url = lower.url + _SUBSCRIBES
    if known and await _is_taken(remote.put, url, body):
        return
    _check(await remote.post(url, body))


async def cancel(remote: Remote, lower: Lower, body: Mapping[str, object]) -> None:
    """End it there, as the standard has it or, where that is not known, by deleting. A system without it agrees."""
    url = lower.url + _SUBSCRIBES
    if not await _is_taken(remote.put, url, body):
        try:
            await remote.delete(f"{url}?IDList={lower.id}")
        except InvalidInputError:  # it has no such subscription, or will not hear of it: it ends by itself
            return


async def _is_taken(
    send: Callable[[str, Mapping[str, object]], Awaitable[list[Verdict]]], url: str, body: Mapping[str, object]
) -> bool:
    try:
        _check(await send(url, body))
    except (InvalidInputError, NotSaidError):
        return False
    return True


def _check(verdicts: list[Verdict]) -> None:
    """Take an answer without a status for a yes, as HTTP said."""
    if not verdicts or verdicts[0].code is StatusCode.OK:
        return
    told = f"answers {int(verdicts[0].code)}: {verdicts[0].told}"
    if verdicts[0].code is StatusCode.BUSY:
        raise UnavailableError(told)
    raise RefusedError(told, verdicts[0].code)


async def catalogue(remote: Remote, lower: Lower) -> list[Fields]:
    """Return the answers to what its devices and tollgates are; one that it has no answer to is left out."""
    found = []
    for kind in ("APEs", "Tollgates"):
        try:
            found.append(await remote.get(f"{lower.url}/VIID/{kind}", VIID_CATALOGUE_BYTES))
        except (InvalidInputError, NotSaidError):
            continue
    return found
