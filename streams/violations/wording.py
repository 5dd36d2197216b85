"""The steps of a finding in plain Chinese, for the paper that goes with the evidence. Screens have their own words."""

from __future__ import annotations

from command.facts.violations import Finding, Step
from command.kernel.local_time import local_text

_SIZES = {"large": "大型车", "small": "小型车", "unknown": "车型不明，按较高限速"}
_WAYS = {"towards": "驶向相机", "away": "驶离相机", "left": "向左", "right": "向右"}
_KINDS = {
    "interval_speed": "区间超速", "restricted_area": "违反禁行限行", "bus_lane": "占用公交专用车道",
    "emergency_lane": "占用应急车道", "wrong_way": "逆行",
}  # fmt: skip
_SOURCES = {
    "camera": "本平台读取，时刻为平台时钟对该帧的标记",
    "edge": "边缘设备读取，时刻为该设备时钟对该帧的标记",
    "viid": "外部系统（GA/T 1400）上报，时刻为该系统所报",
}
_INSTANTS = ("at_ms", "from_ms", "to_ms", "until_ms")
_STEPS = {
    "length": "区间长度 {length_m} 米（{by}，{at_ms} 测量），减去误差 {error_m} 米，按最短 {shortest_m} 米计。",
    "time": "起点首帧 {from_ms}，终点末帧 {to_ms}，加两端时钟与帧时误差 {error_ms} 毫秒，按最长 {longest_ms} 毫秒计。",
    "speed": "{shortest_m} 米 ÷ {longest_ms} 毫秒 × 3600 = {speed_kmh} km/h（舍去尾数）。",
    "limit": "{size}，限速 {limit_kmh} km/h，容差 {tolerance_percent}%；至少超过限速 {over_percent}%。",
    "calibration": "检定证书 {certificate}，有效期至 {until_ms}。",
    "seen_in_area": "{at_ms} 出现在“{area}”。",
    "vehicle_concerned": "号牌颜色 {colour}，种类 {kind}，尾号 {last_digit}，属于限制对象。",
    "not_exempt": "登记的 {exempt} 个豁免号牌中没有它。",
    "in_region": "号牌在画面区域“{region}”（第 {lane} 车道）内，共读牌 {reads} 次，该车道占多数。",
    "went": "行驶方向：{direction}；该区域只许{allowed}。",
}


def title(finding: Finding) -> str:
    """Return what was found, in a few words."""
    speed = f" {finding.speed_kmh:g} km/h（限速 {finding.limit_kmh} km/h）" if finding.speed_kmh else ""
    return f"{_KINDS[finding.kind]}{speed} {finding.plate}"


def sentences(finding: Finding) -> list[str]:
    """Return a sentence for each passage and each step."""
    seen = [
        f"{passage.camera} 相机：首帧 {_instant(passage.first_ms)}，末帧 {_instant(passage.last_ms)}，"
        f"读牌 {passage.reads} 次，可信度 {passage.confidence:.3f}。{_SOURCES[passage.source]}"
        + ("" if passage.clock_error_ms is None else f"，误差不超过 ±{passage.clock_error_ms} 毫秒")
        + "。"
        for passage in finding.passages
    ]
    return [*seen, *(_sentence(step) for step in finding.steps)]


def _sentence(step: Step) -> str:
    words = {name: _worded(name, value) for name, value in step.args.items()}
    return _STEPS[step.step].format_map(words)


def _worded(name: str, value: str | int | float) -> str:
    if name in _INSTANTS:
        return _instant(int(value))
    known = {"size": _SIZES, "direction": _WAYS, "allowed": _WAYS}.get(name, {})
    return known.get(str(value), str(value))


def _instant(at_ms: int) -> str:
    return f"{local_text(at_ms)}.{at_ms % 1000:03}"
