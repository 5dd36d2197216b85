"""`triune plates eval|watch`: how well plates are read in labelled pictures, and which vehicles pass in a video."""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
from av.error import FFmpegError

from command.kernel import ga36
from command.kernel.errors import InvalidInputError, TriuneError
from command.kernel.limits import PICTURE_BYTES
from streams.plates.motion import MotionGate
from streams.plates.picture import Picture, check_size, decode_picture
from streams.plates.reader import PlateReader
from streams.plates.vote import Passage, PassageTracker

_KINDS = ("crop", "full")
_USUAL_RATE = 25
_COLUMNS = frozenset({"file", "kind", "plate"})


class _Labelled(msgspec.Struct, frozen=True):
    file: Path
    kind: str
    plate: str


class _Score(msgspec.Struct):
    """Counts of one kind of picture; `cpu_ms_median` is null when no picture could be opened."""

    n: int = 0
    exact: int = 0
    exact_no_province: int = 0
    detected: int = 0
    cpu_ms_median: float | None = None


class _Line(msgspec.Struct, frozen=True):
    plate: str
    first_s: float
    last_s: float
    reads: int
    confidence: float


class _Summary(msgspec.Struct, frozen=True):
    passages: int
    frames: int
    frames_read: int
    duration_s: float
    cpu_s: float


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `plates` and what follows it to the command line."""
    commands = subparsers.add_parser("plates", help="read number plates").add_subparsers(dest="plates", required=True)
    evaluate = commands.add_parser("eval", help="compare with labelled pictures")
    evaluate.add_argument("labels", type=Path, metavar="LABELS.tsv", help="columns file, kind (crop or full), plate")
    watch = commands.add_parser("watch", help="list the vehicles that pass in a video")
    watch.add_argument("video", type=Path, metavar="VIDEO")
    for parser in (evaluate, watch):
        parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry out `triune plates …`; 0, or 2 when the input as a whole cannot be read."""
    # CPU times are those of one core, and OpenCV's threads gain nothing on pictures of this size.
    cv2.setNumThreads(1)
    try:
        if args.plates == "eval":
            _evaluate(args.labels)
        else:
            _watch(args.video)
    except TriuneError as error:
        print(f"triune plates: {error.detail}", file=sys.stderr)
        return 2
    return 0


def _evaluate(labels: Path) -> None:
    reader = PlateReader()
    scores = {kind: _Score() for kind in _KINDS}
    times_ms: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    for labelled in _read_labels(labels):
        score = scores[labelled.kind]
        score.n += 1
        started_s = time.process_time()
        try:
            plates = _read_plates(reader, labelled)
        except (OSError, InvalidInputError) as error:
            print(f"{labelled.file}: {error}", file=sys.stderr)
            continue
        times_ms[labelled.kind].append((time.process_time() - started_s) * 1000)
        score.detected += bool(plates)
        score.exact += labelled.plate in plates
        score.exact_no_province += labelled.plate[1:] in {plate[1:] for plate in plates}
    for kind, score in scores.items():
        if times_ms[kind]:
            score.cpu_ms_median = round(statistics.median(times_ms[kind]), 1)
    _print_json(scores)


def _read_plates(reader: PlateReader, labelled: _Labelled) -> list[str]:
    with labelled.file.open("rb") as file:
        picture = decode_picture(file.read(PICTURE_BYTES + 1))
    if labelled.kind == "crop":
        read = reader.read_crop(picture)
        return [read.plate] if read else []
    return [read.plate for read in reader.read(picture)]


def _read_labels(path: Path) -> list[_Labelled]:
    """Return the rows of a tab-separated file; a row that says nothing usable is left out with a word on stderr."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            if missing := _COLUMNS - set(rows.fieldnames or ()):
                raise InvalidInputError(f"{path}: no column {', '.join(sorted(missing))}")
            return list(filter(None, (_labelled(path, number, row) for number, row in enumerate(rows, start=2))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"{path}: {error}") from error


def _labelled(path: Path, line: int, row: dict[str, str | None]) -> _Labelled | None:
    file, kind, plate = row["file"], row["kind"], row["plate"]
    if not file or not plate or kind not in _KINDS:
        print(f"{path}, line {line}: needs file, plate, and kind crop or full", file=sys.stderr)
        return None
    return _Labelled(path.parent / file, kind, ga36.strip_separators(plate))


def _watch(video: Path) -> None:
    reader, gate, tracker = PlateReader(), MotionGate(), PassageTracker(early=False)
    passages = frames = frames_read = at_ms = 0
    started_s = time.process_time()
    for at_ms, frame in _frames(video):
        frames += 1
        told = tracker.tick(at_ms)
        if gate.is_due(at_ms) and gate.passes(picture := _to_bgr(frame), at_ms):
            frames_read += 1
            told += tracker.feed(at_ms, reader.read_frame(picture))
        passages += _print_passages(told)
    passages += _print_passages(tracker.flush())
    if not frames:
        raise InvalidInputError(f"{video}: no picture could be decoded")
    cpu_s = round(time.process_time() - started_s, 2)
    _print_json(_Summary(passages, frames, frames_read, at_ms / 1000, cpu_s))


def _frames(video: Path) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield (milliseconds from the start, frame); a video that breaks off ends there, with a word on stderr."""
    try:
        with av.open(str(video)) as container:
            if not container.streams.video:
                raise InvalidInputError(f"{video}: no video in it")
            stream = container.streams.video[0]
            stream.thread_count = 1
            rate = float(stream.average_rate or _USUAL_RATE)
            first_s: float | None = None
            for number, frame in enumerate(container.decode(stream)):
                check_size(frame.width, frame.height)
                # A bare H.264 stream carries no times.
                at_s = number / rate if frame.time is None else frame.time
                first_s = at_s if first_s is None else first_s
                yield round((at_s - first_s) * 1000), frame
    except FFmpegError as error:
        print(f"{video}: {error}", file=sys.stderr)


def _to_bgr(frame: av.VideoFrame) -> Picture:
    return frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)


def _print_passages(passages: list[Passage]) -> int:
    for passage in passages:
        first_s, last_s = passage.first_ms / 1000, passage.last_ms / 1000
        _print_json(_Line(passage.plate, first_s, last_s, passage.reads, round(passage.confidence, 3)))
    return len(passages)


def _print_json(value: object) -> None:
    print(msgspec.json.encode(value).decode(), flush=True)
