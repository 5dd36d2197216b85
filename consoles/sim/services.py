"""The outside services of a simulation: they do each thing once by its key, and count what they did."""

from __future__ import annotations

from collections.abc import Callable

from command.hub import Hub
from command.kernel.errors import InvalidInputError, UnavailableError
from command.links.follow import Link
from command.links.naming import named
from command.links.sms import SmsGateway, SmsLink
from consoles.sim.audit import Audit
from consoles.sim.loop import Process, VirtualLoop

SITE = "sim"
_TRIP_S = 0.02
_REFUSED_SHARE = 0.02


class Services:
    """What lies behind the links: an SMS gateway."""

    def __init__(self, loop: VirtualLoop, audit: Audit, world: Process) -> None:
        self.loop = loop
        self.audit = audit
        self.world = world
        self.away = False
        self.answers_lost = 0.0
        self.sent: dict[str, tuple[str, str]] = {}
        """Texts that went out, by key: the effects."""
        self.refused: set[str] = set()

    def links(self, hub: Hub, process: Process) -> list[Link]:
        """Return the links of one hub to these services."""
        return [SmsLink(hub, Gateway(self, process), SITE)]

    def take(self, who: str, key: str, phone: str, text: str) -> None:
        """Send a text, once for each key; the same key with another text would be a text that never goes out."""
        known = self.sent.get(key)
        if known is not None and known != (phone, text):
            self.loop.fail(f"{who}: the text {key} was sent with other words")
        queued = self.audit.texts.get(named(key.removeprefix(f"{SITE}/"))[0])
        if queued is None or (queued.phone, queued.text) != (phone, text):
            self.loop.fail(f"{who}: the text {key} is sent, and the journal holds no such")
        if known is None:
            self.audit.trace.note("sms", "text", key)
            self.sent[key] = (phone, text)


class Gateway(SmsGateway):
    """The way from one hub to the SMS gateway."""

    def __init__(self, services: Services, process: Process) -> None:
        self._services = services
        self._process = process

    async def send(self, key: str, phone: str, text: str) -> None:
        """Hand over one text; it may arrive although the answer does not."""
        services, random = self._services, _dice(self._process)
        await services.loop.pause(_TRIP_S * (0.5 + random()))
        if services.away or not self._process.alive:
            raise UnavailableError("the SMS gateway does not answer")
        if key in services.refused or (key not in services.sent and services.world.random.random() < _REFUSED_SHARE):
            services.refused.add(key)
            raise InvalidInputError("the SMS gateway refuses: HTTP 422")
        services.take(self._process.name, key, phone, text)
        await services.loop.pause(_TRIP_S * (0.5 + random()))
        if services.away or random() < services.answers_lost or not self._process.alive:
            raise UnavailableError("the SMS gateway's answer was lost")


def _dice(process: Process) -> Callable[[], float]:
    """Return the process's own dice."""
    return process.random.random
