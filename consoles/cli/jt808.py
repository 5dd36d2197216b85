"""`triune jt808 decode [FILE]`: say what JT/T 808 frames mean, one line of JSON for each, whatever they are."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from command.kernel.errors import InvalidInputError
from edge.jt808 import frame as frames
from edge.jt808.attachments import describe
from edge.jt808.bodies import Body, decode_body
from edge.jt808.frame import Frame
from edge.jt808.framing import MARK, FramingError
from edge.jt808.location import CHINA, BodyError, Location
from edge.jt808.names import MESSAGES, alarm_names, status_names
from edge.jt808.terminal_messages import Batch, LocationAnswer

if TYPE_CHECKING:
    from argparse import _SubParsersAction

HEX_COLUMN = "wire_hex"
# A longer line is cut, which makes it an error; the largest frame needs 4,180 digits.
LINE_CHARS = 1 << 20

Json = dict[str, Any]


def add_parser(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `jt808 decode [FILE]`."""
    jt808 = subparsers.add_parser("jt808", help="vehicle terminals (JT/T 808)")
    commands = jt808.add_subparsers(dest="jt808_command", required=True)
    decode = commands.add_parser("decode", help="explain frames, one JSON line each, then a summary")
    decode.add_argument("file", nargs="?", type=Path, help="TSV with a wire_hex column, or lines of hex; else stdin")
    jt808.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what every frame means and return 0. Raises `InvalidInputError` when the file cannot be read."""
    if args.file is None:
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")
        return _print(sys.stdin)
    try:
        with args.file.open(encoding="utf-8", errors="replace", newline="") as file:
            return _print(file)
    except OSError as error:
        raise InvalidInputError(f"{args.file}: {error.strerror}") from error


def _print(lines: TextIO) -> int:
    counts: Counter[str] = Counter()
    for number, wire_hex in _hex_lines(lines):
        for said in explain_line(wire_hex):
            counts["errors" if "error" in said else "decoded"] += 1
            print(_json({"line": number} | said))
    print(_json({"frames": counts.total(), "decoded": counts["decoded"], "errors": counts["errors"]}))
    return 0


def _json(value: Json) -> str:
    return msgspec.json.encode(value).decode()


def _hex_lines(lines: TextIO) -> Iterator[tuple[int, str]]:
    """Yield line number and hex of each line, by the column of that name where there is a head line with it."""
    column: int | None = None
    number = 0
    while line := lines.readline(LINE_CHARS):
        number += 1
        line = line.strip("\r\n\ufeff")
        if not line.strip():
            continue
        try:
            cells = next(csv.reader([line], delimiter="\t"))
        except csv.Error:
            cells = line.split("\t")
        if column is None and HEX_COLUMN in cells:
            column = cells.index(HEX_COLUMN)
        elif column is None:
            yield number, line
        else:
            yield number, cells[column] if column < len(cells) else ""


def explain_line(wire_hex: str) -> list[Json]:
    """Return what each frame in a line of hex says; a line in which there is none gives one `{"error"}`."""
    digits = "".join(wire_hex.split()).removeprefix("0x")
    try:
        wire = bytes.fromhex(digits)
    except ValueError:
        return [{"error": "not hexadecimal"}]
    whole = wire.removeprefix(MARK).removesuffix(MARK)
    if not whole:
        return [{"error": "no frame"}]
    # As on the wire; or as logs keep frames, their stuffing undone already, which length and checksum confirm.
    for read in (frames.decode, frames.decode_unstuffed):
        with suppress(FramingError):
            return [_explain(read(whole))]
    return [_explain_run(run) for run in whole.split(MARK) if run]


def _explain_run(run: bytes) -> Json:
    try:
        return _explain(frames.decode(run))
    except FramingError as error:
        return {"error": error.detail}


def _explain(frame: Frame) -> Json:
    header = frame.header
    said: Json = {
        "msg_id": f"0x{header.msg_id:04x}",
        "name": MESSAGES.get(header.msg_id, "unknown"),
        "phone": header.phone,
        "version": 2013 if header.revision is None else 2019,
        "serial": header.serial,
        "split": {"total": header.part.total, "index": header.part.index} if header.part else None,
    }
    if header.encryption:
        said["encryption"] = header.encryption
    try:
        body = None if header.part else decode_body(header, frame.body)
    except BodyError as error:
        return said | {"error": error.detail, "body_hex": frame.body.hex()}
    return said | (_body(body) if body is not None else {"body_hex": frame.body.hex()})


def _body(body: Body) -> Json:
    match body:
        case Location():
            return _location(body)
        case LocationAnswer(answers_serial, location):
            return {"answers_serial": answers_serial} | _location(location)
        case Batch():
            items = [_location(location) for location in body.locations]
            return {"batch_kind": body.kind, "batch_count": body.count, "batch_bad": body.bad, "items": items}
        case _:
            fields: Json = msgspec.to_builtins(body)
            return {name: value for name, value in fields.items() if value is not None}


def _location(location: Location) -> Json:
    said: Json = {
        "lat": location.lat,
        "lon": location.lon,
        "time": _time(location.at_ms),
        "speed_kmh": location.speed_kmh,
        "direction_deg": location.direction_deg,
        "altitude_m": location.altitude_m,
        "alarm": f"0x{location.alarm:08x}",
        "alarm_bits": alarm_names(location.alarm),
        "status": f"0x{location.status:08x}",
        "status_bits": status_names(location.status),
        "tlvs": [describe(item) for item in location.attachments],
    }
    if location.unread:
        said["unread_hex"] = location.unread.hex()
    return said


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, CHINA).isoformat()
