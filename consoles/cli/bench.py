"""`triune bench NAME`: what the product costs beside the floor of this machine, in the same run."""

from __future__ import annotations

import argparse
import gc
import json
import math
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from command.kernel.errors import InvalidInputError
from consoles.bench import (
    append,
    fanout,
    fences,
    latency,
    memory,
    outbox,
    plates,
    record,
    recovery,
    relay,
    search,
    watch,
)
from consoles.bench.report import Report

_Bench = Callable[[Path, bool], Coroutine[Any, Any, Report]]


async def _append(folder: Path, quick: bool) -> Report:
    return await append.bench(folder, append.QUICK if quick else append.Sizes())


async def _fanout(folder: Path, quick: bool) -> Report:
    return await fanout.bench(folder, fanout.QUICK if quick else fanout.Sizes())


async def _latency(folder: Path, quick: bool) -> Report:
    return await latency.bench(folder, latency.QUICK if quick else latency.Sizes())


async def _record(folder: Path, quick: bool) -> Report:
    return await record.bench(folder, record.QUICK if quick else record.Sizes())


async def _recovery(folder: Path, quick: bool) -> Report:
    return await recovery.bench(folder, recovery.QUICK if quick else recovery.Sizes())


async def _search(folder: Path, quick: bool) -> Report:
    return await search.bench(folder, search.QUICK if quick else search.Sizes())


async def _fences(_folder: Path, quick: bool) -> Report:
    return fences.bench(fences.QUICK if quick else fences.Sizes())


async def _watch(_folder: Path, quick: bool) -> Report:
    return watch.bench(watch.QUICK if quick else watch.Sizes())


async def _relay(folder: Path, quick: bool) -> Report:
    return await relay.bench(folder, relay.QUICK if quick else relay.Sizes())


async def _outbox(folder: Path, quick: bool) -> Report:
    return await outbox.bench(folder, outbox.QUICK if quick else outbox.Sizes())


def _plates_of(labels: Path | None) -> _Bench:
    async def _plates(folder: Path, quick: bool) -> Report:
        return await plates.bench(folder, plates.QUICK if quick else plates.Sizes(), labels)

    return _plates


def _memory_for(seconds: float | None) -> _Bench:
    async def _memory(folder: Path, quick: bool) -> Report:
        sizes = memory.QUICK if quick else memory.Sizes()
        return await memory.bench(folder, replace(sizes, seconds=seconds) if seconds else sizes)

    return _memory


_BENCHES: dict[str, _Bench] = {
    "append": _append,
    "fanout": _fanout,
    "latency": _latency,
    "record": _record,
    "recovery": _recovery,
    "search": _search,
    "fences": _fences,
    "relay": _relay,
    "outbox": _outbox,
    "watch": _watch,
    "plates": _plates_of(None),
    "memory": _memory_for(None),
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("bench", help="measure against the floor of this machine")
    parser.add_argument("name", choices=(*_BENCHES, "all"), metavar="NAME", help=f"{', '.join(_BENCHES)} or all")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured (default: that of temporary files)")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, to see that it runs; the figures mean little"
    )
    parser.add_argument(
        "--plates", type=Path, metavar="LABELS.tsv",
        help="for plates: photos of cars, columns file, kind (full), plate (default: drawn cars)",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=_seconds, help=f"for memory: how long the hub works (default: {memory.Sizes.seconds:g})"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a table for each measurement and on the last line the figures as one JSON object."""
    benches = {**_BENCHES, "plates": _plates_of(arguments.plates), "memory": _memory_for(arguments.seconds)}
    names = tuple(benches) if arguments.name == "all" else (arguments.name,)
    figures: dict[str, object] = {}
    usual_threshold = gc.get_threshold()
    for name in names:
        gc.unfreeze()  # what a hub of the one before set for its garbage is not for the next one's floors
        gc.set_threshold(*usual_threshold)
        with tempfile.TemporaryDirectory(prefix="triune-bench-", dir=arguments.folder) as folder:
            try:
                report = uvloop.run(benches[name](Path(folder), arguments.quick))
            except InvalidInputError as error:
                print(f"triune bench: {error.detail}", file=sys.stderr)
                return 2
        print("\n".join(report.as_lines()), end="\n\n", flush=True)
        figures[name] = report.as_json()
    print(json.dumps(figures if arguments.name == "all" else figures[arguments.name]))
    return 0


def _seconds(written: str) -> float:
    seconds = float(written)
    if not 1 <= seconds < math.inf:
        raise ValueError(written)
    return seconds
