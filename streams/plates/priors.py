"""How likely each kind of plate is on each background, added to the log-likelihood of what the characters say.

GA 36-2018 gives each kind its colour. Light plays tricks, so no kind is ruled out; what is on the wrong background has
to be read all the better. Eight characters are new energy, and those are green; a bolt or frame beside a plate of
seven looks like an eighth.
"""

from __future__ import annotations

from collections.abc import Mapping

from command.kernel import ga36
from command.kernel.ga36 import PlateKind
from command.readings import PlateColour

_RARE = -3.0
_BY_COLOUR: Mapping[PlateColour, Mapping[PlateKind, float]] = {
    "blue": {"ordinary": 0.0, "new_energy_small": -4.0},
    "yellow": {"ordinary": 0.0, "coach": 0.0, "trailer": 0.0, "new_energy_small": -4.0},
    "green": {"ordinary": 0.0, "new_energy_small": 2.0, "new_energy_large": 0.0},
    "yellow_green": {"ordinary": -1.0, "new_energy_small": 0.0, "new_energy_large": 2.0},
    "white": {"ordinary": 0.0, "police": 0.0, "emergency": -1.0, "new_energy_small": -1.0, "new_energy_large": -1.5},
    "black": {
        "ordinary": 0.0, "hong_kong_macau": 0.0, "consulate": 0.0, "embassy": -1.0,
        "new_energy_small": -1.0, "new_energy_large": -1.5,
    },
    "unknown": {"ordinary": 0.0, "new_energy_small": -1.0, "new_energy_large": -1.5},
}  # fmt: skip


def kind_priors(colour: PlateColour) -> Mapping[PlateKind, float]:
    """Return the log prior of every kind on a background."""
    known = _BY_COLOUR[colour]
    unlikely = -1.0 if colour == "unknown" else _RARE
    return {kind: known.get(kind, unlikely) for kind in ga36.FORMATS_BY_KIND}
