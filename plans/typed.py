"""From a YAML tree to a msgspec struct, with every mistake named at its line instead of only the first one."""

from __future__ import annotations

import difflib
import re
import types
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from plans.yaml_lines import Mapping, Node, Problem, Scalar, Sequence

T = TypeVar("T")

_BROKEN: Final = object()
"""Stands for a value that has a problem, until the whole is given up."""

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})([eE][-+]?[0-9]{1,2})?")
_NULL = ("", "~", "null")


def convert(root: Node, to: type[T]) -> tuple[T | None, list[Problem]]:
    """Return the struct that the tree spells, or None and every problem of keys, types and values in it.

    Understood are structs, unions of tagged structs, `tuple[X, ...]`, `X | None`, literals and scalars.
    """
    problems: list[Problem] = []
    plain = _read(root, to, "", problems)
    if problems or plain is _BROKEN:
        return None, problems
    return msgspec.convert(plain, to), []


def _read(node: Node, to: Any, path: str, problems: list[Problem]) -> object:
    bare = to.__origin__ if get_origin(to) is Annotated else to
    if get_origin(bare) in (Union, types.UnionType):
        members = [member for member in get_args(bare) if member is not type(None)]
        if len(members) < len(get_args(bare)) and isinstance(node, Scalar) and node.plain and node.text in _NULL:
            return None
        return _read(node, members[0], path, problems) if len(members) == 1 else _tagged(node, members, path, problems)
    if get_origin(bare) is tuple:
        return _list(node, to, bare, path, problems)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        return _struct(node, bare, path, problems)
    return _leaf(node, to, bare, path, problems)


def _struct(node: Node, to: type[msgspec.Struct], path: str, problems: list[Problem]) -> object:
    if not isinstance(node, Mapping):
        problems.append(node.problem(path, f"expected keys and values, got {_spoken(node)}"))
        return _BROKEN
    fields = {field.encode_name: field for field in msgspec.structs.fields(to)}
    tag_field = to.__struct_config__.tag_field
    plain: dict[str, object] = {}
    for key, value in node.entries:
        name = key.text if isinstance(key, Scalar) else None
        if name is None:
            problems.append(key.problem(path, f"a key must be a word, got {_spoken(key)}"))
        elif name in plain:
            problems.append(key.problem(_join(path, name), "this key is written twice"))
        elif name == tag_field:
            plain[name] = to.__struct_config__.tag
        elif name not in fields:
            near = difflib.get_close_matches(name[:64], fields, n=1)
            hint = f", did you mean {near[0]}?" if near else f"; known are {', '.join(fields)}"
            problems.append(key.problem(_join(path, name[:64]), f"unknown key{hint}"))
        else:
            plain[name] = _read(value, fields[name].type, _join(path, name), problems)
    problems += [
        node.problem(_join(path, name), "this key is missing")
        for name, field in fields.items()
        if field.required and name not in plain
    ]
    return plain


def _tagged(node: Node, members: list[Any], path: str, problems: list[Problem]) -> object:
    by_tag = {str(member.__struct_config__.tag): member for member in members}
    tag_field = str(members[0].__struct_config__.tag_field)
    tag = node.get(tag_field) if isinstance(node, Mapping) else None
    if tag is None:
        problems.append(node.problem(_join(path, tag_field), f"this key is missing; it is one of {', '.join(by_tag)}"))
        return _BROKEN
    if not isinstance(tag, Scalar) or tag.text not in by_tag:
        problems.append(tag.problem(_join(path, tag_field), f"{_spoken(tag)} is none of {', '.join(by_tag)}"))
        return _BROKEN
    return _struct(node, by_tag[tag.text], path, problems)


def _list(node: Node, to: Any, bare: Any, path: str, problems: list[Problem]) -> object:
    if not isinstance(node, Sequence):
        problems.append(node.problem(path, f"expected a list, got {_spoken(node)}"))
        return _BROKEN
    needed = max((meta.min_length or 0 for meta in _metas(to)), default=0)
    if len(node.items) < needed:
        problems.append(node.problem(path, f"needs at least {needed} of them"))
    each, *rest = get_args(bare)
    if rest != [...]:
        if len(node.items) != len(rest) + 1:
            problems.append(node.problem(path, f"needs exactly {len(rest) + 1} values"))
            return _BROKEN
        kinds = [each, *rest]
    else:
        kinds = [each] * len(node.items)
    return [
        _read(item, kind, f"{path}[{index}]", problems)
        for index, (item, kind) in enumerate(zip(node.items, kinds, strict=True))
    ]


def _leaf(node: Node, to: Any, bare: Any, path: str, problems: list[Problem]) -> object:
    if not isinstance(node, Scalar):
        problems.append(node.problem(path, f"expected one value, got {_spoken(node)}"))
        return _BROKEN
    choices = get_args(bare) if get_origin(bare) is Literal else ()
    textual = bare is str or any(isinstance(choice, str) for choice in choices)
    value = _text(node) if textual else _value(node)
    if choices and value not in choices:
        listed = ", ".join(str(choice) for choice in choices)
        problems.append(node.problem(path, f"{_spoken(node)} is none of {listed}"))
        return _BROKEN
    try:
        msgspec.convert(value, to)
    except msgspec.ValidationError as error:
        problems.append(node.problem(path, str(error)))
        return _BROKEN
    return value


def _text(node: Scalar) -> str | None:
    # The key says that this is text, so an unquoted 0730 or 110 keeps its digits.
    return None if node.plain and node.text in _NULL else node.text


def _value(node: Scalar) -> object:
    if not node.plain:
        return node.text
    if node.text in ("true", "false"):
        return node.text == "true"
    if _INT.fullmatch(node.text):
        return int(node.text)
    if _FLOAT.fullmatch(node.text):
        return float(node.text)
    return None if node.text in _NULL else node.text


def _metas(to: Any) -> list[msgspec.Meta]:
    return [meta for meta in getattr(to, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _spoken(node: Node) -> str:
    match node:
        case Scalar():
            return f'"{node.text[:64]}"' if node.text else "nothing"
        case Sequence():
            return "a list"
        case _:
            return "keys and values"
