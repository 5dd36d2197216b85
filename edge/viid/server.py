"""The view library over HTTP: `/VIID/…` (GA/T 1400.4), behind digest authentication."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from command.kernel.clock import Clock
from command.kernel.errors import TooLargeError, TooManyError, TriuneError, UnavailableError
from command.kernel.geo import Datum
from command.kernel.rate import RateLimit
from edge.limits import (
    VIID_ADDRESSES,
    VIID_BODIES_AT_ONCE,
    VIID_BODY_BYTES,
    VIID_BODY_MS,
    VIID_OBJECTS,
    VIID_REQUESTS_PER_S,
    VIID_SMALL_BODY_BYTES,
)
from edge.viid.bodies import CONTENT_TYPE, RefusedError, Verdict, read_json, status, statuses
from edge.viid.catalogue import chosen, devices_of, write_devices
from edge.viid.codes import StatusCode
from edge.viid.door import Ask, Challenged, Door
from edge.viid.intake import Intake
from edge.viid.library import Library
from edge.viid.orders import ids_of, is_cancelled, read_disposition, read_subscription
from edge.viid.values import Fields, written

_log = logging.getLogger(__name__)
_NOT_TAKEN = (
    "Faces", "Persons", "NonMotorVehicles", "Things", "Scenes", "VideoSlices", "Files", "VideoLabels", "Cases",
    "AnalysisRules", "APSs", "Lanes",
)  # fmt: skip
_NO_JSON = ("xml", "multipart/", "image/", "audio/", "video/")
ReadBody = Callable[[web.Request, int, int], Awaitable[bytes]]
"""Returns a body of at most so many bytes that comes within so many milliseconds; raises `TooLargeError` or 408."""


class ServerCounters(msgspec.Struct):
    """Everything only grows."""

    requests: int = 0
    not_taken: int = 0
    bad_bodies: int = 0
    too_large: int = 0
    throttled: int = 0
    busy: int = 0


class Server:
    """`server.application()` is what is served. `origins` are of upper systems, by their ids.

    Places of devices are told in `datum`.
    """

    def __init__(
        self, server_id: str, door: Door, library: Library, clock: Clock, read_body: ReadBody,
        address_of: Callable[[web.Request], str], origins: Mapping[str, str] | None = None, datum: Datum = "wgs84",
    ) -> None:  # fmt: skip
        self.counters = ServerCounters()
        self.door = door
        self.intake = Intake(library, clock, datum)
        self._id = server_id
        self._library = library
        self._clock = clock
        self._read_body = read_body
        self._address_of = address_of
        self._origins = origins or {}
        self._bodies = asyncio.Semaphore(VIID_BODIES_AT_ONCE)
        self._rates: OrderedDict[str, RateLimit] = OrderedDict()

    def application(self) -> web.Application:
        """Return the application with every route."""
        app = web.Application(middlewares=[self._answered], client_max_size=VIID_BODY_BYTES)
        app.router.add_post("/VIID/System/Register", self._register)
        app.router.add_post("/VIID/System/UnRegister", self._unregister)
        app.router.add_post("/VIID/System/Keepalive", self._keepalive)
        app.router.add_get("/VIID/System/Time", self._time)
        app.router.add_post("/VIID/MotorVehicles", self._vehicles)
        app.router.add_post("/VIID/Images", self._images)
        app.router.add_post("/VIID/SubscribeNotifications", self._notices)
        app.router.add_post("/VIID/DispositionNotifications", self._alarms)
        for kind in ("APEs", "Tollgates"):
            app.router.add_post(f"/VIID/{kind}", self._devices)
            app.router.add_put(f"/VIID/{kind}", self._devices)
        app.router.add_get("/VIID/APEs", self._list_devices)
        app.router.add_get("/VIID/Tollgates", self._not_taken)
        for path, handle, end in (
            ("/VIID/Subscribes", self._subscribes, self._end_subscriptions),
            ("/VIID/Dispositions", self._dispositions, self._end_dispositions),
        ):
            app.router.add_post(path, handle)
            app.router.add_put(path, handle)
            app.router.add_put(path + "/{id}", handle)
            app.router.add_delete(path, end)
        app.router.add_get("/VIID/Subscribes", self._list_subscriptions)
        app.router.add_get("/VIID/Dispositions", self._list_dispositions)
        for kind in _NOT_TAKEN:
            app.router.add_route("*", f"/VIID/{kind}", self._not_taken)
        return app

    @web.middleware
    async def _answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Count the request against its address; turn whatever goes wrong into a status that says so."""
        self.counters.requests += 1
        try:
            self._take_turn(self._address_of(request))
            return await handler(request)
        except _NotLetInError as error:
            return self._not_let_in(request, error.challenged)
        except web.HTTPException as error:
            return self._status(request, Verdict("", StatusCode.INVALID_OPERATION, error.reason), error.status)
        except RefusedError as error:
            self.counters.bad_bodies += 1
            return self._status(request, Verdict("", error.status_code, error.detail), error.status)
        except TriuneError as error:
            busy = isinstance(error, UnavailableError | TooManyError)
            code = StatusCode.BUSY if busy else StatusCode.INVALID_OPERATION
            self.counters.too_large += isinstance(error, TooLargeError)
            return self._status(request, Verdict("", code, error.detail), error.status)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - the last door: a fault of ours still gets an answer
            _log.exception("%s %s failed", request.method, request.path)
            return self._status(request, Verdict("", StatusCode.DEVICE_ERROR, "the fault is in the log"), 500)

    def _take_turn(self, host: str) -> None:
        now_ms = self._clock.now_ms()
        rate = self._rates.setdefault(host, RateLimit(VIID_REQUESTS_PER_S, now_ms))
        self._rates.move_to_end(host)
        if len(self._rates) > VIID_ADDRESSES:
            self._rates.popitem(last=False)
        if rate.wait_ms(now_ms):
            self.counters.throttled += 1
            raise TooManyError(f"more than {VIID_REQUESTS_PER_S} requests a second")

    # Who asks

    def _ask(self, request: web.Request) -> Ask:
        return Ask(
            method=request.method, target=request.raw_path, host=self._address_of(request),
            identity=request.headers.get("User-Identify", "").strip()[:64],
            authorization=request.headers.get("Authorization"),
        )  # fmt: skip

    def _peer(self, request: web.Request, *, proof: bool = False) -> str:
        """Return who asks. Raises `_NotLetInError`, which the request is answered with before its body is read."""
        judged = self.door.judge(self._ask(request), self._clock.now_ms(), proof=proof)
        if isinstance(judged, Challenged):
            raise _NotLetInError(judged)
        return judged

    async def _body(self, request: web.Request, most: int = VIID_SMALL_BODY_BYTES) -> Fields:
        kind = request.content_type
        if any(kind.startswith(no) or no in kind for no in _NO_JSON) or "Content-Encoding" in request.headers:
            raise web.HTTPUnsupportedMediaType(reason=f"bodies are {CONTENT_TYPE}, not compressed")
        body = await self._read_body(request, most, VIID_BODY_MS)
        return read_json(body) if len(body) <= VIID_SMALL_BODY_BYTES else await asyncio.to_thread(read_json, body)

    # The system

    async def _register(self, request: web.Request) -> web.Response:
        peer, now_ms = self._peer(request, proof=True), self._clock.now_ms()
        said = (await self._body(request)).inner("RegisterObject").text("DeviceID")
        if said != peer:
            raise RefusedError("RegisterObject.DeviceID is another than the one that signs in")
        if not self.door.register(peer, self._ask(request), now_ms):
            raise UnavailableError("too many systems are registered")
        _log.info("%s has registered for GA/T 1400", peer)
        return self._status(request, Verdict(peer))

    async def _unregister(self, request: web.Request) -> web.Response:
        peer = self._peer(request, proof=True)
        self.door.unregister(peer)
        return self._status(request, Verdict(peer))

    async def _keepalive(self, request: web.Request) -> web.Response:
        peer, now_ms = self._peer(request), self._clock.now_ms()
        if self.door.peer(peer, now_ms) is None:  # it proved who it is: that it registered was forgotten here
            self.door.register(peer, self._ask(request), now_ms)
        return self._status(request, Verdict(peer))

    async def _time(self, request: web.Request) -> web.Response:
        told = {
            "VIIDServerID": self._id, "TimeMode": "1", "LocalTime": written(self._clock.now_ms()),
            "TimeZone": "Asia/Shanghai",
        }  # fmt: skip
        return _json(msgspec.json.encode({"SystemTimeObject": told}))

    # What is collected

    async def _vehicles(self, request: web.Request) -> web.Response:
        peer = self._peer(request)
        async with self._place():
            body = await self._body(request, VIID_BODY_BYTES)
            told = _listed(body, "MotorVehicle")
            return self._statuses(request, await self.intake.vehicles(peer, told))

    async def _images(self, request: web.Request) -> web.Response:
        peer = self._peer(request)
        async with self._place():
            body = await self._body(request, VIID_BODY_BYTES)
            outer = body.inner("ImageListObject")
            told = outer.list("Image") or outer.list("ImageObject")
            return self._statuses(request, await self.intake.pictures(peer, told))

    async def _notices(self, request: web.Request) -> web.Response:
        """Passages that a lower system tells because it was subscribed to there."""
        peer, verdicts = self._peer(request), list[Verdict]()
        async with self._place():
            body = await self._body(request, VIID_BODY_BYTES)
            for notice in body.inner("SubscribeNotificationListObject").list("SubscribeNotificationObject"):
                told = notice.inner("MotorVehicleObjectList").list("MotorVehicleObject")
                vehicles = await self.intake.vehicles(peer, told)
                self._library.noticed(notice.text("SubscribeID", 64), len(vehicles))
                vehicles += await self.intake.devices(peer, devices_of(notice))
                verdicts.append(_summed(notice.text("NotificationID", 64), vehicles))
            return self._statuses(request, verdicts)

    async def _alarms(self, request: web.Request) -> web.Response:
        """Vehicles that a lower system found because we asked it to look out for them."""
        peer = self._peer(request)
        async with self._place():
            body = await self._body(request, VIID_BODY_BYTES)
            return self._statuses(request, await self.intake.alarms(peer, _listed(body, "DispositionNotification")))

    # What there is to collect

    async def _devices(self, request: web.Request) -> web.Response:
        """Take the catalogue of a lower system, or a part of it."""
        peer = self._peer(request)
        async with self._place():
            body = await self._body(request, VIID_BODY_BYTES)
            return self._statuses(request, await self.intake.devices(peer, devices_of(body)))

    async def _list_devices(self, request: web.Request) -> web.Response:
        """Tell upper systems what cameras there are; no device that registered here has any use for them."""
        peer = self._peer(request)
        if peer not in self._origins:
            told = "the catalogue is for upper systems, which are set here"
            return self._statuses(request, [Verdict("", StatusCode.INVALID_OPERATION, told)])
        found = chosen(await self._library.own_devices(peer), request.query)
        return _json(await asyncio.to_thread(msgspec.json.encode, write_devices(found, self._id)))

    async def _not_taken(self, request: web.Request) -> web.Response:
        self._peer(request)
        self.counters.not_taken += 1
        kind = request.path.rpartition("/")[2]
        told = f"{kind} are not taken here; MotorVehicles, Images, APEs, Subscribes and Dispositions are"
        return self._statuses(request, [Verdict("", StatusCode.INVALID_OPERATION, told)])

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Hold one of the places for bodies that are whole in memory."""
        if self._bodies.locked():
            self.counters.busy += 1
            raise UnavailableError(f"{VIID_BODIES_AT_ONCE} large bodies are on their way; send it again")
        async with self._bodies:
            yield

    # What is asked of us for a time

    async def _subscribes(self, request: web.Request) -> web.Response:
        peer, host = self._peer(request), self._address_of(request)
        origin = self._origins.get(peer, "")

        async def one(told: Fields, name: str) -> None:
            if is_cancelled(told):
                await self._library.end_subscription(peer, name)
            else:
                await self._library.subscribe(read_subscription(told, peer, self._clock.now_ms(), origin), host)

        return await self._each(request, "Subscribe", one)

    async def _dispositions(self, request: web.Request) -> web.Response:
        peer, host = self._peer(request), self._address_of(request)
        origin = self._origins.get(peer, "")

        async def one(told: Fields, name: str) -> None:
            if is_cancelled(told):
                await self._library.end_disposition(peer, name, told.text("DispositionRemoveReason"))
            else:
                await self._library.dispose(read_disposition(told, peer, self._clock.now_ms(), origin), host)

        return await self._each(request, "Disposition", one)

    async def _end_subscriptions(self, request: web.Request) -> web.Response:
        peer = self._peer(request)
        return await self._delete(request, lambda name: self._library.end_subscription(peer, name))

    async def _end_dispositions(self, request: web.Request) -> web.Response:
        peer = self._peer(request)
        return await self._delete(request, lambda name: self._library.end_disposition(peer, name, ""))

    async def _each(
        self, request: web.Request, kind: str, one: Callable[[Fields, str], Awaitable[None]]
    ) -> web.Response:
        """Do something with each object of the body, and say what became of each."""
        verdicts = []
        for told in _listed(await self._body(request), kind)[:VIID_OBJECTS]:
            name = told.text(f"{kind}ID", 64) or request.match_info.get("id", "")
            verdicts.append(await _tried(name, one(told, name)))
        return self._statuses(request, verdicts)

    async def _delete(self, request: web.Request, end: Callable[[str], Awaitable[None]]) -> web.Response:
        names = ids_of(request.query.get("IDList", ""))[:VIID_OBJECTS]
        return self._statuses(request, [await _tried(name, end(name)) for name in names])

    async def _list_subscriptions(self, request: web.Request) -> web.Response:
        found = await self._library.subscriptions(self._peer(request))
        told = [order.written(state) for order, state in found]
        return _json(msgspec.json.encode({"SubscribeListObject": {"SubscribeObject": told}}))

    async def _list_dispositions(self, request: web.Request) -> web.Response:
        found = await self._library.dispositions(self._peer(request))
        told = [order.written(state) for order, state in found]
        return _json(msgspec.json.encode({"DispositionListObject": {"DispositionObject": told}}))

    # Answers

    def _not_let_in(self, request: web.Request, challenged: Challenged) -> web.Response:
        verdict = Verdict("", StatusCode.INVALID_OPERATION, challenged.why)
        response = self._status(request, verdict, 401 if challenged.headers else 429)
        for value in challenged.headers:
            response.headers.add("WWW-Authenticate", value)
        return response

    def _status(self, request: web.Request, verdict: Verdict, http_status: int = 200) -> web.Response:
        return _json(status(request.path, verdict, self._clock.now_ms()), http_status)

    def _statuses(self, request: web.Request, verdicts: list[Verdict]) -> web.Response:
        """Answer 503 where nothing could be taken just now: some systems look at nothing else."""
        if not verdicts:
            raise RefusedError("there is no object in the body")
        all_busy = all(verdict.code is StatusCode.BUSY for verdict in verdicts)
        return _json(statuses(request.path, verdicts, self._clock.now_ms()), 503 if all_busy else 200)


class _NotLetInError(Exception):
    def __init__(self, challenged: Challenged) -> None:
        super().__init__(challenged.why)
        self.challenged = challenged


def _listed(body: Fields, kind: str) -> list[Fields]:
    """Return the objects of a kind, of a list or one by itself."""
    name = f"{kind}Object"
    return body.inner(f"{kind}ListObject").list(name) or body.inner(f"{kind}ObjectList").list(name) or body.list(name)


async def _tried(name: str, work: Awaitable[None]) -> Verdict:
    try:
        await work
    except RefusedError as error:
        return Verdict(name, error.status_code, error.detail)
    except (UnavailableError, TooManyError) as error:
        return Verdict(name, StatusCode.BUSY, error.detail)
    except TriuneError as error:
        return Verdict(name, StatusCode.INVALID_OPERATION, error.detail)
    return Verdict(name)


def _summed(name: str, vehicles: list[Verdict]) -> Verdict:
    """Return one verdict for all the vehicles of a notice: busy goes before refused, so that it is sent again."""
    wrong = [verdict for verdict in vehicles if verdict.code is not StatusCode.OK]
    if not wrong:
        return Verdict(name)
    worst = next((verdict for verdict in wrong if verdict.code is StatusCode.BUSY), wrong[0])
    return Verdict(name, worst.code, f"{len(wrong)} of {len(vehicles)} not taken: {worst.told}")


def _json(body: bytes, http_status: int = 200) -> web.Response:
    return web.Response(body=body, status=http_status, headers={"Content-Type": CONTENT_TYPE})
