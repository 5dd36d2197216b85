"""Likely ways between cameras: searched along the road net in a thread, within bounds, and remembered for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from command.kernel.limits import TRACK_STEPS, WAY_STEPS, WAYS_KEPT
from command.kernel.roads import RoadNet
from command.kernel.ways import Found, NoWay, Way, quickest_way
from command.readings.legs import Pair


class LikelyWays:
    """Of one hub; `net` is None where it has none."""

    def __init__(self, net: RoadNet | None) -> None:
        self._net = net
        self._known: OrderedDict[Pair, Way | NoWay] = OrderedDict()
        self._turn = asyncio.Lock()

    async def between(self, pairs: Sequence[Pair]) -> dict[Pair, Way | NoWay]:
        """Return what lies between places, none without a net; `too_far` past what one question may have searched."""
        if self._net is None:
            return {}
        async with self._turn:  # one search at a time: others keep a core
            unknown = [pair for pair in pairs if pair not in self._known]
            searched = await asyncio.to_thread(_search, self._net, unknown) if unknown else {}
            ways = {pair: self._known[pair] if pair in self._known else searched[pair].way for pair in pairs}
            for pair, found in searched.items():
                if found.way != "too_far" or found.steps >= WAY_STEPS:  # another question may have more room
                    self._known[pair] = found.way
            for pair in pairs:
                if pair in self._known:
                    self._known.move_to_end(pair)
            while len(self._known) > WAYS_KEPT:
                self._known.popitem(last=False)
            return ways


def _search(net: RoadNet, pairs: Sequence[Pair]) -> dict[Pair, Found]:
    room, found = TRACK_STEPS, dict[Pair, Found]()
    for pair in pairs:
        found[pair] = quickest_way(net, *pair, most_steps=min(WAY_STEPS, room))
        room -= found[pair].steps
    return found
