"""What devices are asked to tell by themselves: alarms, changes of the catalogue, places; renewed while wanted."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from edge.gb28181 import asked
from edge.gb28181.devices import Device
from edge.gb28181.line import Line
from edge.gb28181.manscdp import CONTENT_TYPE
from edge.limits import GB28181_PLACE_S, GB28181_SUBSCRIBED_S
from edge.sip.dialog import Dialog
from edge.sip.message import Header

log = logging.getLogger(__name__)

KINDS = {"Alarm": "presence", "Catalog": "Catalog", "MobilePosition": "presence"}
"""What can be subscribed to, and the Event that devices know it by."""


@dataclass(slots=True)
class _Subscription:
    dialog: Dialog
    until_ms: int


class Subscriptions:
    """All subscriptions of a platform; a device that refuses one is not asked for it again until it registers anew."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._held: dict[tuple[str, str], _Subscription] = {}

    def forget(self, device: Device) -> None:
        """The device is gone, and its subscriptions with it."""
        device.subscriptions.clear()
        for key in [key for key in self._held if key[0] == device.id]:
            del self._held[key]

    def due(self, device: Device) -> list[str]:
        """Return which of the device's subscriptions have to be renewed by now."""
        now_ms, half_ms = self._clock.now_ms(), GB28181_SUBSCRIBED_S * 500
        return [
            kind
            for kind in device.subscriptions
            if (held := self._held.get((device.id, kind))) and held.until_ms - now_ms < half_ms
        ]

    async def subscribe(self, device: Device, kind: str) -> None:
        """Subscribe, or renew; what a device cannot do is left out of its `subscriptions`."""
        headers: list[Header] = [
            ("Event", KINDS[kind]), ("Expires", str(GB28181_SUBSCRIBED_S)), self._line.contact(device),
            ("Content-Type", CONTENT_TYPE),
        ]  # fmt: skip
        held = self._held.get((device.id, kind))
        via, body = self._line.endpoint.via(device.peer), self._body(device, kind)
        if held:
            request = held.dialog.request("SUBSCRIBE", via, *headers, body=body)
        else:
            request = self._line.request("SUBSCRIBE", device, device.id, *headers, body=body)
        try:
            response = await self._line.endpoint.ask(request, device.peer)
            if response.status < 300:
                dialog = held.dialog if held else Dialog.begun(request, response)
                until_ms = self._clock.now_ms() + GB28181_SUBSCRIBED_S * 1000
                self._held[device.id, kind] = _Subscription(dialog, until_ms)
                device.subscriptions.add(kind)
                return
            log.info("device %s refuses to tell its %s: %s", device.id, kind, response.status)
        except TriuneError as error:
            log.info("device %s is not subscribed to for %s: %s", device.id, kind, error.detail)
        self._held.pop((device.id, kind), None)
        device.subscriptions.discard(kind)

    def _body(self, device: Device, kind: str) -> bytes:
        sn, encoding = self._line.next_sn(), device.encoding
        match kind:
            case "Alarm":
                return asked.alarms(sn, device.id, encoding=encoding)
            case "MobilePosition":
                return asked.places(sn, device.id, GB28181_PLACE_S, encoding=encoding)
            case _:
                return asked.query(kind, sn, device.id, encoding=encoding)
