"""What a hub counts, and who may look. Rule R125 of docs/SPEC.md."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from command import requests as q
from command.actors import HUB
from command.kernel.release import release
from command.rows import DeadlineRow
from command.tables import Tables
from consoles.http import metrics
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
    assert found["triune_build_info", ("release", release())] == 1  # R1229
    assert found["triune_consoles", ("space", "live")] == 1
    assert found["triune_consoles_behind", ("space", "live")] == 0
    assert found["triune_journal_seq", ("space", "live")] > answer.seq
    assert found["triune_hub_requests_total", ("space", "live")] >= 2
    assert found["triune_hub_batches_failed_total", ("space", "live")] == 0
    assert found["triune_hub_accepting", ("space", "live")] == 1
    assert found["triune_hub_behind_facts",] == 0
    assert found["triune_deadlines_overdue",] == 0
    assert found["triune_deadline_lateness_seconds",] == 0
    assert found["triune_cameras", ("state", "unknown")] == 1
    assert found["triune_jt808_frames_total",] == 0
    assert found["triune_uplink_positions_total",] == 0
    assert ("triune_link_behind_facts", ("link", "case")) in found


NOT_BASE_UNITS = {"ms", "us", "ns", "minutes", "hours", "kb", "kib", "mb", "mib", "percent", "pct"}


async def test_names_keep_prometheus_conventions_and_everything_is_explained(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "call_taker") as site, signed_in(site.http_url, "call_taker") as person:
        opened = q.OpenSituation(title="火灾", service="119", kind="accident", level=2)
        assert (await person.ask(opened))[0] == 200
        assert (await person.get("/api/v1/nothing"))[0] == 404
        async with person.http.get("/metrics") as response:
            text = await response.text()
    helped = {line.split(" ", 3)[2] for line in text.splitlines() if line.startswith("# HELP ")}
    typed = [line.split(" ")[2:4] for line in text.splitlines() if line.startswith("# TYPE ")]
    assert len(typed) == len({name for name, _ in typed}) > 30, "each family stands once"
    names = {name for name, _ in typed}
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"} <= names
    for name, kind in typed:
        assert name in helped, name
        if not name.startswith("triune_"):
            continue
        parts = set(name.split("_"))
        assert not parts & NOT_BASE_UNITS, f"{name}: base units only"
        created = kind == "gauge" and name.endswith("_created")
        assert name.endswith("_total") == (kind == "counter") or created, name
        assert not name.endswith(("_count", "_sum", "_bucket")), name
        assert kind != "histogram" or name.endswith("_seconds"), name
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for family in families.values():
        assert family.documentation.strip(), family.name
    durable = {s.name: s.value for s in families["triune_ask_durable_seconds"].samples if "le" not in s.labels}
    assert durable["triune_ask_durable_seconds_count"] == 1
    assert 0 < durable["triune_ask_durable_seconds_sum"] < 60
    buckets = [s.value for s in families["triune_ask_durable_seconds"].samples if "le" in s.labels]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1


def test_deadlines_that_were_not_met_are_counted() -> None:
    tables = Tables()
    for name, at_ms in (("o1", 1000), ("o2", 4000), ("o3", 5000)):
        tables.deadlines.put(DeadlineRow(id=f"order:{name}", at_ms=at_ms, kind="order", subject=name))
    assert sorted(metrics._states(tables, 5000)[2]) == [1000, 4000]


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
