"""How devices are spoken to: requests with our name on them, over the way that the device registered by."""

from __future__ import annotations

import secrets

from command.kernel.errors import UnavailableError
from edge.gb28181.devices import Device
from edge.gb28181.ids import domain_of
from edge.gb28181.manscdp import CONTENT_TYPE
from edge.sip.endpoint import Endpoint
from edge.sip.message import Header, Request, Response


class Line:
    """Builds and sends requests of the platform `server` (20 digits)."""

    def __init__(self, endpoint: Endpoint, server: str, domain: str) -> None:
        self.endpoint = endpoint
        self.server = server
        self._domain = domain
        self._sn = secrets.randbelow(10_000)

    def next_sn(self) -> int:
        """Return a number for a question, unlike those of late."""
        self._sn = self._sn % 999_999 + 1
        return self._sn

    def request(self, method: str, device: Device, to: str, *headers: Header, body: bytes = b"") -> Request:
        """Return a request outside any dialog to a device, or to `to`, one of its channels."""
        peer = device.peer
        fixed: list[Header] = [
            ("Via", self.endpoint.via(peer)), ("Max-Forwards", "70"),
            ("From", f"<sip:{self.server}@{self._domain}>;tag={secrets.token_hex(6)}"),
            ("To", f"<sip:{to}@{domain_of(to)}>"), ("Call-ID", secrets.token_hex(12)), ("CSeq", f"1 {method}"),
        ]  # fmt: skip
        uri = f"sip:{to}@{_bracketed(peer.host)}:{peer.port}"
        return Request(method=method, uri=uri, headers=(*fixed, *headers), body=body)

    def contact(self, device: Device) -> Header:
        """Return where the device reaches us within a dialog."""
        peer = device.peer
        transport = ";transport=tcp" if peer.transport == "tcp" else ""
        host = _bracketed(self.endpoint.address_toward(peer.host))
        return "Contact", f"<sip:{self.server}@{host}:{self.endpoint.port}{transport}>"

    def message(self, device: Device, to: str, body: bytes) -> Request:
        """Return a MESSAGE that carries MANSCDP."""
        return self.request("MESSAGE", device, to, ("Content-Type", CONTENT_TYPE), body=body)

    async def say(self, device: Device, to: str, body: bytes) -> Response:
        """Send a MESSAGE. Raises `UnavailableError` where the device does not answer, or refuses."""
        response = await self.endpoint.ask(self.message(device, to, body), device.peer)
        if response.status >= 300:
            raise UnavailableError(f"device {device.id} answered {response.status} {response.reason}".rstrip())
        return response


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
