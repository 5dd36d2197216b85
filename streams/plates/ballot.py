"""Voting on a plate character by character, over looks at it: reads of one look at it repeat each other's mistakes."""

from __future__ import annotations

import msgspec

from streams.plates.read import Read


class Ballot(msgspec.Struct):
    """What some reads of one length say: for each place, character -> (sum of confidences, chance that all are wrong).

    `certainty` is how sure the reads are on the whole, which decides between lengths.
    """

    places: list[dict[str, tuple[float, float]]]
    certainty: float = 0.0

    def count(self, look: Ballot) -> Ballot:
        """Return both together."""
        return Ballot(
            [_joined(mine, its) for mine, its in zip(self.places, look.places, strict=True)],
            self.certainty + look.certainty,
        )

    def repeat(self, read: Read) -> None:
        """Take another read of the same look: it votes, but all are as likely to be wrong as the best of them."""
        self.certainty += sum(read.char_confidences) / len(read.char_confidences)
        for votes, char, confidence in zip(self.places, read.plate, read.char_confidences, strict=True):
            weight, wrong = votes.get(char, (0.0, 1.0))
            votes[char] = (weight + confidence, min(wrong, 1 - confidence))

    def elect(self) -> tuple[str, tuple[float, ...]]:
        """Return the plate and how sure each character is: its share of the votes, and that not all of them err."""
        plate, confidences = "", []
        for votes in self.places:
            char = max(votes, key=lambda char: votes[char][0])
            weight, wrong = votes[char]
            total = sum(other for other, _ in votes.values())
            plate += char
            confidences.append((1 - wrong) * weight / total if total else 0.0)
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


def _joined(
    mine: dict[str, tuple[float, float]], its: dict[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    joined = dict(mine)
    for char, (weight, wrong) in its.items():
        before, erred = joined.get(char, (0.0, 1.0))
        joined[char] = (before + weight, erred * wrong)
    return joined
