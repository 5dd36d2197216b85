"""Traces arrive at a real OTLP/HTTP receiver: request → commit → push. Without an endpoint nothing is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from command import requests as q
from command.kernel.release import release
from consoles.observe import tracing
from tests.consoles.support import mirror, signed_in, site_with_people

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


class Collector:
    """Takes in OTLP over HTTP and decodes the protobuf."""

    def __init__(self) -> None:
        self.services: set[tuple[str, str]] = set()
        self.spans: list[Span] = []

    async def take(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-protobuf"
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            said = {a.key: a.value.string_value for a in resource.resource.attributes}
            self.services.add((said["service.name"], said["service.version"]))
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return web.Response(content_type="application/x-protobuf")

    def below(self, parent: bytes) -> Iterator[Span]:
        return (span for span in self.spans if span.parent_span_id == parent)


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    taking, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", taking.take)
    async with TestServer(app) as server:
        yield taking, str(server.make_url(""))


# R128
async def test_a_request_is_traced_to_its_commit_and_the_push(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with collector() as (found, url):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        async with (
            site_with_people(tmp_path, "dispatcher") as site,
            signed_in(site.http_url, "dispatcher") as person,
            mirror(person) as console,
        ):
            await console.subscribe("calls")
            headers = {"X-CSRF-Token": person.csrf, "traceparent": f"00-{TRACE}-{SPAN}-01"}
            opened = q.OpenSituation(title="火灾", service="119", kind="accident", level=2)
            body = msgspec.json.encode(opened)
            async with person.http.post("/api/v1/requests", data=body, headers=headers) as response:
                assert response.status == 200
                answer, request_id = await response.json(), response.headers["X-Request-Id"]
                again = await person.ask({"type": "raise_level", "nonsense": 1})
                assert again[0] == 400
            await console.until(answer["seq"])
        # The site is closed: everything that was traced has been sent.
    assert found.services == {("triune", release())}  # R1229
    (request,) = found.below(bytes.fromhex(SPAN))
    assert request.trace_id.hex() == TRACE
    assert f"{request.trace_id.hex()}-{request.span_id.hex()}" == request_id, "logs and traces name the same thing"
    assert (request.name, request.kind) == ("POST /api/v1/requests", Span.SPAN_KIND_SERVER)
    (commit,) = found.below(request.span_id)
    (push,) = found.below(commit.span_id)
    said = {a.key: a.value.int_value or a.value.string_value for a in commit.attributes}
    assert said["triune.last_seq"] == answer["seq"]
    assert (said["triune.request"], said["triune.subject"]) == ("open_situation", answer["subject"])
    pushed = {a.key: a.value.bool_value or a.value.int_value for a in push.attributes}
    assert pushed == {"triune.seq": answer["seq"], "triune.pushed": True}
    assert request.start_time_unix_nano <= commit.start_time_unix_nano <= commit.end_time_unix_nano
    assert commit.end_time_unix_nano <= push.start_time_unix_nano <= push.end_time_unix_nano


async def test_a_trace_names_nobody_by_telephone_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R1183: the id of a device may be one."""
    async with collector() as (found, url):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        async with (
            site_with_people(tmp_path, "administrator") as site,
            signed_in(site.http_url, "administrator") as person,
        ):
            assert (await person.ask(q.EnrolDevice(device="13912345678", kind="pbx")))[0] == 200
    spans = [str(span) for span in found.spans]
    assert any("enrol_device" in span for span in spans)
    assert [span for span in spans if "13912345678" in span] == []


async def test_a_collector_that_is_away_harms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    async with site_with_people(tmp_path, "call_taker") as site, signed_in(site.http_url, "call_taker") as person:
        status, _ = await person.ask(q.ReportCall(dialled="110", caller="1"))
        assert status == 200


def test_without_an_endpoint_nothing_of_it_is_imported_and_nothing_is_wanted() -> None:  # R128
    assert not tracing.is_wanted()
    # The client of Redis imports the API by itself where it finds it; the exporter is imported by us alone.
    for ours, theirs in (("consoles.observe.asks", "opentelemetry"), ("consoles.site", "opentelemetry.exporter")):
        look = f"import sys, {ours}; sys.exit(any(m.startswith('{theirs}') for m in sys.modules))"
        assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0, ours


def test_it_can_be_switched_off_and_says_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert tracing.is_wanted()
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not tracing.is_wanted()
    monkeypatch.delenv("OTEL_SDK_DISABLED")
    monkeypatch.setattr(tracing, "find_spec", lambda _name: None)
    assert not tracing.is_wanted()
    assert "`otel` is not installed" in caplog.text


def test_the_api_alone_which_others_bring_is_not_the_extra(tmp_path: Path) -> None:
    """R880: it is a warning, and no end of the start."""
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").touch()
    look = "import sys; from consoles.observe import tracing; sys.exit(tracing.is_wanted())"
    path = {"PYTHONPATH": str(tmp_path), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    told = subprocess.run(
        [sys.executable, "-c", look], env=os.environ | path, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert told.stderr.strip() == "traces are not sent: an endpoint is set, but triune's extra `otel` is not installed"
