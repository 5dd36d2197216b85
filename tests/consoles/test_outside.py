"""A county's own services: they are told where the hub is reached, and why they tell nothing is said."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from command.actors import HUB
from command.kernel.clock import SystemClock
from command.kernel.errors import InvalidInputError, UnavailableError
from command.links.clients import ApprovalClient
from command.links.service_messages import ApprovalDecision, Paging
from command.requests import RequestApproval
from command.services.approval import app as approval_app
from consoles.cli import services
from consoles.settings import Outside
from consoles.site import running_site
from tests.command.links.following import service_on
from tests.command.services.peers import TOKEN, approval_service
from tests.consoles.cli.asking import command
from tests.consoles.support import settings
from tests.ports import free_port, free_ports


async def test_a_service_elsewhere_tells_the_hub_where_it_is_advertised(tmp_path: Path) -> None:  # R782
    clock, kept = SystemClock(), tmp_path / "county.sqlite3"

    def subscribed() -> list[str]:
        with sqlite3.connect(kept) as db:
            return [url for (url,) in db.execute("SELECT url FROM subscribers")]

    async with approval_service(kept, clock) as service:
        chosen = replace(
            settings(tmp_path), approval=Outside(url=service.url, token=TOKEN), advertise="https://hub.county.example/"
        )
        async with running_site(chosen):
            while not subscribed():
                await clock.sleep(20)
        assert subscribed() == ["https://hub.county.example/api/v1/hooks/approval"]


async def test_why_a_service_does_not_tell_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """R782."""
    caplog.set_level(logging.WARNING, "command.links.subscriber")
    clock = SystemClock()
    away = Outside(url=f"http://127.0.0.1:{free_port()}", token=TOKEN)
    async with running_site(replace(settings(tmp_path), approval=away)) as site, aiohttp.ClientSession() as http:
        while not (told := [r.getMessage() for r in caplog.records if r.name == "command.links.subscriber"]):
            await clock.sleep(20)
        async with http.get(f"{site.http_url}/health/ready") as ready:  # R964
            degraded = (await ready.json())["degraded"]
    assert told[0].startswith("the approval service does not tell of changes yet: ")
    assert [each for each in degraded if each.startswith("approval: the service does not tell of changes yet: ")]


async def test_a_service_with_another_key_is_heard_again(tmp_path: Path) -> None:  # R1005
    clock, kept, port = SystemClock(), tmp_path / "county.sqlite3", free_port()
    chosen = replace(settings(tmp_path), approval=Outside(url=f"http://127.0.0.1:{port}", token=TOKEN))
    async with running_site(chosen) as site, aiohttp.ClientSession() as http, asyncio.timeout(60):

        async def ready() -> list[str]:
            async with http.get(f"{site.http_url}/health/ready") as answer:
                return list((await answer.json())["degraded"])

        async with service_on(approval_app, port, kept, clock):
            while any("approval" in each for each in await ready()):
                await clock.sleep(20)
        wanted = RequestApproval(item="封路", subject="危化品处置", due_minutes=30)
        approval = (await site.hub.ask(wanted, HUB)).subject
        async with (
            service_on(approval_app, port, kept, clock, b"another key"),
            ApprovalClient(chosen.approval.url if chosen.approval else "", TOKEN) as county,
        ):
            while not (asked := (await county.approvals(Paging())).items):
                await clock.sleep(20)
            await county.decide("theirs", asked[0].id, ApprovalDecision(decision="grant", by="局长"))
            while (await site.hub.read(lambda t: t.approvals.need(approval).state)) != "granted":
                await clock.sleep(20)


async def test_on_an_ipv6_address_a_service_of_ours_tells_what_was_decided(tmp_path: Path) -> None:  # R964
    clock = SystemClock()
    async with running_site(replace(settings(tmp_path), host="::1")) as site, asyncio.timeout(60):
        assert site.http_url.startswith("http://[::1]:")
        async with aiohttp.ClientSession() as http:
            while True:
                async with http.get(f"{site.http_url}/health/ready") as ready:
                    if not (await ready.json())["degraded"]:
                        break
                await clock.sleep(20)
    with sqlite3.connect(Path(settings(tmp_path).data) / "approval.sqlite3") as db:
        [(url,)] = db.execute("SELECT url FROM subscribers")
    assert url == f"{site.http_url}/api/v1/hooks/approval"


async def test_the_token_shown_opens_the_page_of_a_service_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R786."""
    case_port, approval_port = free_ports(2)
    config = tmp_path / "triune.toml"
    config.write_text(f'data = "{tmp_path}/var"\ncase_port = {case_port}\napproval_port = {approval_port}\n')
    with pytest.raises(UnavailableError, match="no hub's data"):
        command(services, capsys, "services", "--config", config)
    chosen = replace(settings(tmp_path), case_port=case_port, approval_port=approval_port)
    async with running_site(chosen), aiohttp.ClientSession() as browser:
        _, _, shown = command(services, capsys, "services", "--config", config)
        for name in ("case", "approval"):
            url = f"http://localhost:{shown[name]['port']}"
            async with browser.post(f"{url}/sign-in", data={"token": shown[name]["token"]}) as page:
                assert page.status == 200
                assert "请输入本服务的口令登录" not in await page.text()
            headers = {"Authorization": f"Bearer {shown[name]['token']}"}
            async with browser.get(f"{url}/openapi.json", headers=headers) as document:
                assert (await document.json())["openapi"] == "3.1.0"


def test_services_of_the_county_and_of_several_hubs_are_not_ours_to_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R786."""
    config = tmp_path / "triune.toml"
    (tmp_path / "site.key").write_text("5a" * 32)
    config.write_text(f'data = "{tmp_path}"\ncase = {{url = "https://case.county.example", token = "t"}}\n')
    assert list(command(services, capsys, "services", "--config", config)[2]) == ["approval"]
    config.write_text('journal = "postgresql://triune@db.county.example/triune"\n')
    with pytest.raises(InvalidInputError, match="start no services"):
        command(services, capsys, "services", "--config", config)
