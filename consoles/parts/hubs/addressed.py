"""Whether the address that others call this hub by leads to it: two hubs with one address are one hub to all others."""

from __future__ import annotations

import asyncio
import logging
import secrets

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from command.roll import HubPlace
from consoles.limits import ADDRESS_LOOK_MS, ADDRESS_LOOKS, PEER_HELLO_MS
from consoles.parts.hubs.errands import PeerDoor, Peers
from edge.agent.answering import Reply
from edge.agent.protocol import Errand

log = logging.getLogger(__name__)
_WHO = "who"


class Addressed:
    """Asks at its own address who is there. Run `run`, once this hub serves."""

    def __init__(self, peers: Peers, door: PeerDoor, clock: Clock) -> None:
        self.leads_elsewhere = False
        """Another hub answered there of late: settings that were copied, or the name of a balancer."""
        self.looked = asyncio.Event()
        """Once it was looked at all."""
        self._peers = peers
        self._clock = clock
        self._id = secrets.token_hex(8)
        door.register(_WHO, self._answer)

    async def _answer(self, _errand: Errand, reply: Reply) -> None:
        await reply.send(self._id.encode())

    async def run(self, url: str) -> None:
        """Look from time to time until cancelled."""
        ours = 0
        while True:
            found = await self._who(url)
            ours = ours + 1 if found == self._id else 0
            if found not in ("", self._id):
                if not self.leads_elsewhere:
                    log.error("%s leads to another hub: set `advertise` of each hub to an address of its own", url)
                self.leads_elsewhere = True
            elif ours >= ADDRESS_LOOKS:  # a balancer leads here each second time
                self.leads_elsewhere = False
            if not found and not self.looked.is_set():
                log.info("nobody answers here at %s: whether another hub has that address too is not known", url)
            self.looked.set()
            await self._clock.sleep(ADDRESS_LOOK_MS)

    async def _who(self, url: str) -> str:
        """Return who answers; nobody where that cannot be told: some networks lead no machine to itself."""
        try:
            own = HubPlace(0, url)
            async with asyncio.timeout(PEER_HELLO_MS / 1000), self._peers.open(own, _WHO, missed=False) as reply:
                return (await anext(reply)).decode()
        except (TriuneError, TimeoutError, StopAsyncIteration, UnicodeDecodeError):
            return ""
