"""The page on which a leader grants or refuses: what waits, what is late, what was decided last."""

from __future__ import annotations

from html import escape

import msgspec
from aiohttp import web

from command.kernel.clock import Clock
from command.kernel.errors import ConflictError
from command.kernel.limits import SERVICE_PAGE_ROWS
from command.kernel.local_time import local_text
from command.links.service_messages import Approval, ApprovalDecision
from command.services.approval.approvals import Approvals
from command.services.once import once
from command.services.page import Page, see_page, table

_DECIDED_SHOWN = 20


def add_desk(app: web.Application, approvals: Approvals, page: Page, clock: Clock) -> None:
    """Add the page and the form that decides."""

    async def content(csrf: str) -> str:
        waiting = await approvals.newest(is_open=True, limit=SERVICE_PAGE_ROWS)
        decided = await approvals.newest(is_open=False, limit=_DECIDED_SHOWN)
        urgent_first = sorted(waiting, key=lambda approval: approval.due_ms)
        return _waiting(urgent_first, csrf, clock.now_ms()) + _decided(decided)

    async def decide(request: web.Request) -> web.Response:
        fields = await page.form(request)
        decision = msgspec.convert(fields, ApprovalDecision)
        approval_id = fields.get("id", "")
        # A second press of the button decides nothing more, whoever pressed first.
        key = once(f"page {approval_id}", request.path, decision)
        try:
            await approvals.decide(approval_id, decision, key)
        except ConflictError:
            see_page()  # which shows who decided
        see_page()

    page.add_to(app, content)
    app.router.add_post("/decide", decide)


def _waiting(approvals: list[Approval], csrf: str, now_ms: int) -> str:
    headings = ("事项", "对象", "申请人", "申请时间", "时限", "办理")
    rows = [_waiting_row(approval, csrf) for approval in approvals]
    return f"<p>待办 {len(rows)} 件，{local_text(now_ms)}</p>" + table(headings, rows, "没有待办审批")


def _waiting_row(approval: Approval, csrf: str) -> str:
    css, note = "", ""
    if approval.overdue_ms is not None:
        css, note = "red", "红牌 超时"
    elif approval.warned_ms is not None:
        css, note = "yellow", "黄牌 将超时"
    form = (
        '<form method="post" action="/decide">'
        f'<input type="hidden" name="csrf" value="{escape(csrf)}"><input type="hidden" name="id" value="{approval.id}">'
        '<input name="by" placeholder="审批人" aria-label="审批人" required maxlength="200">'
        '<input name="why" placeholder="意见（不同意时必填）" aria-label="意见" maxlength="4000">'
        '<button name="decision" value="grant">同意</button>'
        '<button name="decision" value="refuse">不同意</button></form>'
    )
    return (
        f"<tr><td>{escape(approval.item)}</td><td>{escape(approval.subject)}</td><td>{escape(approval.asked_by)}</td>"
        f'<td class="number">{local_text(approval.asked_at_ms)}</td>'
        f'<td class="number {css}">{local_text(approval.due_ms)} {note}</td><td>{form}</td></tr>'
    )


def _decided(approvals: tuple[Approval, ...]) -> str:
    headings = ("事项", "对象", "结果", "审批人", "意见", "时间")
    rows = [_decided_row(approval) for approval in approvals]
    return "<p>最近办结</p>" + table(headings, rows, "还没有办结的审批")


def _decided_row(approval: Approval) -> str:
    result = "同意" if approval.state == "granted" else "不同意"
    late = "（超时）" if approval.overdue_ms is not None else ""
    at = local_text(approval.decided_ms) if approval.decided_ms is not None else ""
    return (
        f"<tr><td>{escape(approval.item)}</td><td>{escape(approval.subject)}</td><td>{result}{late}</td>"
        f'<td>{escape(approval.decided_by)}</td><td>{escape(approval.why)}</td><td class="number">{at}</td></tr>'
    )
