"""Where a camera's packets come from: a source is opened by the scheme of the camera's address."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

from command.kernel.clock import Clock
from streams.limits import CAMERA_ADDRESS_CHARS
from streams.packets import Packet


class SourceError(Exception):
    """The source cannot be read, or no longer. `reason` is for people and never holds the address or its password.

    `hop` names how far the way to the camera was good, in the words of `streams.diagnosis` or the gateway's own.
    """

    def __init__(self, reason: str, hop: str = "packets") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hop = hop


PacketSource = AbstractAsyncContextManager[AsyncIterator[Packet]]
"""One connection to a camera: `async with source as packets: async for packet in packets`.

Packets come in decoding order, beginning at a key frame; `pts_ms` is on the source's own scale. Entering and
iterating may raise `SourceError`, and iteration never ends otherwise.
"""


@runtime_checkable
class GivesKeys(Protocol):
    """Packets of a source whose camera gives a key frame when it is asked; those of RTSP have no such word."""

    async def ask_key(self) -> None:
        """Ask; raises where the camera refuses or does not answer."""
        ...


class AskedPackets:
    """Packets and a way to ask for a key frame: they are `GivesKeys`."""

    def __init__(self, packets: AsyncIterator[Packet], ask: Callable[[], Awaitable[None]]) -> None:
        self._packets = packets
        self._ask = ask

    def __aiter__(self) -> AsyncIterator[Packet]:
        return self

    def __anext__(self) -> Awaitable[Packet]:
        return self._packets.__anext__()

    async def ask_key(self) -> None:
        """Ask the camera."""
        await self._ask()


Open = Callable[[str, Clock], PacketSource]
"""`open(address, clock)` returns a source that is not connected yet; it raises `SourceError` for a bad address."""


class Sources:
    """The kinds of source that the hub knows. Gateways register theirs when the site is put together."""

    def __init__(self) -> None:
        self._kinds: dict[str, Open] = {}

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes that an address may have."""
        return tuple(self._kinds)

    def register(self, scheme: str, open_source: Open) -> None:
        """Let addresses that begin with `scheme:` be opened by `open_source`."""
        assert scheme not in self._kinds, f"the scheme {scheme} is registered twice"
        self._kinds[scheme] = open_source

    def open(self, address: str, clock: Clock) -> PacketSource:
        """Return the source of a camera's address. Raises `SourceError` where the scheme is not known."""
        return self._kind(address)(address, clock)

    def _kind(self, address: str) -> Open:
        kind = self._kinds.get(scheme_of(address))
        if kind is None:
            raise SourceError(f"the address begins with none of {', '.join(self._kinds)}")
        return kind


def scheme_of(address: str) -> str:
    """Return what stands before the first colon of an address, in small letters; empty where there is none."""
    scheme, colon, _ = address.partition(":")
    return scheme.lower() if colon else ""


_OPTIONS: Final = {
    "transport": ("tcp", "udp"),  # RTSP: over TCP, and over UDP where the camera refuses; or over UDP at once
    "play": ("loop", "once"),  # a file: again from its start, or to its end
    "pull": ("demand", "always"),  # while somebody needs the pictures, or for ever
}


def split_options(address: str) -> tuple[str, dict[str, str]]:
    """Return an address without the options of ours at its end, as in `rtsp://…#transport=udp&pull=always`, and these.

    They stand in the fragment since no client sends that (RFC 3986 section 3.5). Raises `SourceError` for an option
    that there is not.
    """
    found = re.fullmatch(r"(.*)#(\w+=\w*(?:&\w+=\w*)*)", address, re.DOTALL)
    if found is None:
        return address, {}
    options = dict(pair.split("=") for pair in found[2].split("&"))
    for name, value in options.items():
        if value not in _OPTIONS.get(name, ()):
            known = "; ".join(f"{known}={'|'.join(values)}" for known, values in _OPTIONS.items())
            raise SourceError(f"the options of an address are {known}")
    return found[1], options


def check_address(address: str) -> None:
    """Look at an address as far as all kinds have it in common, where somebody sets it and can still mend it.

    Raises `SourceError` for wrong options, for what is no URL or names no host where it should, and for what no
    request may hold.
    """
    url, _ = split_options(address)
    if len(url) > CAMERA_ADDRESS_CHARS or not url.isprintable() or " " in url:
        raise SourceError(f"an address has at most {CAMERA_ADDRESS_CHARS} characters, all printable, and no spaces")
    scheme, mark, _ = url.partition("://")
    if not mark or scheme == "file":
        return
    try:
        parts = urlsplit(url)
        named = parts.hostname is not None and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is none; its words may hold a piece of the password
        raise SourceError("the address is malformed") from None
    if not named:
        raise SourceError("the address names no host")


def pulls_always(address: str) -> tuple[str, bool]:
    """Return an address without its option `pull`, and whether that says to pull the camera for ever."""
    try:
        url, options = split_options(address)
    except SourceError:
        return address, False  # whoever opens it says what is wrong
    always = options.pop("pull", "demand") == "always"
    rest = "&".join(f"{name}={value}" for name, value in options.items())
    return f"{url}#{rest}" if rest else url, always
