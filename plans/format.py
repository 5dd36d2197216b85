"""A plan as its authors write it, in YAML: read, typed and checked, with every mistake named at its line."""

from __future__ import annotations

from command.facts.plan_definition import PlanDefinition
from plans.checks import check_plan
from plans.typed import convert
from plans.yaml_lines import PlanError, parse


def load_plan(source: bytes | str) -> PlanDefinition:
    """Return the plan written in `source`; `PlanError` holds all of its problems, with line and column."""
    root, problems = parse(source)
    plan, wrong = convert(root, PlanDefinition)
    problems += wrong + check_plan(root)
    if problems or plan is None:
        raise PlanError(problems)
    return plan
