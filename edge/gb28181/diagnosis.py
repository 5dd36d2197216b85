"""The way to a GB/T 28181 channel hop by hop: registered, heard of, in the catalogue, invited, and what arrives."""

from __future__ import annotations

from functools import partial

from command.kernel.clock import Clock
from edge.gb28181.devices import SIGNED_OFF, DeviceState, ago
from edge.gb28181.media import Gb28181Media
from edge.gb28181.pilot import Where, where
from edge.gb28181.platform import Platform
from streams.diagnosis import Hops, Way

PULL = ("invite", "packets", "ssrc", "ps", "codec", "key_frame", "picture")
"""The hops that a channel's stream shows, in their order."""


def way_to(platform: Platform, media: Gb28181Media) -> Way:
    """Return how channels of this platform's devices are gone to."""
    return Way(go=partial(go, platform), connects=False, pull=PULL, seen=media.seen)


async def go(platform: Platform, address: str, clock: Clock, hops: Hops) -> None:
    """Note the hops before the INVITE. Raises `WayEndedError`."""
    channel = where(address)
    if channel is None:
        hops.fail("address", "the address is not gb28181://<device of 20 digits>/<channel of 20 digits>")
    hops.ok("address")
    now_ms = clock.now_ms()
    device = _registered(platform, channel, now_ms, hops)
    _heard_of(device, now_ms, hops)
    _catalogued(device, channel, hops)


def _registered(platform: Platform, channel: Where, now_ms: int, hops: Hops) -> DeviceState:
    device = platform.state(channel.device)
    if device is None:
        hops.fail("registered", platform.diagnosis(channel.device))
    since = ago(now_ms - device.registered_ms)
    if not device.online and now_ms >= device.expires_ms:
        hops.fail("registered", f"registered {since}, and its registration ran out")
    if device.reason == SIGNED_OFF and not device.online:
        hops.fail("registered", f"registered {since}, and it signed off")
    hops.ok("registered", f"{since} over {device.address.partition(':')[0].upper()}, {device.algorithm}")
    return device


def _heard_of(device: DeviceState, now_ms: int, hops: Hops) -> None:
    if device.waiting:
        if device.address.startswith("tcp:"):
            hops.fail("keepalive", f"{device.reason}: its TCP connection ended with the hub before")
        hops.ok("keepalive", device.reason)
        return
    if not device.online:
        hops.fail("keepalive", device.reason)
    beat = "no keepalive yet" if device.keepalive_ms is None else f"keepalive {ago(now_ms - device.keepalive_ms)}"
    hops.ok("keepalive", f"{beat}, last heard {ago(now_ms - device.heard_ms)}")


def _catalogued(device: DeviceState, channel: Where, hops: Hops) -> None:
    """A channel that is not listed may be there all the same: then its INVITE is answered."""
    item = next((item for item in device.channels if item.channel == channel.channel), None)
    if item is None:
        hops.ok("catalogue", f"the channel is not in it ({device.catalogue}): is its id right?")
    elif item.online is False:
        hops.ok("catalogue", f"{item.name}: the device says that it is off")
    else:
        hops.ok("catalogue", item.name)
