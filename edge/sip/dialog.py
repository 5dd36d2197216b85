"""A dialog that we began (RFC 3261, 12): what its later requests carry, for INVITE and for SUBSCRIBE."""

from __future__ import annotations

import re

import msgspec

from edge.sip.headers import name_address
from edge.sip.message import Header, Request, Response, SipError, cseq

_ROUTE = re.compile(r"<[^<>]*>[^,]*")


class Dialog(msgspec.Struct):
    """Call-ID, both sides' addresses with their tags, where the other side is, and the last number we used."""

    call_id: str
    local: str
    remote: str
    remote_tag: str
    target: str
    routes: tuple[str, ...]
    number: int

    @classmethod
    def begun(cls, request: Request, response: Response) -> Dialog:
        """Return the dialog that an agreeing answer to our request makes. Raises `SipError` for one without a tag."""
        remote = response.need("to")
        tag = name_address(remote).tag
        if not tag:
            raise SipError("the answer has no tag")
        contact = response.get("contact")
        number, _ = cseq(request)
        return cls(
            call_id=request.need("call-id"),
            local=request.need("from"),
            remote=remote,
            remote_tag=tag,
            target=name_address(contact).uri if contact else request.uri,
            routes=tuple(reversed(_ROUTE.findall(",".join(response.all("record-route"))))),
            number=number,
        )

    def request(self, method: str, via: str, *headers: Header, body: bytes = b"") -> Request:
        """Return the next request within the dialog; an ACK has the number of its INVITE."""
        if method != "ACK":
            self.number += 1
        fixed: list[Header] = [
            ("Via", via), ("Max-Forwards", "70"), *(("Route", route) for route in self.routes),
            ("From", self.local), ("To", self.remote), ("Call-ID", self.call_id), ("CSeq", f"{self.number} {method}"),
        ]  # fmt: skip
        return Request(method=method, uri=self.target, headers=(*fixed, *headers), body=body)

    def holds(self, request: Request) -> bool:
        """Say whether a request of the other side is of this dialog."""
        return (
            request.get("call-id") == self.call_id
            and name_address(request.need("from")).tag == self.remote_tag
            and name_address(request.need("to")).tag == name_address(self.local).tag
        )
