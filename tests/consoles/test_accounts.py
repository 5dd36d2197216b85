"""Accounts, tokens of devices and one's own password over HTTP (SPEC R980 to R986)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from command import requests as q
from command.access.accounts import AGENT
from command.actors import HUB
from command.kernel.limits import ACCOUNT_CHANGES, PASSWORD_MOST_CHARS, SIGN_IN_FAILURES
from consoles.site import Site
from tests.consoles.hubs import two_hubs
from tests.consoles.support import PASSWORD, ROLES, Person, signed_in, site_with_people

NEW = {"name": "li", "display": "李警官", "roles": ["officer"], "unit": "u9"}


async def send(person: Person, method: str, path: str, body: object = None, csrf: str | None = None) -> tuple[int, Any]:
    """Return status and body, None where there is none."""
    headers = {"X-CSRF-Token": person.csrf if csrf is None else csrf}
    data = None if body is None else msgspec.json.encode(body)
    async with person.http.request(method, f"/api/v1{path}", data=data, headers=headers) as response:
        said = await response.read()
        if response.status == 200:
            assert response.headers["Cache-Control"] == "no-store"
        return response.status, msgspec.json.decode(said) if said else None


async def problem(person: Person, method: str, path: str, body: object = None) -> tuple[int, str]:
    """Return status and code of a refusal."""
    status, said = await send(person, method, path, body)
    return status, said["code"]


@asynccontextmanager
async def administered(tmp_path: Path, *names: str) -> AsyncIterator[tuple[Site, Person]]:
    """A site, and the administrator of it, with other people who are dispatchers."""
    async with site_with_people(tmp_path, "administrator") as site:
        for name in names:
            await site.context.accounts.create(name, name, frozenset({"dispatcher"}), "", PASSWORD)
        async with signed_in(site.http_url, "administrator") as person:
            yield site, person


async def changes(person: Person, limit: int = 3) -> list[tuple[str, str, str, str]]:
    _, said = await send(person, "GET", f"/account-changes?limit={limit}")
    return [(change["by"], change["what"], change["name"], change["detail"]) for change in said["changes"]]


async def test_an_administrator_adds_an_account_and_its_person_signs_in_by_what_was_told_once(  # R980, R981
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with administered(tmp_path) as (site, chief):
        status, made = await send(chief, "POST", "/accounts", NEW)
        assert (status, made["name"]) == (200, "li")
        async with signed_in(site.http_url, "li", made["password"]) as li:
            assert (await li.get("/api/v1/session"))[1]["actor"] == {
                "id": "li", "name": "李警官", "roles": ["officer"], "unit": "u9",
            }  # fmt: skip
        assert (await send(chief, "GET", "/accounts"))[1]["accounts"] == [
            {"name": "admin", "display": "系统管理员", "roles": ["administrator"], "unit": "", "disabled": False},
            {
                "name": "administrator", "display": "administrator", "roles": ["administrator"], "unit": "",
                "disabled": False,
            },
            {**NEW, "disabled": False},
        ]  # fmt: skip
        _, changed = await send(chief, "POST", "/accounts/li/password")
        async with signed_in(site.http_url, "li", changed["password"]):
            pass
        kept = repr(await send(chief, "GET", "/account-changes"))
        for secret in (made["password"], changed["password"]):
            assert secret not in kept
            assert secret not in caplog.text


async def test_what_is_no_account_is_refused_as_at_the_command_line(tmp_path: Path) -> None:  # R980
    async with administered(tmp_path, "li") as (_, chief):
        assert await problem(chief, "POST", "/accounts", NEW) == (409, "conflict")
        mistakes: tuple[dict[str, object], ...] = (
            {"name": "hub"}, {"name": "a b"}, {"roles": []}, {"roles": ["hub"]}, {"roles": ["chief"]},
            {"display": "李\u200b警官"}, {"display": ""}, {"display": "李\0"}, {"display": "李" * 65},
            {"unit": "u" * 65}, {"password": "given-by-hand"},
        )  # fmt: skip
        for wrong in mistakes:
            assert await problem(chief, "POST", "/accounts", {**NEW, "name": "wang", **wrong}) == (400, "invalid_input")
        for name in ("nobody", "%00", "x%2Fy", "x" * 65):
            for method, path, body in (
                ("PUT", "roles", {"roles": ["wall"]}), ("PUT", "state", {"disabled": True}),
                ("PUT", "state", {"disabled": False}), ("POST", "password", None),
            ):  # fmt: skip
                assert await problem(chief, method, f"/accounts/{name}/{path}", body) == (404, "unknown_id"), name
        assert await problem(chief, "PUT", "/accounts/li/roles", {"roles": []}) == (400, "invalid_input")
        assert len((await send(chief, "GET", "/accounts"))[1]["accounts"]) == 3
        assert [name for _, _, name, _ in await changes(chief, 9)] == ["li", "administrator", "admin"]


async def test_roles_and_state_count_at_once_and_end_what_is_open(tmp_path: Path) -> None:  # R980, R952
    async with administered(tmp_path, "li") as (site, chief), signed_in(site.http_url, "li") as li:
        assert await send(chief, "PUT", "/accounts/li/roles", {"roles": ["officer", "wall"]}) == (204, None)
        assert (await li.get("/api/v1/session"))[0] == 401
        async with signed_in(site.http_url, "li") as again:
            assert (await again.get("/api/v1/session"))[1]["actor"]["roles"] == ["officer", "wall"]
            assert await send(chief, "PUT", "/accounts/li/state", {"disabled": True}) == (204, None)
            assert (await again.get("/api/v1/session"))[0] == 401
        assert (await send(chief, "GET", "/accounts"))[1]["accounts"][-1]["disabled"]
        assert await send(chief, "PUT", "/accounts/li/state", {"disabled": False}) == (204, None)
        async with signed_in(site.http_url, "li"):
            pass


async def test_an_administrator_does_not_shut_himself_out_by_a_slip(tmp_path: Path) -> None:  # R982
    async with administered(tmp_path, "li") as (_, chief):
        for method, path, body in (
            ("PUT", "state", {"disabled": True}), ("PUT", "roles", {"roles": ["wall"]}), ("POST", "password", None),
        ):  # fmt: skip
            assert await problem(chief, method, f"/accounts/administrator/{path}", body) == (409, "own_account")
        assert await send(chief, "PUT", "/accounts/admin/state", {"disabled": True}) == (204, None)
        assert await send(chief, "PUT", "/accounts/administrator/state", {"disabled": False}) == (204, None)
        wider = {"roles": ["administrator", "duty_leader"]}
        assert await send(chief, "PUT", "/accounts/administrator/roles", wider) == (204, None)


async def test_a_person_has_another_name_and_unit_without_signing_in_anew(tmp_path: Path) -> None:  # R1049, R1050
    async with administered(tmp_path, "li") as (site, chief), signed_in(site.http_url, "li") as li:
        assert await send(chief, "PUT", "/accounts/li/person", {"display": "李 明", "unit": "u9"}) == (204, None)
        assert (await li.get("/api/v1/session"))[1]["actor"] == {
            "id": "li", "name": "李 明", "roles": ["dispatcher"], "unit": "u9",
        }  # fmt: skip
        assert (await li.get("/api/v1/people"))[1]["li"] == "李 明"
        assert await send(chief, "PUT", "/accounts/li/person", {"unit": ""}) == (204, None)
        assert await send(chief, "PUT", "/accounts/administrator/person", {"display": "主任"}) == (204, None)
        assert await changes(chief, 4) == [
            ("administrator", "display", "administrator", "administrator → 主任"),
            ("administrator", "unit", "li", "u9 → "),
            ("administrator", "unit", "li", " → u9"),
            ("administrator", "display", "li", "li → 李 明"),
        ]
        for wrong in (
            {"display": ""},
            {"display": "李\u200b"},
            {"unit": "u" * 65},
            {"roles": ["wall"]},
            {"display": 7},
        ):
            assert await problem(chief, "PUT", "/accounts/li/person", wrong) == (400, "invalid_input")
        for name in ("nobody", "%00", "x" * 65):
            assert await problem(chief, "PUT", f"/accounts/{name}/person", {"unit": "u1"}) == (404, "unknown_id")
        assert (await li.get("/api/v1/session"))[1]["actor"]["name"] == "李 明"


ROUTES = [
    ("GET", "/accounts"), ("POST", "/accounts"), ("PUT", "/accounts/li/roles"), ("PUT", "/accounts/li/state"),
    ("PUT", "/accounts/li/person"),
    ("POST", "/accounts/li/password"), ("GET", "/account-changes"), ("GET", "/devices/tokens"),
    ("POST", "/devices/d7/token"), ("DELETE", "/devices/d7/token"),
]  # fmt: skip


async def test_accounts_are_for_administrators_alone(tmp_path: Path) -> None:  # R980
    others = [role for role in ROLES if role != "administrator"]
    async with site_with_people(tmp_path, *others) as site, AsyncExitStack() as stack:
        await site.hub.ask(q.EnrolDevice(device="pbx-1", kind="pbx"), HUB)
        accounts = site.context.accounts
        bearer = {"Authorization": f"Bearer {await accounts.issue('pbx-1')}"}
        device = await stack.enter_async_context(aiohttp.ClientSession(site.http_url, headers=bearer))
        stranger = await stack.enter_async_context(aiohttp.ClientSession(site.http_url))
        people = [await stack.enter_async_context(signed_in(site.http_url, role)) for role in others]
        before = await accounts.changes(ACCOUNT_CHANGES)
        for method, path in ROUTES:
            for person in (*people, Person(device, "")):
                assert await problem(person, method, path, {}) == (403, "no_right"), (method, path)
            assert await problem(Person(stranger, ""), method, path, {}) == (401, "sign_in_required")
        assert await accounts.changes(ACCOUNT_CHANGES) == before


async def test_a_change_of_accounts_needs_the_csrf_header(tmp_path: Path) -> None:  # R980
    async with administered(tmp_path, "li") as (_, chief):
        for method, path in (*ROUTES, ("PUT", "/session/password")):
            if method != "GET":
                assert (await send(chief, method, path, {}, csrf="wrong"))[0] == 403, (method, path)


async def test_everybody_changes_the_own_password_and_other_browsers_are_signed_out(tmp_path: Path) -> None:  # R983
    async with administered(tmp_path, "li") as (site, chief), AsyncExitStack() as stack:
        here, elsewhere = [await stack.enter_async_context(signed_in(site.http_url, "li")) for _ in range(2)]
        body = {"old": PASSWORD, "new": "new-horse-battery"}
        assert await send(here, "PUT", "/session/password", body) == (204, None)
        assert (await here.get("/api/v1/session"))[0] == 200
        assert (await elsewhere.get("/api/v1/session"))[0] == 401
        async with signed_in(site.http_url, "li", "new-horse-battery"):
            pass
        assert await problem(here, "PUT", "/session/password", body) == (403, "wrong_password")
        assert await changes(chief, 1) == [("li", "own_password", "li", "")]


async def test_a_new_password_has_a_length_that_is_told(tmp_path: Path) -> None:  # R983
    async with administered(tmp_path) as (_, chief):
        for new in ("", "7 chars", "x" * (PASSWORD_MOST_CHARS + 1)):
            body = {"old": PASSWORD, "new": new}
            status, said = await send(chief, "PUT", "/session/password", body)
            assert (status, said["detail"]) == (400, "a password has 8 to 256 characters")
        assert await send(chief, "PUT", "/session/password", {"old": PASSWORD, "new": "8 chars."}) == (204, None)
        longest = {"old": "8 chars.", "new": "李" * PASSWORD_MOST_CHARS}
        assert await send(chief, "PUT", "/session/password", longest) == (204, None)


async def test_guesses_at_the_password_before_count_as_those_at_the_door(tmp_path: Path) -> None:  # R983, R104
    async with administered(tmp_path, "li") as (site, _), signed_in(site.http_url, "li") as li:
        wrong = {"old": "wrong", "new": "new-horse-battery"}
        for _ in range(SIGN_IN_FAILURES):
            assert await problem(li, "PUT", "/session/password", wrong) == (403, "wrong_password")
        right = {"old": PASSWORD, "new": "new-horse-battery"}
        assert await problem(li, "PUT", "/session/password", right) == (429, "too_many")
        form = msgspec.json.encode({"name": "li", "password": PASSWORD})
        async with li.http.post("/api/v1/session", data=form) as response:
            assert response.status == 429
        assert (await li.get("/api/v1/session"))[0] == 200, "who is signed in stays so"


async def test_a_token_of_a_device_changes_nobodys_password(tmp_path: Path) -> None:  # R983
    """Not of whoever is signed in beside it either: with a token no CSRF header is asked for."""
    async with administered(tmp_path) as (site, chief):
        await site.hub.ask(q.EnrolDevice(device="pbx-1", kind="pbx"), HUB)
        bearer = {"Authorization": f"Bearer {await site.context.accounts.issue('pbx-1')}"}
        data = msgspec.json.encode({"old": PASSWORD, "new": "new-horse-battery"})
        async with chief.http.put("/api/v1/session/password", data=data, headers=bearer) as response:
            assert response.status == 403


async def test_every_change_says_who_made_it_and_what_was_refused_leaves_none(tmp_path: Path) -> None:  # R984
    async with administered(tmp_path, "li") as (site, chief):
        for name in ("li", "admin"):
            await send(chief, "PUT", f"/accounts/{name}/state", {"disabled": True})
        await send(chief, "PUT", "/accounts/administrator/state", {"disabled": True})
        await send(chief, "PUT", "/accounts/li/state", {"disabled": True})
        await send(chief, "POST", "/accounts", NEW)
        await send(chief, "PUT", "/accounts/li/state", {"disabled": False})
        await send(chief, "PUT", "/accounts/li/roles", {"roles": ["wall", "officer"]})
        await send(chief, "POST", "/accounts/li/password")
        await send(chief, "POST", "/accounts", {**NEW, "name": "wang"})
        assert await changes(chief, 20) == [
            ("administrator", "added", "wang", "officer u9"),
            ("administrator", "password", "li", ""),
            ("administrator", "roles", "li", "dispatcher → officer,wall"),
            ("administrator", "enabled", "li", ""),
            ("administrator", "disabled", "admin", ""),
            ("administrator", "disabled", "li", ""),
            ("hub", "added", "li", "dispatcher"),
            ("hub", "added", "administrator", "administrator"),
            ("hub", "added", "admin", "administrator"),
        ]
        _, said = await send(chief, "GET", "/account-changes")
        at_ms = [change["at_ms"] for change in said["changes"]]
        assert at_ms == sorted(at_ms, reverse=True)
        assert abs(site.clock.now_ms() - at_ms[0]) < 60_000
        for limit in ("0", "-1", "x", "", "1.5", "9" * 30):
            assert await problem(chief, "GET", f"/account-changes?limit={limit}") == (400, "invalid_input")


async def test_tokens_are_made_for_enrolled_devices_and_taken_back(tmp_path: Path) -> None:  # R985, R951, R954
    async with administered(tmp_path) as (site, chief):
        accounts = site.context.accounts
        for device in ("pbx-1", "pbx-2"):
            await site.hub.ask(q.EnrolDevice(device=device, kind="pbx"), HUB)
        await accounts.issue(AGENT + "gate")
        await accounts.issue("gone")
        _, first = await send(chief, "POST", "/devices/pbx-1/token")
        status, second = await send(chief, "POST", "/devices/pbx-1/token")
        assert status == 200
        assert await accounts.device_of(first["token"]) is None
        assert await accounts.device_of(second["token"]) == "pbx-1"
        issued = {"pbx-1": {"issued": True}, "pbx-2": {"issued": False}}
        assert await send(chief, "GET", "/devices/tokens") == (200, {"devices": issued})
        for unknown in ("pbx-3", "gone", "agent:gate", "%00"):
            assert await problem(chief, "POST", f"/devices/{unknown}/token") == (404, "unknown_id")
        assert await send(chief, "DELETE", "/devices/pbx-1/token") == (204, None)
        assert await accounts.device_of(second["token"]) is None
        for none in ("pbx-1", "pbx-2", "%00"):
            assert await problem(chief, "DELETE", f"/devices/{none}/token") == (404, "unknown_id")
        assert await changes(chief) == [
            ("administrator", "token_revoked", "pbx-1", ""),
            ("administrator", "token", "pbx-1", ""),
            ("administrator", "token", "pbx-1", ""),
        ]
        kept = repr(await send(chief, "GET", "/account-changes"))
        assert first["token"] not in kept
        assert second["token"] not in kept


async def test_what_is_changed_at_one_hub_holds_and_is_told_at_the_others(  # R980, R983, R984, R985
    tmp_path: Path, postgres_url: str
) -> None:
    async with two_hubs(tmp_path, postgres_url) as hubs, AsyncExitStack() as stack:
        one, two = hubs.sites
        here, there = [await stack.enter_async_context(signed_in(site.http_url, "admin2")) for site in (one, two)]
        _, made = await send(here, "POST", "/accounts", NEW)
        async with signed_in(two.http_url, "li", made["password"]) as li:
            body = {"old": made["password"], "new": "new-horse-battery"}
            assert await send(li, "PUT", "/session/password", body) == (204, None)
        async with signed_in(one.http_url, "li", "new-horse-battery"):
            pass
        assert await send(there, "PUT", "/accounts/li/roles", {"roles": ["wall"]}) == (204, None)
        assert await send(here, "PUT", "/accounts/li/state", {"disabled": True}) == (204, None)
        listed = (await send(there, "GET", "/accounts"))[1]["accounts"]
        assert {**NEW, "roles": ["wall"], "disabled": True} in listed
        await one.hub.ask(q.EnrolDevice(device="pbx-1", kind="pbx"), HUB)
        _, issued = await send(here, "POST", "/devices/pbx-1/token")
        assert await two.context.accounts.device_of(issued["token"]) == "pbx-1"
        told = await changes(there, 6)
        assert told == await changes(here, 6)
        assert told == [
            ("admin2", "token", "pbx-1", ""),
            ("admin2", "disabled", "li", ""),
            ("admin2", "roles", "li", "officer → wall"),
            ("li", "own_password", "li", ""),
            ("admin2", "added", "li", "officer u9"),
            ("hub", "added", "admin2", "administrator"),
        ]
