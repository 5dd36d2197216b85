"""Asks one ONVIF camera: its clock first, then where its services are, then whatever is wanted of them."""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp
from aiohttp.client_middleware_digest_auth import DigestAuthMiddleware

from command.kernel.clock import Clock
from command.kernel.errors import UnknownIdError
from edge.limits import ONVIF_ANSWER_BYTES, ONVIF_CALL_MS
from edge.onvif import messages
from edge.onvif.address import OnvifAddress, netloc
from edge.onvif.messages import DeviceInformation, Profile, Service, StoredPreset
from edge.onvif.soap import CONTENT_TYPE, Call, Endpoint, FaultError, OnvifError, RefusedError, Token, answer, envelope
from edge.onvif.xml import Element

_RTSP_PORT: Final = 554


class OnvifClient:
    """`async with OnvifClient(address, clock) as camera:` asks for the camera's clock and services on entering.

    The host is always that of the address: cameras behind a router, or with two networks, name hosts that nobody here
    reaches, and a password goes nowhere else. Every method raises `OnvifError`: `RefusedError` for a wrong user or
    password, `FaultError` for what the camera does not offer.
    """

    def __init__(self, address: OnvifAddress, clock: Clock) -> None:
        self.address = address
        self.clock_offset_ms = 0
        """How far the camera's clock is ahead of ours; 0 where it does not say."""
        self._clock = clock
        self._services: dict[Service, str] = {"device": address.url}
        # Cameras ask for a UsernameToken, for HTTP digest, or for both.
        digest = (DigestAuthMiddleware(address.user, address.password),) if address.user else ()
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ONVIF_CALL_MS / 1000),
            connector=aiohttp.TCPConnector(limit=2, ssl=False),  # cameras sign their own certificates
            middlewares=digest,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def __aenter__(self) -> Self:
        try:
            await self.ask_clock()
            await self.ask_services()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End its connections, where it was not entered."""
        await self._http.close()

    def offers(self, service: Service) -> bool:
        """Say whether the camera has the service."""
        return service in self._services

    async def information(self) -> DeviceInformation:
        """Return what the camera says that it is."""
        return messages.information(await self.call("device", messages.GET_INFORMATION))

    async def profiles(self) -> list[Profile]:
        """Return the streams that the camera offers; media 2 names H.265 too, media 1 is what older ones have."""
        if self.offers("media2"):
            try:
                return messages.profiles(await self.call("media2", messages.GET_PROFILES_2))
            except FaultError:
                if not self.offers("media"):
                    raise
        return messages.profiles(await self.call("media", messages.GET_PROFILES))

    async def stream_uri(self, profile: str) -> str:
        """Return the RTSP address of a profile at this moment, with user and password in it."""
        said = ""
        if self.offers("media2"):
            try:
                said = messages.stream_uri(await self.call("media2", messages.get_stream_uri_2(profile)))
            except FaultError:
                if not self.offers("media"):
                    raise
        if not said:
            said = messages.stream_uri(await self.call("media", messages.get_stream_uri(profile)))
        return rtsp_address(said, self.address)

    async def synchronise(self, profile: str) -> None:
        """Have the camera send a key frame of a profile now."""
        service: Literal["media", "media2"] = "media2" if self.offers("media2") else "media"
        await self.call(service, messages.set_synchronization_point(service, profile))

    async def move(self, profile: str, pan: float, tilt: float, zoom: float) -> None:
        """Move at a share of the greatest speed, −1…1 each; all 0 stops."""
        stops = not (pan or tilt or zoom)
        call = messages.stop(profile) if stops else messages.continuous_move(profile, pan, tilt, zoom)
        await self.call("ptz", call)

    async def presets(self, profile: str) -> list[StoredPreset]:
        """Return the places that the camera keeps."""
        return messages.presets(await self.call("ptz", messages.get_presets(profile)))

    async def recall(self, profile: str, number: int) -> None:
        """Go to a preset. Raises `UnknownIdError` where the camera has none of this number."""
        for stored in await self.presets(profile):
            if stored.preset.number == number:
                await self.call("ptz", messages.goto_preset(profile, stored.token))
                return
        raise UnknownIdError(f"the camera has no preset {number}")

    async def call(self, service: Service, call: Call) -> Element:
        """Return the answer to one operation."""
        url = self._service(service)
        return answer(await self._post(url, envelope(call, self._token()), call.operation), call.operation)

    async def call_at(self, at: Endpoint | None, call: Call, action: str, *, wait_ms: int = 0) -> Element:
        """Return the answer to an operation of the events service, whose messages carry their address and `action`.

        `at` is that of a subscription; `wait_ms` is how long the camera may wait before it answers.
        """
        to = at or Endpoint(self._service("events"))
        document = envelope(call, self._token(), to=to, action=action)
        posted = self._post(self._here(to.url), document, call.operation, wait_ms)
        return answer(await posted, call.operation)

    def _service(self, service: Service) -> str:
        if service not in self._services:
            raise FaultError(f"the camera offers no {service} service")
        return self._services[service]

    def _token(self) -> Token | None:
        if not self.address.user:
            return None
        now_ms = self._clock.now_ms() + self.clock_offset_ms
        return Token(self.address.user, self.address.password, secrets.token_bytes(16), now_ms)

    async def ask_clock(self) -> bool:
        """Learn the camera's clock, which a token's date has to be right by; False where it keeps it to itself.

        It is asked for without signing in.
        """
        call = messages.GET_TIME
        asked_ms = self._clock.now_ms()
        try:
            response = answer(await self._post(self.address.url, envelope(call), call.operation), call.operation)
        except (RefusedError, FaultError):
            return False  # so it has to be right
        camera_ms = messages.clock_ms(response)
        if camera_ms is not None:
            self.clock_offset_ms = camera_ms - (asked_ms + self._clock.now_ms()) // 2
        return camera_ms is not None

    async def ask_services(self) -> None:
        """Learn where the camera's services are; most want to know who asks."""
        try:
            found = messages.services(await self.call("device", messages.GET_SERVICES))
        except FaultError:
            found = {}
        if not found:
            found = messages.capabilities(await self.call("device", messages.GET_CAPABILITIES))
        self._services |= {name: self._here(url) for name, url in found.items() if name != "device"}

    def _here(self, url: str) -> str:
        """Return an address that the camera names, at the host that it was reached by.

        It knows its own ports where it names that host; through a router only the port that it was reached by is sure.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise OnvifError("the camera names an address that is none") from None
        origin = self.address.origin
        if parts.hostname == self.address.host and parts.scheme == origin.partition(":")[0] and port is not None:
            origin = f"{parts.scheme}://{netloc(self.address.host, port)}"
        # Without the slash a path like "@elsewhere/" would name another host, and be sent the token.
        return origin + urlunsplit(("", "", "/" + parts.path.removeprefix("/"), parts.query, ""))

    async def _post(self, url: str, document: bytes, operation: str, wait_ms: int = 0) -> bytes:
        within_ms = ONVIF_CALL_MS + wait_ms
        where = netloc(self.address.host, self.address.port)
        try:
            async with self._http.post(
                url,
                data=document,
                headers={"Content-Type": CONTENT_TYPE},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=within_ms / 1000),
            ) as response:
                body = await _read(response)
        except TimeoutError:
            raise OnvifError(f"no answer from {where} to {operation} within {within_ms // 1000} s") from None
        except aiohttp.ClientConnectorError as error:
            raise OnvifError(f"{where} cannot be reached: {error.os_error.strerror or 'no connection'}") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise OnvifError(f"{where} does not answer {operation} as HTTP: {type(error).__name__}") from None
        if response.status in {401, 403}:
            raise RefusedError("the camera does not take this user and password, or this user may not do that")
        if not body or (response.status >= 300 and b"Envelope" not in body):
            raise OnvifError(f"{where} answers {operation} with HTTP {response.status}: not an ONVIF service there")
        return body


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in response.content.iter_chunked(64 * 1024):
        body += part
        if len(body) > ONVIF_ANSWER_BYTES:
            raise OnvifError(f"the camera's answer is larger than {ONVIF_ANSWER_BYTES} bytes")
    return bytes(body)


def rtsp_address(said: str, address: OnvifAddress) -> str:
    """Return the stream's address that a camera names, at the host that it was reached by, with our credentials.

    Raises `OnvifError` where it is no address of a stream.
    """
    try:
        parts = urlsplit(said)
        port = parts.port or _RTSP_PORT
    except ValueError:
        raise OnvifError("the camera names a stream address that is none") from None
    if parts.scheme not in {"rtsp", "rtsps"} or not said.isprintable():
        raise OnvifError("the camera names no rtsp:// address for the stream")
    user = f"{quote(address.user, safe='')}:{quote(address.password, safe='')}@" if address.user else ""
    return urlunsplit((parts.scheme, user + netloc(address.host, port), parts.path, parts.query, ""))
