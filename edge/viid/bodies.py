"""Bodies: JSON in UTF-8 or GBK in, status objects out (GA/T 1400.3, A.26)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from command.kernel.errors import InvalidInputError
from edge.viid.codes import StatusCode
from edge.viid.values import Fields, written

CONTENT_TYPE = "application/VIID+JSON;charset=UTF-8"
_STRING_CHARS = 200
_T = TypeVar("_T")


class RefusedError(InvalidInputError):
    """An object, or a whole request, that is not taken, with the code that says why."""

    code = "viid_refused"

    def __init__(self, detail: str, status_code: StatusCode = StatusCode.INVALID_JSON_CONTENT) -> None:
        super().__init__(detail)
        self.status_code = status_code


class Verdict(msgspec.Struct, frozen=True):
    """What became of one object."""

    id: str
    code: StatusCode = StatusCode.OK
    told: str = "OK"


def read_json(body: bytes) -> Fields:
    """Return the object that a body holds. Raises `RefusedError` for what is no JSON, too deep, or no object."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("gb18030", "replace")
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError) as error:
        raise RefusedError(f"not JSON: {error}"[:_STRING_CHARS], StatusCode.INVALID_JSON_FORMAT) from error
    except RecursionError as error:
        raise RefusedError("nested too deeply", StatusCode.INVALID_JSON_FORMAT) from error
    if not isinstance(value, dict):
        raise RefusedError("not a JSON object", StatusCode.INVALID_JSON_FORMAT)
    return Fields(value)


def status(url: str, verdict: Verdict, now_ms: int) -> bytes:
    """Return the answer to a request about one thing."""
    return msgspec.json.encode({"ResponseStatusObject": _object(url, verdict, now_ms)})


def statuses(url: str, verdicts: list[Verdict], now_ms: int) -> bytes:
    """Return the answer to a request about several objects, each with its own status."""
    told = [_object(url, verdict, now_ms) for verdict in verdicts]
    return msgspec.json.encode({"ResponseStatusListObject": {"ResponseStatusObject": told}})


def _object(url: str, verdict: Verdict, now_ms: int) -> dict[str, str | int]:
    return {
        "Id": verdict.id, "LocalTime": written(now_ms), "RequestURL": url[:_STRING_CHARS],
        "StatusCode": int(verdict.code), "StatusString": verdict.told[:_STRING_CHARS],
    }  # fmt: skip


def verdicts_of(answer: Fields) -> list[Verdict]:
    """Return what another system answered, whichever of the forms it has; none where it is no such answer."""
    told = answer.inner("ResponseStatusListObject").list("ResponseStatusObject")
    told = (
        told or answer.inner("ResponseStatusList").list("ResponseStatusObject") or answer.list("ResponseStatusObject")
    )
    found = []
    for one in told:
        number = one.whole("StatusCode")
        known = number in StatusCode.__members__.values()
        code = StatusCode(number) if known and number is not None else StatusCode.OTHER
        if code is StatusCode.REBOOTING:  # says what busy says: later
            code = StatusCode.BUSY
        found.append(Verdict(one.text("Id", 64), code, one.text("StatusString")))
    return found


def each_of(told: Sequence[_T], ids: Sequence[str], verdicts: Sequence[Verdict]) -> list[tuple[_T, Verdict]]:
    """Return what became of each, told under its id: by the ids that the answer names, whatever its order.

    What it says without one that is known stands in our order where it is as much as is left, else speaks for all that
    is left. Where it names some and says no more, HTTP's yes is for the others.
    """
    named: defaultdict[str, deque[Verdict]] = defaultdict(deque)
    for verdict in verdicts:
        named[verdict.id].append(verdict)
    nameless = [verdict for verdict in verdicts if verdict.id not in ids]
    left = sum(name not in named for name in ids)
    worst = max(nameless, key=_gravity, default=Verdict(""))
    rest = iter(nameless if len(nameless) == left else [worst] * left)
    return [
        (one, _next_of(named[name]) if name in named else next(rest)) for one, name in zip(told, ids, strict=True)
    ]  # fmt: skip


def _gravity(verdict: Verdict) -> int:
    """Busy goes before refused, so that it is told again."""
    return 2 if verdict.code is StatusCode.BUSY else int(verdict.code is not StatusCode.OK)


def _next_of(verdicts: deque[Verdict]) -> Verdict:
    """Objects may share an id: then those of it stand in our order, and the last one speaks for all further."""
    return verdicts.popleft() if len(verdicts) > 1 else verdicts[0]
