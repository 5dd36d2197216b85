"""Whose word counts about where a request comes from: a proxy's on this machine, and those that the settings name."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aiohttp import web

_ADDRESS_CHARS = 64


class Proxies:
    """The TLS proxies and balancers before this hub; `named` are addresses or networks of others than this machine."""

    def __init__(self, named: Sequence[str] = ()) -> None:
        self._named = tuple(ipaddress.ip_network(each) for each in named)

    def are_at(self, address: str) -> bool:
        """Say whether a proxy of another machine has this address."""
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self._named)

    def address_of(self, request: web.Request) -> str:
        """Return the address that a request comes from.

        A proxy names who asked it in `X-Forwarded-For`, last: nginx at the end of the line that came, HAProxy in a line
        of its own below it. What stands before a proxy's word, and what anybody else says, is anybody's invention.
        """
        lines = request.headers.getall("X-Forwarded-For", ())
        told = [each.strip() for line in lines for each in line.split(",")]
        address, believed = request.remote or "", is_loopback(request.remote)
        while told and told[-1] and (believed or self.are_at(address)):
            address, believed = told.pop()[:_ADDRESS_CHARS], False
        return address


def is_loopback(address: str | None) -> bool:
    """Say whether the address is this machine's own."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
