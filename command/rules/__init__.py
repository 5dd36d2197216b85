"""The rules, by subject. Importing this package registers them all; the hub calls `decide` and `fold`."""

from command.rules import (
    approvals,
    archive,
    dispatch,
    intake,
    messages,
    patrol,
    plans,
    recording,
    registers,
    scene,
    situations,
    sos,
    wall,
    watchlist,
)
from command.rules.base import decide, fold, unruled

__all__ = [
    "approvals", "archive", "decide", "dispatch", "fold", "intake", "messages", "patrol", "plans", "recording",
    "registers", "scene", "situations", "sos", "unruled", "wall", "watchlist",
]  # fmt: skip
