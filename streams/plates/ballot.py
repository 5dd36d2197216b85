"""Voting on a plate character by character, over looks at it: reads of one look at it repeat each other's mistakes."""

from __future__ import annotations

import msgspec

from command.kernel import ga36
from streams.plates.read import Read

# Looks at a plate share its dirt, the light and the blur: however many there are, no more than so many are worth.
_INDEPENDENT_LOOKS = 2
# But what tells a province from another, or a D from a Q, are small strokes that are lost alike in every look: at these
# all looks are worth one.
_TOLD_BY_STROKES = frozenset(ga36.PROVINCES + "OQD0")


class Votes(msgspec.Struct, frozen=True):
    """For one character at one place. Each read counts by how large the plate is in it.

    `weight` is of all reads, `sureness` of the surest of each look, and `size` what that would be were all sure.
    """

    weight: float = 0.0
    sureness: float = 0.0
    size: float = 0.0
    looks: int = 0

    def count(self, look: Votes) -> Votes:
        """Return both together, of different looks."""
        return Votes(
            self.weight + look.weight, self.sureness + look.sureness, self.size + look.size, self.looks + look.looks
        )

    def repeat(self, confidence: float, size: float) -> Votes:
        """Return them with another read of the same look."""
        surest = max((self.sureness, self.size), (confidence * size, size))
        return Votes(self.weight + confidence * size, *surest, 1)

    def right(self, independent_looks: int) -> float:
        """Return the chance that not all looks err: each does as they do on average, most of them for one reason."""
        if not self.looks:
            return 0.0
        return 1 - (1 - self.sureness / self.size) ** min(self.looks, independent_looks)


class Ballot(msgspec.Struct):
    """What some reads of one length say: for each place, the votes for each character.

    `certainty` is how sure the reads are on the whole, which decides between lengths.
    """

    places: list[dict[str, Votes]]
    certainty: float = 0.0

    def count(self, look: Ballot) -> Ballot:
        """Return both together."""
        return Ballot(
            [_joined(mine, its) for mine, its in zip(self.places, look.places, strict=True)],
            self.certainty + look.certainty,
        )

    def repeat(self, read: Read) -> None:
        """Take another read of the same look."""
        size = float(read.box[2])
        self.certainty += size * sum(read.char_confidences) / len(read.char_confidences)
        for place, char, confidence in zip(self.places, read.plate, read.char_confidences, strict=True):
            place[char] = place.get(char, Votes()).repeat(confidence, size)

    def elect(self) -> tuple[str, tuple[float, ...]]:
        """Return the plate and how sure each character is: its share of the votes, and that not all of them err."""
        plate, confidences = "", []
        for place in self.places:
            char = max(place, key=lambda char: place[char].weight)
            total = sum(votes.weight for votes in place.values())
            plate += char
            worth = 1 if char in _TOLD_BY_STROKES else _INDEPENDENT_LOOKS
            confidences.append(place[char].right(worth) * place[char].weight / total if total else 0.0)
        return plate, tuple(confidences)


class Ballots:
    """All that was read of one plate."""

    def __init__(self) -> None:
        self._counted: dict[int, Ballot] = {}
        self._look: dict[int, Ballot] = {}
        """Not counted yet: of the present look."""

    def add(self, read: Read, *, is_another_look: bool) -> tuple[str, tuple[float, ...]]:
        """Take a read; return the plate that is elected by now and how sure each character is, 0…1."""
        if is_another_look:
            self._counted, self._look = self._all(), {}
        length = len(read.plate)
        self._look.setdefault(length, Ballot([{} for _ in range(length)])).repeat(read)
        ballots = self._all()
        return max(ballots.values(), key=lambda ballot: ballot.certainty).elect()

    def _all(self) -> dict[int, Ballot]:
        counted = dict(self._counted)
        for length, look in self._look.items():
            before = counted.get(length)
            counted[length] = look if before is None else before.count(look)
        return counted


def _joined(mine: dict[str, Votes], its: dict[str, Votes]) -> dict[str, Votes]:
    return mine | {char: mine.get(char, Votes()).count(votes) for char, votes in its.items()}
