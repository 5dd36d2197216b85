"""What a measurement comes to: figures for programs, lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Figure = int | float | str | None


@dataclass(frozen=True)
class Step:
    """The cost of one item at one load; `load` says in words what the load was."""

    times: int
    load: str
    items: int
    cpu_us_per_item: float


@dataclass(frozen=True)
class Report:
    """One measurement. `figures` carry their unit in the name; `steps` are the cost at 1, 4 and 16 times the load.

    `remarks` are for people only: what is behind a figure, one by one.
    """

    name: str
    figures: dict[str, Figure]
    steps: Sequence[Step] = ()
    remarks: Sequence[str] = ()

    def as_json(self) -> dict[str, object]:
        """Return the figures, with the costs by load under `cpu_us_per_item`."""
        costs = {str(step.times): round(step.cpu_us_per_item, 2) for step in self.steps}
        return {**self.figures, "cpu_us_per_item": costs}

    def as_lines(self) -> list[str]:
        """Return a table for people."""
        width = max(map(len, self.figures))
        lines = [self.name, *(f"  {name:<{width}}  {_shown(value)}" for name, value in self.figures.items())]
        lines += ["  cost of one item as the load grows"] if self.steps else []
        lines += [
            f"  {step.times:>4}×  {step.load:<34}{step.items:>10,} items {step.cpu_us_per_item:>10,.2f} µs CPU"
            for step in self.steps
        ]
        return lines + [f"  {remark}" for remark in self.remarks]


def _shown(value: Figure) -> str:
    match value:
        case None:
            return "not measured"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
        case _:
            return value
