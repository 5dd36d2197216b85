"""Addresses of ONVIF cameras: `onvif://user:password@host:port/path?profile=token`."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import msgspec

from command.kernel.errors import InvalidInputError

DEVICE_PATH = "/onvif/device_service"
"""Where the device service is unless discovery or the technician says otherwise (ONVIF Core 5.1)."""
_SCHEMES = {"onvif": "http", "http": "http", "onvifs": "https", "https": "https"}


class OnvifAddress(msgspec.Struct, frozen=True):
    """Where a camera's device service is, and as whom it is asked. `profile` is the stream's; empty takes the first."""

    host: str
    port: int
    path: str = DEVICE_PATH
    user: str = ""
    password: str = ""
    profile: str = ""
    is_tls: bool = False

    def __repr__(self) -> str:
        return f"OnvifAddress({self.host}:{self.port})"

    @property
    def origin(self) -> str:
        """Scheme, host and port as HTTP has them."""
        return f"{'https' if self.is_tls else 'http'}://{netloc(self.host, self.port)}"

    @property
    def url(self) -> str:
        """The device service."""
        return self.origin + self.path

    def text(self) -> str:
        """Return the whole address, password included: for the vault only."""
        user = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        query = f"?{urlencode({'profile': self.profile})}" if self.profile else ""
        return f"onvif{'s' if self.is_tls else ''}://{user}{netloc(self.host, self.port)}{self.path}{query}"


def netloc(host: str, port: int) -> str:
    """Return host and port as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def onvif_address(text: str) -> OnvifAddress:
    """Read an address: `onvif://…`, `http://…` as cameras print it, or a host with or without a port.

    Raises `InvalidInputError`, which never repeats the address.
    """
    if not text.isprintable() or " " in text:
        raise InvalidInputError("an address holds no spaces and nothing that cannot be printed")
    try:
        parts = urlsplit(text if "://" in text else f"onvif://{text}")
        port = parts.port
    except ValueError:
        raise InvalidInputError("this is not an address of a camera") from None
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise InvalidInputError("an ONVIF address begins with onvif:// or http:// and names a host")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isprintable():
        raise InvalidInputError("user and password hold only what can be printed")
    return OnvifAddress(
        host=parts.hostname,
        port=port or (443 if scheme == "https" else 80),
        path=parts.path if len(parts.path) > 1 else DEVICE_PATH,
        user=user,
        password=password,
        profile=parse_qs(parts.query).get("profile", [""])[0],
        is_tls=scheme == "https",
    )
