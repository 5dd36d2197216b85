"""The case service over real HTTP: numbers, steps in order, returns, assessment, idempotency, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from command.kernel.clock import VirtualClock
from command.kernel.limits import CASE_STEPS, CLOCK_SKEW_MS
from command.services.case.cases import CaseSettings
from tests.command.services.peers import START_MS, Caller, caller, case_service

CASES, ONE, STEPS = "/api/v1/cases", "/api/v1/cases/{number}", "/api/v1/cases/{number}/steps"
REST = ("assigned", "handled", "fed_back", "verified", "assessed")
HOUR_MS = 3_600_000


def opening(**other: object) -> dict[str, Any]:
    return {
        "source": "三台合一指挥中心",
        "situation": "S17",
        "kind": "accident",
        "level": 3,
        "title": "荣家湾镇油罐车侧翻",
        "at_ms": START_MS - 60_000,
        "place": {"lat": 29.14, "lon": 113.12, "text": "荣家湾镇"},
    } | other


def move(step: str, at_ms: int = START_MS, **other: object) -> dict[str, Any]:
    return {"move": "advance", "step": step, "by": "张三", "at_ms": at_ms, "text": ""} | other


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START_MS)


@pytest.fixture
async def call(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Caller]:
    async with case_service(tmp_path / "case.sqlite", clock) as service, caller(service) as asking:
        yield asking


async def opened(call: Caller, key: str = "k1") -> str:
    return str((await call("POST", CASES, opening(), key=key)).body["number"])


async def test_numbers_are_readable_and_without_gaps_even_after_a_failed_opening(call: Caller) -> None:
    first = await call("POST", CASES, opening(), key="a")
    refused = await call("POST", CASES, opening(at_ms=START_MS + CLOCK_SKEW_MS + 1), key="b")
    second = await call("POST", CASES, opening(), key="c")
    assert (first.status, refused.status, second.status) == (201, 400, 201)
    assert [first.body["number"], second.body["number"]] == ["岳阳县案〔2026〕000001", "岳阳县案〔2026〕000002"]
    assert [taken["step"] for taken in first.body["history"]] == ["collected", "opened"]


async def test_a_new_year_in_beijing_starts_at_one_again(tmp_path: Path) -> None:
    clock = VirtualClock(1_798_732_799_999)  # the last millisecond of 2026 at UTC+8
    settings = CaseSettings(number_prefix="湘阴县案")
    async with case_service(tmp_path / "case.sqlite", clock, settings) as service, caller(service) as call:
        assert await opened(call, "a") == "湘阴县案〔2026〕000001"
        clock.advance(clock.now_ms() + 1)
        assert await opened(call, "b") == "湘阴县案〔2027〕000001"


async def test_the_same_request_again_opens_nothing_and_another_under_its_key_is_refused(call: Caller) -> None:
    first = await call("POST", CASES, opening(), key="same")
    again = await call("POST", CASES, opening(), key="same")
    other = await call("POST", CASES, opening(title="另一件"), key="same")
    assert again.body == first.body
    assert (other.status, other.body["code"]) == (409, "conflict")
    assert len((await call("GET", CASES)).body["items"]) == 1


async def test_seven_steps_in_order_end_in_an_assessment_on_time(call: Caller, clock: VirtualClock) -> None:
    number = await opened(call)
    for count, step in enumerate(REST, start=1):
        clock.advance(START_MS + count * 60_000)
        answer = await call("POST", STEPS, move(step, clock.now_ms()), key=step, number=number)
        assert (answer.status, answer.body["step"]) == (200, step)
    case = (await call("GET", ONE, number=number)).body
    assert case["closed_ms"] == START_MS + 4 * 60_000
    assert case["due_ms"] is None
    assert case["assessment"] == {"on_time": True, "late_steps": [], "returns": 0, "duration_ms": 5 * 60_000}


async def test_a_late_step_and_a_return_show_in_the_assessment(call: Caller, clock: VirtualClock) -> None:
    number = await opened(call)

    async def go(step: str, **other: object) -> Any:
        key = f"{step}-{clock.now_ms()}"
        answer = await call("POST", STEPS, move(step, clock.now_ms(), **other), key=key, number=number)
        assert answer.status == 200, answer.body
        return answer.body

    await go("assigned")
    clock.advance(START_MS + 25 * HOUR_MS)  # a day is allowed
    assert (await go("handled"))["history"][-1]["late"] is True
    await go("fed_back")
    clock.advance(clock.now_ms() + 1000)
    returned = await go("handled", move="return", text="照片不清")
    assert returned["history"][-1]["returned"] is True
    assert returned["due_ms"] == clock.now_ms() + 4 * HOUR_MS
    for step in ("fed_back", "verified", "assessed"):
        clock.advance(clock.now_ms() + 1000)
        case = await go(step)
    assert case["assessment"]["on_time"] is False
    assert case["assessment"]["late_steps"] == ["handled"]
    assert case["assessment"]["returns"] == 1


@pytest.mark.parametrize(
    ("step", "how"),
    [("handled", "advance"), ("opened", "advance"), ("collected", "return"), ("opened", "return")],
)
async def test_a_step_out_of_order_is_409_with_the_current_row(call: Caller, step: str, how: str) -> None:
    number = await opened(call)
    answer = await call("POST", STEPS, move(step, move=how, text="why"), key="k", number=number)
    assert (answer.status, answer.body["code"]) == (409, "stale_row")
    assert answer.body["current"] == (await call("GET", ONE, number=number)).body


async def test_a_step_that_comes_again_after_a_lost_answer_is_no_conflict(call: Caller) -> None:
    number = await opened(call)
    first = await call("POST", STEPS, move("assigned"), key="step", number=number)
    again = await call("POST", STEPS, move("assigned"), key="step", number=number)
    assert (again.status, again.body) == (200, first.body)


async def test_a_return_needs_its_reason(call: Caller) -> None:
    number = await opened(call)
    await call("POST", STEPS, move("assigned"), key="1", number=number)
    answer = await call("POST", STEPS, move("opened", move="return", text="  "), key="2", number=number)
    assert (answer.status, answer.body["code"]) == (400, "invalid_input")
    assert (await call("GET", ONE, number=number)).body["step"] == "assigned"


async def test_a_clock_a_little_off_is_mended_and_one_far_off_refused(call: Caller) -> None:
    number = await opened(call)
    early = await call("POST", STEPS, move("assigned", START_MS - 5000), key="1", number=number)
    assert early.body["history"][-1]["at_ms"] == START_MS
    far = await call("POST", STEPS, move("handled", START_MS + CLOCK_SKEW_MS + 1), key="2", number=number)
    assert far.status == 400


async def test_a_case_handed_to_and_fro_comes_to_an_end(call: Caller) -> None:
    number = await opened(call)
    answer = None
    for count in range(CASE_STEPS):
        body = move("assigned") if count % 2 == 0 else move("opened", move="return", text="退回")
        answer = await call("POST", STEPS, body, key=f"{count}", number=number)
        if answer.status != 200:
            break
    assert answer is not None
    assert (answer.status, answer.body["limit"]) == (429, CASE_STEPS)
    assert len((await call("GET", ONE, number=number)).body["history"]) == CASE_STEPS


async def test_a_case_never_outgrows_what_a_webhook_may_carry(call: Caller) -> None:
    number = await opened(call)
    for count in range(CASE_STEPS):
        there = count % 2 == 0
        body = move("assigned" if there else "opened", move="advance" if there else "return", text="长" * 4000)
        answer = await call("POST", STEPS, body, key=f"{count}", number=number)
        if answer.status != 200:
            break
    assert (answer.status, answer.body["code"]) == (413, "too_large")


async def test_pages_go_through_all_open_cases_once(call: Caller) -> None:
    numbers = [await opened(call, f"k{count}") for count in range(5)]
    for step in REST[:4]:
        await call("POST", STEPS, move(step), key=step, number=numbers[1])
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = (await call("GET", CASES, query=f"?open=true&limit=2&after={after}")).body
        assert len(page["items"]) <= 2
        seen += [case["number"] for case in page["items"]]
        after = page["next"]
    assert seen == [number for number in numbers if number != numbers[1]]
    closed = (await call("GET", CASES, query="?open=false")).body
    assert [case["number"] for case in closed["items"]] == [numbers[1]]


async def test_unknown_cases_are_404(call: Caller) -> None:
    for number in ("岳阳县案〔2026〕999999", "../../etc", "%"):
        answer = await call("GET", ONE, number=number)
        assert answer.status == 404
    assert (await call("POST", STEPS, move("assigned"), key="k", number="none")).status == 404
