"""YAML as a tree whose every node knows its line and column, read within limits: no aliases, tags or deep nesting."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import yaml

from command.kernel.errors import InvalidInputError
from plans.limits import PLAN_FILE_BYTES, PLAN_NESTING, PLAN_PROBLEMS


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong, and where: line and column count from 1; `path` is like `phases[0].tasks[2].due_min`."""

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class PlanError(InvalidInputError):
    """A plan or scenario is wrong. `problems` holds everything found, in the order of the lines."""

    code = "invalid_plan"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))[:PLAN_PROBLEMS]
        more = len(problems) - len(self.problems)
        lines = [str(problem) for problem in self.problems] + ([f"and {more} more"] if more else [])
        super().__init__("\n".join(lines), problems=len(problems))


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the file."""

    line: int
    column: int

    def problem(self, path: str, message: str) -> Problem:
        """Return a problem at this place."""
        return Problem(line=self.line, column=self.column, path=path, message=message)


class Scalar(Node, frozen=True, kw_only=True):
    """A value as it is written; `plain` when it stands without quotes, so that `5` may be a number."""

    text: str
    plain: bool


class Sequence(Node, frozen=True, kw_only=True):
    """A list."""

    items: tuple[Node, ...]


class Mapping(Node, frozen=True, kw_only=True):
    """Keys and values in the order they stand in, a key written twice included."""

    entries: tuple[tuple[Node, Node], ...]

    def get(self, key: str) -> Node | None:
        """Return the value under a key, the first one if it is written twice."""
        return next((value for name, value in self.entries if isinstance(name, Scalar) and name.text == key), None)


class _Open(msgspec.Struct):
    """A list or mapping whose end has not come yet."""

    start: yaml.CollectionStartEvent
    items: list[Node]


def parse(source: bytes | str) -> tuple[Node, list[Problem]]:
    """Return the one document of `source` and what it uses that is refused (aliases, anchors, tags).

    Raises `PlanError` where there is no tree: not UTF-8, not YAML, too large, too deep, empty or several documents.
    """
    problems: list[Problem] = []
    stack: list[_Open] = []
    root: Node | None = None
    for event in _events(_text(source)):
        node: Node | None = None
        if isinstance(event, yaml.NodeEvent):
            problems += _refused(event)
        if isinstance(event, yaml.AliasEvent):
            node = Scalar(**_place(event), text="", plain=True)
        elif isinstance(event, yaml.ScalarEvent):
            node = Scalar(**_place(event), text=event.value, plain=event.implicit[0])
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append(_Open(event, []))
            if len(stack) > PLAN_NESTING:
                raise PlanError([_at(event, f"nested deeper than {PLAN_NESTING} levels")])
        elif isinstance(event, yaml.CollectionEndEvent):
            node = _closed(stack.pop())
        elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise PlanError([_at(event, "a second document starts here; one file holds one")])
        if node is not None and stack:
            stack[-1].items.append(node)
        elif node is not None:
            root = node
    if root is None:
        raise PlanError([Problem(line=1, column=1, path="", message="the file is empty")])
    return root, problems


def _text(source: bytes | str) -> bytes:
    try:
        data = source.encode() if isinstance(source, str) else source
        if isinstance(source, bytes):
            source.decode()
    except UnicodeError as error:
        raise PlanError([Problem(line=1, column=1, path="", message=f"not UTF-8 text: {error}")]) from error
    if len(data) > PLAN_FILE_BYTES:
        raise PlanError([Problem(line=1, column=1, path="", message=f"larger than {PLAN_FILE_BYTES} bytes")])
    return data


def _events(data: bytes) -> Iterator[yaml.Event]:
    try:
        # Events come from a state machine, so nesting costs no recursion; the pure parser is 25 times slower.
        yield from yaml.parse(data, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"not YAML: {', '.join(part for part in (error.context, error.problem) if part)}"
        raise PlanError([Problem(line=line, column=column, path="", message=message)]) from error
    except yaml.YAMLError as error:
        raise PlanError([Problem(line=1, column=1, path="", message=f"not YAML: {error}")]) from error


def _place(event: yaml.Event) -> dict[str, int]:
    mark = event.start_mark
    return {"line": mark.line + 1, "column": mark.column + 1} if mark else {"line": 1, "column": 1}


def _at(event: yaml.Event, message: str) -> Problem:
    return Problem(**_place(event), path="", message=message)


def _refused(event: yaml.NodeEvent) -> list[Problem]:
    problems = []
    if isinstance(event, yaml.AliasEvent):
        problems.append(_at(event, f"the alias *{event.anchor} is refused; write the value out"))
    elif event.anchor is not None:
        problems.append(_at(event, f"the anchor &{event.anchor} is refused; write the value where it is used"))
    tag = getattr(event, "tag", None)
    if tag is not None:
        problems.append(_at(event, f"the tag {tag} is refused; the type of a value follows from its key"))
    return problems


def _closed(opened: _Open) -> Node:
    place, items = _place(opened.start), opened.items
    if isinstance(opened.start, yaml.MappingStartEvent):
        return Mapping(**place, entries=tuple(zip(items[::2], items[1::2], strict=True)))
    return Sequence(**place, items=tuple(items))
