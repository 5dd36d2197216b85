from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError
from command.kernel.limits import PLAN_TASKS
from plans.format import load_plan
from plans.limits import PLAN_FILE_BYTES, PLAN_NESTING, PLAN_PROBLEMS
from plans.yaml_lines import PlanError, Problem

PLAN = """\
id: tanker
version: 1
title: {zh: 油罐车事故, en: Tanker accident}
applies:
  kinds: [accident]
  lowest_level: 3
command: commander
groups:
  - {group: traffic, lead: {zh: 交警大队, en: Traffic police}}
  - {group: response, lead: {zh: 消防救援大队, en: Fire and rescue}}
phases:
  - id: first
    title: {zh: 先期处置, en: First steps}
    tasks:
      - id: close
        title: {zh: 封闭道路, en: Close the road}
        group: traffic
        owner: dispatcher
        due_min: 5
        orders: [{kind: traffic_police, count: 2}]
      - id: cordon
        title: {zh: 警戒, en: Cordon}
        group: response
        owner: officer
        due_min: 10
        due_from: close
        after: [close]
        needs_approval:
          item: {zh: 警戒范围, en: Size of the cordon}
          due_min: 8
          warn_min: 4
        report: {to: city, within_min: 120}
  - id: second
    title: {zh: 处置, en: Handling}
    next: command
    tasks:
      - id: pump
        title: {zh: 倒罐, en: Pump over}
        group: response
        owner: commander
        due_min: 60
        after: [cordon]
"""


def problems_of(source: bytes | str) -> list[Problem]:
    with pytest.raises(PlanError) as caught:
        load_plan(source)
    assert isinstance(caught.value, InvalidInputError)
    assert caught.value.problems
    return caught.value.problems


def marked(old: str, new: str) -> tuple[str, int, int]:
    """Return the plan with `old` replaced by `new`, and the line and column of the mark « in it, which is taken out."""
    assert PLAN.count(old) == 1, old
    source = PLAN.replace(old, new)
    before, after = source.split("«")
    return before + after, before.count("\n") + 1, len(before) - before.rfind("\n")


def test_a_plan_is_read_whole() -> None:
    plan = load_plan(PLAN)
    assert plan.title.zh == "油罐车事故"
    assert plan.version == "1"
    assert plan.applies.lowest_level == 3
    close, cordon = plan.phases[0].tasks
    assert (close.orders[0].kind, close.orders[0].count) == ("traffic_police", 2)
    assert (cordon.due_from, cordon.after, cordon.due_min) == ("close", ("close",), 10.0)
    assert cordon.needs_approval is not None
    assert cordon.needs_approval.warn_min == 4
    assert cordon.report is not None
    assert cordon.report.to == "city"
    assert [phase.next for phase in plan.phases] == ["tasks_done", "command"]
    assert load_plan(PLAN.encode()) == plan


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("due_min: 60", "«due_mins: 60", "phases[1].tasks[0].due_mins", "did you mean due_min"),
        ("due_min: 60", "due_min: «soon", "phases[1].tasks[0].due_min", "Expected `float`"),
        ("due_min: 60", "due_min: «-1", "phases[1].tasks[0].due_min", ">= 0"),
        ("due_min: 60", "due_min: «.nan", "phases[1].tasks[0].due_min", "Expected `float`"),
        ("due_min: 60", "due_min: «'60'", "phases[1].tasks[0].due_min", "got `str`"),
        ("due_min: 60", "due_min: «[60]", "phases[1].tasks[0].due_min", "expected one value, got a list"),
        ("due_min: 60", "due_min: 60\n        «due_min: 70", "phases[1].tasks[0].due_min", "twice"),
        ("[accident]", "[«oops]", "applies.kinds[0]", "none of natural_disaster"),
        ("[accident]", "«[]", "applies.kinds", "at least 1"),
        ("[accident]", "«accident", "applies.kinds", "expected a list"),
        ("lowest_level: 3", "lowest_level: «5", "applies.lowest_level", "none of 1, 2, 3, 4"),
        ("lowest_level: 3", "lowest_level: «III", "applies.lowest_level", "none of 1, 2, 3, 4"),
        ("applies:\n", "applies: «now\nextra:\n", "applies", "expected keys and values"),
        ("{zh: 处置, en", "«{en", "phases[1].title.zh", "missing"),
        ("id: pump", "id: «Pump It", "phases[1].tasks[0].id", "regex"),
        ("id: pump", "id: «close", "phases[1].tasks[0].id", "already on line 15"),
        ("id: second", "id: «first", "phases[1].id", "already on line 12"),
        ("group: response, lead", "group: «traffic, lead", "groups[1].group", "already on line 9"),
        ("[cordon]", "[«cordan]", "phases[1].tasks[0].after[0]", "no task cordan"),
        ("[cordon]", "[cordon, «cordon]", "phases[1].tasks[0].after[1]", "twice"),
        ("[cordon]", "[«pump]", "phases[1].tasks[0].after[0]", "itself"),
        ("[close]", "[close, «pump]", "phases[0].tasks[1].after[1]", "later phase"),
        ("due_from: close", "due_from: «pump", "phases[0].tasks[1].due_from", "does not come before"),
        ("due_from: close", "due_from: «nobody", "phases[0].tasks[1].due_from", "no task nobody"),
        ("id: close\n", "«id: close\n        after: [cordon]\n", "phases[0].tasks[0].after", "close → cordon → close"),
        ("due_min: 10\n        due_from: close\n        after: [close]", "due_min: 4\n        after: [«close]",
         "phases[0].tasks[1].after[0]", "before close, which may take 5 min"),
        ("warn_min: 4", "warn_min: «9", "phases[0].tasks[1].needs_approval.warn_min", "after the due time"),
        ("due_min: 8", "due_min: «11", "phases[0].tasks[1].needs_approval.due_min", "longer than the task"),
        ("item: {zh: 警戒范围, en: Size of the cordon}\n          ", "«",
         "phases[0].tasks[1].needs_approval.item", "missing"),
        ("response\n        owner: commander", "«medical\n        owner: commander",
         "phases[1].tasks[0].group", "no group"),
        ("count: 2", "count: «0", "phases[0].tasks[0].orders[0].count", ">= 1"),
        ("zh: 油罐车事故", "zh: «''", "title.zh", "length >= 1"),
        ("version: 1", "version:« ", "version", "got `null`"),
        ("id: tanker", "? «[id]\n: tanker", "", "a key must be a word"),
        ("title: {zh: 油罐车事故", "title: «&t {zh: 油罐车事故", "", "anchor &t is refused"),
        ("version: 1", "version: «*t", "", "alias *t is refused"),
        ("version: 1", "version: «!!python/name:os.system 1", "", "tag tag:yaml.org,2002:python/name:os"),
        ("version: 1", "version: «!!int 1", "", "is refused"),
        ("version: 1", "version: 1«: 2", "", "not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_where_it_stands(old: str, new: str, path: str, says: str) -> None:
    source, line, column = marked(old, new)
    found = problems_of(source)
    there = [
        problem.message for problem in found if (problem.line, problem.column, problem.path) == (line, column, path)
    ]
    assert any(says in message for message in there), found


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines() -> None:
    source = PLAN.replace("command: commander", "command: king").replace("due_min: 5\n", "due_min: x\n")
    source = source.replace("after: [cordon]", "after: [nobody]").replace("warn_min: 4", "warn_min: 9")
    found = problems_of(source)
    assert [problem.path for problem in found] == [
        "command",
        "phases[0].tasks[0].due_min",
        "phases[0].tasks[1].needs_approval.warn_min",
        "phases[1].tasks[0].after[0]",
    ]
    with pytest.raises(PlanError, match=r'line 7, column 10: command: "king" is none of call_taker') as caught:
        load_plan(source)
    assert caught.value.extra == {"problems": 4}
    assert (caught.value.status, caught.value.code) == (400, "invalid_plan")


def test_an_empty_phase_is_refused() -> None:
    source = PLAN[: PLAN.index("    tasks:\n      - id: pump")] + "    tasks: []\n"
    assert [(problem.path, problem.line) for problem in problems_of(source)] == [("phases[1].tasks", 36)]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (b"a: 1\n---\nb: 2\n", "second document"),
        (b"\xff\xfe\xff", "not UTF-8"),
        ("id: \ud800", "not UTF-8"),
        (b"id: \x00", "not YAML"),
        (b"a: b: c", "not YAML"),
        (b"- 1", "expected keys and values, got a list"),
        (b"[" * (PLAN_NESTING + 1), "nested deeper"),
        (b"#" * (PLAN_FILE_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_plan_at_all_is_refused(source: bytes | str, says: str) -> None:
    assert says in problems_of(source)[0].message


def test_an_alias_bomb_stays_small() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert any("alias" in problem.message for problem in problems_of(bomb))


def test_the_number_of_tasks_and_of_problems_is_bounded() -> None:
    task = "      - {id: t%d, title: {zh: 甲, en: A}, group: traffic, owner: officer, due_min: 1}\n"
    many = PLAN + "".join(task % number for number in range(PLAN_TASKS))
    assert "at most" in problems_of(many)[0].message
    wrong = PLAN + "".join(f"x{number}: 1\n" for number in range(2 * PLAN_PROBLEMS))
    with pytest.raises(PlanError, match=f"and {PLAN_PROBLEMS} more$") as caught:
        load_plan(wrong)
    assert len(caught.value.problems) == PLAN_PROBLEMS


WORDS = st.sampled_from([
    *(line + "\n" for line in PLAN.splitlines()), "\n", "  ", "- ",
    "{", "}", "[", "]", ": ", "*a", "&a ", "!t ", "'", '"', "|\n",
    "? ",
    "---\n", "...\n", "%YAML 1.1\n", "<<: ", "after: [close, pump]\n", "due_from: cordon\n",
     "due_min: 1e9\n", "null", "~", "\t", "\x85",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.lists(WORDS, max_size=60).map("".join)))
def test_no_text_does_anything_but_load_or_raise_a_plan_error(source: str | bytes) -> None:
    try:
        load_plan(source)
    except PlanError as error:
        assert error.problems  # noqa: PT017 - loading may also succeed


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_edit_of_a_good_plan_crashes_it(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(PLAN)))
    end = data.draw(st.integers(start, min(len(PLAN), start + 40)))
    source = PLAN[:start] + data.draw(st.one_of(WORDS, st.text(max_size=8))) + PLAN[end:]
    try:
        load_plan(source)
    except PlanError as error:
        assert all(problem.line >= 1 and problem.column >= 1 for problem in error.problems)  # noqa: PT017 - as above
