"""Scenario files of folders, read against the plans and registers that there are now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable

import msgspec

from command.facts.plan_definition import PlanDefinition
from plans.limits import PLAN_FILE_BYTES, SCENARIO_FILES
from plans.scenario import Scenario
from plans.scenario_format import known_of, load_scenario
from plans.yaml_lines import Mapping as YamlMapping
from plans.yaml_lines import PlanError, Scalar, parse


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is no scenario for any published plan, and why, with lines."""

    file: str
    why: str


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """What can be rehearsed, and the files that cannot."""

    scenarios: tuple[Scenario, ...]
    unreadable: tuple[Unreadable, ...]

    def find(self, scenario: str, plan: str) -> Scenario | None:
        """Return the scenario of that id for that plan."""
        return next((s for s in self.scenarios if s.id == scenario and s.plan == plan), None)


def read_library(
    folders: Iterable[Traversable],
    plans: Mapping[str, PlanDefinition],
    units: frozenset[str],
    cameras: frozenset[str],
) -> Library:
    """Read the first `SCENARIO_FILES` files `*.yaml`, by name; slow enough to belong in a thread."""
    scenarios: list[Scenario] = []
    unreadable: list[Unreadable] = []
    for file in list(_files(folders))[:SCENARIO_FILES]:
        try:
            scenarios.append(_read(file, plans, units, cameras))
        except PlanError as error:
            unreadable.append(Unreadable(file=file.name, why=error.detail))
        except OSError as error:
            unreadable.append(Unreadable(file=file.name, why=error.strerror or type(error).__name__))
    return Library(scenarios=tuple(scenarios), unreadable=tuple(unreadable))


def _files(folders: Iterable[Traversable]) -> Iterator[Traversable]:
    for folder in folders:
        if folder.is_dir():
            yield from sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)


def _read(
    file: Traversable, plans: Mapping[str, PlanDefinition], units: frozenset[str], cameras: frozenset[str]
) -> Scenario:
    with file.open("rb") as opened:
        source = opened.read(PLAN_FILE_BYTES + 1)  # one byte too many is refused where files are parsed
    root, problems = parse(source)
    name = root.get("plan") if isinstance(root, YamlMapping) else None
    plan = plans.get(name.text) if isinstance(name, Scalar) else None
    if plan is None:
        at = name or root
        raise PlanError(problems or [at.problem("plan", "no plan of this id is published")])
    return load_scenario(source, known_of(plan, units, cameras))
