"""What the simulated cameras see: a few streets without readable plates, one street of its own for each that reads.

`python -m consoles.demo.clips DIR`, with streets as JSON on its standard input, draws what is not in DIR yet and prints
the path of each once it is there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from consoles.demo.county import County
from consoles.demo.rules import BUS_LANE, Drive
from edge.simulators.plate_drawing import PlateColour
from edge.simulators.street_video import Street, Vehicle, render, traffic

_WATCHED: dict[str, tuple[str, PlateColour]] = {
    "cam04": ("湘F9K237", "blue"), "cam16": ("粤B7Q150", "blue"), "cam08": ("湘F62108", "blue"),
}  # fmt: skip
"""Cars of the watch list, the last but for a character that looks like it, and where they pass now and then."""
SOILED = "cam10"
"""The camera whose lens gets dirty."""
_PASSING: tuple[tuple[str, PlateColour], ...] = (
    ("湘F3M586", "blue"), ("湘FD18037", "green"), ("鄂B6H208", "blue"), ("湘F8C715", "blue"), ("湘FD60275", "green"),
)  # fmt: skip
_SCENES: tuple[tuple[tuple[str, PlateColour], ...], ...] = (
    (("湘F1A203", "blue"), ("湘F5T811", "blue"), ("湘FD12345", "green"), ("湘A9P456", "blue")),
    (("湘F7E320", "blue"), ("湘F0U918", "yellow")),
    (("湘F4W652", "blue"), ("湘F6V107", "blue"), ("湘F2S339", "blue")),
)
_SECONDS = 24
_READING_SECONDS = 30
"""With one car in it: each is read some twenty times, and with more of them the reader would take half a core."""


class View(msgspec.Struct, frozen=True):
    """A camera's street as it usually is, and for some with a watched car as well, of the same length."""

    usual: Street
    watched: Street | None = None
    soiled: Street | None = None


def views(county: County) -> dict[str, View]:
    """Return what each camera sees, by id; cameras share streets where no plate is read."""
    seen: dict[str, View] = {}
    shared = [
        Street(
            name="模拟画面", vehicles=traffic(cars, _SECONDS), seconds=_SECONDS, width=960, height=540, fps=10, seed=i
        )
        for i, cars in enumerate(_SCENES)
    ]
    readers = 0
    for number, camera in enumerate(county.cameras):
        if not camera.reads_plates:
            seen[camera.id] = View(shared[number % len(shared)])
            continue
        lane = 0 if camera.id == BUS_LANE else 1
        usual = Street(
            name=camera.name.zh, vehicles=(Vehicle(*_PASSING[readers % len(_PASSING)], 2.0 + readers, lane),),
            seconds=_READING_SECONDS, seed=10 + readers, bus_lane=camera.id == BUS_LANE,
        )  # fmt: skip
        car = _WATCHED.get(camera.id)
        passing = (*usual.vehicles, Vehicle(*car, 16.0, 0)) if car else ()
        watched = msgspec.structs.replace(usual, vehicles=passing) if car else None
        soiled = msgspec.structs.replace(usual, soiled=True) if camera.id == SOILED else None
        seen[camera.id] = View(usual, watched, soiled)
        readers += 1
    return seen


def streets(seen: dict[str, View], drives: Iterable[Drive] = ()) -> list[Street]:
    """Return every street once, those first that most cameras see, then those of `drives`."""
    usual = [view.usual for view in seen.values()]
    found = sorted(dict.fromkeys(usual), key=usual.count, reverse=True)
    found += [each.street for drive in drives for each in drive]
    return found + [street for view in seen.values() for street in (view.soiled, view.watched) if street]


def main() -> None:
    """Draw."""
    os.nice(10)  # pictures can wait; people at the consoles cannot
    for street in msgspec.json.decode(sys.stdin.buffer.read(), type=list[Street]):
        sys.stdout.write(f"{render(street, Path(sys.argv[1]))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
