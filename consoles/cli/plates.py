"""`triune plates eval|calibrate|watch`: how well plates are read in labelled pictures, and who passes in a video."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
from av.error import FFmpegError

from command.kernel.errors import InvalidInputError, TriuneError
from consoles.cli.plates_eval import calibrate, evaluate, print_json
from streams.plates.motion import MotionGate
from streams.plates.picture import Picture, check_size
from streams.plates.reader import PlateReader
from streams.plates.vote import Passage, PassageTracker

_USUAL_RATE = 25


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
    labels = "columns file, kind (crop, full or none), plate (empty where none is shown)"
    compare = commands.add_parser("eval", help="compare with labelled pictures")
    fitting = commands.add_parser("calibrate", help="fit how sure readers are to labelled pictures")
    for parser in (compare, fitting):
        parser.add_argument("labels", type=Path, metavar="LABELS.tsv", help=labels)
    watch = commands.add_parser("watch", help="list the vehicles that pass in a video")
    watch.add_argument("video", type=Path, metavar="VIDEO")
    for parser in (compare, fitting, watch):
        parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry out `triune plates …`; 0, or 2 when the input as a whole cannot be read."""
    # CPU times are those of one core, and OpenCV's threads gain nothing on pictures of this size.
    cv2.setNumThreads(1)
    try:
        match args.plates:
            case "eval":
                evaluate(args.labels)
            case "calibrate":
                calibrate(args.labels)
            case _:
                _watch(args.video)
    except TriuneError as error:
        print(f"triune plates: {error.detail}", file=sys.stderr)
        return 2
    return 0


def _watch(video: Path) -> None:
    reader, gate, tracker = PlateReader(), MotionGate(), PassageTracker(early=False)
    passages = frames = frames_read = at_ms = 0
    started_s = time.process_time()
    for at_ms, frame in _frames(video):
        frames += 1
        told = tracker.tick(at_ms)
        if gate.is_due(at_ms) and gate.passes(picture := _to_bgr(frame), at_ms):
            frames_read += 1
            told += tracker.feed(at_ms, reader.read_frame(picture), (frame.width, frame.height))
        passages += _print_passages(told)
    passages += _print_passages(tracker.flush())
    if not frames:
        raise InvalidInputError(f"{video}: no picture could be decoded")
    cpu_s = round(time.process_time() - started_s, 2)
    print_json(_Summary(passages, frames, frames_read, at_ms / 1000, cpu_s))


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
        print_json(_Line(passage.plate, first_s, last_s, passage.reads, round(passage.confidence, 3)))
    return len(passages)
