"""`triune plates eval|calibrate`: how well plates are read in labelled pictures, and how sure readers may be."""

from __future__ import annotations

import csv
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from command.kernel import ga36
from command.kernel.errors import InvalidInputError
from streams.limits import PICTURE_BYTES
from streams.plates.calibration import UNCALIBRATED, Calibration, Said, Table, alike, fit
from streams.plates.picture import Picture, decode_picture
from streams.plates.read import Read
from streams.plates.reader import PlateReader
from streams.plates.strain import STRAINS

_KINDS = ("crop", "full")
_NONE = "none"
_COLUMNS = frozenset({"file", "kind", "plate"})
_BINS = ((0.0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.99), (0.99, 1.0))
# A read that differs from the label in more is of another car in the picture.
_SAME_CAR_CHARS = 3
_FOLDS = 2


class _Labelled(msgspec.Struct, frozen=True):
    """`plate` is empty where the picture shows none."""

    file: Path
    kind: str
    plate: str


class _Judged(msgspec.Struct, frozen=True):
    """The plate that a picture is labelled with, and what was read of it."""

    plate: str
    read: Read


class _Score(msgspec.Struct):
    """Counts of one kind of picture; `cpu_ms_median` is null when no picture could be opened."""

    n: int = 0
    exact: int = 0
    exact_no_province: int = 0
    detected: int = 0
    cpu_ms_median: float | None = None


class _Nothing(msgspec.Struct):
    """Pictures without a plate, and in how many one was read."""

    n: int = 0
    read: int = 0


class _Scores(msgspec.Struct):
    """`calibration_error` is the expected one, null without any read that can be judged."""

    crop: _Score
    full: _Score
    none: _Nothing
    calibration_error: float | None


class _Fitted(msgspec.Struct):
    """The tables, from how many reads, and the expected calibration error of plates before and after.

    `error_after` is of reads of pictures that their tables were not fitted on: each half by those of the other.
    """

    plates: Table
    characters: Table
    provinces: Table
    reads: int
    error_before: float
    error_after: float


def evaluate(labels: Path) -> None:
    """Read every labelled picture; print what was wrong on stderr, the reliability table and one line of JSON."""
    reader = PlateReader()
    scores, nothing = {kind: _Score() for kind in _KINDS}, _Nothing()
    times_ms: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    said: list[Said] = []
    for labelled in _read_labels(labels):
        if not labelled.plate:
            nothing.n += 1
        else:
            scores[labelled.kind].n += 1
        started_s = time.process_time()
        try:
            reads = _reads(reader, labelled, _picture(labelled))
        except (OSError, InvalidInputError) as error:
            print(f"{labelled.file}: {error}", file=sys.stderr)
            continue
        if not labelled.plate:
            nothing.read += bool(reads)
            said += [(read.confidence, False) for read in reads]
            continue
        times_ms[labelled.kind].append((time.process_time() - started_s) * 1000)
        _count(scores[labelled.kind], labelled.plate, reads)
        if read := _nearest(labelled.plate, reads):
            said.append((read.confidence, read.plate == labelled.plate))
    for kind, score in scores.items():
        if times_ms[kind]:
            score.cpu_ms_median = round(statistics.median(times_ms[kind]), 1)
    _print_reliability(said, sys.stdout)
    print_json(_Scores(scores["crop"], scores["full"], nothing, _calibration_error(said)))


def calibrate(labels: Path) -> None:
    """Read every labelled picture as it is and strained; print the tables that the reads make, as JSON."""
    reader = PlateReader(UNCALIBRATED)
    pictures: list[list[_Judged]] = []
    for labelled in _read_labels(labels):
        if not labelled.plate:
            continue
        picture = _picture(labelled)
        shown = (picture, *(strain(picture) for strain in STRAINS.values()))
        reads = (_nearest(labelled.plate, _reads(reader, labelled, one)) for one in shown)
        pictures.append([_Judged(labelled.plate, read) for read in reads if read])
    if not any(pictures):
        raise InvalidInputError(f"{labels}: no plate was read")
    fitted = _tables(pictures)
    before = _stated(pictures, UNCALIBRATED)
    after = [said for fold in range(_FOLDS) for said in _unseen(pictures, fold)]
    print_json(
        _Fitted(
            fitted.plates,
            fitted.characters,
            fitted.provinces,
            len(before),
            _calibration_error(before) or 0,
            _calibration_error(after) or 0,
        )
    )
    _print_reliability(after, sys.stderr)


def _tables(pictures: Sequence[Sequence[_Judged]]) -> Calibration:
    """Return the tables that reads make, by picture; what of a read cannot be laid beside its label says nothing."""
    reads = [judged for picture in pictures for judged in picture]
    plates: list[Said] = []
    characters: list[Said] = []
    provinces: list[tuple[str, Said]] = []
    for judged in reads:
        read, plate = judged.read, judged.plate
        plates.append((read.confidence, read.plate == plate))
        if len(read.plate) == len(plate):
            for char, truth, confidence in zip(read.plate, plate, read.char_confidences, strict=True):
                if char in ga36.PROVINCES:
                    provinces.append((truth, (confidence, char == truth)))
                else:
                    characters.append((confidence, char == truth))
    weights = alike([truth for truth, _ in provinces])
    return Calibration(fit(plates), fit(characters), fit([said for _, said in provinces], weights))


def _stated(pictures: Sequence[Sequence[_Judged]], calibration: Calibration) -> list[Said]:
    """Return how sure each read would be said to be, and whether it is right."""
    reads = [judged for picture in pictures for judged in picture]
    return [
        (calibration.stated(judged.read.plate, judged.read.char_confidences)[0], judged.read.plate == judged.plate)
        for judged in reads
    ]


def _unseen(pictures: Sequence[Sequence[_Judged]], fold: int) -> list[Said]:
    """Return the reads of one fold of the pictures as the tables of the other folds have them."""
    others = [picture for number, picture in enumerate(pictures) if number % _FOLDS != fold]
    return _stated(pictures[fold::_FOLDS], _tables(others))


def _count(score: _Score, plate: str, reads: Sequence[Read]) -> None:
    score.detected += bool(reads)
    score.exact += plate in {read.plate for read in reads}
    score.exact_no_province += plate[1:] in {read.plate[1:] for read in reads}


def _nearest(plate: str, reads: Sequence[Read]) -> Read | None:
    """Return the read that is of the labelled car."""
    read = min(reads, key=lambda read: _differences(plate, read.plate), default=None)
    return read if read and _differences(plate, read.plate) <= _SAME_CAR_CHARS else None


def _differences(plate: str, other: str) -> int:
    return sum(a != b for a, b in zip(plate, other, strict=False)) + abs(len(plate) - len(other))


def _binned(said: Sequence[Said]) -> Iterator[tuple[float, float, list[Said]]]:
    for low, high in _BINS:
        yield low, high, [one for one in said if low <= one[0] < high or one[0] == high == 1]


def _calibration_error(said: Sequence[Said]) -> float | None:
    """Return how far what was said is from what was right, on average over reads in bins (Naeini et al. 2015)."""
    if not said:
        return None
    gaps = (abs(sum(confidence - right for confidence, right in reads)) for _, _, reads in _binned(said))
    return round(sum(gaps) / len(said), 4)


def _print_reliability(said: Sequence[Said], out: TextIO) -> None:
    print("stated       on average   right   reads", file=out)
    for low, high, reads in _binned(said):
        if reads:
            stated = sum(confidence for confidence, _ in reads) / len(reads)
            right = sum(right for _, right in reads) / len(reads)
            print(f"{low:.2f}–{high:.2f} {stated:14.1%} {right:7.1%} {len(reads):7}", file=out)


def _picture(labelled: _Labelled) -> Picture:
    with labelled.file.open("rb") as file:
        return decode_picture(file.read(PICTURE_BYTES + 1))


def _reads(reader: PlateReader, labelled: _Labelled, picture: Picture) -> list[Read]:
    if labelled.kind == "crop":
        read = reader.read_crop(picture)
        return [read] if read else []
    return reader.read(picture)


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
    file, kind, plate = row["file"], row["kind"], ga36.strip_separators(row["plate"] or "")
    if not file or kind not in {*_KINDS, _NONE} or (plate and kind == _NONE):
        print(f"{path}, line {line}: needs file, kind crop, full or none, and the plate that is shown", file=sys.stderr)
        return None
    return _Labelled(path.parent / file, kind, plate)


def print_json(value: object) -> None:
    """Print one line of JSON at once."""
    print(msgspec.json.encode(value).decode(), flush=True)
