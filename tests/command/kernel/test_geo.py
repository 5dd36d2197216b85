"""Datums, distances, bearings (SPEC R24)."""

from __future__ import annotations

import csv
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError
from command.kernel.geo import Datum, bearing_deg, check_point, distance_m, to_wgs84, wgs84_to_gcj02
from tests.paths import shared


@pytest.mark.data
def test_public_vectors() -> None:
    with shared("data/coords/eviltransform.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    assert len(rows) >= 3
    for row in rows:
        lat, lon, out_lat, out_lon = (float(row[name]) for name in ("in_lat", "in_lon", "out_lat", "out_lon"))
        assert row["op"] == "wgs2gcj"
        assert distance_m(*wgs84_to_gcj02(lat, lon), out_lat, out_lon) < 0.5
        assert distance_m(*to_wgs84(out_lat, out_lon, "gcj02"), lat, lon) < 0.5


@given(st.floats(18, 53.5), st.floats(73.5, 135))
def test_the_way_back_from_gcj02_is_exact_to_a_centimetre(lat: float, lon: float) -> None:
    shifted = wgs84_to_gcj02(lat, lon)
    assert 20 < distance_m(lat, lon, *shifted) < 1500
    assert distance_m(*to_wgs84(*shifted, "gcj02"), lat, lon) < 0.01


def test_bd09_is_about_another_kilometre_off() -> None:
    """Tian'anmen as Baidu's own sample has it: BD-09 116.404, 39.915 is GCJ-02 116.3976, 39.9087 (4 decimals)."""
    wgs84 = to_wgs84(39.915, 116.404, "bd09")
    assert distance_m(*wgs84_to_gcj02(*wgs84), 39.90865, 116.39764) < 10
    assert 500 < distance_m(*wgs84, 39.915, 116.404) < 2500


def test_outside_china_nothing_is_shifted() -> None:
    assert wgs84_to_gcj02(48.85, 2.35) == (48.85, 2.35)
    assert to_wgs84(48.85, 2.35, "gcj02") == (48.85, 2.35)
    assert to_wgs84(30.5, 114.3, "wgs84") == (30.5, 114.3)


@pytest.mark.parametrize("point", [(0, 0), (91, 0), (0, 181), (math.nan, 1), (1, math.inf), (-90.1, 0), (0, -181)])
def test_what_is_no_point_is_refused(point: tuple[float, float]) -> None:
    datums: list[Datum] = ["wgs84", "gcj02", "bd09"]
    for datum in datums:
        with pytest.raises(InvalidInputError):
            to_wgs84(*point, datum)
    check_point(-90, 180)
    check_point(0, 0.1)


def test_distances_and_bearings() -> None:
    quarter_m = math.pi / 2 * 6_371_008.8
    assert distance_m(0, 0, 0, 90) == pytest.approx(quarter_m)
    assert distance_m(90, 0, -90, 0) == pytest.approx(2 * quarter_m)
    assert distance_m(30, 114, 30, 114) == 0
    assert distance_m(30, 179.999, 30, -179.999) < 200
    for (lat, lon), bearing in {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}.items():
        assert bearing_deg(0, 0, lat, lon) == pytest.approx(bearing)


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180))
def test_distance_is_the_same_both_ways(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> None:
    there, back = distance_m(lat_a, lon_a, lat_b, lon_b), distance_m(lat_b, lon_b, lat_a, lon_a)
    assert there == pytest.approx(back)
    assert 0 <= there <= math.pi * 6_371_009
    assert 0 <= bearing_deg(lat_a, lon_a, lat_b, lon_b) < 360
