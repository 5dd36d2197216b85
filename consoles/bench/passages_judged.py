"""What was told of cars that passed, beside whose cars passed: read, told again, wrong, missed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from command.readings import Sighting
from consoles.bench.street_films import PASSAGE_S, Car

# A passage is told within this much of its time in the film.
_EARLY_MS, _LATE_MS = 500, 1_500


@dataclass(frozen=True)
class Turn:
    """Whose car passes before which camera, and when in its film."""

    camera: str
    from_ms: int
    car: Car


@dataclass(frozen=True)
class Told:
    """A passage that was told, when in its camera's film it began, and whose turn it was."""

    sighting: Sighting
    at_ms: int
    turns: tuple[Turn, ...]

    def __str__(self) -> str:
        expected = " or ".join(str(turn.car) for turn in self.turns) or "nothing"
        each = " ".join(f"{confidence:.2f}" for confidence in self.sighting.char_confidences)
        return (
            f"{self.sighting.plate} at {self.at_ms / 1000:.1f} s before {self.sighting.camera}, confidence "
            f"{self.sighting.confidence:.3f} ({each}), {self.sighting.reads} reads, expected {expected}"
        )


@dataclass(frozen=True)
class Judged:
    """`read` counts cars, `again` how often one of them was told once more."""

    read: int
    again: int
    wrong: tuple[Told, ...]
    missed: tuple[Turn, ...]

    def as_lines(self) -> list[str]:
        """Return for people what else than a car once and rightly was told, or not told."""
        return [
            *(f"wrong: {told}" for told in self.wrong),
            *(f"missed: {turn.car} at {turn.from_ms / 1000:.1f} s before {turn.camera}" for turn in self.missed),
        ]


def judge(turns: Sequence[Turn], sightings: Sequence[tuple[int, Sighting]]) -> Judged:
    """Judge sightings, each with the instant in its camera's film at which it was first seen."""
    read: set[Turn] = set()
    wrong: list[Told] = []
    again = 0
    for at_ms, sighting in sightings:
        told = Told(sighting, at_ms, tuple(turn for turn in turns if _is_turn(turn, sighting.camera, at_ms)))
        right = next((turn for turn in told.turns if turn.car.plate == sighting.plate), None)
        if right:
            again += right in read
            read.add(right)
        else:
            wrong.append(told)
    return Judged(len(read), again, tuple(wrong), tuple(turn for turn in turns if turn not in read))


def _is_turn(turn: Turn, camera: str, at_ms: int) -> bool:
    return turn.camera == camera and -_EARLY_MS <= at_ms - turn.from_ms < PASSAGE_S * 1000 + _LATE_MS
