"""The main job: a call, a patrol, a camera and a plan meet on the wall, and all of it outlives a killed hub."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from playwright.async_api import Page, expect

from command import requests as q
from command.access.keys import SiteKey
from command.actors import Role
from command.facts.plan_definition import (
    Applicability,
    Approval,
    Bilingual,
    PlanDefinition,
    PlanGroup,
    PlanPhase,
    PlanTask,
)
from command.kernel.clock import SystemClock
from command.links.clients import ApprovalClient
from command.links.service_messages import ApprovalDecision, Paging
from edge.simulators.clips import load_clip
from edge.simulators.jt808_terminal import Fix, Jt808Terminal
from edge.simulators.rtsp_camera import RtspCameras
from tests.consoles.support import Mirror, Person, mirror, signed_in
from tests.e2e.chromium import chromium, sign_in
from tests.e2e.hub_process import HubProcess, add_accounts, hub_process, triune
from tests.e2e.material import RECORDED_DEVICE, geolife, replay_recorded, stream_of, write_street

ROLES: tuple[Role, ...] = ("administrator", "call_taker", "dispatcher", "commander", "duty_leader", "officer", "wall")
LAT, LON = 29.144, 113.116
WATCHED = "皖AYL375"
SLOW = 30_000


@dataclass
class Stage:
    """Everybody and everything on it."""

    hub: HubProcess
    data: Path
    stack: AsyncExitStack
    clock: SystemClock = field(default_factory=SystemClock)
    people: dict[str, Person] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    async def ask(self, who: Role, request: q.Request, key: str | None = None) -> str:
        """Have somebody ask; return what it was about."""
        status, answer = await self.people[who].ask(request, key)
        assert status == 200, answer
        return str(answer["subject"])


async def enter_people(stage: Stage) -> None:
    """An account for each role, signed in."""
    people: dict[str, tuple[Role, str]] = {role: (role, "u2" if role == "officer" else "") for role in ROLES}
    stage.passwords.update(await add_accounts(stage.data, people))
    for role in ROLES:
        entered = signed_in(stage.hub.url, role, stage.passwords[role])
        stage.people[role] = await stage.stack.enter_async_context(entered)


async def enrol(stage: Stage) -> None:
    """A station, three units on shift with their terminals, a small fence, a camera, the exchange."""
    side = 0.003
    ring = [(LON - side, LAT - side), (LON + side, LAT - side), (LON + side, LAT + side), (LON - side, LAT + side)]
    requests: list[q.Request] = [
        q.EnrolStation(
            station="st", name="荣家湾派出所", service="110", lat=LAT, lon=LON, leader="卢所长", leader_phone="0001"
        ),
        q.DrawFence(fence="area", name="荣家湾辖区", kind="area", ring=ring, dwell_s=10),
        *(
            q.EnrolUnit(
                unit=unit, name=name, kind="patrol_car", service="110", station="st", phone="0002", officers=["甲"],
                area="area" if unit == "u3" else None,
            )
            for unit, name in (("u1", "岳01"), ("u2", "岳02"), ("u3", "岳03"))
        ),
        q.EnrolDevice(device=RECORDED_DEVICE, kind="jt808", unit="u1"),
        q.EnrolDevice(device="90000000002", kind="jt808", unit="u2"),
        q.EnrolDevice(device="90000000003", kind="jt808", unit="u3"),
        q.EnrolDevice(device="pbx-1", kind="pbx"),
        q.EnrolCamera(camera="cam1", name="建设路口", lat=LAT + 0.001, lon=LON, reads_plates=True),
        *(
            q.StartShift(unit=unit, until_ms=stage.clock.now_ms() + 8 * 3_600_000)
            for unit in ("u1", "u2", "u3")
        ),
        q.PublishPlan(definition=plan()),
    ]  # fmt: skip
    for request in requests:
        await stage.ask("administrator", request)


def plan() -> PlanDefinition:
    """A plan with one task that is late at once and one that needs a leader's yes."""

    def task(key: str, title: str, due_min: float, approval: Approval | None = None) -> PlanTask:
        words = Bilingual(zh=title, en=key)
        return PlanTask(
            id=key, title=words, group="response", owner="commander", due_min=due_min, needs_approval=approval
        )

    yes = Approval(item=Bilingual(zh="封闭道路", en="close the road"), due_min=30, warn_min=20)
    tasks = (task("cordon", "设置警戒线", 0.02), task("close-road", "封闭建设路", 30, yes))
    return PlanDefinition(
        id="shop-fire", version="1", title=Bilingual(zh="商铺火灾预案", en="shop fire"),
        applies=Applicability(kinds=("accident",), lowest_level=4), command="commander",
        groups=(PlanGroup(group="response", lead=Bilingual(zh="消防", en="fire")),),
        phases=(PlanPhase(id="first", title=Bilingual(zh="先期处置", en="first response"), tasks=tasks),),
    )  # fmt: skip


async def open_camera(stage: Stage, tmp_path: Path) -> None:
    """A watched car passes a camera that the hub reaches by RTSP with a password."""
    watch = await stage.ask(
        "dispatcher",
        q.RequestWatch(pattern=WATCHED, reason="涉案车辆", level=2, until_ms=stage.clock.now_ms() + 86_400_000),
    )
    await stage.ask("duty_leader", q.ApproveWatch(watch=watch))
    clip = tmp_path / "street.mp4"
    await asyncio.to_thread(write_street, clip, (WATCHED,))
    cameras = RtspCameras({"cam1": load_clip(clip)}, stage.clock, credentials=("hub", "s3cret"))
    await stage.stack.enter_async_context(cameras)
    port = await cameras.listen()
    administrator = stage.people["administrator"]
    address = msgspec.json.encode({"address": f"rtsp://hub:s3cret@127.0.0.1:{port}/cam1"})
    headers = {"X-CSRF-Token": administrator.csrf}
    async with administrator.http.put("/api/v1/cameras/cam1/address", data=address, headers=headers) as response:
        assert response.status == 204, await response.text()


async def ring(stage: Stage) -> str:
    """The exchange tells of a call; a call taker answers, fills in the form and opens the situation."""
    token = (await triune("device", "token", "pbx-1", "--data", str(stage.data)))["token"]
    async with aiohttp.ClientSession(stage.hub.url, headers={"Authorization": f"Bearer {token}"}) as exchange:
        body = msgspec.json.encode(q.ReportCall(dialled="119", caller="13900000001", call="pbx-77"))
        async with exchange.post("/api/v1/calls", data=body) as response:
            assert response.status == 200
    await stage.ask("call_taker", q.AnswerCall(call="pbx-77"))
    await stage.ask("call_taker", q.ClassifyCall(call="pbx-77", form={"burning": "商铺", "floors": "2"}))
    place = q.GivenPlace(lat=LAT, lon=LON, text="建设路 12 号")
    opened = q.OpenSituation(
        title="建设路商铺起火", service="119", kind="accident", level=2, call="pbx-77", place=place
    )
    return await stage.ask("call_taker", opened, key="opened-on-the-desk")


async def drive(stage: Stage, phone: str, track: str, count: int) -> Fix:
    """Send a real track, moved into the county, from a 2013 terminal; return the last fix once all is acknowledged."""
    fixes = geolife(track, LAT, LON, stage.clock.now_ms(), count)
    terminal = Jt808Terminal("127.0.0.1", stage.hub.jt808_port, phone, stream_of(fixes), stage.clock, revision=None)
    async with asyncio.timeout(60):
        await terminal.run()
    return fixes[-1]


async def decide_in_the_service(stage: Stage, console: Mirror) -> None:
    """A leader decides in the approval service, which knows nothing of consoles; its signed webhook tells the hub."""
    while not console.tables.get("approvals"):
        await console.take()
    token = SiteKey.load(stage.data / "site.key").derive("approval-token").hex()
    async with ApprovalClient(f"http://127.0.0.1:{stage.hub.approval_port}", token) as service, asyncio.timeout(30):
        while not (waiting := (await service.approvals(Paging(open=True))).items):
            await console.take()  # the beat, at the latest
        decision = ApprovalDecision(decision="grant", by="彭国平", why="同意")
        await service.decide("decided-at-the-desk", waiting[0].id, decision)
        while next(iter(console.tables["approvals"].values()))["state"] != "granted":
            await console.take()


def picture_of(console: Mirror) -> dict[str, Any]:
    """What has to be the same after a restart."""
    return {name: console.tables[name] for name in ("situations", "orders", "hits", "tasks", "approvals", "cases")}


async def shows(page: Page, *texts: str) -> None:
    """Wait until the wall shows each of the texts."""
    for text in texts:
        await expect(page.get_by_text(text).first).to_be_visible(timeout=SLOW)


@pytest.mark.browser
@pytest.mark.data
@pytest.mark.timeout(400)
async def test_the_main_job(tmp_path: Path) -> None:
    data = tmp_path / "var"
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(hub_process(data))
        stage = Stage(hub, data, stack)
        await enter_people(stage)
        await enrol(stage)
        await open_camera(stage, tmp_path)
        browser = await stack.enter_async_context(chromium())
        page = await browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        await sign_in(page, hub.url, "wall", stage.passwords["wall"], "/wall")
        console = await stack.enter_async_context(mirror(stage.people["commander"]))
        tables = ("situations", "orders", "hits", "tasks", "approvals", "cases", "positions", "alarms", "units")
        await console.subscribe(*tables)

        situation = await ring(stage)
        await shows(page, "建设路商铺起火")
        await stage.ask("commander", q.PinFocus(situation=situation))
        lat = await replay_recorded(hub.jt808_port, stage.clock.now_ms())
        await shows(page, "一键报警")
        order = await stage.ask("dispatcher", q.IssueOrder(situation=situation, unit="u2"))
        await stage.ask("officer", q.StepOrder(order=order, step="departed"))
        last = await drive(stage, "90000000002", "001/20081025231428.plt", 60)
        await shows(page, "岳02")
        await drive(stage, "90000000003", "002/20081024000805.plt", 900)
        await shows(page, "越界")
        await stage.ask("commander", q.ActivatePlan(plan="shop-fire", situation=situation))
        await decide_in_the_service(stage, console)
        while not (
            console.tables["hits"]
            and console.tables["situations"][situation]["case"]
            and any(task["overdue"] for task in console.tables["tasks"].values())
        ):
            await console.take()
        assert console.tables["positions"]["u1"]["lat"] == pytest.approx(lat, abs=1e-4)
        assert console.tables["units"]["u2"]["state"] == "moving"
        ordered = console.tables["positions"]["u2"]
        assert (ordered["lat"], ordered["lon"]) == pytest.approx((last.lat, last.lon), abs=1e-5), "where its track led"
        assert last.lat != LAT, "a track that goes nowhere would show nothing"
        await shows(page, "岳阳县案〔", WATCHED, "设置警戒线", "任务超时", "彭国平")
        hit = page.locator("img[src*='/api/v1/blobs/']").first
        await expect(hit).to_be_visible()
        loaded = "picture => picture.complete && picture.naturalWidth > 0"
        await page.wait_for_function(loaded, arg=await hit.element_handle(), timeout=SLOW)

        async with mirror(stage.people["commander"]) as newest:  # what came while the wall was looked at counts too
            await newest.subscribe(*tables)
            before = picture_of(newest)
        await hub.kill()
        await hub.start()
        after = await stack.enter_async_context(mirror(stage.people["commander"]))
        await after.subscribe(*tables)
        assert picture_of(after) == before
        note = await stage.ask("commander", q.NoteSituation(situation=situation, text="二楼有人"))
        assert note == situation
        await expect(page.get_by_role("img", name=re.compile("二楼有人"))).to_be_visible(timeout=SLOW)
