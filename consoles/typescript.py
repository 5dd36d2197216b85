"""What pages take from the hub's own code so that they cannot drift: types of the wire, and words for vehicles."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from msgspec import inspect

from command import requests, wire
from command.readings import Sighting
from command.rows import Row
from command.vehicle_words import WORDS
from consoles.http.admin_health import AdminHealth

_FOLDER = Path(__file__).parent / "web" / "src" / "gen"
OUTPUT = _FOLDER / "wire.ts"
VEHICLE_WORDS = _FOLDER / "vehicle_words.ts"
_HEAD = "// Generated from command/wire.py by `make types`. Do not edit.\n\n"
_MESSAGES = (wire.Subscribe, wire.Welcome, wire.Snapshot, wire.Delta, wire.Beat, wire.Refused)
_ACCOUNTS = (
    wire.AccountList, wire.NewAccount, wire.AccountRoles, wire.AccountPerson, wire.AccountState, wire.MadeAccount,
    wire.MadePassword, wire.OwnPassword, wire.AccountChanges, wire.DeviceTokens, wire.MadeToken,
)  # fmt: skip
_OTHERS = (
    wire.Problem,
    wire.SignIn,
    wire.Candidate,
    wire.Recommendation,
    wire.BlobInfo,
    Sighting,
    AdminHealth,
    *_ACCOUNTS,
)


def generate() -> str:
    """Return the whole module."""
    roots = [*wire.TABLES.values(), *requests.REQUESTS.values(), *_OTHERS, *_MESSAGES]
    structs: dict[str, inspect.StructType] = {}
    for info in inspect.multi_type_info(roots):
        _collect(info, structs)
    parts = [_HEAD]
    parts += [_interface(structs[name]) for name in sorted(structs)]
    rows = "".join(f"  {name}: {row.__name__};\n" for name, row in wire.TABLES.items())
    parts.append(f"export interface Tables {{\n{rows}}}\n\n")
    parts.append(f"export type TableName = {' | '.join(_quoted(name) for name in wire.TABLES)};\n\n")
    names = " |\n  ".join(sorted(cls.__name__ for cls in requests.REQUESTS.values()))
    parts.append(f"export type Request =\n  {names};\n\n")
    parts.append("export type FromHub = Welcome | Snapshot | Delta | Beat | Refused;\n\n")
    parts.append(f"export const PROTOCOL_VERSION = {_quoted(wire.VERSION)};\n")
    return "".join(parts)


def words() -> str:
    """Return the module of words for vehicles, by their keys in the catalogue of messages."""
    lines = [
        f"  {_quoted(f'{group}.{value}')}: [{_quoted(word.zh)}, {_quoted(word.en)}],\n"
        for group, known in WORDS.items()
        for value, word in known.items()
    ]
    head = "// Generated from command/vehicle_words.py by `make types`. Do not edit.\n\n"
    return f"{head}export const VEHICLE_WORDS = {{\n{''.join(lines)}}} as const;\n"


def _collect(info: inspect.Type, structs: dict[str, inspect.StructType]) -> None:
    """Gather every struct that is reachable, by class name."""
    if isinstance(info, inspect.Metadata):
        _collect(info.type, structs)
    elif isinstance(info, inspect.StructType):
        if info.cls.__name__ not in structs:
            structs[info.cls.__name__] = info
            for field in info.fields:
                _collect(field.type, structs)
    else:
        for part in _parts(info):
            _collect(part, structs)


def _parts(info: inspect.Type) -> tuple[inspect.Type, ...]:
    match info:
        case inspect.UnionType(types=types):
            return tuple(types)
        case inspect.TupleType(item_types=types):
            return tuple(types)
        case inspect.DictType(key_type=key, value_type=value):
            return key, value
        case inspect.CollectionType(item_type=item):
            return (item,)
        case _:
            return ()


def _interface(info: inspect.StructType) -> str:
    lines = []
    if info.tag_field is not None:
        lines.append(f"  {info.tag_field}: {_quoted(str(info.tag))};\n")
    # A field with a default may be left out by whoever writes it: pages write requests, the hub writes all of a row.
    written_by_page = issubclass(info.cls, requests.Request) or info.cls in (requests.GivenPlace, wire.TableFilter)
    may_miss = written_by_page or info.cls.__struct_config__.omit_defaults or info.cls is wire.Subscribe
    for field in info.fields:
        optional = "?" if may_miss and not field.required else ""
        lines.append(f"  {field.encode_name}{optional}: {_type(field.type)};\n")
    comment = (info.cls.__doc__ or "").strip().splitlines()[0]
    return f"/** {comment} */\nexport interface {info.cls.__name__} {{\n{''.join(lines)}}}\n\n"


def _type(info: inspect.Type) -> str:  # noqa: PLR0911 - one line for each kind of type
    match info:
        case inspect.Metadata(type=inner):
            return _type(inner)
        case inspect.StructType(cls=cls):
            return "Row" if cls is Row else str(cls.__name__)
        case inspect.BoolType():
            return "boolean"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.StrType():
            return "string"
        case inspect.NoneType():
            return "null"
        case inspect.LiteralType(values=values):
            return " | ".join(_quoted(v) if isinstance(v, str) else str(v) for v in values)
        case inspect.UnionType(types=types):
            return " | ".join(_type(part) for part in types)
        case inspect.TupleType(item_types=types):
            return f"[{', '.join(_type(part) for part in types)}]"
        case inspect.DictType(value_type=value):
            return f"Record<string, {_type(value)}>"
        case inspect.CollectionType(item_type=item):
            of = _type(item)
            return f"({of})[]" if "|" in of else f"{of}[]"
        case _:
            raise TypeError(f"no TypeScript for {info}")


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _modules() -> dict[Path, str]:
    return {OUTPUT: generate(), VEHICLE_WORDS: words()}


def write() -> None:
    """Write the modules where the pages import them from."""
    for path, text in _modules().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write the modules, or with `--check` say whether they are what would be written."""
    if arguments != ["--check"]:
        write()
        return 0
    old = [path for path, text in _modules().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in old:
        sys.stderr.write(f"consoles/web/src/gen/{path.name} is not what the hub's code says; run `make types`\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
