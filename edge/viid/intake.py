"""Passages as they come in: each object judged by itself, told twice kept once, with the picture that shows most."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from command.kernel.clock import Clock
from command.kernel.errors import InvalidInputError, TooManyError, TriuneError, UnavailableError
from command.kernel.geo import Datum
from edge.limits import VIID_CATALOGUE_OF_PEER, VIID_OBJECTS, VIID_REMEMBERED
from edge.viid.bodies import RefusedError, Verdict
from edge.viid.catalogue import Listed, ListedKind, read_device
from edge.viid.codes import StatusCode
from edge.viid.ids import is_id
from edge.viid.library import AlarmOutcome, Library
from edge.viid.pictures import ImagesWaiting, picture_of
from edge.viid.values import Fields
from edge.viid.vehicle import Vehicle, read_plate, read_vehicle

_Key: TypeAlias = tuple[str, str, str, str, int | None]
"""What a vehicle told again has in common: device, tollgate, id, plate and when it passed, as it was told.

The id alone does not do: some devices begin to count anew, and two systems may count alike.
"""
_log = logging.getLogger(__name__)


class IntakeCounters(msgspec.Struct):
    """Everything only grows."""

    taken: int = 0
    repeated: int = 0
    without_plate: int = 0
    without_picture: int = 0
    pictures_elsewhere: int = 0
    bad_pictures: int = 0
    images: int = 0
    devices: int = 0
    alarms: int = 0
    alarms_unmatched: int = 0
    alarms_refused: int = 0
    wrong_clock: int = 0
    refused: int = 0
    busy: int = 0
    too_many: int = 0


class Intake:
    """Takes lists of vehicles, images and devices."""

    def __init__(self, library: Library, clock: Clock, datum: Datum = "wgs84") -> None:
        self.counters = IntakeCounters()
        self.images = ImagesWaiting()
        self._library = library
        self._datum: Datum = datum
        self._clock = clock
        self._kept: OrderedDict[_Key, None] = OrderedDict()
        """Vehicles, so that one told again is not looked at again."""
        self._on_their_way: dict[_Key, asyncio.Event] = {}

    async def vehicles(self, peer: str, told: Sequence[Fields]) -> list[Verdict]:
        """Return what became of each vehicle."""
        taken = [self._vehicle(peer, one) for one in told[:VIID_OBJECTS]]
        return [*await asyncio.gather(*taken), *self._beyond(told, "MotorVehicleID")]

    async def alarms(self, peer: str, told: Sequence[Fields]) -> list[Verdict]:
        """Return what became of each notice (A.18) of a vehicle that we asked a system to look out for.

        Its vehicle is taken as any passage is, so that one told both ways is one, and one hit.
        """
        taken = [self._alarm(peer, one) for one in told[:VIID_OBJECTS]]
        return [*await asyncio.gather(*taken), *self._beyond(told, "NotificationID")]

    async def pictures(self, peer: str, told: Sequence[Fields]) -> list[Verdict]:
        """Return what became of each image; one may hold the vehicles found in it."""
        verdicts = []
        for one in told[:VIID_OBJECTS]:
            image = (one.inner("ImageInfo") if one.said("ImageInfo") else one).text("ImageID", 64)
            verdicts.append(await self._image(image, one.raw("Data")))
            vehicles = one.inner("MotorVehicleList").list("MotorVehicleObject")
            verdicts += await self.vehicles(peer, vehicles)
        return [*verdicts, *self._beyond(told, "ImageID")]

    async def devices(self, peer: str, told: Sequence[tuple[ListedKind, Fields]]) -> list[Verdict]:
        """Return what became of each device of a catalogue."""
        read: list[Listed] = []
        verdicts = []
        for kind, one in told[:VIID_CATALOGUE_OF_PEER]:
            try:
                read.append(read_device(one, kind, self._datum))
            except RefusedError as error:
                verdicts.append(self._refused(one.text("ApeID", 64), error))
        taken = list(await self._library.take_devices(peer, read)) if read else []
        self.counters.devices += sum(verdict.code is StatusCode.OK for verdict in taken)
        self.counters.too_many += len(told[VIID_CATALOGUE_OF_PEER:])
        return [*verdicts, *taken]

    async def _alarm(self, peer: str, told: Fields) -> Verdict:
        name, vehicles = told.text("NotificationID", 64), told.list("MotorVehicleObject")
        try:
            plate = await self._library.awaited(peer, told.text("DispositionID", 64))
            if len(vehicles) != 1:
                raise RefusedError("a notice brings one MotorVehicleObject")
        except (UnavailableError, TooManyError) as error:
            self.counters.busy += 1
            return _busy(name, error.detail)
        except TriuneError as error:
            self._alarmed(peer, "refused")
            return self._refused(name, error)
        verdict = await self._vehicle(peer, vehicles[0])
        if verdict.code is StatusCode.BUSY:
            return _busy(name, verdict.told)
        if verdict.code is not StatusCode.OK:
            self._alarmed(peer, "refused")
            return Verdict(name, verdict.code, verdict.told)
        if read_plate(vehicles[0]) != plate:
            self._alarmed(peer, "unmatched")
            return Verdict(name, StatusCode.OK, "no hit: the plate told is not the one of the disposition")
        self._alarmed(peer, "matched")
        return Verdict(name)

    def _alarmed(self, peer: str, outcome: AlarmOutcome) -> None:
        self.counters.alarms += 1
        self.counters.alarms_unmatched += outcome == "unmatched"
        self.counters.alarms_refused += outcome == "refused"
        self._library.alarmed(peer, outcome)

    def _beyond(self, told: Sequence[Fields], name: str) -> list[Verdict]:
        self.counters.too_many += len(told[VIID_OBJECTS:])
        why = f"at most {VIID_OBJECTS} at once: send this one again"
        return [Verdict(one.text(name, 64), StatusCode.BUSY, why) for one in told[VIID_OBJECTS:]]

    async def _image(self, image: str, data: object) -> Verdict:
        if not is_id(image):
            return self._refused(image, RefusedError("ImageID is missing or no id"))
        try:
            picture = await asyncio.to_thread(picture_of, data)
        except InvalidInputError as error:
            self.counters.bad_pictures += 1
            return self._refused(image, error)
        self.counters.images += 1
        self.images.put(image, picture, self._clock.now_ms())
        return Verdict(image)

    async def _vehicle(self, peer: str, told: Fields) -> Verdict:
        name = told.text("MotorVehicleID", 64)
        try:
            vehicle = read_vehicle(told, self._clock.now_ms())
        except RefusedError as error:
            self.counters.wrong_clock += "our clock" in error.detail
            return self._refused(name, error)
        key = vehicle.device, vehicle.tollgate, vehicle.id, vehicle.plate, told.instant_ms("PassTime")
        while (on_its_way := self._on_their_way.get(key)) is not None:
            await on_its_way.wait()
        if key in self._kept:
            self.counters.repeated += 1
            return Verdict(name, StatusCode.OK, "already here")
        self._on_their_way[key] = asyncio.Event()
        try:
            verdict = await self._take(peer, vehicle)
        finally:
            self._on_their_way.pop(key).set()
        if verdict.code is StatusCode.OK:
            self._kept[key] = None
            if len(self._kept) > VIID_REMEMBERED:
                self._kept.popitem(last=False)
        return verdict

    async def _take(self, peer: str, vehicle: Vehicle) -> Verdict:
        if not vehicle.plate:
            self.counters.without_plate += 1
            return Verdict(vehicle.id, StatusCode.OK, "no plate was read: not kept")
        picture = await self._picture(vehicle)
        try:
            verdict = await self._library.take(peer, vehicle, picture)
        except (UnavailableError, TooManyError) as error:
            self.counters.busy += 1
            return _busy(vehicle.id, error.detail)
        except TriuneError as error:
            return self._refused(vehicle.id, error)
        self.counters.taken += 1
        self.counters.without_picture += picture is None
        self.counters.pictures_elsewhere += picture is None and vehicle.elsewhere
        return verdict

    async def _picture(self, vehicle: Vehicle) -> bytes | None:
        """Return the one that shows most and is a picture; a bad one costs the passage nothing."""
        for sub in vehicle.pictures:
            try:
                return await asyncio.to_thread(picture_of, sub.raw("Data"))
            except InvalidInputError as error:
                self.counters.bad_pictures += 1
                _log.info("a picture of vehicle %s is left out: %s", vehicle.id, error.detail)
        self.images.tidy(self._clock.now_ms())
        return self.images.claim(list(vehicle.images))

    def _refused(self, name: str, error: TriuneError) -> Verdict:
        self.counters.refused += 1
        code = error.status_code if isinstance(error, RefusedError) else StatusCode.INVALID_JSON_CONTENT
        return Verdict(name, code, error.detail)


def _busy(name: str, why: str) -> Verdict:
    return Verdict(name, StatusCode.BUSY, why)
