"""What is asked of a device that has registered: what it is, how its clock goes, which channels it has; to be told."""

from __future__ import annotations

import asyncio
import logging

from command.kernel.clock import Clock
from command.kernel.errors import TriuneError
from edge.gb28181.counters import Gb28181Counters
from edge.gb28181.devices import Device
from edge.gb28181.ids import shows_pictures
from edge.gb28181.questions import Questions
from edge.gb28181.reports import Reports
from edge.gb28181.subscriptions import Subscriptions
from edge.limits import GB28181_ASKED_AT_ONCE

log = logging.getLogger(__name__)

# Channels of a device that are looked at for being a unit's, whose places are then subscribed to.
_PLACED_CHANNELS = 16


class Learner:
    """Asks few devices at once, each once at a time, when many register together after a power cut."""

    def __init__(
        self, questions: Questions, subscriptions: Subscriptions, reports: Reports, clock: Clock,
        counters: Gb28181Counters,
    ) -> None:  # fmt: skip
        self._questions = questions
        self._subscriptions = subscriptions
        self._reports = reports
        self._clock = clock
        self._counters = counters
        self._turn = asyncio.Semaphore(GB28181_ASKED_AT_ONCE)
        self._busy: set[str] = set()

    async def learn_all(self, device: Device) -> None:
        """Ask all, and subscribe to what it tells by itself, whatever it answers.

        What it does not say stands in its state.
        """
        if device.id in self._busy:
            return
        self._busy.add(device.id)
        try:
            async with self._turn:
                await self._learn(device)
                for kind in ("Alarm", "Catalog"):
                    await self._subscriptions.subscribe(device, kind)
                if await self._is_placed(device):
                    await self._subscriptions.subscribe(device, "MobilePosition")
        except TriuneError as error:
            log.info("GB/T 28181 device %s is not subscribed to for all: %s", device.id, error.detail)
        finally:
            self._busy.discard(device.id)

    async def _learn(self, device: Device) -> None:
        """Ask all; a device that does not answer the first question costs no more time with others."""
        try:
            await self._learn_catalogue(device)
        except TriuneError as error:
            device.catalogue_words = error.detail
            log.info("GB/T 28181 device %s does not say what it has: %s", device.id, error.detail)
            return
        for ask in (self._learn_info, self._learn_status):
            try:
                await ask(device)
            except TriuneError as error:  # many cannot say
                log.debug("device %s: %s", device.id, error.detail)

    async def _learn_catalogue(self, device: Device) -> None:
        gathering = await self._questions.catalogue(device)
        self._counters.catalogues += 1
        self._counters.catalogues_incomplete += not gathering.is_whole
        device.is_catalogued = gathering.is_whole or gathering.is_cut
        device.has(gathering.items, is_all=device.is_catalogued)
        came, kept = len(gathering.items), len(device.catalogue)
        if gathering.is_whole:
            device.catalogue_words = f"whole, {came} items"
        elif gathering.total is None:
            device.catalogue_words = f"{came} items came, of how many is not said; {kept} are known"
        else:
            rest = "no more are taken" if gathering.is_cut else f"{kept} are known"
            device.catalogue_words = f"{came} of {gathering.total} items came; {rest}"

    def has_to_renew(self, device: Device) -> bool:
        """Say whether a subscription of the device is to be renewed by now, and nobody is at it."""
        return device.id not in self._busy and bool(self._subscriptions.due(device))

    async def renew(self, device: Device) -> None:
        """Renew what is due of the device's subscriptions."""
        if device.id in self._busy:
            return
        self._busy.add(device.id)
        try:
            for kind in self._subscriptions.due(device):
                await self._subscriptions.subscribe(device, kind)
        finally:
            self._busy.discard(device.id)

    async def _learn_info(self, device: Device) -> None:
        info = await self._questions.info(device)
        device.name, device.manufacturer, device.model = info.name, info.manufacturer, info.model
        device.firmware = info.firmware

    async def _learn_status(self, device: Device) -> None:
        status = await self._questions.status(device)
        if status.device_ms is not None:
            device.clock_off_ms = status.device_ms - self._clock.now_ms()

    async def _is_placed(self, device: Device) -> bool:
        channels = [channel for channel in device.catalogue if shows_pictures(channel)][:_PLACED_CHANNELS]
        for each in (device.id, *channels):
            if await self._reports.is_bound(each):
                return True
        return False
