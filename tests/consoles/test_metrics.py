"""What a hub counts, and who may look. Rule R125 of docs/SPEC.md."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from command import requests as q
from command.actors import HUB
from tests.consoles.support import mirror, signed_in, site_with_people


async def test_the_hub_tells_what_it_counts(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "wall") as site, aiohttp.ClientSession(site.http_url) as collector:
        answer = await site.hub.ask(q.ReportCall(dialled="110", caller="1"), HUB)
        await site.hub.ask(q.EnrolCamera(camera="k1", name="路口", lat=29.0, lon=113.0), HUB)
        async with signed_in(site.http_url, "wall") as person, mirror(person) as console:
            await console.subscribe("calls")
            async with collector.get("/metrics") as response:
                assert response.status == 200
                assert response.content_type == "text/plain"
                families = list(text_string_to_metric_families(await response.text()))
    found = {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}
    assert found["triune_consoles", ("space", "live")] == 1
    assert found["triune_consoles_behind", ("space", "live")] == 0
    assert found["triune_journal_seq", ("space", "live")] > answer.seq
    assert found["triune_hub_total", ("space", "live"), ("what", "requests")] >= 2
    assert found["triune_cameras", ("state", "unknown")] == 1
    assert found["triune_jt808_total", ("what", "frames")] == 0
    assert found["triune_uplink_total", ("what", "positions")] == 0
    assert ("triune_link_behind_facts", ("link", "case")) in found


async def test_what_a_proxy_passes_on_needs_an_administrator(tmp_path: Path) -> None:
    proxied = {"X-Forwarded-For": "10.1.2.3"}
    async with site_with_people(tmp_path, "wall") as site:
        async with (
            aiohttp.ClientSession(site.http_url, headers=proxied) as stranger,
            stranger.get("/metrics") as response,
        ):
            assert (response.status, response.content_type) == (401, "application/problem+json")
        assert site.first_password
        for name, password, status in (("wall", "", 403), ("admin", site.first_password, 200)):
            async with (
                signed_in(site.http_url, name, *([password] if password else [])) as person,
                person.http.get("/metrics", headers=proxied) as response,
            ):
                assert response.status == status, name
