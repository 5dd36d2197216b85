"""A simulated ONVIF camera: device, media, PTZ and events over SOAP, and WS-Discovery; the pictures are another's RTSP.

`python -m edge.simulators.onvif_camera --host 10.0.0.2 --port 80 --rtsp rtsp://10.0.0.2:8554/cam` runs one until ended.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import logging
import socket
import struct
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self, cast
from urllib.parse import quote
from xml.sax.saxutils import escape

import msgspec
from aiohttp import web

from command.kernel.clock import Clock, SystemClock
from command.kernel.errors import InvalidInputError, TooLargeError
from edge.limits import ONVIF_ANSWER_BYTES, ONVIF_PULL_EVENTS
from edge.onvif.discovery import ADDRESSING_NS, DISCOVERY_NS, GROUP, PORT
from edge.onvif.messages import NAMESPACES
from edge.onvif.soap import CONTENT_TYPE, SOAP_NS
from edge.onvif.xml import Element, parse

# A token's date may be this far from the camera's clock.
_FRESH_MS: Final = 5000
_NONCES: Final = 1000
_OPEN: Final = frozenset({"GetSystemDateAndTime", "GetServices", "GetCapabilities"})
"""What is answered to whoever asks (ONVIF Core 5.12, PRE_AUTH)."""


class CameraModel(msgspec.Struct, frozen=True, kw_only=True):
    """What is simulated."""

    rtsp: str
    """Where the pictures are; asked for by GetStreamUri."""
    name: str = "Triune simulated dome"
    user: str = "admin"
    password: str = "camera-password"  # noqa: S105 - of a simulated camera
    clock_ahead_ms: int = 0
    """How wrong its clock is."""
    names_host: str = ""
    """The host that it calls itself in addresses, as one behind a router does; else that by which it was asked."""
    location: str = ""
    """What it says of where it is."""
    has_media2: bool = True
    presets: tuple[str, ...] = ("gate", "yard", "road")


class Movement(msgspec.Struct, frozen=True):
    """How it moves since when."""

    pan: float
    tilt: float
    zoom: float
    at_ms: int
    until_ms: int | None = None
    """When it stops by itself, as the move said."""


class OnvifCamera:
    """`async with OnvifCamera(model, clock) as camera: port = await camera.listen(host)`."""

    def __init__(self, model: CameraModel, clock: Clock, give_key: Callable[[], None] = lambda: None) -> None:
        self.model = model
        self.keys_asked: list[str] = []
        """Profiles of which it was asked for a key frame, which `give_key` has sent."""
        self._give_key = give_key
        self.movements: list[Movement] = []
        """Every movement and stop that it was told, the newest last."""
        self.recalled: list[str] = []
        """Presets that it went to."""
        self.refused = 0
        """Messages whose user, password or date it did not take."""
        self.endpoint = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, model.name)}"
        self._clock = clock
        self._nonces: dict[str, None] = {}
        self._happened: asyncio.Queue[tuple[str, str, bool]] = asyncio.Queue(ONVIF_PULL_EVENTS)
        self._stack = AsyncExitStack()
        self._answers: dict[str, Callable[[Element, str], str]] = {
            "GetSystemDateAndTime": self._time,
            "GetServices": self._services,
            "GetCapabilities": self._capabilities,
            "GetDeviceInformation": self._information,
            "GetProfiles": self._profiles,
            "GetStreamUri": self._stream_uri,
            "SetSynchronizationPoint": self._synchronise,
            "GetPresets": self._presets,
            "GotoPreset": self._goto_preset,
            "ContinuousMove": self._move,
            "Stop": self._stop,
            "CreatePullPointSubscription": self._subscribe,
            "Renew": lambda _request, _host: "",
            "Unsubscribe": lambda _request, _host: "",
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Answer SOAP at the address (port 0 takes a free one); return the port."""
        app = web.Application(client_max_size=ONVIF_ANSWER_BYTES)
        app.add_routes([web.post("/onvif/{service}", self._soap)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound: int = runner.addresses[0][1]
        return bound

    async def be_found(self, host: str, port: int) -> None:
        """Answer probes that come to the network of the local address `host`; the device service is at `port`."""
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((GROUP, PORT))
        membership = struct.pack("=4s4s", socket.inet_aton(GROUP), socket.inet_aton(host))
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        opened.setblocking(False)
        url = f"http://{self.model.names_host or host}:{port}/onvif/device_service"
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Responder(self, url), sock=opened)
        self._stack.callback(transport.close)

    def notice(self, topic: str, source: str, *, active: bool) -> None:
        """Let something happen: it goes to whoever pulls; the oldest that nobody pulled is forgotten."""
        if self._happened.full():
            self._happened.get_nowait()
        self._happened.put_nowait((topic, source, active))

    def movement(self) -> Movement | None:
        """Return how it moves now; None while it stands still."""
        last = self.movements[-1] if self.movements else None
        if last is None or not (last.pan or last.tilt or last.zoom):
            return None
        return last if last.until_ms is None or self._clock.now_ms() < last.until_ms else None

    # SOAP.

    async def _soap(self, request: web.Request) -> web.Response:
        try:
            envelope = parse(await request.read())
            operation = next(child for body in envelope.all("Body") for child in body.children)
        except (InvalidInputError, TooLargeError, StopIteration):
            return _fault("Sender", "ter:WellFormed", "not well formed, or no operation")
        if operation.name not in _OPEN and not self._lets_in(envelope):
            self.refused += 1
            return _fault("Sender", "ter:NotAuthorized", "Sender not Authorized")
        if operation.name == "PullMessages":
            return _answer(operation, await self._pull())
        answers = self._answers.get(operation.name)
        if answers is None or (operation.namespace == NAMESPACES["media2"] and not self.model.has_media2):
            return _fault("Receiver", "ter:ActionNotSupported", "not offered")
        try:
            return _answer(operation, answers(operation, self.model.names_host or request.host))
        except InvalidInputError as error:
            return _fault("Sender", "ter:InvalidArgVal", error.detail)

    def _lets_in(self, envelope: Element) -> bool:
        """Judge a UsernameToken: the digest, its date by this camera's clock, and that its nonce is new."""
        token = envelope.find("Header", "Security", "UsernameToken")
        if token is None or token.value("Username") != self.model.user:
            return False
        nonce, created = token.value("Nonce"), token.value("Created")
        try:
            at_ms = datetime.fromisoformat(created).timestamp() * 1000
            told = hashlib.sha1(base64.b64decode(nonce) + f"{created}{self.model.password}".encode())  # noqa: S324
        except ValueError:
            return False
        if abs(at_ms - self._now_ms()) > _FRESH_MS or nonce in self._nonces:
            return False
        self._nonces[nonce] = None
        if len(self._nonces) > _NONCES:
            del self._nonces[next(iter(self._nonces))]
        wanted = base64.b64encode(told.digest())
        return hmac.compare_digest(token.value("Password").encode(), wanted)

    def _now_ms(self) -> int:
        return self._clock.now_ms() + self.model.clock_ahead_ms

    def _time(self, _request: Element, _host: str) -> str:
        now = datetime.fromtimestamp(self._now_ms() / 1000, UTC)
        time = f"<tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
        date = f"<tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
        return (
            "<x:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:UTCDateTime>"
            f"<tt:Time>{time}</tt:Time><tt:Date>{date}</tt:Date></tt:UTCDateTime></x:SystemDateAndTime>"
        )

    def _services(self, _request: Element, host: str) -> str:
        return "".join(
            f"<x:Service><x:Namespace>{namespace}</x:Namespace><x:XAddr>http://{host}/onvif/{service}</x:XAddr>"
            "<x:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></x:Version></x:Service>"
            for service, namespace in NAMESPACES.items()
            if service != "media2" or self.model.has_media2
        )

    def _capabilities(self, _request: Element, host: str) -> str:
        parts = {"Device": "device", "Events": "events", "Media": "media", "PTZ": "ptz"}
        told = (f"<tt:{n}><tt:XAddr>http://{host}/onvif/{path}</tt:XAddr></tt:{n}>" for n, path in parts.items())
        return f"<x:Capabilities>{''.join(told)}</x:Capabilities>"

    def _information(self, _request: Element, _host: str) -> str:
        return (
            f"<x:Manufacturer>Triune</x:Manufacturer><x:Model>{escape(self.model.name)}</x:Model>"
            "<x:FirmwareVersion>1</x:FirmwareVersion><x:SerialNumber>0001</x:SerialNumber><x:HardwareId>1</x:HardwareId>"
        )

    def _profiles(self, request: Element, _host: str) -> str:
        encoding = (
            "<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{}</tt:Width><tt:Height>{}</tt:Height>"
            "</tt:Resolution><tt:RateControl><tt:FrameRateLimit>15</tt:FrameRateLimit></tt:RateControl>"
        )
        sizes = (("main", 1280, 720), ("sub", 320, 180))
        if request.namespace == NAMESPACES["media2"]:
            return "".join(
                f'<x:Profiles token="{token}"><x:Name>{token} stream</x:Name><x:Configurations>'
                f'<x:VideoEncoder token="e">{encoding.format(width, height)}</x:VideoEncoder><x:PTZ token="p"/>'
                "</x:Configurations></x:Profiles>"
                for token, width, height in sizes
            )
        return "".join(
            f'<x:Profiles token="{token}"><tt:Name>{token} stream</tt:Name><tt:VideoEncoderConfiguration token="e">'
            f'{encoding.format(width, height)}</tt:VideoEncoderConfiguration><tt:PTZConfiguration token="p"/>'
            "</x:Profiles>"
            for token, width, height in sizes
        )

    def _stream_uri(self, request: Element, _host: str) -> str:
        if request.value("ProfileToken") not in {"main", "sub"}:
            raise InvalidInputError("no such profile")
        uri = escape(self.model.rtsp)
        if request.namespace == NAMESPACES["media2"]:
            return f"<x:Uri>{uri}</x:Uri>"
        return f"<x:MediaUri><tt:Uri>{uri}</tt:Uri></x:MediaUri>"

    def _synchronise(self, request: Element, _host: str) -> str:
        self.keys_asked.append(request.value("ProfileToken"))
        self._give_key()
        return ""

    def _presets(self, _request: Element, _host: str) -> str:
        return "".join(
            f'<x:Preset token="{number}"><tt:Name>{escape(name)}</tt:Name></x:Preset>'
            for number, name in enumerate(self.model.presets, 1)
        )

    def _goto_preset(self, request: Element, _host: str) -> str:
        token = request.value("PresetToken")
        if not token.isdecimal() or not 1 <= int(token) <= len(self.model.presets):
            raise InvalidInputError("no such preset")
        self.recalled.append(token)
        return ""

    def _move(self, request: Element, _host: str) -> str:
        pan_tilt, zoom = request.find("Velocity", "PanTilt"), request.find("Velocity", "Zoom")
        timeout = request.value("Timeout").removeprefix("PT").removesuffix("S")
        try:
            x, y = (float(pan_tilt.attributes[axis]) if pan_tilt else 0.0 for axis in ("x", "y"))
            z = float(zoom.attributes["x"]) if zoom else 0.0
            until_ms = self._clock.now_ms() + int(float(timeout) * 1000) if timeout else None
        except (ValueError, KeyError):
            raise InvalidInputError("not a velocity") from None
        self.movements.append(Movement(x, y, z, self._clock.now_ms(), until_ms))
        return ""

    def _stop(self, _request: Element, _host: str) -> str:
        self.movements.append(Movement(0.0, 0.0, 0.0, self._clock.now_ms()))
        return ""

    def _subscribe(self, _request: Element, host: str) -> str:
        return (
            f'<x:SubscriptionReference><a:Address xmlns:a="http://www.w3.org/2005/08/addressing">'
            f"http://{host}/onvif/pull</a:Address></x:SubscriptionReference>"
        )

    async def _pull(self) -> str:
        happened = [await self._happened.get()]
        while not self._happened.empty():
            happened.append(self._happened.get_nowait())
        at = datetime.fromtimestamp(self._now_ms() / 1000, UTC).isoformat()
        return "".join(
            '<n:NotificationMessage xmlns:n="http://docs.oasis-open.org/wsn/b-2"><n:Topic>'
            f'{escape(topic)}</n:Topic><n:Message><tt:Message UtcTime="{at}" PropertyOperation="Changed"><tt:Source>'
            f'<tt:SimpleItem Name="Source" Value="{escape(source)}"/></tt:Source><tt:Data>'
            f'<tt:SimpleItem Name="State" Value="{str(active).lower()}"/></tt:Data></tt:Message></n:Message>'
            "</n:NotificationMessage>"
            for topic, source, active in happened
        )


def _answer(operation: Element, content: str) -> web.Response:
    name = f"x:{operation.name}Response"
    return _response(200, f'<{name} xmlns:x="{operation.namespace}">{content}</{name}>')


def _fault(code: str, subcode: str, reason: str) -> web.Response:
    told = (
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escape(reason)}</s:Text></s:Reason></s:Fault>'
    )
    return _response(400 if code == "Sender" else 500, told)


def _response(status: int, body: str) -> web.Response:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP_NS}" '
        'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )
    return web.Response(status=status, body=text.encode(), headers={"Content-Type": CONTENT_TYPE})


class _Responder(asyncio.DatagramProtocol):
    """Answers probes for video transmitters, or for anything."""

    def __init__(self, camera: OnvifCamera, url: str) -> None:
        self._camera = camera
        self._url = url
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            probe = parse(data)
        except (InvalidInputError, TooLargeError):
            return
        wanted = probe.find("Body", "Probe")
        asked = probe.value("Header", "MessageID")
        if wanted is None or not asked or self._transport is None:
            return
        types = wanted.value("Types").split()
        if all(name.rpartition(":")[2] == "NetworkVideoTransmitter" for name in types):
            self._transport.sendto(self._match(asked), addr)

    def _match(self, asked: str) -> bytes:
        model = self._camera.model
        said = {"hardware": "simulator", "name": model.name, "location": model.location}
        scopes = " ".join(f"onvif://www.onvif.org/{what}/{quote(text, safe='')}" for what, text in said.items() if text)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP_NS}" xmlns:a="{ADDRESSING_NS}" '
            f'xmlns:d="{DISCOVERY_NS}"><s:Header><a:Action>{DISCOVERY_NS}/ProbeMatches</a:Action>'
            f"<a:RelatesTo>{escape(asked)}</a:RelatesTo><a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID></s:Header>"
            "<s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>"
            f"{self._camera.endpoint}</a:Address></a:EndpointReference>"
            '<d:Types xmlns:n="http://www.onvif.org/ver10/network/wsdl">n:NetworkVideoTransmitter</d:Types>'
            f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{self._url}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
        ).encode()


async def _run(model: CameraModel, host: str, port: int) -> None:
    async with OnvifCamera(model, SystemClock()) as camera:
        bound = await camera.listen(host, port)
        await camera.be_found(host, bound)
        logging.getLogger(__name__).info("ONVIF camera at %s:%d", host, bound)
        await asyncio.Event().wait()


def main() -> None:
    """Run one camera from the command line."""
    parser = argparse.ArgumentParser(description="a simulated ONVIF camera")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--rtsp", required=True, help="address of its pictures, without credentials")
    parser.add_argument("--name", default="Triune simulated dome")
    parser.add_argument("--password", default="camera-password")
    parser.add_argument("--clock-ahead-ms", type=int, default=0)
    said = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    model = CameraModel(rtsp=said.rtsp, name=said.name, password=said.password, clock_ahead_ms=said.clock_ahead_ms)
    asyncio.run(_run(model, said.host, said.port))


if __name__ == "__main__":
    main()
