"""Publishers of one camera at several hubs: never two at once, and the newest has it (SPEC R740 to R742, R745)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from command import places, roll, taken_out
from command.access.keys import SiteKey
from command.kernel.database import SqliteDatabase
from command.kernel.errors import UnavailableError
from command.leases import SoleHub
from consoles.parts.background import background
from consoles.parts.hubs.part import Hubs, be_found
from consoles.parts.hubs.publishers import PUBLISHER_KIND, PublishersOfHubs
from consoles.site import Site
from tests.consoles.cameras import CLOCK
from tests.consoles.hubs import moving, shows, two_hubs
from tests.consoles.support import Person, settings, signed_in
from tests.consoles.test_adoption import PLACE, post
from tests.consoles.test_hubs_gone import Phone
from tests.consoles.test_publishing import _offered
from tests.edge.agent.support import until
from tests.streams.relay.viewers import stay_on_loopback
from tests.streams.test_whip import PUBLISHING, serve

pytestmark = pytest.mark.timeout(300)
soon = partial(until, within_s=60)


class Shown:
    """The publishing sessions whose pictures are their camera's, over all hubs of this process, and the most ever."""

    def __init__(self) -> None:
        self.now: set[object] = set()
        self.most = 0

    def note(self, session: object, is_shown: bool) -> None:
        if is_shown:
            self.now.add(session)
        else:
            self.now.discard(session)
        self.most = max(self.most, len(self.now))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    shown = Shown()
    with monkeypatch.context() as patched:
        # What a hub sends to whoever watches is decided by this alone, whoever else is connected by then.
        is_shown = property(lambda session: session in shown.now, shown.note)
        patched.setattr("streams.whip._Session.is_shown", is_shown, raising=False)
        yield shown


def is_let_go(phone: Phone) -> bool:
    return phone.connection.connectionState == "closed"


@pytest.mark.parametrize("has_bus", [True, False])
async def test_one_camera_never_has_two_publishers_whichever_hubs_they_reach(
    tmp_path: Path, postgres_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, has_bus: bool
) -> None:
    stay_on_loopback(monkeypatch)
    # Nobody looks at turns now and then: who has the camera is decided when somebody comes, or never.
    monkeypatch.setattr("consoles.parts.hubs.publishers._LOOK_MS", 3_600_000)
    phones = [Phone() for _ in range(6)]
    async with (
        two_hubs(tmp_path, postgres_url, redis_url if has_bus else "") as hubs,
        signed_in(hubs.sites[0].http_url, "admin2") as admin,
        signed_in(hubs.sites[0].http_url, "desk") as one,
        signed_in(hubs.sites[1].http_url, "desk") as other,
    ):
        here, there = hubs.sites
        status, adopted = await post(admin, "adopt", {"address": "whip:", **PLACE})
        assert status == 201, adopted
        camera, key, path = adopted["camera"], adopted["publishing"]["key"], adopted["publishing"]["path"]

        async def is_known(person: Person) -> bool:
            return await _offered(person, path, key) == 400

        await soon(lambda: is_known(one))
        await soon(lambda: is_known(other))
        with counted(monkeypatch) as shown:

            async def take_over(site: Site, phone: Phone) -> None:
                before = set(shown.now)
                await phone.publish(site.http_url, camera, key)
                await soon(lambda: len(shown.now) == 1 and shown.now != before)

            await take_over(there, phones[0])
            await soon(lambda: shows(one, camera))
            status, found = await one.get(f"/api/v1/cameras/{camera}/diagnosis")
            assert (status, found["failed"]) == (200, None), found
            assert [hop["hop"] for hop in found["hops"]][:2] == ["hub", "publisher"], "told by the hub that has it"
            for number, site in enumerate((here, there), 1):
                await take_over(site, phones[number])
                await soon(partial(is_let_go, phones[number - 1]))
                for person in (one, other):
                    await soon(partial(shows, person, camera))
            await moving(one, camera)
            # Two in the same moment: one of them has it in the end, and the other is told.
            last, pair = phones[2], phones[3:5]
            await asyncio.gather(
                *(phone.publish(site.http_url, camera, key) for phone, site in zip(pair, hubs.sites, strict=True))
            )
            await soon(lambda: is_let_go(last) and sum(map(is_let_go, pair)) == 1 and len(shown.now) == 1)
            for person in (one, other):
                await soon(partial(shows, person, camera))
            assert shown.most == 1
    for phone in phones:
        await phone.connection.close()


async def test_who_comes_while_hubs_know_nothing_of_each_other_is_taken_and_settled_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay_on_loopback(monkeypatch)
    database = SqliteDatabase(tmp_path / "places.sqlite3", places.SCHEMA + roll.SCHEMA + taken_out.SCHEMA, "places")
    one, other = (Hubs(places.Places(database, CLOCK), SiteKey(bytes(32)), CLOCK) for _ in range(2))
    left: list[str] = []
    phone = Phone()

    async def leaves(camera: str) -> bool:
        left.append(camera)
        return True

    async with serve() as site, background() as tasks:
        publishers = PublishersOfHubs(one, site.ingest, lambda _: "phone", leaves, CLOCK)

        async def is_claimed() -> bool:
            with suppress(UnavailableError):
                await publishers.settle()
            return [place.url for place in await one.places.at(PUBLISHER_KIND, "phone")] == [site.url]

        await phone.publish(site.url, "phone", site.key)
        await soon(lambda: site.ingest.has(f"whip:{site.key}"))
        assert one.places.own is None, "the table cannot be asked yet"
        be_found(one, settings(tmp_path), site.url, SoleHub(), tasks)
        await soon(is_claimed)
        assert site.ingest.has(f"whip:{site.key}")

        # Another hub, which this one cannot hear, has a newer one: that is found in the table.
        be_found(other, settings(tmp_path / "other"), "http://127.0.0.1:9", SoleHub(), tasks)
        await soon(lambda: other.places.own is not None)
        await other.places.claim(PUBLISHER_KIND, "phone")
        await publishers.settle()
        assert not site.ingest.has(f"whip:{site.key}")
        await soon(partial(is_let_go, phone))
        await publishers.settle()
        assert left == [], "the camera is published, elsewhere"
    await database.close()
    await phone.connection.close()


async def test_an_offer_that_never_connects_takes_nothing_from_who_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    stay_on_loopback(monkeypatch)
    first, second = Phone(), Phone()
    async with serve() as site, aiohttp.ClientSession(site.url, headers=site.headers) as http:
        await first.publish(site.url, "phone", site.key)
        await soon(lambda: site.ingest.has(f"whip:{site.key}"))
        async with http.post("/api/v1/cameras/phone/whip", data=PUBLISHING) as answer:
            assert answer.status == 201
        assert site.ingest.has(f"whip:{site.key}")
        await second.publish(site.url, "phone", site.key)
        await soon(partial(is_let_go, first))
        await soon(lambda: site.ingest.has(f"whip:{site.key}"))
        await soon(lambda: site.ingest.publishers == 1)
    for phone in (first, second):
        await phone.connection.close()
