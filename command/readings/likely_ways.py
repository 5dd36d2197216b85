"""Likely ways between cameras: searched along the road net in a thread, within bounds, and remembered for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from command.kernel.limits import TRACK_STEPS, WAY_STEPS, WAYS_KEPT
from command.kernel.roads import RoadNet
from command.kernel.ways import NoWay, Way, quickest_way
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
            return await asyncio.to_thread(self._search, self._net, pairs)

    def _search(self, net: RoadNet, pairs: Sequence[Pair]) -> dict[Pair, Way | NoWay]:
        room, found = TRACK_STEPS, dict[Pair, Way | NoWay]()
        for pair in pairs:
            way = self._known.get(pair)
            if way is None:
                way, steps = quickest_way(net, *pair, most_steps=min(WAY_STEPS, room))
                if way == "too_far" and steps < WAY_STEPS:  # not for ever: another question may have more room
                    found[pair] = way
                    room -= steps
                    continue
                room -= steps
                self._known[pair] = way
                if len(self._known) > WAYS_KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(pair)
            found[pair] = way
        return found
