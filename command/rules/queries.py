"""Queries of persons, vehicles, sightings and patrols: on record before they are answered, so many an hour each."""

from __future__ import annotations

from msgspec.structs import replace

from command import requests as q
from command.actors import Actor
from command.facts import Recorded
from command.facts.scene import QueryMade
from command.kernel.errors import NoRightError, TooManyError
from command.kernel.limits import QUERIES_KEPT, QUERY_PAGES, QUERY_PICTURES_MS
from command.rows import QueryRow
from command.rules.base import Decision, decides, folds
from command.tables import Tables

HOUR_MS = 3_600_000
STANDING = frozenset({"passages", "lens"})
"""Looking on as vehicles pass, and at what a lens sees, is on record too, and no query among those of an hour."""
TELL_PASSAGES = frozenset({"sightings", "track", "companions", "first_time", "frequent", "clones", "export"})
"""Queries of which the answer tells of passages; their pictures are opened afterwards."""


def made_lately(t: Tables, by: str, now_ms: int) -> list[int]:
    """Return when the person made queries within the last hour, oldest first."""
    rows = t.queries.of(by)
    return sorted(row.at_ms for row in rows if row.at_ms > now_ms - HOUR_MS and row.what not in STANDING)


def has_asked(t: Tables, by: str, now_ms: int) -> bool:
    """Say whether the person asked for passages, with a reason, so lately that their pictures are shown."""
    rows = t.queries.of(by)
    return any(row.at_ms > now_ms - QUERY_PICTURES_MS and row.what in TELL_PASSAGES for row in rows)


def check_one_more(t: Tables, by: str, an_hour: int, now_ms: int) -> None:
    """Raise `TooManyError`, with the instant from which on there is room, where the person made so many in an hour."""
    lately = made_lately(t, by, now_ms)
    if len(lately) >= an_hour:
        next_ms = lately[-an_hour] + HOUR_MS
        raise TooManyError(f"{an_hour} queries an hour may be made, and were", an_hour=an_hour, next_ms=next_ms)


@decides(q.RecordQuery, "hub")
def record_query(t: Tables, request: q.RecordQuery, actor: Actor, now_ms: int) -> Decision:
    """Every query is on record before it is answered; so is every further page, which is no query of its own."""
    if request.query is None and request.what not in STANDING:
        check_one_more(t, actor.id, request.an_hour, now_ms)
    elif request.query is not None:
        first = t.queries.need(request.query)
        if (first.by, first.what, first.terms) != (actor.id, request.what, request.terms):
            raise NoRightError("this is no further page of that query")
        if first.pages >= QUERY_PAGES:
            raise TooManyError(f"an answer has at most {QUERY_PAGES} pages; ask for less")
    query = request.query or t.next_id("q")
    yield QueryMade(
        what=request.what, terms=request.terms, reason=request.reason, results=request.results, case=request.case,
        query=query, sha256=request.sha256,
    )  # fmt: skip
    return query


@folds(QueryMade)
def query_made(t: Tables, fact: QueryMade, r: Recorded) -> None:
    """The newest are kept for those who look after them; the journal has them all."""
    key = fact.query or f"q{r.seq}"
    if row := t.queries.get(key):
        t.queries.put(replace(row, results=row.results + fact.results, pages=row.pages + 1))
        return
    row = QueryRow(
        id=key, by=r.actor, at_ms=r.at_ms, what=fact.what, terms=fact.terms, reason=fact.reason, case=fact.case,
        results=fact.results, sha256=fact.sha256,
    )  # fmt: skip
    t.queries.put(row)
    while len(t.queries) > QUERIES_KEPT:
        t.queries.drop(next(iter(t.queries.changed_seq)))
