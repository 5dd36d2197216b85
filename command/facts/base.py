"""What a fact is, and the small values that facts share."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal[1, 2, 3, 4]
"""I 特别重大, II 重大, III 较大, IV 一般; a smaller number is graver."""

Service = Literal["110", "119", "122", "120"]
"""Which office a thing belongs to: police, fire, traffic police, ambulance."""

IncidentKind = Literal["natural_disaster", "accident", "public_health", "public_security"]
"""自然灾害, 事故灾难, 公共卫生, 社会安全 (Emergency Response Law of the PRC, article 2)."""


class Fact(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="fact", omit_defaults=True):
    """Something that happened or was decided. Subclasses are named subject first, past participle last."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A point in WGS-84 degrees and its name; `uncertainty_m` is the radius of a carrier's or phone's fix."""

    lat: float
    lon: float
    text: str = ""
    source: Literal["map", "carrier", "phone", "address", "camera", "unit"] = "map"
    uncertainty_m: float | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as it stands in the journal of a space: its number, instant and author."""

    seq: int
    at_ms: int
    actor: str
    fact: Fact
