"""Events of ONVIF cameras by pull point (ONVIF Core 9): motion, alarm inputs, tampering."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from command.kernel.clock import Clock
from edge.limits import (
    ONVIF_EVENTS_REFUSED_MS,
    ONVIF_EVENTS_RETRY_MS,
    ONVIF_PULL_EVENTS,
    ONVIF_PULL_EVERY_MS,
    ONVIF_PULL_MS,
    ONVIF_SUBSCRIPTION_MS,
)
from edge.onvif.address import OnvifAddress
from edge.onvif.client import OnvifClient
from edge.onvif.messages import NAMESPACES, plain
from edge.onvif.soap import Call, Endpoint, OnvifError, RefusedError, endpoint
from edge.onvif.xml import Element

_log = logging.getLogger(__name__)

EventKind: TypeAlias = Literal["motion", "alarm_input", "tampering"]

NOTIFICATION_NS: Final = "http://docs.oasis-open.org/wsn/b-2"
_PULL_ACTION: Final = "http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesRequest"
_CREATE_ACTION: Final = "http://www.onvif.org/ver10/events/wsdl/EventPortType/CreatePullPointSubscriptionRequest"
_UNSUBSCRIBE_ACTION: Final = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest"
_RENEW_ACTION: Final = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest"
# Topics by what they hold, since each maker has some of its own beside the standard ones (ONVIF Imaging, Device IO,
# RuleEngine).
_TOPICS: Final[tuple[tuple[str, EventKind], ...]] = (
    ("Motion", "motion"),
    ("FieldDetector", "motion"),
    ("LineDetector", "motion"),
    ("DigitalInput", "alarm_input"),
    ("Tamper", "tampering"),
    ("GlobalSceneChange", "tampering"),
    ("ImageTooDark", "tampering"),
    ("ImageTooBlurry", "tampering"),
)
_TRUE: Final = frozenset({"true", "1", "active", "on"})
_FALSE: Final = frozenset({"false", "0", "inactive", "off"})


class CameraEvent(msgspec.Struct, frozen=True):
    """Something that a camera noticed. `active` is whether it begins or ends; `source` is which input or region."""

    kind: EventKind
    active: bool
    source: str
    at_ms: int
    """On our clock."""
    is_state: bool = False
    """Whether the camera only says how things are, as it does to whoever subscribes; nothing has changed just now."""


def create_pull_point() -> Call:
    """Return the subscription to everything; what is not known is left out when it comes."""
    arguments = f"<x:InitialTerminationTime>PT{ONVIF_SUBSCRIPTION_MS // 1000}S</x:InitialTerminationTime>"
    return Call(NAMESPACES["events"], "CreatePullPointSubscription", arguments)


def pull_messages() -> Call:
    """Return the question for what happened; the camera holds its answer until something has."""
    arguments = f"<x:Timeout>PT{ONVIF_PULL_MS // 1000}S</x:Timeout><x:MessageLimit>{ONVIF_PULL_EVENTS}</x:MessageLimit>"
    return Call(NAMESPACES["events"], "PullMessages", arguments)


def renew() -> Call:
    """Return the order to keep the subscription."""
    arguments = f"<x:TerminationTime>PT{ONVIF_SUBSCRIPTION_MS // 1000}S</x:TerminationTime>"
    return Call(NOTIFICATION_NS, "Renew", arguments)


def events(response: Element, offset_ms: int, now_ms: int) -> list[CameraEvent]:
    """Return the known events of PullMessages, at most `ONVIF_PULL_EVENTS`.

    `offset_ms` is how far the camera's clock is ahead. An instant that is none, or in the future, is taken for now.
    """
    found = []
    for notification in response.all("NotificationMessage"):
        topic = notification.value("Topic")
        kind = next((kind for word, kind in _TOPICS if word in topic), None)
        message = notification.find("Message", "Message")
        if kind is None or message is None or message.attributes.get("PropertyOperation") == "Deleted":
            continue
        said = [item.attributes.get("Value", "").lower() for item in message.all("Data", "SimpleItem")]
        known = next((value for value in said if value in _TRUE | _FALSE), None)
        if known is None:
            continue
        sources = [plain(item.attributes.get("Value", "")) for item in message.all("Source", "SimpleItem")]
        at_ms = _instant_ms(message.attributes.get("UtcTime", ""))
        at_ms = min(at_ms - offset_ms, now_ms) if at_ms is not None else now_ms
        is_state = message.attributes.get("PropertyOperation") == "Initialized"
        found.append(CameraEvent(kind, known in _TRUE, "/".join(sources[:4]), at_ms, is_state))
    return found[:ONVIF_PULL_EVENTS]


def _instant_ms(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text.strip())
        return int(at.timestamp() * 1000) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


async def watch(address: OnvifAddress, clock: Clock, on_event: Callable[[CameraEvent], Awaitable[None]]) -> None:
    """Tell of a camera's events until cancelled. A camera that has none, or is away, is asked again later for ever.

    One that refuses us is asked seldom: many lock a user out who is wrong too often, and with it the pictures.
    """
    while True:
        retry_ms = ONVIF_EVENTS_RETRY_MS
        try:
            async with OnvifClient(address, clock) as camera:
                await _pull(camera, clock, on_event)
        except OnvifError as error:
            _log.info("no events of the camera at %r: %s", address, error.detail)
            if isinstance(error, RefusedError):
                retry_ms = ONVIF_EVENTS_REFUSED_MS
        await clock.sleep(retry_ms)


async def _pull(camera: OnvifClient, clock: Clock, on_event: Callable[[CameraEvent], Awaitable[None]]) -> None:
    """Subscribe and pull until the camera no longer answers."""
    created = await camera.call_at(None, create_pull_point(), _CREATE_ACTION)
    reference = created.find("SubscriptionReference")
    at = endpoint(reference) if reference is not None else None
    if at is None:
        raise OnvifError("the camera names no address to pull events from")
    renewed_ms = clock.now_ms()
    try:
        while True:
            asked_ms = clock.now_ms()
            pulled = await camera.call_at(at, pull_messages(), _PULL_ACTION, wait_ms=ONVIF_PULL_MS)
            for event in events(pulled, camera.clock_offset_ms, clock.now_ms()):
                await on_event(event)
            if clock.now_ms() - renewed_ms > ONVIF_SUBSCRIPTION_MS // 3:
                renewed_ms = clock.now_ms()
                await camera.call_at(at, renew(), _RENEW_ACTION)
            # Some answer at once though nothing happened, or never stop telling.
            await clock.sleep_until(asked_ms + ONVIF_PULL_EVERY_MS)
    finally:
        await _unsubscribe(camera, at)


async def _unsubscribe(camera: OnvifClient, at: Endpoint) -> None:
    """Give the pull point back, since cameras have few; one that is away lets it run out."""
    try:
        await camera.call_at(at, Call(NOTIFICATION_NS, "Unsubscribe"), _UNSUBSCRIBE_ACTION)
    except OnvifError as error:
        _log.debug("a subscription was not given back: %s", error.detail)
