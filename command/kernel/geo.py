"""Geography: datums at the door, distances and bearings inside. Everything stored is WGS-84 degrees."""

from __future__ import annotations

import math
from typing import Literal

from command.kernel.errors import InvalidInputError

Datum = Literal["wgs84", "gcj02", "bd09"]

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
_GCJ_A = 6_378_245.0  # Krasovsky 1940 semi-major axis, as GCJ-02 uses it
_GCJ_EE = 0.006_693_421_622_965_943
_BD_PI = math.pi * 3000.0 / 180.0


def check_point(lat: float, lon: float) -> None:
    """Raise `InvalidInputError` unless the point is on the globe and not the null island of broken receivers."""
    if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):
        raise InvalidInputError(f"not a point on the globe: lat {lat}, lon {lon}")
    if lat == 0 and lon == 0:
        raise InvalidInputError("lat 0, lon 0 is what a receiver without a fix reports")


def to_wgs84(lat: float, lon: float, datum: Datum) -> tuple[float, float]:
    """Return (lat, lon) in WGS-84. The inverse is iterated until it is exact to about a centimetre."""
    check_point(lat, lon)
    if datum == "bd09":
        lat, lon = _bd09_to_gcj02(lat, lon)
    if datum in ("gcj02", "bd09"):
        lat, lon = _gcj02_to_wgs84(lat, lon)
    return lat, lon


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """Return the point as Chinese map services shift it; identity outside their box."""
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    common = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + common
    d_lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + common
    d_lon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    d_lon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    phi = math.radians(lat)
    magic = 1 - _GCJ_EE * math.sin(phi) ** 2
    d_lat = math.degrees(d_lat / (_GCJ_A * (1 - _GCJ_EE) / (magic * math.sqrt(magic))))
    d_lon = math.degrees(d_lon / (_GCJ_A / math.sqrt(magic) * math.cos(phi)))
    return lat + d_lat, lon + d_lon


def _gcj02_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    guess_lat, guess_lon = lat, lon
    for _ in range(10):
        shifted_lat, shifted_lon = wgs84_to_gcj02(guess_lat, guess_lon)
        off_lat, off_lon = shifted_lat - lat, shifted_lon - lon
        guess_lat, guess_lon = guess_lat - off_lat, guess_lon - off_lon
        if max(abs(off_lat), abs(off_lon)) < 1e-9:
            break
    return guess_lat, guess_lon


def _bd09_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    x, y = lon - 0.0065, lat - 0.006
    z = math.hypot(x, y) - 0.00002 * math.sin(y * _BD_PI)
    theta = math.atan2(y, x) - 0.000003 * math.cos(x * _BD_PI)
    return z * math.sin(theta), z * math.cos(theta)


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance (haversine)."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    h = math.sin((phi_b - phi_a) / 2) ** 2
    h += math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def ring_around(lat: float, lon: float, radius_m: float, corners: int) -> list[tuple[float, float]]:
    """Return a polygon of (lon, lat) that holds the whole circle: its sides touch it, its corners lie outside."""
    reach = radius_m / math.cos(math.pi / corners) / EARTH_RADIUS_M
    phi = math.radians(lat)
    ring = []
    for number in range(corners):
        bearing = 2 * math.pi * number / corners
        there = math.asin(math.sin(phi) * math.cos(reach) + math.cos(phi) * math.sin(reach) * math.cos(bearing))
        east = math.sin(bearing) * math.sin(reach) * math.cos(phi)
        d_lon = math.atan2(east, math.cos(reach) - math.sin(phi) * math.sin(there))
        ring.append((lon + math.degrees(d_lon), math.degrees(there)))
    return ring


def bearing_deg(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the initial bearing from a to b, clockwise from north, 0 ≤ bearing < 360."""
    phi_a, phi_b, d_lon = math.radians(lat_a), math.radians(lat_b), math.radians(lon_b - lon_a)
    y = math.sin(d_lon) * math.cos(phi_b)
    x = math.cos(phi_a) * math.sin(phi_b) - math.sin(phi_a) * math.cos(phi_b) * math.cos(d_lon)
    return math.degrees(math.atan2(y, x)) % 360 % 360  # the remainder of a hair below zero is 360 itself
