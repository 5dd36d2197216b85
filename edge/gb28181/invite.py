"""What is agreed with a device about one stream: where we wait for it, what it answered, and that it ended."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Transport = Literal["udp", "tcp_active", "tcp_passive"]
"""How pictures come: `tcp_passive` is that we listen and the device connects, `tcp_active` that we connect to it."""


class InviteError(Exception):
    """The device did not agree to send. `reason` is for a technician; `status` the SIP status where it answered."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """Our side of a stream. Host and port are open already, but for `tcp_active`, which the port is not used for.

    For a host that stands for every address (`0.0.0.0`) the device is told the one that it reaches us by.
    """

    transport: Transport
    host: str
    port: int
    ssrc: int
    """Of `Platform.ssrc`; the device is asked to send with it, and some do not."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The device's side of a stream: where it sends from, or for `tcp_active` where it listens."""

    host: str
    port: int
    ssrc: int | None
    """As the device says it; None where it says nothing, so the one offered."""
    setup: Literal["active", "passive"] | None
    """Of TCP only."""
    payload_type: int
    encoding: str
    """`PS`, or `H264`/`H265` of devices that send the bare stream."""


class InviteDialog(Protocol):
    """One agreed stream, as `Platform.invite` yields it."""

    @property
    def answer(self) -> Answer:
        """What the device answered."""
        ...

    @property
    def host(self) -> str:
        """Where the device signals from: behind a translator not what it answers, but where its pictures come from."""
        ...

    async def ended(self) -> str:
        """Wait until the device ends the stream; return why: its BYE, the end of a recording, or gone offline."""
        ...

    async def control(self, scale: float | None) -> None:
        """Steer a playback (MANSRTSP over INFO): play on at a speed (1 is normal), or hold it where there is none.

        Raises `InviteError` where the device refuses or does not answer.
        """
        ...
