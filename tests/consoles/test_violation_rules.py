"""Which rules concern which camera is worked out again only where something changed (SPEC R842)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from command.actors import HUB
from command.facts.violations import Restriction
from command.requests import EndRule, EnrolCamera, RemoveCamera, ReportCamera, SetRestriction
from consoles.limits import VIOLATION_RULES_LATE_MS
from consoles.parts.violations.rules import KeptRules
from streams.violations.area import Extent, Ring, Stands
from tests.command.support import ADMIN, Desk, desk

_AROUND = ((114.29, 30.49), (114.31, 30.49), (114.31, 30.51), (114.29, 30.51))
_BESIDE = tuple((lon + 1, lat) for lon, lat in _AROUND)


def _camera(camera: str, lon: float = 114.3) -> EnrolCamera:
    return EnrolCamera(camera=camera, name=camera, lat=30.5, lon=lon, reads_plates=True)


def _area(ring: tuple[tuple[float, float], ...] = _AROUND, **changes: Any) -> SetRestriction:
    return SetRestriction(restriction="r1", definition=Restriction(name="城区", ring=ring, **changes))


class _Kept(KeptRules):
    """Counts how often the tables are read."""

    reads = 0

    def _read(self, t: Any) -> Any:
        self.reads += 1
        return super()._read(t)


@asynccontextmanager
async def kept() -> AsyncIterator[tuple[Desk, _Kept]]:
    async with desk() as d:
        rules = _Kept(d.hub)
        d.hub.listen(lambda _, changes: rules.on_change(changes))
        yield d, rules


async def _where(d: Desk, rules: KeptRules) -> dict[str, list[str]]:
    """Return the cameras of each area, which are those that rules have that begin with what is there now."""
    now = await rules.now()
    assert now == await KeptRules(d.hub).now()
    return {camera: [rule for rule, _ in versions] for camera, versions in sorted(now.areas.items())}


async def test_an_area_follows_cameras_that_come_move_and_go() -> None:  # R605, R842
    async with kept() as (d, rules):
        assert await _where(d, rules) == {}
        await d.ask(_camera("k9", 113.0), ADMIN)
        await d.ask(_area(cameras=("k9",)), ADMIN)
        for camera, lon in (("k1", 114.3), ("k2", 115.3)):
            await d.ask(_camera(camera, lon), ADMIN)
        assert await _where(d, rules) == {"k1": ["r1"], "k9": ["r1"]}
        await d.ask(_camera("k1", 115.3), ADMIN)
        await d.ask(_camera("k2"), ADMIN)
        assert await _where(d, rules) == {"k2": ["r1"], "k9": ["r1"]}
        await d.ask(RemoveCamera(camera="k2"), ADMIN)
        assert await _where(d, rules) == {"k9": ["r1"]}
        await d.ask(_camera("k2"), ADMIN)
        assert await _where(d, rules) == {"k2": ["r1"], "k9": ["r1"]}
        await d.ask(_area(_BESIDE), ADMIN)  # what passed before this instant is judged by the version before
        assert await _where(d, rules) == {"k1": ["r1"], "k2": ["r1"], "k9": ["r1"]}


async def test_a_camera_that_goes_down_has_nothing_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:  # R842
    built: list[object] = []
    plain = Extent.of

    def counted(ring: Ring, stand: Stands) -> Extent:
        built.append(ring)
        return plain(ring, stand)

    monkeypatch.setattr(Extent, "of", counted)
    async with kept() as (d, rules):
        for n in range(3):
            await d.ask(_camera(f"k{n}"), ADMIN)
        await d.ask(_area(), ADMIN)
        first = await rules.now()
        assert (rules.reads, built) == (1, [_AROUND])
        for up in (True, False, True):
            await d.hub.ask(ReportCamera(camera="k1", up=up), HUB)
            assert await rules.now() is first
        await d.ask(EnrolCamera(camera="k1", name="南门", lat=30.5, lon=114.3, reads_plates=True), ADMIN)
        assert await rules.now() is first
        assert rules.reads == 1
        await d.ask(_camera("k1", 115.3), ADMIN)
        assert set((await rules.now()).areas) == {"k0", "k2"}
        await d.ask(_area(cameras=("k1",)), ADMIN)  # another version of the same ring
        assert set((await rules.now()).areas) == {"k0", "k1", "k2"}
        assert (rules.reads, built) == (3, [_AROUND])


async def test_a_version_that_ended_long_ago_is_asked_no_more() -> None:  # R842
    async with kept() as (d, rules):
        await d.ask(_camera("k1"), ADMIN)
        await d.ask(_area(), ADMIN)
        await d.pass_time(1000)
        await d.ask(_area(colours=("yellow",)), ADMIN)
        [*both] = (await rules.now()).areas["k1"]
        assert len(both) == 2
        await d.pass_time(VIOLATION_RULES_LATE_MS)
        await d.ask(_camera("k2", 113.0), ADMIN)
        assert [version.until_ms for _, version in (await rules.now()).areas["k1"]] == [None]
        await d.ask(EndRule(register="restrictions", rule="r1", why="期满"), ADMIN)
        assert len((await rules.now()).areas["k1"]) == 1  # a passage may still come
