"""Nothing but the login page and health answers without somebody signed in; what changes something needs CSRF."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from yarl import URL

from command import requests as q
from command.access.keys import SiteKey
from command.actors import HUB, Role
from command.kernel.clock import SystemClock
from command.kernel.errors import DamagedFileError, SignInRequiredError
from consoles.cli.hub_key import key_of_hub
from consoles.http.identity import SESSION_COOKIE
from consoles.http.proxies import Proxies
from consoles.parts.stores import accounts_alone
from consoles.settings import Settings
from consoles.site import running_site
from tests.command.support import DISPATCHER
from tests.consoles.support import PASSWORD, ROLES, mirror, settings, signed_in, site_with_people


async def test_every_route_but_the_open_ones_refuses_strangers(tmp_path: Path) -> None:
    async with site_with_people(tmp_path) as site, aiohttp.ClientSession(site.http_url) as stranger:
        paths = [
            ("GET", "/api/v1/session"), ("DELETE", "/api/v1/session"), ("POST", "/api/v1/requests"),
            ("POST", "/api/v1/calls"), ("GET", "/api/v1/live"), ("POST", "/api/v1/blobs"),
            ("GET", "/api/v1/blobs/" + "0" * 64), ("GET", "/api/v1/county/roads.geojson"),
            ("GET", "/api/v1/sightings/picture"), ("GET", "/nothing"), ("GET", "/api/v1/situations/s1/recommendations"),
        ]  # fmt: skip
        for method, path in paths:
            async with stranger.request(method, path, allow_redirects=False) as response:
                assert response.status == 401, (method, path)
                assert response.content_type == "application/problem+json"
        for path in ("/", "/wall", "/desk?space=rehearsal-1", "/leader", "/mobile", "/rehearsal", "/design"):
            async with stranger.get(path, allow_redirects=False) as response:
                assert response.status == 302
                location = URL(response.headers["Location"])
                assert (location.path, location.query["next"]) == ("/login", path)
        for path in ("/login", "/health/live", "/health/ready"):
            async with stranger.get(path) as response:
                assert response.status == 200, path


async def test_a_report_of_a_position_is_answered_by_no_page(tmp_path: Path) -> None:  # R1087
    reports = ("id=phone1&lat=29.1&lon=113.1", "deviceid=phone1", "token=abc", "lat=29.1&lon=113.1")
    async with site_with_people(tmp_path) as site, aiohttp.ClientSession(site.http_url) as phone:
        for path in (f"{page}?{report}" for page in ("/", "/mobile", "/login") for report in reports):
            async with phone.get(path) as response:  # follows redirects, as phones do
                assert (response.status, response.history) == (401, ()), f"{path}: a phone takes 200 for delivered"
                assert "/ingest/osmand" in (await response.json())["detail"]
            async with phone.post(path, data=b'{"_type":"location"}') as response:
                assert response.status == 401, path
        async with phone.get("/mobile?space=live", allow_redirects=False) as response:
            assert response.status == 302, "people are sent to sign in as ever"


async def test_asset_paths_do_not_lead_out_of_their_folder(tmp_path: Path) -> None:
    async with site_with_people(tmp_path) as site, aiohttp.ClientSession() as stranger:
        for path in ("/assets/../login.html", "/assets/%2e%2e/%2e%2e/package.json", "/assets//etc/passwd"):
            url = URL(site.http_url + path, encoded=True)
            async with stranger.get(url) as response:
                assert response.status in (401, 404), path


async def test_wrong_passwords_are_refused_and_slowed_down(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "dispatcher") as site, aiohttp.ClientSession(site.http_url) as http:
        statuses = []
        for _ in range(6):
            async with http.post("/api/v1/session", data=b'{"name":"dispatcher","password":"wrong"}') as response:
                statuses.append(response.status)
        assert statuses == [401] * 5 + [429]
        right = msgspec.json.encode({"name": "dispatcher", "password": PASSWORD})
        async with http.post("/api/v1/session", data=right) as response:
            assert response.status == 429, "the right password has to wait too, or guessing would show it"
        async with http.post("/api/v1/session", data=b'{"name":"nobody","password":"wrong"}') as response:
            assert response.status == 401


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", "10.6.6.6, 10.0.0.7", "10.0.0.7"),  # the proxy's word is the last; what stands before, anybody's
        ("::1", "10.0.0.7", "10.0.0.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("10.0.0.9", "10.0.0.7", "10.0.0.9"),
        ("10.0.0.9", "127.0.0.1", "10.0.0.9"),
    ],
)
def test_nobody_but_a_proxy_of_this_machine_says_where_a_request_comes_from(
    peer: str, forwarded: str, address: str
) -> None:  # R124
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("POST", "/api/v1/session", headers).clone(remote=peer)
    assert Proxies().address_of(request) == address


@pytest.mark.parametrize(
    ("peer", "lines", "address"),
    [
        ("127.0.0.1", ["10.6.6.6", "10.0.0.7"], "10.0.0.7"),  # HAProxy's line comes after the browser's own
        ("127.0.0.1", ["10.6.6.6, 10.6.6.7", "10.0.0.7"], "10.0.0.7"),
        ("127.0.0.1", ["10.6.6.6", "127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["10.0.0.7, 10.8.0.5"], "10.0.0.7"),  # a balancer before a proxy of this machine
        ("10.8.0.5", ["10.6.6.6", "10.0.0.7"], "10.0.0.7"),
        ("10.8.0.5", ["10.6.6.6, 10.0.0.7, fd00::8"], "10.0.0.7"),  # two balancers, one before the other
        ("10.8.0.5", ["10.0.0.7,"], "10.8.0.5"),
        ("10.8.0.5", [], "10.8.0.5"),
        ("10.8.0.6", ["10.0.0.7"], "10.8.0.6"),  # another machine beside the balancer
    ],
)
def test_a_proxy_is_believed_who_asked_it_and_a_browser_nothing(peer: str, lines: list[str], address: str) -> None:
    """R1230, R1231."""
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    request = make_mocked_request("POST", "/api/v1/session", headers).clone(remote=peer)
    assert Proxies(["10.8.0.5", "fd00::/64"]).address_of(request) == address


async def test_wrong_passwords_count_by_who_is_before_the_proxies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1230, R1231: a forged line evades nothing, and one browser's failures are not a whole county's."""
    monkeypatch.setattr("command.access.passwords.SIGN_IN_FAILURES_PER_ADDRESS", 2)
    named = msgspec.structs.replace(settings(tmp_path), proxies=["10.8.0.5"])
    async with running_site(named) as site, aiohttp.ClientSession(site.http_url) as http:

        async def wrong(name: str, *lines: str) -> int:
            headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
            body = msgspec.json.encode({"name": name, "password": "no such password"})
            async with http.post("/api/v1/session", data=body, headers=headers) as response:
                return response.status

        forged = [await wrong(f"a{n}", f"10.6.6.{n}", "10.0.0.7, 10.8.0.5") for n in range(3)]
        others = [await wrong(f"b{n}", f"10.0.1.{n}, 10.8.0.5") for n in range(3)]
    assert (forged, others) == ([401, 401, 429], [401, 401, 401])


async def test_a_change_without_the_csrf_header_is_refused(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "dispatcher") as site, signed_in(site.http_url, "dispatcher") as person:
        body = msgspec.json.encode(q.PinFocus())
        async with person.http.post("/api/v1/requests", data=body) as response:
            assert response.status == 403
        status, _ = await person.ask(q.PinFocus())
        assert status == 200


async def test_signing_out_ends_the_session(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "wall") as site, signed_in(site.http_url, "wall") as person:
        assert (await person.get("/api/v1/session"))[0] == 200
        async with person.http.delete("/api/v1/session", headers={"X-CSRF-Token": person.csrf}) as response:
            assert response.status == 204
        assert (await person.get("/api/v1/session"))[0] == 401


async def test_who_signs_in_ends_the_session_that_the_browser_had(tmp_path: Path) -> None:  # R1134
    """Another page of it is somebody else's by now."""
    async with site_with_people(tmp_path, "wall", "dispatcher") as site, signed_in(site.http_url, "wall") as person:
        before = next(cookie.value for cookie in person.http.cookie_jar if cookie.key == SESSION_COOKIE)
        assert (await site.context.accounts.session(before)).actor.id == "wall"
        body = msgspec.json.encode({"name": "dispatcher", "password": PASSWORD})
        async with person.http.post("/api/v1/session", data=body) as response:
            assert response.status == 200
        with pytest.raises(SignInRequiredError):
            await site.context.accounts.session(before)


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_is_sent_only_its_tables(tmp_path: Path, role: Role) -> None:
    async with (
        site_with_people(tmp_path, role) as site,
        signed_in(site.http_url, role) as person,
        mirror(person) as console,
    ):
        await console.subscribe("devices")
        refused = console.messages[-1]["type"] == "refused"
        assert refused == (role != "administrator")
        await console.subscribe("units")
        assert "units" in console.tables


async def test_a_device_token_opens_the_intake_and_nothing_else(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "administrator") as site:
        async with signed_in(site.http_url, "administrator") as person:
            status, _ = await person.ask(q.EnrolDevice(device="pbx-1", kind="pbx"))
            assert status == 200
        token = await site.context.accounts.issue("pbx-1")
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(site.http_url, headers=headers) as pbx:
            async with pbx.post("/api/v1/calls", data=b'{"dialled":"110","caller":"07301234567"}') as response:
                assert response.status == 200
            body = msgspec.json.encode(q.PinFocus())
            async with pbx.post("/api/v1/requests", data=body) as response:
                assert response.status == 403
        guess = {"Authorization": "Bearer guess"}
        async with (
            aiohttp.ClientSession(site.http_url, headers=guess) as stranger,
            stranger.post("/api/v1/calls", data=b'{"dialled":"110","caller":"1"}') as response,
        ):
            assert response.status == 401


async def test_a_trackers_token_neither_rings_nor_ends_nor_moves_a_call(tmp_path: Path) -> None:  # R950
    """It lies in a telephone, and in the URL of each fix; a call is the exchange's, of which a site may have two."""
    async with site_with_people(tmp_path) as site, AsyncExitStack() as stack:
        hub, accounts = site.hub, site.context.accounts
        await hub.ask(q.EnrolStation(
            station="st", name="所", service="110", lat=29.1, lon=113.1, leader="长", leader_phone="1"
        ), HUB)  # fmt: skip
        await hub.ask(q.EnrolUnit(
            unit="u1", name="u1", kind="patrol_car", service="110", station="st", phone="1", officers=["甲"]
        ), HUB)  # fmt: skip
        for device, kind in (("phone7", "osmand"), ("bodycam", "gb28181")):
            await hub.ask(q.EnrolDevice(device=device, kind=kind, unit="u1"), HUB)  # type: ignore[arg-type]  # of a list
        for device in ("pbx-1", "pbx-2"):
            await hub.ask(q.EnrolDevice(device=device, kind="pbx"), HUB)

        async def opened(device: str) -> aiohttp.ClientSession:
            headers = {"Authorization": f"Bearer {await accounts.issue(device)}"}
            return await stack.enter_async_context(aiohttp.ClientSession(site.http_url, headers=headers))

        ring = q.ReportCall(dialled="119", caller="13900000001", call="real-2")
        place = q.LocateCall(call="real-2", place=q.GivenPlace(lat=10, lon=10))
        pbx, other = await opened("pbx-1"), await opened("pbx-2")
        async with pbx.post("/api/v1/calls", data=msgspec.json.encode(ring)) as response:
            assert response.status == 200
        seq = hub.committed_seq
        for device in ("phone7", "bodycam"):
            tracker = await opened(device)
            invented = msgspec.json.encode(q.ReportCall(dialled="110", caller="1", call=f"of-{device}"))
            async with tracker.post("/api/v1/calls", data=invented) as response:
                assert response.status == 403
            async with tracker.delete("/api/v1/calls/real-2") as response:
                assert response.status == 403
            async with tracker.post("/api/v1/requests", data=msgspec.json.encode(place)) as response:
                assert response.status == 403
        assert hub.committed_seq == seq
        for exchange in (other, pbx):
            async with exchange.post("/api/v1/requests", data=msgspec.json.encode(place)) as response:
                assert response.status == 200
        async with other.delete("/api/v1/calls/real-2") as response:
            assert response.status == 200


async def test_a_token_of_what_is_not_enrolled_opens_nothing(tmp_path: Path) -> None:  # R951
    async with site_with_people(tmp_path) as site:
        headers = {"Authorization": f"Bearer {await site.context.accounts.issue('nosuch2')}"}
        async with aiohttp.ClientSession(site.http_url, headers=headers) as nobody:
            for path in ("/api/v1/calls", "/api/v1/requests"):
                async with nobody.post(path, data=b'{"dialled":"110","caller":"1"}') as response:
                    assert response.status == 401
                    assert "nosuch2 is not enrolled" in await response.text()
            await site.hub.ask(q.EnrolDevice(device="nosuch2", kind="pbx"), HUB)
            async with nobody.post("/api/v1/calls", data=b'{"dialled":"110","caller":"1"}') as response:
                assert response.status == 200


async def test_rows_name_accounts_and_people_are_told_whose_they_are(tmp_path: Path) -> None:
    async with site_with_people(tmp_path, "officer") as site:
        await site.context.accounts.create("li", "李涛", frozenset({"dispatcher"}), "", PASSWORD)
        async with signed_in(site.http_url, "officer") as person:
            assert (await person.get("/api/v1/people"))[1]["li"] == "李涛"
        await site.hub.ask(q.EnrolDevice(device="pbx-1", kind="pbx"), HUB)
        token = await site.context.accounts.issue("pbx-1")
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(site.http_url, headers=headers) as device,
            device.get("/api/v1/people") as said,
        ):
            assert said.status == 403


async def test_first_start_makes_one_administrator_and_shows_the_password_once(tmp_path: Path) -> None:
    async with site_with_people(tmp_path) as site:
        assert site.first_password
        async with signed_in(site.http_url, "admin", site.first_password) as person:
            assert (await person.get("/api/v1/session"))[1]["actor"]["roles"] == ["administrator"]
    async with running_site(settings(tmp_path)) as again:
        assert again.first_password is None


async def made_before_the_first_start(config: Settings, name: str, *roles: Role) -> None:
    """As `triune account add` does."""
    key = SiteKey.load(Path(config.data) / "site.key")
    async with accounts_alone(config, key, SystemClock()) as accounts:
        await accounts.create(name, name, frozenset(roles), "", PASSWORD)


async def test_a_site_whose_accounts_were_made_before_it_has_an_administrator_too(tmp_path: Path) -> None:  # R955
    config = settings(tmp_path)
    await made_before_the_first_start(config, "chief", "duty_leader")
    async with running_site(config) as site:
        assert site.first_password
        async with signed_in(site.http_url, "admin", site.first_password) as person:
            assert (await person.get("/api/v1/session"))[1]["actor"]["roles"] == ["administrator"]
    async with running_site(config) as again:
        assert again.first_password is None


async def test_a_site_whose_administrator_was_made_before_it_gets_no_other(tmp_path: Path) -> None:  # R955
    config = settings(tmp_path)
    await made_before_the_first_start(config, "chief", "administrator", "duty_leader")
    async with running_site(config) as site:
        assert site.first_password is None
        assert await site.context.accounts.names() == ["chief"]


async def test_a_start_warns_where_nobody_administers_and_the_name_for_it_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:  # R955
    config = settings(tmp_path)
    await made_before_the_first_start(config, "admin", "duty_leader")
    async with running_site(config) as site:
        assert site.first_password is None
        async with signed_in(site.http_url, "admin") as person:
            assert (await person.get("/api/v1/session"))[1]["actor"]["roles"] == ["duty_leader"]
    assert "nobody administers this site" in caplog.text
    await made_before_the_first_start(config, "chief", "administrator")
    caplog.clear()
    async with running_site(config) as site:
        assert site.first_password is None
    assert "nobody administers this site" not in caplog.text


async def test_a_site_without_its_journal_or_its_accounts_is_no_new_one(tmp_path: Path) -> None:  # R904
    config = settings(tmp_path)
    async with site_with_people(tmp_path, "dispatcher") as site:
        await site.hub.ask(q.ReportCall(dialled="110", caller="1"), DISPATCHER)
    journal, accounts = (Path(config.data) / name for name in ("journal.sqlite3", "access.sqlite3"))
    for lost in (journal, accounts):
        away = lost.rename(tmp_path / lost.name)
        told = pytest.RaisesExc(DamagedFileError, match=f"{lost.name} is missing")
        with pytest.RaisesGroup(told, flatten_subgroups=True):
            async with running_site(config):
                pass
        assert not lost.exists()
        away.rename(lost)
    accounts.unlink()
    async with accounts_alone(config, key_of_hub(config), SystemClock()) as made:
        await made.create("chief", "主任", frozenset({"administrator"}), "", PASSWORD)
    async with running_site(config) as again:
        assert again.first_password is None
        assert len(await again.hub.read(lambda tables: list(tables.calls))) == 1
