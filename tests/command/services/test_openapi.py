"""The OpenAPI documents: whole, no dangling references, true of webhooks; and the checker that the tests rely on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command.kernel.clock import VirtualClock
from tests.command.services.json_schema import NotAsAgreedError, check
from tests.command.services.peers import START_MS, approval_service, caller, case_service, receiver
from tests.command.services.test_approval_service import DUE_MS, asked, subscribe
from tests.command.services.test_case_service import opening


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "$ref":
                yield part
            else:
                yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


async def test_the_documents_name_every_operation_and_every_reference_leads_somewhere(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    subscriptions = {("/api/v1/subscriptions", "post"), ("/api/v1/subscriptions/{id}", "delete")}
    async with case_service(tmp_path / "c.sqlite", clock) as cases, caller(cases) as call:
        case = call.document
    async with approval_service(tmp_path / "a.sqlite", clock) as approvals, caller(approvals) as call:
        approval = call.document
    operations = [
        {(path, method) for path, methods in d["paths"].items() for method in methods} for d in (case, approval)
    ]
    assert operations[0] == subscriptions | {
        ("/api/v1/cases", "post"),
        ("/api/v1/cases", "get"),
        ("/api/v1/cases/{number}", "get"),
        ("/api/v1/cases/{number}/steps", "post"),
    }
    assert operations[1] == subscriptions | {
        ("/api/v1/approvals", "post"),
        ("/api/v1/approvals", "get"),
        ("/api/v1/approvals/{id}", "get"),
        ("/api/v1/approvals/{id}/decision", "post"),
    }
    for document in (case, approval):
        found = set(references(document))
        assert {f"#/components/schemas/{name}" for name in document["components"]["schemas"]} >= found
        assert document["openapi"] == "3.1.0"
    listing = case["paths"]["/api/v1/cases"]["get"]["parameters"]
    assert {parameter["name"]: parameter["required"] for parameter in listing} == {
        "open": False,
        "after": False,
        "limit": False,
    }
    moving = case["paths"]["/api/v1/cases/{number}/steps"]["post"]["parameters"]
    assert [(parameter["in"], parameter["name"]) for parameter in moving] == [
        ("path", "number"),
        ("header", "Idempotency-Key"),
    ]


async def test_webhooks_are_as_the_document_says(tmp_path: Path) -> None:
    clock = VirtualClock(START_MS)
    async with (
        receiver(clock) as taking,
        approval_service(tmp_path / "a.sqlite", clock) as service,
        caller(service) as call,
    ):
        await subscribe(call, taking)
        await asked(call)
        await taking.until(lambda: len(taking.effects) == 1)
        clock.advance(DUE_MS)
        await taking.until(lambda: len(taking.effects) == 3)
        schema = call.document["webhooks"]["approval"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        for event in taking.effects.values():
            check(event, schema, call.document)


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": 5},
        {"level": "3"},
        {"kind": "weather"},
        {"title": ""},
        {"title": "x" * 201},
        {"at_ms": -1},
        {"at_ms": True},
        {"place": {"lat": 1.0}},
        {"place": 5},
    ],
)
async def test_the_checker_itself_refuses_what_the_service_refuses(tmp_path: Path, wrong: dict[str, Any]) -> None:
    async with case_service(tmp_path / "c.sqlite", VirtualClock(START_MS)) as service, caller(service) as call:
        schema = call.document["components"]["schemas"]["CaseOpening"]
        check(opening(), schema, call.document)
        with pytest.raises(NotAsAgreedError):
            check(opening(**wrong), schema, call.document)
        assert (await call("POST", "/api/v1/cases", opening(**wrong), key="k")).status == 400
