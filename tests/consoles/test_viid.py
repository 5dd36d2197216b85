"""GA/T 1400 in running hubs: what one tells the other, and what becomes of it (SPEC R583-R594)."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from command import facts
from command.access.keys import SiteKey
from command.actors import HUB
from command.facts.watchlist import WatchLifted
from command.kernel.clock import SystemClock
from command.passages import passage_of_hit
from command.readings import UNSTATED, Sighting, SightingQuery
from command.requests import ApproveWatch, EnrolCamera, RequestWatch
from consoles.cli import viid as cli
from consoles.parts import watched
from consoles.settings import Settings, Viid, ViidUpper, load_settings
from consoles.site import Site, running_site
from edge.viid.values import written
from tests.consoles.support import PASSWORD, Person, settings, signed_in
from tests.edge.viid.site import DEVICE, codes, curl, digest, register, vehicle, vehicles
from tests.edge.viid.test_server import IDENTITY, jpeg, sub_image
from tests.ports import free_port

UPPER, LOWER = "43060000005030000001", "43062100005030000001"
SECRET = "right-horse-battery"
LOWER_CAMERA = "43062100001190000001"
"""How the first camera of the lower hub is told."""


@asynccontextmanager
async def hub(folder: Path, own: Viid) -> AsyncIterator[tuple[Site, Person]]:
    """A hub that speaks GA/T 1400, with a camera k1, and its administrator."""
    async with running_site(replace(settings(folder), viid=own)) as site:
        if "administrator" not in await site.context.accounts.names():
            await site.context.accounts.create(
                "administrator", "管理员", frozenset({"administrator"}), "", PASSWORD
            )  # fmt: skip
            await site.hub.ask(EnrolCamera(camera="k1", name="南门", lat=29.1, lon=113.1), HUB)
        async with signed_in(site.http_url, "administrator") as admin:
            yield site, admin


async def shown(admin: Person) -> dict[str, Any]:
    status, told = await admin.get("/api/v1/viid")
    assert status == 200
    return dict(told)


async def adopt(site: Site, admin: Person, device: str, camera: str = "k1", status: int = 204) -> None:
    url, headers = f"{site.http_url}/api/v1/viid/devices/{device}", {"X-CSRF-Token": admin.csrf}
    async with admin.http.put(url, data=json.dumps({"camera": camera}), headers=headers) as response:
        assert response.status == status


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Return once it is so; the test's own limit ends it otherwise."""
    clock = SystemClock()
    while not await look():
        await clock.sleep(20)


async def sightings(site: Site) -> list[Sighting]:
    return await site.context.readings.search("live", SightingQuery(from_ms=0, to_ms=2**45))


def now(site: Site, ahead_ms: int = 0) -> str:
    return written(site.clock.now_ms() + ahead_ms)


async def passes(site: Site, plate: str, picture: bytes | None = None) -> Sighting:
    """A passage before the hub's own camera."""
    now_ms = site.clock.now_ms() // 1000 * 1000
    name = await site.context.blobs.add(picture) if picture else None
    sighting = Sighting(
        camera="k1", plate=plate, colour="blue", first_ms=now_ms, last_ms=now_ms, reads=3, confidence=0.97,
        picture=name, box=(1, 2, 30, 20) if name else None,
    )  # fmt: skip
    await site.passages.add([sighting])
    return sighting


async def test_a_device_waits_to_be_adopted_and_its_passages_are_ours_then(tmp_path: Path) -> None:  # R587 R583
    async with hub(tmp_path, Viid(server_id=UPPER, port=0, password=SECRET)) as (site, admin):
        url = (await shown(admin))["url"]
        assert (await curl(f"{url}/VIID/System/Register", *digest(), body=register()))[0] == 200
        told = vehicle(PassTime=now(site), SubImageList=sub_image(jpeg()), PlateReliability="98", LaneNo=2)
        _, answer = await curl(f"{url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(told))
        assert codes(answer) == [4]
        assert "not adopted here" in str(answer)
        (device,) = (await shown(admin))["devices"]
        assert (device["device"], device["camera"], device["peer"], device["refused"]) == (DEVICE, "", DEVICE, 1)

        await adopt(site, admin, DEVICE, "k9", 404)
        await adopt(site, admin, DEVICE)
        now_ms = site.clock.now_ms()
        watch = RequestWatch(pattern="湘F123*", reason="失窃", level=1, until_ms=now_ms + 60_000)
        await site.hub.ask(ApproveWatch(watch=(await site.hub.ask(watch, HUB)).subject), HUB)
        for _ in range(2):
            _, answer = await curl(f"{url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(told))
            assert codes(answer) == [0]
        (seen,) = await sightings(site)
        assert (seen.camera, seen.plate, seen.source, seen.confidence, seen.lane) == ("k1", "湘F12345", "viid", 0.98, 2)
        assert seen.picture
        assert await site.context.blobs.get(seen.picture) == jpeg()
        wanted = [("湘F12345", "k1", seen.picture)]

        async def is_found() -> bool:
            return await site.hub.read(lambda t: [(hit.plate, hit.camera, hit.picture) for hit in t.hits]) == wanted

        await until(is_found)
        assert SECRET not in json.dumps(await shown(admin))
        await site.context.accounts.create("dispatcher", "调度", frozenset({"dispatcher"}), "", PASSWORD)
        async with signed_in(site.http_url, "dispatcher") as dispatcher:
            assert (await dispatcher.get("/api/v1/viid"))[0] == 403


async def test_a_passage_whose_certainty_nobody_stated_is_a_hit_all_the_same(tmp_path: Path) -> None:  # R841
    async with hub(tmp_path, Viid(server_id=UPPER, port=0, password=SECRET)) as (site, admin):
        url = (await shown(admin))["url"]
        assert (await curl(f"{url}/VIID/System/Register", *digest(), body=register()))[0] == 200
        told = vehicle(PassTime=now(site))
        await curl(f"{url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(told))
        await adopt(site, admin, DEVICE)
        watch = RequestWatch(pattern="湘F12345", reason="失窃", level=1, until_ms=site.clock.now_ms() + 60_000)
        await site.hub.ask(ApproveWatch(watch=(await site.hub.ask(watch, HUB)).subject), HUB)
        await curl(f"{url}/VIID/MotorVehicles", *IDENTITY, body=vehicles(told))

        async def is_found() -> bool:
            return await site.hub.read(lambda t: [(hit.plate, hit.confidence) for hit in t.hits]) == [
                ("湘F12345", UNSTATED)
            ]

        await until(is_found)
        (seen,) = await sightings(site)
        assert seen.confidence == UNSTATED


async def test_a_passage_of_a_clock_ahead_told_again_after_a_restart_is_one_and_one_hit(tmp_path: Path) -> None:
    """A hub ended before it answered, and whoever told it tells again. R1253"""
    own, told = Viid(server_id=UPPER, port=0, password=SECRET), b""
    for after in ("湘F12346", "湘F12347"):
        async with hub(tmp_path, own) as (site, admin):
            if not told:
                told = vehicles(vehicle(PassTime=now(site, 60_000), SubImageList=sub_image(jpeg())))
                await adopt(site, admin, DEVICE)
                watch = RequestWatch(pattern="湘F1234?", reason="失窃", level=1, until_ms=site.clock.now_ms() + 600_000)
                await site.hub.ask(ApproveWatch(watch=(await site.hub.ask(watch, HUB)).subject), HUB)
            url = (await shown(admin))["url"]
            assert (await curl(f"{url}/VIID/System/Register", *digest(), body=register()))[0] == 200
            for body in (told, vehicles(vehicle(PassTime=now(site), PlateNo=after))):
                assert codes((await curl(f"{url}/VIID/MotorVehicles", *IDENTITY, body=body))[1]) == [0]

            async def is_found(at: Site = site, plate: str = after) -> bool:
                return await at.hub.read(lambda t: any(hit.plate == plate for hit in t.hits))

            await until(is_found)  # which is judged after the other
            (seen,) = [one for one in await sightings(site) if one.plate == "湘F12345"]
            (hit,) = await site.hub.read(lambda t: [row for row in t.hits if row.plate == "湘F12345"])
            assert hit.seen_ms < seen.first_ms, "whose clock is ahead has seen the car all the same"
            assert await passage_of_hit(site.context.readings, "live", hit) == seen


async def test_one_hub_tells_another_its_passages_over_restarts_of_both_and_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # R591 R592 R995
    monkeypatch.setattr(watched, "FIGURES_LOOK_MS", 50)
    port = free_port()
    upper_own = Viid(server_id=UPPER, port=port, password=SECRET)
    up = ViidUpper(id=UPPER, url=f"http://127.0.0.1:{port}", password=SECRET)
    lower_own = Viid(server_id=LOWER, port=0, password="another", uppers=[up])

    async def upper_knows(plates: set[str], upper: Site) -> bool:
        return {seen.plate for seen in await sightings(upper)} == plates

    async with hub(tmp_path / "lower", lower_own) as (lower, admin):
        await passes(lower, "湘F00001", jpeg())

        async def is_down() -> bool:
            row = await lower.hub.read(lambda t: t.links.get(f"viid.{UPPER}"))
            return row is not None and row.state == "down" and "does not answer" in row.reason

        await until(is_down)
        _, health = await admin.get("/health/ready")
        assert f"link viid.{UPPER}: away" in health["degraded"]

        async def waits() -> bool:
            return bool((await shown(admin))["waiting"] == {f"upper/{UPPER}": 1})

        await until(waits)

        async def waits_in_health() -> bool:
            _, told = await admin.get("/api/v1/health")
            return {"name": f"viid.{UPPER}", "state": "down", "waiting": 1} in told["links"]

        await until(waits_in_health)
    async with AsyncExitStack() as stack:
        async with hub(tmp_path / "upper", upper_own) as (upper, above):
            await adopt(upper, above, LOWER_CAMERA)
            lower, admin = await stack.enter_async_context(hub(tmp_path / "lower", lower_own))
            await until(lambda: upper_knows({"湘F00001"}, upper))
            await passes(lower, "湘F00002")
            await until(lambda: upper_knows({"湘F00001", "湘F00002"}, upper))

            async def both_settled() -> bool:
                told = await shown(admin)
                return not told["waiting"] and [(one["up"], one["sent"]) for one in told["senders"]] == [(True, 2)]

            await until(both_settled)
            (peer,) = (await shown(above))["peers"]
            assert peer["id"] == LOWER
            first = next(seen for seen in await sightings(upper) if seen.plate == "湘F00001")
            assert first.picture
            picture = await upper.context.blobs.get(first.picture)
            assert (first.colour, first.confidence, picture) == ("blue", 0.97, jpeg())
        await passes(lower, "湘F00003")
        # The upper hub comes back and has forgotten who was registered: the lower one signs in anew and goes on.
        async with hub(tmp_path / "upper", upper_own) as (upper, _):
            await until(lambda: upper_knows({"湘F00001", "湘F00002", "湘F00003"}, upper))
            await until(lambda: lower.hub.read(lambda t: t.links.need(f"viid.{UPPER}").state == "up"))
            assert len(await sightings(upper)) == 3


async def test_a_subscription_is_told_what_it_asked_for_until_it_ends(tmp_path: Path) -> None:  # R588 R589
    port = free_port()
    async with (
        hub(tmp_path / "upper", Viid(server_id=UPPER, port=port, password=SECRET)) as (upper, above),
        hub(tmp_path / "lower", Viid(server_id=LOWER, port=0, passwords={UPPER: SECRET})) as (lower, admin),
    ):
        await adopt(upper, above, LOWER_CAMERA)
        url = (await shown(admin))["url"]
        asked = {
            "SubscribeID": "s1", "Title": "南门", "SubscribeDetail": "13", "ResourceURI": LOWER,
            "BeginTime": now(lower), "EndTime": now(lower, 3_600_000), "OperateType": 0,
            "ReceiveAddr": f"http://127.0.0.1:{port}/VIID/SubscribeNotifications",
        }  # fmt: skip
        await passes(lower, "湘F00001")

        async def subscribe(**more: Any) -> list[int]:
            body = json.dumps({"SubscribeListObject": {"SubscribeObject": [asked | more]}}).encode()
            return codes((await curl(f"{url}/VIID/Subscribes", *digest(UPPER, SECRET), body=body))[1])

        assert await subscribe(ReceiveAddr="http://10.0.0.1/VIID/SubscribeNotifications") == [4]
        assert await subscribe(ResourceURI="11") == [8]
        assert await subscribe() == [0]
        await passes(lower, "湘F00002", jpeg())

        async def told() -> bool:
            return [seen.plate for seen in await sightings(upper)] == ["湘F00002"]

        await until(told)
        (one,) = (await shown(admin))["subscriptions"]
        assert (one["state"], one["subscription"]["peer"]) == ("in force", UPPER)
        assert await subscribe(OperateType=1) == [0]
        assert await subscribe(SubscribeID="s2", OperateType=1) == [4]
        (one,) = (await shown(admin))["subscriptions"]
        assert one["state"] == "cancelled"
        assert await subscribe(SubscribeID="s3") == [0]
        await passes(lower, "湘F00003")

        async def told_by_the_other_alone() -> bool:
            senders = {one["receiver"].rpartition("/")[2]: one["sent"] for one in (await shown(admin))["senders"]}
            return senders == {"s3": 1}

        await until(told_by_the_other_alone)
        assert {seen.plate for seen in await sightings(upper)} == {"湘F00003", "湘F00002"}
        assert not (await shown(admin))["waiting"]


async def test_a_disposition_waits_for_our_approval_and_its_hits_go_back(tmp_path: Path) -> None:  # R590 R591
    alarms: list[dict[str, Any]] = []
    async with (
        _receiver(alarms) as port,
        hub(tmp_path, Viid(server_id=LOWER, port=0, password=SECRET)) as (site, admin),
    ):
        url, brought = (await shown(admin))["url"], 0
        await adopt(site, admin, DEVICE)
        asked = {
            "DispositionID": "d1", "Title": "盗抢车辆", "DispositionCategory": "3", "TargetFeature": "湘F12345",
            "PriorityLevel": 1, "ApplicantName": "李四", "ApplicantOrg": "市局", "BeginTime": now(site),
            "EndTime": now(site, 3_600_000), "OperateType": 0, "DispositionRange": 1, "TollgateList": DEVICE,
            "ReceiveAddr": f"http://127.0.0.1:{port}/VIID/DispositionNotifications",
        }  # fmt: skip
        body = json.dumps({"DispositionListObject": {"DispositionObject": [asked]}}).encode()
        for _ in range(2):
            _, answer = await curl(f"{url}/VIID/Dispositions", *digest(UPPER, SECRET), body=body)
            assert codes(answer) == [0], answer
        (watch,) = await site.hub.read(lambda t: list(t.watches))
        assert (watch.state, watch.pattern, watch.level, watch.requested_by) == (
            "requested", "湘F12345", 1, f"viid.{UPPER}",
        )  # fmt: skip
        assert watch.area is not None
        assert (watch.area.cameras, watch.office) == (("k1",), "市局 李四")

        async def seen() -> None:
            nonlocal brought
            brought += 1
            told = vehicle(MotorVehicleID=f"v{brought}", PassTime=site.clock.now_ms(), SubImageList=sub_image(jpeg()))
            _, answer = await curl(f"{url}/VIID/MotorVehicles", *digest(), body=vehicles(told))
            assert codes(answer) == [0]

        await seen()
        assert not await site.hub.read(lambda t: list(t.hits))
        await site.hub.ask(ApproveWatch(watch=watch.id), HUB)
        (one,) = (await shown(admin))["dispositions"]
        assert one["state"] == "in force"
        await seen()

        async def alarmed() -> bool:
            return bool(alarms)

        await until(alarmed)
        (told,) = alarms[0]["DispositionNotificationListObject"]["DispositionNotificationObject"]
        assert (told["DispositionID"], told["Title"]) == ("d1", "盗抢车辆")
        assert told["MotorVehicleObject"]["PlateNo"] == "湘F12345"
        assert told["CntObjectID"] == told["MotorVehicleObject"]["MotorVehicleID"]
        assert len(told["NotificationID"]) == 33
        assert told["MotorVehicleObject"]["SubImageList"]["SubImageInfoObject"][0]["Data"]

        options = (*digest(UPPER, SECRET), "-X", "DELETE")
        _, answer = await curl(f"{url}/VIID/Dispositions?IDList=d1", *options)
        assert codes(answer) == [0]
        assert (await site.hub.read(lambda t: t.watches.need(watch.id))).state == "lifted"
        recorded = [facts.decode(each.data, each.seq) for each in await site.hub.journal.read("live", 0, 1000)]
        assert [one.why for one in recorded if isinstance(one, WatchLifted)] == ["对方平台已撤控"]  # R853


@asynccontextmanager
async def _receiver(bodies: list[dict[str, Any]]) -> AsyncIterator[int]:
    """A system that takes whatever it is told."""

    async def take(request: web.Request) -> web.Response:
        bodies.append(json.loads(await request.read()))
        return web.json_response(
            {"ResponseStatusListObject": {"ResponseStatusObject": [{"Id": "", "StatusCode": "0"}]}}
        )

    app = web.Application()
    app.router.add_post("/VIID/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def test_hubs_that_share_a_database_tell_of_the_passages_of_both(
    tmp_path: Path, postgres_url: str
) -> None:  # R592
    bodies: list[dict[str, Any]] = []
    async with _receiver(bodies) as port, AsyncExitStack() as stack:
        up = ViidUpper(id=UPPER, url=f"http://127.0.0.1:{port}", password=SECRET)
        own = Viid(server_id=LOWER, port=0, password=SECRET, uppers=[up])
        sites: list[Site] = []
        for number in range(2):
            folder = tmp_path / f"hub{number}"
            (folder / "var").mkdir(parents=True)
            (folder / "var" / "site.key").write_text("ab" * 32)
            chosen = replace(settings(folder), journal=postgres_url, viid=own)
            sites.append(await stack.enter_async_context(running_site(chosen)))
        await sites[0].hub.ask(EnrolCamera(camera="k1", name="南门", lat=29.1, lon=113.1), HUB)
        for number, site in enumerate(sites):
            await passes(site, f"湘F0000{number}")

        async def both_told() -> bool:
            lists = [body["MotorVehicleListObject"] for body in bodies if "MotorVehicleListObject" in body]
            told = [one["PlateNo"] for each in lists for one in each["MotorVehicleObject"]]
            return sorted(told) == ["湘F00000", "湘F00001"]

        await until(both_told)
        assert sum("RegisterObject" in body for body in bodies) == 1


def test_what_systems_have_to_be_set_to_is_shown_on_the_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "triune.toml"
    config.write_text(f'data = "{tmp_path}/var"\n[viid]\nserver_id = "{LOWER}"\n', encoding="utf-8")
    SiteKey.load(tmp_path / "var" / "site.key")  # as a hub does when it starts
    shown_ = []
    for _ in range(2):
        assert cli.run(argparse.Namespace(config=config, data=None, journal=None)) == 0
        shown_.append(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert shown_[0] == shown_[1]
    assert (shown_[0]["server_id"], shown_[0]["port"], len(shown_[0]["password"])) == (LOWER, 8120, 16)
    assert isinstance(load_settings(config), Settings)
