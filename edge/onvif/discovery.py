"""WS-Discovery (OASIS 1.0 draft of April 2005, as ONVIF Core 7 uses it): probe by multicast, ProbeMatch by unicast."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
import uuid
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooLargeError, UnavailableError
from edge.limits import ONVIF_FOUND, ONVIF_INTERFACES, ONVIF_PROBE_DATAGRAMS, ONVIF_PROBE_MS
from edge.onvif.address import OnvifAddress, onvif_address
from edge.onvif.soap import SOAP_NS
from edge.onvif.xml import Element, parse

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
ADDRESSING_NS: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
DISCOVERY_NS: Final = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
# Some cameras only answer to the one, some only to the other.
_TYPES: Final = (
    ('xmlns:t="http://www.onvif.org/ver10/network/wsdl"', "t:NetworkVideoTransmitter"),
    ('xmlns:t="http://www.onvif.org/ver10/device/wsdl"', "t:Device"),
)
# A datagram may be lost: SOAP-over-UDP asks for it to be sent again after 50 to 250 ms.
_AGAIN_MS: Final = 200
_NAME_CHARS: Final = 100
_PER_HOST: Final = 8

_log = logging.getLogger(__name__)


class FoundDevice(msgspec.Struct, frozen=True):
    """A device that answered a probe, and what it says of itself."""

    endpoint: str
    """Its own lasting name (`urn:uuid:…`)."""
    address: OnvifAddress
    name: str = ""
    hardware: str = ""
    location: str = ""


def probe(message_id: str, types: tuple[str, str]) -> bytes:
    """Return a probe for devices of the types: a namespace declaration and the types by its prefix."""
    declaration, names = types
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP_NS}" xmlns:a="{ADDRESSING_NS}" '
        f'xmlns:d="{DISCOVERY_NS}"><s:Header><a:Action s:mustUnderstand="1">{DISCOVERY_NS}/Probe</a:Action>'
        f"<a:MessageID>{message_id}</a:MessageID>"
        "<a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>"
        '<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>'
        f"<s:Body><d:Probe><d:Types {declaration}>{names}</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def matches(datagram: bytes, sender: str, asked: frozenset[str]) -> list[FoundDevice]:
    """Return the devices in an answer to one of the messages `asked` from the host `sender`.

    Raises `InvalidInputError` or `TooLargeError` for what is no such answer. A device is reached at the host that its
    answer came from, whatever it says: what answered can be reached there, and nobody is sent elsewhere.
    """
    envelope = parse(datagram)
    if envelope.value("Header", "RelatesTo") not in asked:
        raise InvalidInputError("an answer to nothing that was asked")
    # Some leave the list around it out. One host has few devices; what it makes up beyond is not looked at.
    said = [element for element in envelope.within() if element.name == "ProbeMatch"][:_PER_HOST]
    return [device for match in said if (device := _device(match, sender)) is not None]


def _device(match: Element, sender: str) -> FoundDevice | None:
    address = _address(match.value("XAddrs").split(), sender)
    if address is None:
        return None
    said: dict[str, str] = {}
    for scope in match.value("Scopes").split():
        for what in ("name", "hardware", "location"):
            prefix = f"onvif://www.onvif.org/{what}/"
            if scope.lower().startswith(prefix):
                said.setdefault(what, _plain(unquote(scope[len(prefix) :])))
    endpoint = _plain(match.value("EndpointReference", "Address")) or f"{address.host}:{address.port}{address.path}"
    return FoundDevice(endpoint, address, said.get("name", ""), said.get("hardware", ""), said.get("location", ""))


def _address(said: list[str], sender: str) -> OnvifAddress | None:
    addresses = []
    for text in said[:16]:
        try:
            addresses.append(onvif_address(text))
        except InvalidInputError:
            continue
    addresses.sort(key=lambda address: (address.host != sender, address.is_tls))
    if not addresses:
        return None
    first = addresses[0]
    return OnvifAddress(host=sender, port=first.port, path=first.path, is_tls=first.is_tls)


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:_NAME_CHARS]


class Counters(msgspec.Struct):
    """Of all probes."""

    answers: int = 0
    bad_answers: int = 0
    """What was no answer to a probe of ours, named no device, or came past the limit."""


class Discovery:
    """Asks the networks of this machine which ONVIF devices there are."""

    def __init__(self, clock: Clock) -> None:
        self.counters = Counters()
        self._clock = clock

    async def find(self) -> list[FoundDevice]:
        """Probe by every interface and wait `ONVIF_PROBE_MS` for answers; by endpoint, at most `ONVIF_FOUND`.

        Raises `UnavailableError` where no network takes the probe.
        """
        asked = {f"urn:uuid:{uuid.uuid4()}": types for types in _TYPES}
        heard = _Answers(frozenset(asked), self.counters)
        loop = asyncio.get_running_loop()
        transports: list[asyncio.DatagramTransport] = []
        try:
            for index, name in socket.if_nameindex()[:ONVIF_INTERFACES]:
                try:
                    transport, _ = await loop.create_datagram_endpoint(lambda: heard, sock=_socket(index, name))
                except OSError as error:
                    _log.debug("%s takes no probe: %s", name, error)
                    continue
                transports.append(transport)
            if not transports:
                raise UnavailableError("no network of this machine takes a probe")
            for pause_ms in (_AGAIN_MS, ONVIF_PROBE_MS - _AGAIN_MS):
                for transport in transports:
                    for message_id, types in asked.items():
                        transport.sendto(probe(message_id, types), (GROUP, PORT))
                await self._clock.sleep(pause_ms)
        finally:
            for transport in transports:
                transport.close()
        return sorted(heard.found.values(), key=lambda device: _by_address(device.address.host))


def _by_address(host: str) -> tuple[int, str]:
    try:
        return int(ipaddress.ip_address(host)), host
    except ValueError:
        return 0, host


def _socket(interface: int, name: str) -> socket.socket:
    """Return a socket whose multicast goes out by one interface and no further than its network."""
    # On the loopback the kernel would choose the address of another interface, and devices there answer from that.
    source = socket.inet_aton("127.0.0.1" if name == "lo" else "0.0.0.0")  # noqa: S104 - any address, as a sender's
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    request = struct.pack("=4s4si", b"\0" * 4, source, interface)  # ip_mreqn
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, request)
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    return opened


class _Answers(asyncio.DatagramProtocol):
    """Takes answers in until there are too many."""

    def __init__(self, asked: frozenset[str], counters: Counters) -> None:
        self.found: dict[tuple[str, str], FoundDevice] = {}
        self._asked = asked
        self._counters = counters
        self._datagrams = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._datagrams += 1
        devices: list[FoundDevice] = []
        if self._datagrams <= ONVIF_PROBE_DATAGRAMS:
            with suppress(InvalidInputError, TooLargeError):
                devices = matches(data, addr[0], self._asked)
        if not devices:
            self._counters.bad_answers += 1
            return
        self._counters.answers += 1
        for device in devices:
            if len(self.found) < ONVIF_FOUND:
                self.found.setdefault((addr[0], device.endpoint), device)

    def error_received(self, exc: Exception) -> None:
        _log.debug("a probe did not go out: %s", exc)
