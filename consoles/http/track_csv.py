"""Ways of patrols, and who was somewhere, as rows for a spreadsheet, in either language. Pure.

Times are Beijing's; places are WGS-84, and GCJ-02 beside it, as maps made for China draw them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, assert_never

from command.kernel.geo import wgs84_to_gcj02
from command.kernel.local_time import local_text
from command.patrol.lines import FixLine, GapLine
from command.patrol.sos import is_stand_in
from command.patrol.tracks import PatrolTrack
from command.readings import PositionSource
from consoles.http.csv_file import Cell

Language = Literal["zh", "en"]

_PLACE_DIGITS = 6
"""Of a degree: a tenth of a metre."""
_WORDS: dict[str, tuple[str, str]] = {
    "track": ("轨迹", "track"),
    "present": ("在场单位", "present"),
    "about": ("内容", "What"),
    "of_unit": ("轨迹：单位 {name}（{id}）", "Track of unit {name} ({id})"),
    "of_device": ("轨迹：设备 {id}", "Track of device {id}"),
    "in_circle": ("谁在现场：{place} 周围 {metres} 米", "Who was there: within {metres} m of {place}"),
    "in_area": ("谁在现场：区域 {corners}", "Who was there: area {corners}"),
    "span": ("时段（北京时间）", "Time (Beijing)"),
    "reason": ("事由", "Why"),
    "case": ("案件或警情", "Case or situation"),
    "taken_by": ("取出人", "Taken out by"),
    "taken_at": ("取出时间（北京时间）", "Taken out at (Beijing)"),
    "lines": ("行数", "Lines"),
    "summary": ("小结", "Summary"),
    "note": ("说明", "Note"),
    "unit": ("单位", "Unit"),
    "unit_id": ("单位编号", "Unit ID"),
    "station": ("所队", "Station"),
    "device": ("设备", "Device"),
    "time": ("时间（北京时间）", "Time (Beijing)"),
    "until": ("无定位至", "No position until"),
    "lat": ("纬度 WGS-84", "Latitude WGS-84"),
    "lon": ("经度 WGS-84", "Longitude WGS-84"),
    "gcj_lat": ("纬度 GCJ-02", "Latitude GCJ-02"),
    "gcj_lon": ("经度 GCJ-02", "Longitude GCJ-02"),
    "speed": ("速度 km/h", "Speed km/h"),
    "heading": ("方向（度）", "Heading (degrees)"),
    "accuracy": ("精度 m", "Accuracy m"),
    "source": ("来源", "Source"),
    "flags": ("标记", "Flags"),
    "first": ("首次（北京时间）", "First (Beijing)"),
    "last": ("末次（北京时间）", "Last (Beijing)"),
    "fixes": ("定位数", "Positions"),
    "nobody": ("单位不详", "unit not known"),
    "stop": ("停留 {n}", "Stop {n}"),
    "gap": ("无定位 {n}", "No position {n}"),
    "call": ("一键报警", "Call for help"),
    "nowhere": ("位置不详", "place not known"),
    "doubtful": ("漂移，未采信", "not believed"),
    "heard": ("有定位 {span}", "position known {span}"),
    "unheard": ("无定位 {span}（中断 {n} 次）", "no position {span} (gaps: {n})"),
    "length": ("行程 {km} 公里", "{km} km driven or walked"),
    "longest": ("最长停留 {span}（{at} 起）", "longest stop {span} (since {at})"),
    "no_stop": ("没有停留", "no stop"),
    "calls": ("一键报警 {n} 次", "calls for help: {n}"),
    "read": ("定位 {n} 个，其中未采信 {doubtful} 个", "positions: {n}, not believed: {doubtful}"),
    "hours": ("{h} 小时 {m} 分 {s} 秒", "{h} h {m} min {s} s"),
    "gap_note": (
        "超过 {span} 没有定位即为中断，其间去向不明；行程不含中断和停留。时间以设备所报为准",
        "No position for over {span} is a gap: nobody knows the way; the length is without gaps and stops. "
        "Times are as the device told them",
    ),
    "datums": (
        "WGS-84 为系统所存；GCJ-02 由它换算，用于国内地图",
        "WGS-84 is as it is kept here; GCJ-02 is reckoned from it, for maps made for China",
    ),
    "present_note": (
        "按报来的定位判断：两次定位之间经过的、没有报位置的不在其列",
        "By the positions reported: who passed between two of them, or reported none, is not listed",
    ),
    "kept_since": ("定位从 {at} 起保存，更早的已不在", "Positions are kept since {at}; earlier ones are gone"),
    "known_since": ("{at} 之前终端归哪个单位不详", "Whose the devices were before {at} is not known"),
    "on_record": (
        "取出已记录在案，并记下本文件的 SHA-256",
        "That it was taken out is on record, with the SHA-256 of this file",
    ),
}  # fmt: skip
_SOURCES: dict[PositionSource, tuple[str, str]] = {
    "jt808": ("JT/T 808 车载终端", "JT/T 808 terminal"),
    "osmand": ("OsmAnd / Traccar", "OsmAnd / Traccar"),
    "owntracks": ("OwnTracks", "OwnTracks"),
    "mobile": ("警务终端", "Mobile terminal"),
    "gb28181": ("国标设备（GB/T 28181）", "GB/T 28181 device"),
    "scenario": ("演练剧本", "Scenario of a rehearsal"),
    "call": ("报警信号", "Signal of a call for help"),
}
_TRACK = (
    "time", "until", "device", "unit", "lat", "lon", "gcj_lat", "gcj_lon", "speed", "heading", "accuracy", "source",
    "flags",
)  # fmt: skip
_PRESENT = ("unit", "unit_id", "station", "device", "first", "last", "fixes")


class Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self._place = 0 if language == "zh" else 1
        self._comma = "；" if language == "zh" else "; "

    def __call__(self, key: str, **values: str | int) -> str:
        """Return the text with its values."""
        return _WORDS[key][self._place].format(**values)

    def source(self, source: PositionSource) -> str:
        """Return where a fix came from."""
        return _SOURCES[source][self._place]

    def span(self, span_ms: int) -> str:
        """Return how long, to the second."""
        whole_s = span_ms // 1000
        return self("hours", h=whole_s // 3600, m=whole_s // 60 % 60, s=whole_s % 60)

    def joined(self, parts: Iterable[str]) -> str:
        """Return parts as one text."""
        return self._comma.join(parts)

    @property
    def track_head(self) -> tuple[str, ...]:
        """Heads of `track_rows`."""
        return tuple(self(key) for key in _TRACK)

    @property
    def present_head(self) -> tuple[str, ...]:
        """Heads of who was there."""
        return tuple(self(key) for key in _PRESENT)


def summary(way: PatrolTrack, words: Words) -> str:
    """Return what an inspector looks for first."""
    stop = way.longest
    longest = words("longest", span=words.span(stop.to_ms - stop.from_ms), at=local_text(stop.from_ms)) if stop else ""
    return words.joined((
        f"{local_text(way.from_ms)} – {local_text(way.to_ms)}",
        words("heard", span=words.span(way.heard_ms)),
        words("unheard", span=words.span(way.unheard_ms), n=len(way.gaps)),
        words("length", km=f"{way.length_m / 1000:.1f}"),
        longest or words("no_stop"),
        words("calls", n=len(way.calls)),
        words("read", n=way.read, doubtful=way.doubtful),
    ))  # fmt: skip


def track_rows(way: PatrolTrack, unit: str, lines: Iterable[FixLine | GapLine], words: Words) -> Iterator[list[Cell]]:
    """Yield a row for each line of a way; `unit` is the name of whose it was."""
    for line in lines:
        match line:
            case FixLine():
                yield _fix_row(line, unit, words)
            case GapLine(gap, number):
                blank: list[Cell] = [None] * (len(_TRACK) - 5)
                times = [local_text(gap.from_ms), local_text(gap.to_ms)]
                yield [*times, way.device, unit, *blank, words("gap", n=number)]
            case _:
                assert_never(line)


def _fix_row(line: FixLine, unit: str, words: Words) -> list[Cell]:
    fix = line.fix
    placed = not is_stand_in(fix)
    gcj_lat, gcj_lon = wgs84_to_gcj02(fix.lat, fix.lon)
    place = (fix.lat, fix.lon, gcj_lat, gcj_lon)
    flags = [words("stop", n=line.stop)] if line.stop else []
    flags += [words("call")] if fix.sos else []
    flags += [] if placed else [words("nowhere")]
    flags += [words("doubtful")] if line.doubtful else []
    return [
        local_text(fix.at_ms), None, fix.device, unit,
        *(round(degrees, _PLACE_DIGITS) if placed else None for degrees in place),
        fix.speed_kmh, fix.heading_deg, fix.accuracy_m if placed else None, words.source(fix.source),
        words.joined(flags),
    ]  # fmt: skip
