"""What is asked of ONVIF's device, media (1 and 2) and PTZ services, and what their answers mean. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias
from xml.sax.saxutils import escape

import msgspec

from edge.limits import ONVIF_PROFILES
from edge.onvif.soap import Call
from edge.onvif.xml import Element
from streams.limits import PTZ_DEAD_MAN_MS, PTZ_PRESETS
from streams.ptz import Preset

Service: TypeAlias = Literal["device", "media", "media2", "ptz", "events"]

NAMESPACES: Final[dict[Service, str]] = {
    "device": "http://www.onvif.org/ver10/device/wsdl",
    "media": "http://www.onvif.org/ver10/media/wsdl",
    "media2": "http://www.onvif.org/ver20/media/wsdl",
    "ptz": "http://www.onvif.org/ver20/ptz/wsdl",
    "events": "http://www.onvif.org/ver10/events/wsdl",
}
_TEXT_CHARS: Final = 100
_TOKEN_CHARS: Final = 64  # tt:ReferenceToken

GET_TIME: Final = Call(NAMESPACES["device"], "GetSystemDateAndTime")
GET_SERVICES: Final = Call(
    NAMESPACES["device"], "GetServices", "<x:IncludeCapability>false</x:IncludeCapability>"
)  # fmt: skip
GET_CAPABILITIES: Final = Call(NAMESPACES["device"], "GetCapabilities", "<x:Category>All</x:Category>")
GET_INFORMATION: Final = Call(NAMESPACES["device"], "GetDeviceInformation")
GET_PROFILES: Final = Call(NAMESPACES["media"], "GetProfiles")
GET_PROFILES_2: Final = Call(NAMESPACES["media2"], "GetProfiles", "<x:Type>VideoEncoder</x:Type><x:Type>PTZ</x:Type>")


class DeviceInformation(msgspec.Struct, frozen=True):
    """What the device says that it is."""

    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""


class Profile(msgspec.Struct, frozen=True):
    """A stream that the camera offers. Unknown numbers are 0; `has_ptz` says that it can be moved by this profile."""

    token: str
    name: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    has_ptz: bool = False


class StoredPreset(msgspec.Struct, frozen=True):
    """A preset with the camera's own token for it."""

    token: str
    preset: Preset


def clock_ms(response: Element) -> int | None:
    """Return the camera's clock from GetSystemDateAndTime; None where it says none that can be."""
    said = response.find("SystemDateAndTime", "UTCDateTime")
    if said is None:
        return None
    date, time = ("Year", "Month", "Day"), ("Hour", "Minute", "Second")
    try:
        year, month, day = (int(said.value("Date", part)) for part in date)
        hour, minute, second = (int(said.value("Time", part)) for part in time)
        # Some count a leap second.
        return int(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


def services(response: Element) -> dict[Service, str]:
    """Return where the services are, from GetServices."""
    names: dict[str, Service] = {namespace: service for service, namespace in NAMESPACES.items()}
    return {
        names[service.value("Namespace")]: service.value("XAddr")
        for service in response.all("Service")
        if service.value("Namespace") in names and service.value("XAddr")
    }


def capabilities(response: Element) -> dict[Service, str]:
    """Return where the services are, from GetCapabilities, which older cameras answer instead."""
    known: dict[str, Service] = {"Device": "device", "Media": "media", "PTZ": "ptz", "Events": "events"}
    where = {service: response.value("Capabilities", name, "XAddr") for name, service in known.items()}
    return {service: address for service, address in where.items() if address}


def information(response: Element) -> DeviceInformation:
    """Return what GetDeviceInformation says."""
    parts = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
    return DeviceInformation(*(plain(response.value(part)) for part in parts))


def profiles(response: Element) -> list[Profile]:
    """Return the profiles with video, from GetProfiles of media 1 or 2; at most `ONVIF_PROFILES`."""
    found = []
    for profile in response.all("Profiles"):
        encoder = profile.find("VideoEncoderConfiguration") or profile.find("Configurations", "VideoEncoder")
        ptz = profile.find("PTZConfiguration") or profile.find("Configurations", "PTZ")
        token = profile.attributes.get("token", "")
        if encoder is None or not 0 < len(token) <= _TOKEN_CHARS or not token.isprintable():
            continue
        found.append(
            Profile(
                token=token,
                name=plain(profile.value("Name")),
                codec=plain(encoder.value("Encoding")).upper(),
                width=int(_number(encoder.value("Resolution", "Width"))),
                height=int(_number(encoder.value("Resolution", "Height"))),
                fps=_number(encoder.value("RateControl", "FrameRateLimit")),
                has_ptz=ptz is not None,
            )
        )
    return found[:ONVIF_PROFILES]


def get_stream_uri(token: str) -> Call:
    """Return the question to media 1: RTSP over one TCP connection."""
    setup = (
        "<x:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream>"
        "<tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></x:StreamSetup>"
    )
    return Call(NAMESPACES["media"], "GetStreamUri", f"{setup}<x:ProfileToken>{escape(token)}</x:ProfileToken>")


def get_stream_uri_2(token: str) -> Call:
    """Return the question to media 2."""
    arguments = f"<x:Protocol>RTSP</x:Protocol><x:ProfileToken>{escape(token)}</x:ProfileToken>"
    return Call(NAMESPACES["media2"], "GetStreamUri", arguments)


def set_synchronization_point(service: Literal["media", "media2"], token: str) -> Call:
    """Return the word for a key frame of a profile now, to media 1 or 2."""
    return Call(NAMESPACES[service], "SetSynchronizationPoint", f"<x:ProfileToken>{escape(token)}</x:ProfileToken>")


def stream_uri(response: Element) -> str:
    """Return the address in an answer of media 1 or 2; empty where there is none."""
    return response.value("MediaUri", "Uri") or response.value("Uri")


def continuous_move(token: str, pan: float, tilt: float, zoom: float) -> Call:
    """Return the move. The camera itself stops it a little after the hub would have: hubs and networks fail too."""
    arguments = (
        f"<x:ProfileToken>{escape(token)}</x:ProfileToken><x:Velocity>"
        f'<tt:PanTilt x="{pan:.3f}" y="{tilt:.3f}"/><tt:Zoom x="{zoom:.3f}"/></x:Velocity>'
        f"<x:Timeout>PT{2 * PTZ_DEAD_MAN_MS // 1000}S</x:Timeout>"
    )
    return Call(NAMESPACES["ptz"], "ContinuousMove", arguments)


def stop(token: str) -> Call:
    """Return the end of every movement."""
    arguments = f"<x:ProfileToken>{escape(token)}</x:ProfileToken><x:PanTilt>true</x:PanTilt><x:Zoom>true</x:Zoom>"
    return Call(NAMESPACES["ptz"], "Stop", arguments)


def get_presets(token: str) -> Call:
    """Return the question for presets."""
    return Call(NAMESPACES["ptz"], "GetPresets", f"<x:ProfileToken>{escape(token)}</x:ProfileToken>")


def goto_preset(token: str, preset: str) -> Call:
    """Return the order to go to a preset by the camera's token for it."""
    arguments = f"<x:ProfileToken>{escape(token)}</x:ProfileToken><x:PresetToken>{escape(preset)}</x:PresetToken>"
    return Call(NAMESPACES["ptz"], "GotoPreset", arguments)


def presets(response: Element) -> list[StoredPreset]:
    """Return the presets, at most `PTZ_PRESETS`.

    Each has the number that its token is, or, where any token is none or comes twice, its place in the list from 1.
    """
    said = [(p.attributes.get("token", ""), plain(p.value("Name"))) for p in response.all("Preset")]
    said = [(token, name) for token, name in said if 0 < len(token) <= _TOKEN_CHARS and token.isprintable()]
    tokens = [token for token, _ in said[:PTZ_PRESETS]]
    are_numbers = all(t.isascii() and t.isdecimal() and len(t) <= 4 for t in tokens)
    numbers = [int(token) for token in tokens] if are_numbers else []
    if len(set(numbers)) < len(tokens):
        numbers = list(range(1, len(tokens) + 1))
    return [
        StoredPreset(token, Preset(number, name or token))
        for number, (token, name) in zip(numbers, said[:PTZ_PRESETS], strict=True)
    ]


def plain(text: str) -> str:
    """Return a device's text without what cannot be printed, cut to what a screen has room for."""
    return "".join(c for c in text if c.isprintable())[:_TEXT_CHARS]


def _number(text: str) -> float:
    """Return a number between 0 and 100 000; 0 for anything else."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 100_000 else 0.0
