"""What the gateways at the edge need of the hub: fixes go through the outbox, questions about devices over the link."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from command.kernel.errors import UnavailableError
from command.readings import CallForHelp, Position
from edge.agent.items import CALL_FOR_HELP, DEVICE_ALARM, POSITION, DeviceAlarm
from edge.agent.link import HubLink
from edge.limits import DEVICE_CONNECTIONS
from edge.outbox import NewItem, Outbox, Priority


class AgentUplink:
    """An `edge.uplink.Uplink`. Without the hub it knows the devices that the hub vouched for while this process ran."""

    def __init__(self, link: HubLink, outbox: Outbox) -> None:
        self._link = link
        self._outbox = outbox
        self._vouched: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def device_known(self, kind: str, device: str) -> bool:
        """Ask the hub; while it is away, say yes to one that it knew."""
        try:
            answer = await self._link.ask("device_known", kind, device)
        except UnavailableError:
            if (kind, device) in self._vouched:
                return True
            raise
        if not answer.yes:
            self._vouched.pop((kind, device), None)
        elif (kind, device) not in self._vouched:
            self._note((kind, device), "")
        return answer.yes

    async def issue_device_token(self, kind: str, device: str) -> str:
        """Have the hub make a token."""
        answer = await self._link.ask("issue_device_token", kind, device)
        if not answer.token:
            raise UnavailableError("the hub made no token")
        self._vouch(kind, device, answer.token)
        return answer.token

    async def check_device_token(self, kind: str, device: str, token: str) -> bool:
        """Ask the hub; while it is away, believe the token that it last said yes to."""
        try:
            answer = await self._link.ask("check_device_token", kind, device, token)
        except UnavailableError:
            if (kind, device) in self._vouched:
                return self._vouched[kind, device] == _digest(token)
            raise
        if answer.yes:
            self._vouch(kind, device, token)
        return answer.yes

    async def positions(self, batch: Sequence[Position]) -> None:
        """Return once the fixes are durable here, which is when a device may be answered yes."""
        await self._outbox.put(
            [
                NewItem(
                    Priority.ALARM if fix.sos else Priority.SIGHTING,
                    POSITION,
                    msgspec.json.encode(fix),
                    subject=fix.device,
                )
                for fix in batch
            ]
        )

    async def calls_for_help(self, batch: Sequence[CallForHelp]) -> None:
        """Return once the calls are durable here; the hub places them, which alone knows the unit's other devices.

        A hub of before there were such calls is told of an alarm of the device too: the call itself waits for a newer.
        """
        items = [NewItem(Priority.ALARM, CALL_FOR_HELP, msgspec.json.encode(call), call.device) for call in batch]
        if self._link.knows_kind(CALL_FOR_HELP) is False:
            alarms = (
                DeviceAlarm(subject=call.device, level=1, at_ms=call.at_ms, detail="一键报警,位置未知")
                for call in batch
            )
            items += [NewItem(Priority.ALARM, DEVICE_ALARM, msgspec.json.encode(told), told.subject) for told in alarms]
        await self._outbox.put(items)

    def _vouch(self, kind: str, device: str, token: str) -> None:
        self._note((kind, device), _digest(token))

    def _note(self, device: tuple[str, str], digest: str) -> None:
        self._vouched[device] = digest
        self._vouched.move_to_end(device)
        if len(self._vouched) > DEVICE_CONNECTIONS:
            self._vouched.popitem(last=False)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
