"""The watch list over HTTP: imported from files, exported, and what an entry would have matched of late."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta
from msgspec.structs import replace

from command.actors import HUB, Actor
from command.kernel.errors import InvalidInputError, TooManyError, TriuneError
from command.kernel.limits import READINGS_ROWS
from command.kernel.look_alikes import LOOK_ALIKES
from command.readings import Sighting, SightingQuery
from command.requests import RecordQuery, RequestWatches
from command.requests.base import Reason
from command.rows import WatchRow
from command.rules.watchlist import MAY_ASK, check_pattern
from command.services.bodies import read_body
from command.tables import Tables
from consoles.http.context import Space, actor_of, context_of, require
from consoles.http.record import json_response
from consoles.http.sightings import EXPORTS, Scope, an_hour
from consoles.limits import QUERY_BODY_BYTES, WATCH_CHECK_SIGHTINGS, WATCH_FILE_BYTES, WATCH_FILES_AT_ONCE
from consoles.watch_files.columns import exported, template
from consoles.watch_files.entries import Found, entries_of, places_of
from consoles.watch_files.table import read_table
from streams.watch_list import Wanted, WatchList

_PATH = "/api/v1/watches"
_DAYS = 30
_DAY_MS = 24 * 60 * 60 * 1000
_FILE_BODY_MS = 60_000
_SHOWN_ENTRIES = 200
_NO_STORE = {"Cache-Control": "no-store"}


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry would match. With a reason it is also looked for in the sightings of late, which is on record."""

    pattern: Annotated[str, Meta(min_length=1, max_length=64)]
    look_alike: bool = False
    reason: Reason | None = None


class Watches:
    """The handlers; `scope` says whose passages are whose to look up."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._reading = asyncio.Semaphore(WATCH_FILES_AT_ONCE)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post(f"{_PATH}/import", self.take_file),
            web.get(f"{_PATH}/template.csv", give_template),
            web.get(f"{_PATH}/export.csv", give_all),
            web.post(f"{_PATH}/check", self.check),
        ]

    async def take_file(self, request: web.Request) -> web.Response:
        """`POST …/import?dry_run=1`: a CSV, XLSX or XLS file as the body.

        What is right is asked for, all at once, and waits for approval; the answer tells what is wrong or stands there
        twice, by row. With `dry_run` nothing is asked for. With an `Idempotency-Key` a retry gets what was asked for.
        """
        actor = actor_of(request)
        require(actor, *MAY_ASK)
        space = context_of(request).space(request)
        key = key_of(request, actor)
        if self._reading.locked():
            raise TooManyError(f"{WATCH_FILES_AT_ONCE} files are being read; try again")
        async with self._reading:
            data = await read_body(request, WATCH_FILE_BYTES, _FILE_BODY_MS)
            table = await read_table(data)
            places, now_ms = await space.hub.read(places_of), space.hub.clock.now_ms()
            found = await asyncio.to_thread(entries_of, table, places, now_ms)
        batch, requested = "", 0
        if request.query.get("dry_run", "") in ("", "0"):
            batch, requested = await _asked_for(space, actor, found, key)
        return json_response({
            "rows": found.rows, "good": len(found.entries), "requested": requested, "batch": batch,
            "problems": found.problems, "problems_more": found.problems_more, "duplicates": found.duplicates,
            "mixed_encodings": table.is_mixed, "sha256": hashlib.sha256(data).hexdigest(),
            "entries": [{"row": row, "entry": entry} for row, entry in found.entries[:_SHOWN_ENTRIES]],
        })  # fmt: skip

    async def check(self, request: web.Request) -> web.Response:
        """`POST …/check`: whether the pattern can fire, what is on the list like it, and the sightings of 30 days."""
        actor = actor_of(request)
        require(actor, *MAY_ASK)
        asked = msgspec.json.decode(await read_body(request, QUERY_BODY_BYTES), type=Check)
        context = context_of(request)
        space = context.space(request)
        try:
            pattern = check_pattern(asked.pattern)
        except TriuneError as error:
            return json_response({"pattern": asked.pattern, "code": error.code, "detail": error.detail})
        same = await space.hub.read(lambda t: [w.id for w in t.watches if w.pattern == pattern and w.ended_ms is None])
        answer: dict[str, object] = {"pattern": pattern, "code": "", "detail": "", "same": same[:_SHOWN_ENTRIES]}
        if asked.reason is None:
            return json_response(answer)
        hourly, now_ms = an_hour(actor), space.hub.clock.now_ms()
        cameras = await space.hub.read(lambda t: self._scope(t, actor))
        question = SightingQuery(
            from_ms=max(0, now_ms - _DAYS * _DAY_MS), to_ms=now_ms,
            plate=_widened(pattern) if asked.look_alike else pattern,
            cameras=None if cameras is None else tuple(cameras),
            limit=READINGS_ROWS if asked.look_alike else WATCH_CHECK_SIGHTINGS + 1,
        )  # fmt: skip
        seen = await context.readings_of(space).search(space.name, question)
        fitting = _fitting(seen, Wanted(pattern, asked.look_alike))
        terms = f"watch {pattern}{' and look-alikes' if asked.look_alike else ''}, {_DAYS} days"
        record = RecordQuery(what="sightings", terms=terms, reason=asked.reason, results=len(fitting), an_hour=hourly)
        await space.hub.ask(record, replace(HUB, id=actor.id))
        return json_response({**answer, "days": _DAYS, **_told(fitting)})


async def _asked_for(space: Space, actor: Actor, found: Found, key: str | None) -> tuple[str, int]:
    """Ask for the entries; return the batch and how many it has. With a key asked before: what came of it then."""
    if key:
        known = (await space.hub.journal.answers(space.name, [key])).get(key)
        if known is not None:
            return known.subject, await space.hub.read(lambda t: sum(w.batch == known.subject for w in t.watches))
    if not found.entries:
        return "", 0
    entries = [entry for _, entry in found.entries]
    answer = await space.hub.ask(RequestWatches(entries=entries), actor, key)
    return answer.subject, len(entries)


def key_of(request: web.Request, actor: Actor) -> str | None:
    """Return the idempotency key of a request, of this person alone; None where there is none."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 8 <= len(key) <= 100:
        raise InvalidInputError("an Idempotency-Key has 8 to 100 characters")
    return f"{actor.id}/{key}" if key else None


def _widened(pattern: str) -> str:
    """Return a pattern that every look-alike fits too, and more."""
    return "".join("?" if char in LOOK_ALIKES else char for char in pattern)


def _fitting(seen: Sequence[Sighting], wanted: Wanted) -> list[tuple[Sighting, float]]:
    watches = WatchList([("w", wanted)])
    return [
        (sighting, match.score)
        for sighting in seen
        for match in watches.matching(sighting.plate, sighting.char_confidences)
    ]


def _told(fitting: Sequence[tuple[Sighting, float]]) -> dict[str, object]:
    """Return how many there are, and each plate with how often it was seen, where last, and how well it fits."""
    plates: dict[str, dict[str, object]] = {}
    counts: dict[str, int] = {}
    for sighting, score in fitting:  # the newest first
        counts[sighting.plate] = counts.get(sighting.plate, 0) + 1
        plates.setdefault(
            sighting.plate,
            {"plate": sighting.plate, "camera": sighting.camera, "at_ms": sighting.first_ms, "score": round(score, 3)},
        )
    told = [{**plates[plate], "seen": count} for plate, count in counts.items()]
    return {
        "sightings": min(len(fitting), WATCH_CHECK_SIGHTINGS),
        "more": len(fitting) > WATCH_CHECK_SIGHTINGS,
        "plates": told[:_SHOWN_ENTRIES],
    }


async def give_template(request: web.Request) -> web.Response:
    """`GET …/template.csv`: the headings and an example."""
    require(actor_of(request), *MAY_ASK)
    return _file(template(), "watches-template.csv")


async def give_all(request: web.Request) -> web.Response:
    """`GET …/export.csv?reason=`: what is asked for and in force, on record before it is answered."""
    actor = actor_of(request)
    require(actor, *EXPORTS)
    reason = request.query.get("reason", "").strip()
    if not 1 <= len(reason) <= 500:
        raise InvalidInputError("an export states a reason of at most 500 characters")
    space = context_of(request).space(request)
    watches, cameras = await space.hub.read(_listed)
    record = RecordQuery(what="export", terms="watch list", reason=reason, results=len(watches), an_hour=an_hour(actor))
    await space.hub.ask(record, replace(HUB, id=actor.id))
    return _file(exported(watches, cameras), "watches.csv")


def _listed(t: Tables) -> tuple[list[WatchRow], dict[str, str]]:
    return [watch for watch in t.watches if watch.ended_ms is None], {camera.id: camera.name for camera in t.cameras}


def _file(data: bytes, name: str) -> web.Response:
    headers = {**_NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=data, content_type="text/csv", charset="utf-8", headers=headers)
