"""Who sees vehicles pass as they do, and that it is on record (SPEC R626, R627)."""

from __future__ import annotations

from pathlib import Path

from command import facts
from command.actors import Role
from command.facts.scene import QueryMade
from command.readings import Sighting
from consoles.site import Site
from tests.consoles.support import mirror, signed_in, site_with_people

WATCHING: tuple[Role, ...] = ("camera_watch", "dispatcher", "commander", "duty_leader", "wall")
OTHERS: tuple[Role, ...] = ("call_taker", "administrator", "officer", "director")


async def _queries(site: Site) -> list[tuple[str, QueryMade]]:
    stored = await site.hub.journal.read("live", 0, 100)
    found = [(each.actor, facts.decode(each.data, each.seq)) for each in stored]
    return [(actor, fact) for actor, fact in found if isinstance(fact, QueryMade)]


async def test_those_on_duty_see_a_passage_with_its_picture_and_that_they_look_is_on_record_once(
    tmp_path: Path,
) -> None:
    async with (
        site_with_people(tmp_path, "camera_watch") as site,
        signed_in(site.http_url, "camera_watch") as person,
    ):
        now_ms = site.clock.now_ms()
        picture = await site.context.blobs.add(b"\xff\xd8 a street")
        for _ in range(2):  # the console comes back: the same session, written down no second time
            async with mirror(person) as console:
                await console.subscribe("passages")
                seen = Sighting(
                    camera="c1", plate="湘F12345", colour="blue", first_ms=now_ms, last_ms=now_ms, reads=2,
                    confidence=0.9, picture=picture,
                )  # fmt: skip
                await site.passages.add([seen])
                while not console.tables["passages"]:
                    await console.take()
                [row] = console.tables["passages"].values()
                assert (row["plate"], row["picture"]) == ("湘F12345", picture)
        async with person.http.get(f"/api/v1/blobs/{picture}") as response:
            assert (response.status, await response.read()) == (200, b"\xff\xd8 a street")
        [(actor, made)] = await _queries(site)
        assert (actor, made.what, made.terms, made.reason) == ("camera_watch", "passages", "*", "值守")
        async with signed_in(site.http_url, "camera_watch") as again, mirror(again) as console:
            await console.subscribe("passages", "cameras")
            assert len(await _queries(site)) == 2


async def test_no_other_role_is_shown_passages_nor_written_down_for_them(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, *WATCHING, *OTHERS) as site:
        for role in (*WATCHING, *OTHERS):
            async with signed_in(site.http_url, role) as person, mirror(person) as console:
                await console.subscribe("passages")
                assert (console.messages[-1]["type"] == "beat") == (role in WATCHING), role
        assert [actor for actor, _ in await _queries(site)] == list(WATCHING)


async def test_while_it_cannot_be_written_down_nobody_new_is_shown_anything(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "dispatcher") as site,
        signed_in(site.http_url, "dispatcher") as known,
        signed_in(site.http_url, "dispatcher") as new,
    ):
        async with mirror(known) as console:
            await console.subscribe("passages")
        await site.hub.journal.close()
        async with mirror(known) as console:
            await console.subscribe("passages")
            assert console.messages[-1]["type"] == "beat"
        async with mirror(new) as console:
            await console.subscribe("passages")
            assert (console.messages[-1]["type"], console.messages[-1]["status"]) == ("refused", 503)
