"""What strangers and broken programs send: always a problem of RFC 9457, the right status, and the hub lives on.

Rules R114 to R124 of docs/SPEC.md.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from prometheus_client import REGISTRY
from yarl import URL

from command import requests as q
from command.access.keys import SiteKey
from command.actors import HUB
from command.kernel.limits import EVIDENCE_BYTES, REQUEST_BODY_BYTES
from command.links.signing import derive_secret, sign
from command.services import bodies
from consoles.limits import EVIDENCE_TRANSFERS, REQUESTS_PER_S
from consoles.site import Site
from tests.consoles.support import PASSWORD, Person, recorded, signed_in, site_with_people

PROBLEM = "application/problem+json"
CALL = b'{"dialled":"110","caller":"1"}'


@asynccontextmanager
async def dispatcher(tmp_path: Path) -> AsyncIterator[tuple[Site, Person]]:
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        yield site, person
        assert await site.hub.ask(q.ReportCall(dialled="110", caller="2"), HUB), "it still records"
        assert site.hub.counters.faults == 0
        status, _ = await person.get("/health/ready")
        assert status == 200


async def send(person: Person, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Return status and problem; the check that it is one is made here."""
    url = URL(str(person.http._base_url).rstrip("/") + path, encoded=True)
    given = {"X-CSRF-Token": person.csrf} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with person.http.request(method, url, data=body, headers=given, allow_redirects=False) as response:
        content = await response.read()
        assert response.content_type == PROBLEM, (method, path, response.status, content[:200])
        problem: dict[str, Any] = msgspec.json.decode(content)
    assert problem["status"] == response.status
    assert {"type", "title", "detail", "code"} <= problem.keys()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return response.status, problem


def problems(code: str) -> float:
    return REGISTRY.get_sample_value("triune_http_problems_total", {"code": code}) or 0.0


BODIES: list[bytes] = [
    b"", b"{", b"nonsense", b"null", b"[]", b"7", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000,
    b'{"type":"no_such_request"}', b'{"type":7}', b'{"dialled":"110"}',
    b'{"type":"set_level","situation":"s1","level":NaN}', b'{"type":"set_level","situation":"s1","level":"IV"}',
    b'{"type":"set_level","situation":"../../etc","level":1}',
    b'{"type":"note_situation","situation":"s1","text":"x","surprise":1}',
    b'{"type":"report_call","dialled":"110","caller":"1","lat":91,"lon":0}',
    b'{"type":"report_call","dialled":"110","caller":"1","lat":1e999,"lon":0}',
    b'{"type":"report_call","dialled":"110","caller":"1","lat":Infinity,"lon":0}',
    b'{"type":"pin_focus","situation":"' + b"x" * 100_000 + b'"}',
    b'{"type":"fire_deadline","deadline":"\\ud800"}',
]  # fmt: skip


async def test_bodies_that_are_no_request(tmp_path: Path) -> None:
    async with dispatcher(tmp_path) as (_, person):
        before = problems("invalid_input")
        for body in BODIES:
            status, problem = await send(person, "POST", "/api/v1/requests", body)
            assert (status, problem["code"]) == (400, "invalid_input"), body[:60]
        assert problems("invalid_input") == before + len(BODIES)
        for path in ("/api/v1/calls", "/api/v1/positions", "/api/v1/rehearsals"):
            for body in BODIES[:10]:
                status, _ = await send(person, "POST", path, body)
                assert status in (400, 403), (path, body[:60])


async def test_right_words_about_things_that_are_not(tmp_path: Path) -> None:
    async with dispatcher(tmp_path) as (_, person):
        for asked, status in (
            (q.AnswerCall(call="c99"), 404), (q.NoteSituation(situation="s99", text="x"), 404),
            (q.IssueOrder(situation="s99", unit="u99"), 404), (q.EnrolDevice(device="d", kind="pbx"), 403),
        ):  # fmt: skip
            found, _ = await send(person, "POST", "/api/v1/requests", msgspec.json.encode(asked))
            assert found == status, asked
        for path, status in (
            ("/api/v1/situations/s99/recommendations", 404), ("/api/v1/calls/c99/duplicates", 404),
            ("/api/v1/requests?space=nowhere", 405), ("/api/v1/live?space=nowhere", 404), ("/api/v1/live", 400),
            ("/api/v1/county/secrets.geojson", 404), ("/api/v1/blobs/zz", 404), ("/nothing", 404),
            ("/api/v1/sightings/picture", 400), ("/api/v1/sightings/picture?plate=ABC12&first_ms=-1", 400),
            ("/api/v1/sightings/picture?plate=ABC12&camera=k1&first_ms=9999999999999999999", 400),
            ("/api/v1/sightings/picture?plate=ABC12&camera=k1&first_ms=%D9%A3", 400),
            ("/api/v1/sightings/picture?plate=ABC12&camera=k1&first_ms=1", 404),
            ("/api/v1/sightings/picture?plate=ABC12&camera=%00&first_ms=1", 400),
        ):  # fmt: skip
            found, _ = await send(person, "GET", path)
            assert found == status, path


async def test_paths_lead_nowhere_else(tmp_path: Path) -> None:
    async with dispatcher(tmp_path) as (_, person):
        for path in (
            "/assets/../login.html", "/assets/%2e%2e/%2e%2e/package.json", "/assets//etc/passwd", "/assets/%ff%fe",
            "/assets/..%2f..%2fx", "/assets/%00", "/assets/x%00.js", "/assets/" + "a" * 3000,
            "/api/v1/blobs/..%2f..%2fsite.key", "/api/v1/blobs/" + "0" * 64 + "%0a", "/api/v1/county/..%2fsite.geojson",
        ):  # fmt: skip
            status, _ = await send(person, "GET", path)
            assert status == 404, path


async def test_methods(tmp_path: Path) -> None:
    async with dispatcher(tmp_path) as (site, person):
        assert await raw(site, b"BREW /api/v1/requests HTTP/1.1\r\nHost: x\r\n\r\n") == 400
        for method in ("OPTIONS", "PUT", "PATCH", "PROPFIND", "TRACE"):
            status, problem = await send(person, method, "/api/v1/requests")
            assert (status, problem["code"]) == (405, "method_not_allowed"), method
        async with person.http.head("/login") as response:
            assert (response.status, await response.read()) in ((200, b""), (503, b""))
        async with person.http.head("/api/v1/session") as response:
            assert (response.status, await response.read()) == (200, b"")


async def test_bodies_that_are_too_large_or_never_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def without_length() -> AsyncIterator[bytes]:
        for _ in range(REQUEST_BODY_BYTES // 65536 + 2):
            yield b" " * 65536

    async with dispatcher(tmp_path) as (site, person):
        status, _ = await send(person, "POST", "/api/v1/requests", b" " * (REQUEST_BODY_BYTES + 1))
        assert status == 413
        status, _ = await send(person, "POST", "/api/v1/requests", without_length())
        assert status == 413
        status, _ = await send(person, "POST", "/api/v1/session", b'{"name":"' + b"x" * 8192 + b'"}')
        assert status == 413
        head = b"POST /api/v1/blobs HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n"
        assert await raw(site, head % (EVIDENCE_BYTES + 1) + cookies(person) + b"\r\n") == 413
        monkeypatch.setattr(bodies.read_body, "__defaults__", (100,))
        for path in (b"/api/v1/session", b"/ingest/osmand", b"/ingest/owntracks"):
            slow = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
            assert await raw(site, slow) == 408
        for address in ("/api/v1/session", "/api/v1/requests", "/ingest/osmand"):  # not unpacked at all, R735
            for bomb in (gzip.compress(b" " * 10_000_000), b"none"):
                status, _ = await send(person, "POST", address, bomb, Content_Encoding="gzip")
                assert status == 415


def cookies(person: Person) -> bytes:
    kept = "; ".join(f"{cookie.key}={cookie.value}" for cookie in person.http.cookie_jar)
    return f"Cookie: {kept}\r\nX-CSRF-Token: {person.csrf}\r\n".encode()


async def raw(site: Site, data: bytes) -> int:
    """Send bytes as they are; return the status of what comes back, 0 where the connection is just closed."""
    url = URL(site.http_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        async with asyncio.timeout(60):
            writer.write(data)
            line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except ConnectionError:
        return 0
    finally:
        writer.close()


async def test_what_is_hardly_http(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def malformed() -> float:
        return REGISTRY.get_sample_value("triune_http_turned_away_total", {"why": "malformed"}) or 0.0

    before = malformed()
    async with dispatcher(tmp_path) as (site, _):
        flood = b"".join(b"X-Header-%d: x\r\n" % n for n in range(5000))
        for data in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /login HTTP/1.1\r\nHost: x\r\n" + flood + b"\r\n",
            b"GET /login HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n",
            b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ):
            assert await raw(site, data) in (0, 400), data[:60]
    assert malformed() >= before + 5
    assert not [record for record in caplog.records if record.levelname == "ERROR"], "it is no fault of ours (R736)"


async def test_addresses_of_cameras_that_cannot_be_one(tmp_path: Path) -> None:
    """R737: told to who types it, not by a camera that is down for ever."""
    async with site_with_people(tmp_path, "administrator") as site, signed_in(site.http_url, "administrator") as person:
        camera = q.EnrolCamera(camera="c1", name="北门", lat=29.1, lon=113.1)
        assert (await person.ask(camera))[0] == 200
        for address in (
            "rtsp://", "rtsp://[::1", "rtsp://h:99999/", "rtsp://h:x/", "rtsp://h/\r\nTeardown: y", "rtsp://h/ a",
            f"rtsp://{'a' * 5000}", "edge://gate-3/rtsp://", "edge://gate-3", "onvif://:80/x",
        ):  # fmt: skip
            tried = [] if address.startswith("edge:") else [("POST", "/api/v1/cameras/try")]  # else its agent says so
            for method, path in (("PUT", "/api/v1/cameras/c1/address"), *tried):
                status, told = await send(person, method, path, msgspec.json.encode({"address": address}))
                assert status == 400, (address, told)
                assert "Teardown" not in told["detail"]
        for address in ("rtsp://user:p@ss@[fe80::1]:554/路?x=1#transport=udp", "edge://gate-3/file:///clips/a.mp4"):
            body, given = msgspec.json.encode({"address": address}), {"X-CSRF-Token": person.csrf}
            async with person.http.put("/api/v1/cameras/c1/address", data=body, headers=given) as answer:
                assert answer.status == 204


async def test_keys_tokens_and_cookies_of_garbage(tmp_path: Path) -> None:
    async with dispatcher(tmp_path) as (site, person):
        for key in ("short", "x" * 101, "x" * 8 + "\udcff", "tab\there-and"):
            status, _ = await send(person, "POST", "/api/v1/requests", b'{"type":"pin_focus"}', Idempotency_Key=key)
            assert status == 400, key
        for line, status in (
            (b"Authorization: Bearer \xff\xfe", 401), (b"Authorization: Bearer", 401), (b"Authorization: Basic x", 401),
            (b"Cookie: triune_session=\xff\xfe", 401), (b"Cookie: triune_session=" + b"x" * 7000, 401),
            (b"Cookie: \xff=;;;=", 401),
        ):  # fmt: skip
            head = b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n"
            assert await raw(site, head) == status, line
        bad_csrf = cookies(person).replace(person.csrf.encode(), b"\xff\xfe")
        head = b"POST /api/v1/requests HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" + bad_csrf + b"\r\n{}"
        assert await raw(site, head) in (401, 403)


async def test_one_person_who_floods_is_slowed_and_the_next_second_is_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dispatcher(tmp_path) as (site, person):
        statuses: list[int] = []
        while 429 not in statuses:
            statuses += await asyncio.gather(*(status_of(person) for _ in range(50)))
            assert len(statuses) < 20 * REQUESTS_PER_S
        assert statuses[:REQUESTS_PER_S] == [200] * REQUESTS_PER_S
        now_ms = site.clock.now_ms
        monkeypatch.setattr(site.clock, "now_ms", lambda: now_ms() + 1000)
        again = [await status_of(person) for _ in range(REQUESTS_PER_S)]
        assert again == [200] * REQUESTS_PER_S


async def status_of(person: Person) -> int:
    async with person.http.get("/api/v1/session") as response:
        return response.status


async def test_files_of_other_people_and_of_other_kinds(tmp_path: Path) -> None:
    async with (
        site_with_people(tmp_path, "officer", "dispatcher", "camera_watch") as site,
        signed_in(site.http_url, "officer") as officer,
        signed_in(site.http_url, "dispatcher") as dispatcher_,
        signed_in(site.http_url, "camera_watch") as watching,
    ):
        status, _ = await send(officer, "POST", "/api/v1/blobs", b"<script>", Content_Type="text/html")
        assert status == 415
        wrong = {"Content_Type": "text/plain", "X_Content_SHA256": "0" * 64}
        assert (await send(officer, "POST", "/api/v1/blobs", b"x", **wrong))[0] == 400
        assert (await send(officer, "POST", "/api/v1/blobs", b"", Content_Type="text/plain"))[0] == 400
        headers = {"X-CSRF-Token": officer.csrf, "Content-Type": "text/plain"}
        async with officer.http.post("/api/v1/blobs", data=b"alert(1)", headers=headers) as response:
            name = msgspec.json.decode(await response.read())["sha256"]
        assert (await send(dispatcher_, "GET", f"/api/v1/blobs/{name}"))[0] == 404, "not evidence of anything yet"
        opened = await site.hub.ask(q.OpenSituation(title="甲", service="110", kind="accident", level=4), HUB)
        fix = q.FixEvidence(
            situation=opened.subject, sha256=name, media_type="text/javascript", size=8, name="x", taken_ms=1
        )
        assert (await dispatcher_.ask(fix))[0] == 200
        assert (await send(officer, "GET", f"/api/v1/blobs/{name}"))[0] == 404, "fixed by somebody else"
        assert (await send(watching, "GET", f"/api/v1/blobs/{name}"))[0] == 404, "evidence is not for this role"
        async with dispatcher_.http.get(f"/api/v1/blobs/{name}") as response:
            assert response.status == 200
            assert response.content_type == "application/octet-stream", "a page must never run it"
            assert "sandbox" in response.headers["Content-Security-Policy"]
            assert response.headers["Content-Disposition"] == "attachment"
        for _ in range(EVIDENCE_TRANSFERS):
            await site.context.transfers.acquire()
        assert (await send(dispatcher_, "GET", f"/api/v1/blobs/{name}"))[0] == 429


async def test_signing_in_again_ends_the_session_that_the_browser_had(tmp_path: Path) -> None:
    async with dispatcher(tmp_path) as (site, person):
        before = {cookie.key: cookie.value for cookie in person.http.cookie_jar}["triune_session"]
        body = msgspec.json.encode({"name": "dispatcher", "password": PASSWORD})
        async with person.http.post("/api/v1/session", data=body) as response:
            assert response.status == 200
            assert response.cookies["triune_session"].value != before
            assert response.cookies["triune_session"]["httponly"]
        stolen = {"triune_session": before}
        async with (
            aiohttp.ClientSession(site.http_url, cookies=stolen) as thief,
            thief.get("/api/v1/session") as response,
        ):
            assert response.status == 401
        planted = {"triune_session": "chosen-by-somebody"}
        async with (
            aiohttp.ClientSession(site.http_url, cookies=planted) as victim,
            victim.post("/api/v1/session", data=body) as response,
        ):
            assert response.cookies["triune_session"].value != "chosen-by-somebody"


async def test_webhooks_that_are_forged_stale_repeated_or_about_nothing(tmp_path: Path) -> None:
    async with site_with_people(tmp_path) as site, aiohttp.ClientSession(site.http_url) as service:
        secrets = await webhook_secrets(site)
        opened = await site.hub.ask(q.RequestApproval(item="出动", subject="x", due_minutes=9), HUB)
        ref = f"{secrets['site']}/{opened.subject}"
        now_ms = site.clock.now_ms()

        def event(ref: str, state: str = "granted") -> bytes:
            approval = {
                "id": "a1", "ref": ref, "item": "出动", "subject": "x", "situation": "", "asked_by": "hub",
                "asked_at_ms": 0, "warn_ms": 0, "due_ms": 0, "state": state, "decided_by": "王局长",
            }  # fmt: skip
            return msgspec.json.encode({"id": "e", "kind": "approval.decided", "at_ms": 0, "approval": approval})

        async def post(body: bytes, headers: dict[str, str]) -> int:
            async with service.post("/api/v1/hooks/approval", data=body, headers=headers) as response:
                if response.status >= 400:
                    assert response.content_type == PROBLEM
                return response.status

        secret, good = secrets["approval"], event(ref)
        assert await post(good, {}) == 401
        assert await post(good, sign("whsec_d3Jvbmc=", "evt_1", now_ms, good)) == 401
        assert await post(good, sign(secret, "evt_1", now_ms - 3_600_000, good)) == 401
        assert await post(good, sign(secret, "evt_1", now_ms, b"other bytes")) == 401
        for garbage in (b"", b"{", b"[" * 100_000, b'{"id":1}'):
            assert await post(garbage, sign(secret, "evt_2", now_ms, garbage)) == 400
        assert await post(b" " * (REQUEST_BODY_BYTES + 1), sign(secret, "evt_3", now_ms, b"")) == 413
        waiting = await site.hub.read(lambda t: t.approvals.need(opened.subject).state)
        assert waiting == "waiting"
        unknown = event(f"{secrets['site']}/v999")
        assert await post(unknown, sign(secret, "evt_4", now_ms, unknown)) == 204, "another attempt changes nothing"
        assert REGISTRY.get_sample_value("triune_webhooks_refused_total", {"service": "approval"})
        for _ in range(2):
            assert await post(good, sign(secret, "evt_1", now_ms, good)) == 204
        seq = site.hub.committed_seq
        assert await post(event(ref, "refused"), sign(secret, "evt_5", now_ms, event(ref, "refused"))) == 204
        row = await site.hub.read(lambda t: t.approvals.need(opened.subject))
        assert (row.state, row.decided_by) == ("granted", "王局长")
        assert await recorded(site, seq) == []


async def webhook_secrets(site: Site) -> dict[str, str]:
    """Return the secret that the approval service signs with, as the hub was told, and the site's id."""
    key = SiteKey.load(Path(site.settings.data) / "site.key")
    probe = b"{}"
    async with aiohttp.ClientSession(site.http_url) as service:
        while True:
            async with service.post("/api/v1/hooks/approval", data=probe) as response:
                if response.status != 503:
                    break
            await site.clock.sleep(20)
    hook = f"{site.http_url}/api/v1/hooks/approval"
    return {
        "approval": derive_secret(key.derive("approval-webhooks"), hook),
        "site": key.derive("site-id").hex()[:12],
    }
