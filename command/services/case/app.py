"""The case service as an aiohttp application: its endpoints, its page, and how it is started."""

from __future__ import annotations

import asyncio
from html import escape
from pathlib import Path
from typing import Any

from command.kernel.clock import Clock
from command.kernel.limits import SERVICE_PAGE_ROWS
from command.kernel.local_time import local_text
from command.links.service_messages import Case, CaseEvent, CaseMove, CaseOpening, CasePage, Paging
from command.services.api import Call, Endpoint, check_token, make_app
from command.services.case.cases import SCHEMA, Cases, CaseSettings
from command.services.outbox import Outbox
from command.services.page import Page, table
from command.services.running import RunningService, start_service
from command.services.store import Store
from command.services.subscriptions import subscription_endpoints

_STEP_NAMES = {
    "collected": "信息采集",
    "opened": "案卷建立",
    "assigned": "任务派遣",
    "handled": "任务处理",
    "fed_back": "处理反馈",
    "verified": "核实结案",
    "assessed": "考核评价",
}
_LEVEL_NAMES = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}


async def start(
    group: asyncio.TaskGroup,
    *,
    path: Path,
    clock: Clock,
    token: str,
    webhook_secret: bytes,
    host: str = "127.0.0.1",
    port: int = 0,
    settings: CaseSettings | None = None,
) -> RunningService:
    """Start the service on its SQLite file at `path`; its loops run in `group`, which the caller owns.

    `token` is the bearer token of the interface and of the page. `webhook_secret` is the root from which each
    subscriber's secret follows. Raises `UnavailableError` where file or port cannot be had,
    `InvalidInputError` for a token that is too short.
    """
    check_token(token)
    store = Store(path, SCHEMA, "case")
    outbox = Outbox(store, clock, webhook_secret)
    cases = Cases(store, clock, outbox, settings or CaseSettings())
    endpoints = [*_endpoints(cases), *subscription_endpoints(outbox)]
    app = make_app("Triune case service", token, endpoints, {"case": CaseEvent})

    async def content(_: str) -> str:
        return _content(await cases.newest_open(SERVICE_PAGE_ROWS), clock.now_ms())

    Page("案卷", "case", token, clock).add_to(app, content)
    return await start_service(group, app, store, (outbox.run,), host=host, port=port)


def _endpoints(cases: Cases) -> list[Endpoint[Any, Any]]:
    async def open_case(call: Call[CaseOpening, None]) -> Case:
        return await cases.open(call.body, call.once)

    async def get_case(call: Call[None, None]) -> Case:
        return await cases.find(call.path["number"])

    async def list_cases(call: Call[None, Paging]) -> CasePage:
        return await cases.page(call.query)

    async def move_case(call: Call[CaseMove, None]) -> Case:
        return await cases.move(call.path["number"], call.body, call.once)

    return [
        Endpoint(
            method="POST",
            path="/api/v1/cases",
            summary="Open a case about a situation",
            body=CaseOpening,
            answer=Case,
            status=201,
            keyed=True,
            handle=open_case,
        ),
        Endpoint(
            method="GET",
            path="/api/v1/cases",
            summary="Cases in the order of opening",
            query=Paging,
            answer=CasePage,
            handle=list_cases,
        ),
        Endpoint(
            method="GET",
            path="/api/v1/cases/{number}",
            summary="One case with its history",
            answer=Case,
            handle=get_case,
        ),
        Endpoint(
            method="POST",
            path="/api/v1/cases/{number}/steps",
            summary="Take a case one step on, or back",
            body=CaseMove,
            answer=Case,
            keyed=True,
            handle=move_case,
        ),
    ]


def _content(cases: tuple[Case, ...], now_ms: int) -> str:
    headings = ("案卷编号", "级别", "事件", "地点", "当前环节", "本环节时间", "下一环节时限")
    rows = [_row(case, now_ms) for case in cases]
    return f"<p>未结案 {len(rows)} 件，{local_text(now_ms)}</p>" + table(headings, rows, "没有未结案卷")


def _row(case: Case, now_ms: int) -> str:
    place = case.place.text if case.place is not None else ""
    late = case.due_ms is not None and now_ms > case.due_ms
    due = local_text(case.due_ms) if case.due_ms is not None else ""
    cells = (
        f'<td class="number">{escape(case.number)}</td><td>{_LEVEL_NAMES[case.level]}</td>',
        f"<td>{escape(case.title)}</td><td>{escape(place)}</td><td>{_STEP_NAMES[case.step]}</td>",
        f'<td class="number">{local_text(case.changed_ms)}</td>',
        f'<td class="number red">{due} 超期</td>' if late else f'<td class="number">{due}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"
