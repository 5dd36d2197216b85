"""Our dispositions (布控) at lower view libraries: told there, told otherwise, and cancelled (GA/T 1400.3, A.17).

Only what the form asks for is said: plate, level, times and where. Who asked for it and why stays here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from command.facts.base import Level
from command.kernel.errors import InvalidInputError
from edge.limits import VIID_CATALOGUE_BYTES
from edge.viid.bodies import Verdict, each_of
from edge.viid.codes import DISPOSITION_OF_MOTOR_VEHICLES, StatusCode
from edge.viid.ids import is_id
from edge.viid.orders import ORDER_STATES, OrderState
from edge.viid.remote import NotSaidError, Remote
from edge.viid.values import written

_DISPOSITIONS, _NOTICES = "/VIID/Dispositions", "/VIID/DispositionNotifications"
_TITLE = "车辆布控"
_AT_TOLLGATES, _IN_AREA = "1", "2"
"""DispositionRange."""
_COUNTY_DIGITS = 6
_LOWEST_PRIORITY = 3


class Cascade(msgspec.Struct, frozen=True, kw_only=True):
    """A lower system `peer`, whose origin is `url`, that is told what we look out for."""

    peer: str
    url: str
    title: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of our watch list as others are told it: one whole plate, at `tollgates` of theirs, empty: everywhere.

    `watch` is the entry here, which nobody is told.
    """

    id: str
    watch: str
    plate: str
    level: Level
    from_ms: int
    until_ms: int
    tollgates: tuple[str, ...] = ()


def dispositions(
    entries: Sequence[Entry], peer: str, server: str, receive_at: str, now_ms: int, *, ends: bool = False
) -> dict[str, object]:
    """Return the body that asks a system to look out for these, told at our origin `receive_at`; or no longer to."""
    told = []
    for entry in entries:
        one: dict[str, object] = {
            "DispositionID": entry.id, "Title": _TITLE, "DispositionCategory": DISPOSITION_OF_MOTOR_VEHICLES,
            "TargetFeature": entry.plate, "PriorityLevel": min(entry.level, _LOWEST_PRIORITY),
            "ApplicantName": server, "ApplicantOrg": server, "BeginTime": written(entry.from_ms),
            "EndTime": written(entry.until_ms), "CreatTime": written(entry.from_ms), "OperateType": int(ends),
            "DispositionStatus": int(ends), "ReceiveAddr": f"{receive_at}{_NOTICES}",
        }  # fmt: skip
        if entry.tollgates:
            one |= {"DispositionRange": _AT_TOLLGATES, "TollgateList": ";".join(entry.tollgates)}
        else:
            one |= {"DispositionRange": _IN_AREA, "DispositionArea": peer[:_COUNTY_DIGITS]}
        if ends:
            one |= {
                "DispositionRemoveOrg": server, "DispositionRemovePerson": server,
                "DispositionRemoveTime": written(now_ms), "DispositionRemoveReason": "已撤控",
            }  # fmt: skip
        told.append(one)
    return {"DispositionListObject": {"DispositionObject": told}}


async def standing(remote: Remote, cascade: Cascade, server: str, receive_at: str) -> list[tuple[Entry, OrderState]]:
    """Return what a system says that it looks out for and tells us at our address, and how each stands there.

    Raises as `Remote.get`; `InvalidInputError` or `NotSaidError` where the system does not tell.
    """
    body = await remote.get(cascade.url + _DISPOSITIONS, VIID_CATALOGUE_BYTES)
    found = []
    for told in body.inner("DispositionListObject").list("DispositionObject"):
        name, until_ms = told.text("DispositionID", 64), told.instant_ms("EndTime")
        state = ORDER_STATES.get(told.whole("DispositionStatus"))
        ours = told.text("ReceiveAddr") == f"{receive_at}{_NOTICES}" and name.startswith(server[:12]) and is_id(name)
        if ours and state is not None and until_ms is not None:
            entry = Entry(
                id=name, watch="", plate=told.text("TargetFeature", 16), level=3, from_ms=0, until_ms=until_ms
            )  # fmt: skip
            found.append((entry, state))
    return found


async def ask(
    remote: Remote, cascade: Cascade, entries: Sequence[Entry], body: dict[str, object], *, known: bool
) -> list[tuple[Entry, Verdict]]:
    """Return what became of each; those that the system may know are changed, else told. Raises as `Remote.post`."""
    url = cascade.url + _DISPOSITIONS
    if known:
        return _each(entries, await _put(remote, url, body))
    try:
        verdicts = await remote.post(url, body)
    except InvalidInputError as error:
        verdicts = [Verdict("", StatusCode.OTHER, error.detail)]
    return _each(entries, verdicts)


async def cancel(
    remote: Remote, cascade: Cascade, entries: Sequence[Entry], body: dict[str, object]
) -> list[tuple[Entry, Verdict]]:
    """End them there, as the standard has it, else by deleting. What is still refused is none of its: it agrees.

    Where it says nothing of them to either (`NotSaidError`) they are in force there still: that is told as busy.
    """
    url = cascade.url + _DISPOSITIONS
    ended = _each(entries, await _put(remote, url, body))
    left = [entry for entry, verdict in ended if verdict.code not in (StatusCode.OK, StatusCode.BUSY)]
    if left:
        try:
            deleted = await remote.delete(f"{url}?IDList={','.join(entry.id for entry in left)}")
        except InvalidInputError:
            deleted = []
        except NotSaidError as error:
            deleted = [Verdict("", StatusCode.BUSY, error.detail)]
        busy = {entry.id: verdict for entry, verdict in _each(left, deleted) if verdict.code is StatusCode.BUSY}
        ended = [
            (entry, busy.get(entry.id, Verdict(entry.id)) if entry in left else verdict) for entry, verdict in ended
        ]
    return ended


def _each(entries: Sequence[Entry], verdicts: Sequence[Verdict]) -> list[tuple[Entry, Verdict]]:
    return each_of(entries, [entry.id for entry in entries], verdicts)


async def _put(remote: Remote, url: str, body: dict[str, object]) -> list[Verdict]:
    try:
        return await remote.put(url, body)
    except (InvalidInputError, NotSaidError) as error:  # there is another way to say it
        return [Verdict("", StatusCode.OTHER, error.detail)]
