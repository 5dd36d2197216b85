"""The approval service as an aiohttp application: its endpoints, and how it is started."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from command.kernel.clock import Clock
from command.links.service_messages import (
    Approval,
    ApprovalAsking,
    ApprovalDecision,
    ApprovalEvent,
    ApprovalPage,
    Paging,
)
from command.services.api import Call, Endpoint, check_token, make_app
from command.services.approval.approvals import SCHEMA, Approvals
from command.services.approval.desk import add_desk
from command.services.outbox import Outbox
from command.services.page import Page
from command.services.running import RunningService, start_service
from command.services.store import Store
from command.services.subscriptions import subscription_endpoints


async def start(
    group: asyncio.TaskGroup,
    *,
    path: Path,
    clock: Clock,
    token: str,
    webhook_secret: bytes,
    host: str = "127.0.0.1",
    port: int = 0,
) -> RunningService:
    """Start the service on its SQLite file at `path`; its loops run in `group`, which the caller owns.

    `token` is the bearer token of the interface and of the page. `webhook_secret` is the root from which each
    subscriber's secret follows. Raises `UnavailableError` where file or port cannot be had,
    `InvalidInputError` for a token that is too short.
    """
    check_token(token)
    store = Store(path, SCHEMA, "approval")
    outbox = Outbox(store, clock, webhook_secret)
    approvals = Approvals(store, clock, outbox)
    endpoints = [*_endpoints(approvals), *subscription_endpoints(outbox)]
    app = make_app("Triune approval service", token, endpoints, {"approval": ApprovalEvent})
    add_desk(app, approvals, Page("审批", "approval", token, clock), clock)
    return await start_service(group, app, store, (outbox.run, approvals.run_timer), host=host, port=port)


def _endpoints(approvals: Approvals) -> list[Endpoint[Any, Any]]:
    async def ask_approval(call: Call[ApprovalAsking, None]) -> Approval:
        return await approvals.ask(call.body, call.once)

    async def get_approval(call: Call[None, None]) -> Approval:
        return await approvals.find(call.path["id"])

    async def list_approvals(call: Call[None, Paging]) -> ApprovalPage:
        return await approvals.page(call.query)

    async def decide_approval(call: Call[ApprovalDecision, None]) -> Approval:
        return await approvals.decide(call.path["id"], call.body, call.once)

    return [
        Endpoint(
            method="POST",
            path="/api/v1/approvals",
            summary="Ask for an approval",
            body=ApprovalAsking,
            answer=Approval,
            status=201,
            keyed=True,
            handle=ask_approval,
        ),
        Endpoint(
            method="GET",
            path="/api/v1/approvals",
            summary="Approvals in the order of asking",
            query=Paging,
            answer=ApprovalPage,
            handle=list_approvals,
        ),
        Endpoint(
            method="GET",
            path="/api/v1/approvals/{id}",
            summary="One approval",
            answer=Approval,
            handle=get_approval,
        ),
        Endpoint(
            method="POST",
            path="/api/v1/approvals/{id}/decision",
            summary="Grant or refuse",
            body=ApprovalDecision,
            answer=Approval,
            keyed=True,
            handle=decide_approval,
        ),
    ]
