"""The rules, by subject. Importing this package registers them all; the hub calls `decide` and `fold`."""

from command.rules import (
    approvals,
    archive,
    dispatch,
    hits,
    hits_judged,
    hubs,
    intake,
    libraries,
    messages,
    patrol,
    plans,
    queries,
    recording,
    registers,
    retiring,
    scene,
    situations,
    sos,
    violation_register,
    violations,
    wall,
    watchlist,
)
from command.rules.base import decide, fold, unruled

__all__ = [
    "approvals", "archive", "decide", "dispatch", "fold", "hits", "hits_judged", "hubs", "intake", "libraries",
    "messages", "patrol", "plans", "queries", "recording", "registers", "retiring", "scene", "situations", "sos",
    "unruled", "violation_register", "violations", "wall", "watchlist",
]  # fmt: skip
