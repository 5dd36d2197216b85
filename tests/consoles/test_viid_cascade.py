"""A hub that has lower systems look out for its plates, and hears of them (SPEC R810-R817)."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from command.actors import HUB, Actor
from command.requests import ApproveWatch, LiftWatch, RequestWatch
from consoles.parts.viid.library import asker
from consoles.settings import Viid, ViidUpper
from consoles.site import Site
from tests.consoles.support import PASSWORD, Person, signed_in
from tests.consoles.test_viid import LOWER, SECRET, UPPER, adopt, hub, shown, sightings, until
from tests.consoles.test_viid_lower import send
from tests.edge.viid.site import DEVICE, codes, curl, digest, vehicle, vehicles
from tests.edge.viid.test_server import jpeg, sub_image
from tests.ports import free_port

PLATE = "湘F12345"


async def cascades(admin: Person) -> list[Any]:
    status, told = await admin.get("/api/v1/viid/cascades")
    assert status == 200
    return list(told["cascades"])


async def requested(site: Site, pattern: str = PLATE, reason: str = "张三涉毒", **more: Any) -> str:
    now_ms = site.clock.now_ms()
    asked = RequestWatch(pattern=pattern, reason=reason, level=1, until_ms=now_ms + 3_600_000, **more)
    return (await site.hub.ask(asked, HUB)).subject


async def watched(site: Site, pattern: str = PLATE) -> str:
    watch = await requested(site, pattern)
    await site.hub.ask(ApproveWatch(watch=watch), HUB)
    return watch


async def states(site: Site) -> dict[str, str]:
    """How the entries of a hub stand, by their plates."""
    return await site.hub.read(lambda t: {row.pattern: row.state for row in t.watches})


async def told_to_lower(site: Site, wanted: dict[str, str]) -> None:
    async def is_so() -> bool:
        return await states(site) == wanted

    await until(is_so)


async def passed(url: str, site: Site, number: int, plate: str = PLATE) -> None:
    """A device of the lower system tells of a passage."""
    told = vehicle(
        MotorVehicleID=f"v{number}", PlateNo=plate, PassTime=site.clock.now_ms(), SubImageList=sub_image(jpeg())
    )
    assert codes((await curl(f"{url}/VIID/MotorVehicles", *digest(), body=vehicles(told)))[1]) == [0]


def pair(up_port: int, low_port: int, *, pushes: bool) -> tuple[Viid, Viid]:
    up_url = f"http://127.0.0.1:{up_port}"
    upper = Viid(server_id=UPPER, port=up_port, password=SECRET, receive_at=up_url, passwords={DEVICE: SECRET})
    uppers = [ViidUpper(id=UPPER, url=up_url, password=SECRET)] if pushes else []
    return upper, Viid(server_id=LOWER, port=low_port, password=SECRET, uppers=uppers)


async def begin(admin: Person, site: Site, low_port: int) -> None:
    asked = {"peer": LOWER, "url": f"http://127.0.0.1:{low_port}/", "title": "城关镇"}
    status, told = await send(admin, site, "POST", "/cascades", asked)
    assert (status, told["url"]) == (200, f"http://127.0.0.1:{low_port}")


@pytest.mark.parametrize("pushes", [False, True])
async def test_an_entry_above_fires_below_and_is_one_hit_above_until_it_ends(tmp_path: Path, pushes: bool) -> None:
    # R810 R811 R812 R814
    up_port, low_port = free_port(), free_port()
    upper_own, lower_own = pair(up_port, low_port, pushes=pushes)
    async with (
        hub(tmp_path / "upper", upper_own) as (upper, above),
        hub(tmp_path / "lower", lower_own) as (lower, admin),
    ):
        await adopt(upper, above, DEVICE)
        await adopt(lower, admin, DEVICE)
        url = (await shown(admin))["url"]
        asked, other = await requested(upper), await watched(upper, "湘F54321")
        await begin(above, upper, low_port)
        await told_to_lower(lower, {"湘F54321": "requested"})  # what nobody approved here is not told
        await upper.hub.ask(ApproveWatch(watch=asked), HUB)
        await told_to_lower(lower, {"湘F54321": "requested", PLATE: "requested"})
        row = next(row for row in await lower.hub.read(lambda t: list(t.watches)) if row.pattern == PLATE)
        assert (row.requested_by, row.level, row.office) == (asker(UPPER), 1, UPPER)
        assert "张三" not in json.dumps([row.reason, await shown(admin)], ensure_ascii=False)
        await lower.hub.ask(ApproveWatch(watch=row.id), HUB)
        assert (await send(above, upper, "POST", f"/cascades/{LOWER}/again", {}))[0] == 204

        async def seen_above() -> bool:
            (one,) = await cascades(above)
            return (one["state"]["agreed"], one["state"]["in_force"], one["state"]["waiting"]) == (2, 1, 0)

        await until(seen_above)

        await passed(url, lower, 1)
        await passed(url, lower, 2, "湘F99999")

        async def all_told() -> bool:
            told, notices = await shown(admin), (await cascades(above))[0]["notices"]
            counts = [(one["up"], one["sent"], one["refused"]) for one in told["senders"] if one["sent"]]
            return notices["matched"] == 1 and counts == [(True, 2, 0)] * pushes + [(True, 1, 0)]

        await until(all_told)
        seen = await sightings(upper)
        assert {one.plate for one in seen} == ({PLATE, "湘F99999"} if pushes else {PLATE})
        ours = next(one for one in seen if one.plate == PLATE)
        assert len(seen) == 1 + pushes

        async def hit() -> bool:
            return bool(await upper.hub.read(lambda t: list(t.hits)))

        await until(hit)
        ((watch, camera, picture),) = await upper.hub.read(lambda t: [(h.watch, h.camera, h.picture) for h in t.hits])
        assert (watch, camera, picture) == (asked, "k1", ours.picture)
        assert await upper.context.blobs.get(picture) == jpeg()

        (one,) = await cascades(above)
        assert (one["state"]["up"], one["state"]["agreed"], one["state"]["waiting"]) == (True, 2, 0)
        await upper.hub.ask(LiftWatch(watch=asked, why="找到了"), HUB)
        await told_to_lower(lower, {"湘F54321": "requested", PLATE: "lifted"})
        assert (await send(above, upper, "DELETE", f"/cascades/{LOWER}"))[0] == 204
        await told_to_lower(lower, {"湘F54321": "lifted", PLATE: "lifted"})

        async def gone() -> bool:
            return await cascades(above) == []

        await until(gone)
        assert (await states(upper))["湘F54321"] == "active"
        assert await upper.hub.read(lambda t: t.watches.need(other).hits) == 0


async def test_what_changed_while_either_was_away_is_told_once_both_are_back(tmp_path: Path) -> None:  # R812
    up_port, low_port = free_port(), free_port()
    upper_own, lower_own = pair(up_port, low_port, pushes=False)
    async with hub(tmp_path / "upper", upper_own) as (upper, above):
        await begin(above, upper, low_port)
        kept, over = await watched(upper, "湘F00001"), await watched(upper, "湘F00002")

        async def away() -> bool:
            (one,) = await cascades(above)
            return one["state"]["up"] is False and "does not answer" in one["state"]["reason"]

        await until(away)
        async with hub(tmp_path / "lower", lower_own) as (lower, _):
            await told_to_lower(lower, {"湘F00001": "requested", "湘F00002": "requested"})

            async def agreed() -> bool:
                (one,) = await cascades(above)
                return bool(one["state"]["agreed"] == 2)

            await until(agreed)
        await upper.hub.ask(LiftWatch(watch=over, why="找到了"), HUB)
        await until(away)
    async with (
        hub(tmp_path / "upper", upper_own) as (upper, above),
        hub(tmp_path / "lower", lower_own) as (lower, _),
    ):
        await watched(upper, "湘F00003")
        await told_to_lower(lower, {"湘F00001": "requested", "湘F00002": "lifted", "湘F00003": "requested"})
        await upper.hub.ask(LiftWatch(watch=kept, why="找到了"), HUB)
        await told_to_lower(lower, {"湘F00001": "lifted", "湘F00002": "lifted", "湘F00003": "requested"})
        assert (await send(above, upper, "POST", f"/cascades/{LOWER}/again", {}))[0] == 204
        await watched(upper, "湘F00004")

        async def one_each() -> bool:
            return sorted(row.pattern for row in await lower.hub.read(lambda t: list(t.watches))) == [
                "湘F00001", "湘F00002", "湘F00003", "湘F00004",
            ]  # fmt: skip

        await until(one_each)


async def test_a_notice_for_what_is_over_or_another_systems_is_refused_and_no_hit(tmp_path: Path) -> None:  # R815
    up_port, low_port = free_port(), free_port()
    upper_own, lower_own = pair(up_port, low_port, pushes=False)
    async with hub(tmp_path / "upper", upper_own) as (upper, above), AsyncExitStack() as below:
        _, admin = await below.enter_async_context(hub(tmp_path / "lower", lower_own))
        await adopt(upper, above, DEVICE)
        watch = await watched(upper)
        await begin(above, upper, low_port)

        async def taken() -> bool:
            return bool((await shown(admin))["dispositions"])

        await until(taken)
        name = (await shown(admin))["dispositions"][0]["disposition"]["id"]
        url = (await shown(above))["url"]

        async def tell(who: str, number: int, plate: str = PLATE) -> int:
            seen = vehicle(MotorVehicleID=f"v{number}", PlateNo=plate, PassTime=upper.clock.now_ms())
            told = {"NotificationID": f"n{number}", "DispositionID": name, "MotorVehicleObject": seen}
            body = {"DispositionNotificationListObject": {"DispositionNotificationObject": [told]}}
            path = f"{url}/VIID/DispositionNotifications"
            _, answer = await curl(path, *digest(who, SECRET), body=json.dumps(body).encode())
            return codes(answer)[0]

        assert await tell(DEVICE, 1) == 4  # the disposition is another system's
        assert await tell(LOWER, 2, "湘F54321") == 0
        assert not await upper.hub.read(lambda t: list(t.hits))
        assert await tell(LOWER, 3) == 0

        async def one_hit() -> bool:
            return len(await upper.hub.read(lambda t: list(t.hits))) == 1

        await until(one_hit)
        await below.aclose()  # it cannot be told that it is over, and goes on
        await upper.hub.ask(LiftWatch(watch=watch, why="找到了"), HUB)
        assert await tell(LOWER, 4) == 4
        assert await one_hit()
        assert len(await sightings(upper)) == 2
        assert (await cascades(above))[0]["notices"] == {"matched": 1, "unmatched": 1, "refused": 1}


async def test_a_system_is_not_told_what_it_asked_for_itself(tmp_path: Path) -> None:  # R810
    up_port, low_port = free_port(), free_port()
    upper_own, lower_own = pair(up_port, low_port, pushes=False)
    async with (
        hub(tmp_path / "upper", upper_own) as (upper, above),
        hub(tmp_path / "lower", lower_own) as (lower, _),
    ):
        now_ms = upper.clock.now_ms()
        theirs = Actor(id=asker(LOWER), name=LOWER, roles=frozenset({"hub"}))
        asked = RequestWatch(pattern="湘F00001", reason="r", level=1, until_ms=now_ms + 60_000)
        await upper.hub.ask(ApproveWatch(watch=(await upper.hub.ask(asked, theirs)).subject), HUB)
        await watched(upper, "湘F00002")
        await begin(above, upper, low_port)
        await told_to_lower(lower, {"湘F00002": "requested"})


async def test_only_administrators_with_a_way_back_have_the_list_told(tmp_path: Path) -> None:  # R813
    async with hub(tmp_path, Viid(server_id=UPPER, port=0, password=SECRET)) as (site, admin):
        asked = {"peer": LOWER, "url": "http://127.0.0.1:1", "title": "x"}
        status, told = await send(admin, site, "POST", "/cascades", asked)
        assert (status, "receive_at" in told["detail"]) == (400, True)
        for wrong in ({"url": "ftp://x"}, {"url": "http://u:p@x"}, {"peer": "1"}, {"title": ""}, {"more": 1}):
            assert (await send(admin, site, "POST", "/cascades", asked | wrong))[0] == 400, wrong
        assert (await send(admin, site, "DELETE", f"/cascades/{LOWER}"))[0] == 404
        assert (await send(admin, site, "POST", f"/cascades/{LOWER}/again", {}))[0] == 409
        await site.context.accounts.create("dispatcher", "调度", frozenset({"dispatcher"}), "", PASSWORD)
        async with signed_in(site.http_url, "dispatcher") as dispatcher:
            assert (await dispatcher.get("/api/v1/viid/cascades"))[0] == 403
            assert (await send(dispatcher, site, "POST", "/cascades", asked))[0] == 403
