"""A finding in plain Chinese, for the paper that goes with the evidence. Screens have their own sentences.

What nobody registered or measured is said to be so: a paper that leaves it out looks as if all were in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from command.facts.violations import Finding, JudgedPassage, Step
from command.kernel.local_time import local_text
from command.readings import UNSTATED, SightingSource
from command.vehicle_words import Group, formal
from streams.violations.pack import DeviceNote

_READ_BY: Mapping[SightingSource, str] = {
    "camera": "本平台读取，时刻为平台时钟对该帧的标记",
    "edge": "边缘节点读取，时刻为该节点时钟对该帧的标记",
    "viid": "外部系统（GA/T 1400，未记录是哪个系统）上报，时刻为该系统所报",
}
_GROUPS: Mapping[str, Group] = {
    "size": "vehicle_size", "direction": "direction", "allowed": "direction", "colour": "plate_colour",
    "kind": "plate_kind",
}  # fmt: skip
_INSTANTS = ("at_ms", "from_ms", "to_ms", "until_ms")
_STEPS = {
    "length": "区间长度 {length_m} 米（{by}，{at_ms} 测量），减去误差 {error_m} 米，按最短 {shortest_m} 米计。",
    "time": "起点首帧 {from_ms}，终点末帧 {to_ms}，加两端时钟与帧时误差 {error_ms} 毫秒，按最长 {longest_ms} 毫秒计。",
    "speed": "{shortest_m} 米 ÷ {longest_ms} 毫秒 × 3600 = {speed_kmh} km/h（舍去尾数）。",
    "limit": "{size}，限速 {limit_kmh} km/h，容差 {tolerance_percent}%；至少超过限速 {over_percent}%。",
    "calibration": "检定证书 {certificate}，有效期至 {until_ms}。",
    "seen_in_area": "{at_ms} 出现在“{area}”。",
    "vehicle_concerned": "号牌{colour}，种类为{kind}，{last_digit}，属于限制对象。",
    "not_exempt": "{exempt}。",
    "in_region": "号牌在画面区域“{region}”（画面左起第 {lane} 车道）内，共读牌 {reads} 次，该车道占多数。",
    "went": "行驶方向：{direction}；该区域只许{allowed}。",
}
UNKNOWN, UNMEASURED, UNREGISTERED, UNSTATED_SAID = "未知", "未测", "未登记", "未报"


def title(finding: Finding, corrected: str = "") -> str:
    """Return what was found, in a few words; `corrected` is the plate as a person read it."""
    speed = f" {finding.speed_kmh:g} km/h（限速 {finding.limit_kmh} km/h）" if finding.speed_kmh else ""
    return f"{formal('violation_kind', finding.kind)}{speed} {corrected or finding.plate}"


def place(identity: str, names: Mapping[str, str]) -> str:
    """Return a camera by its name."""
    return names.get(identity) or "名称未知的相机"


def camera(identity: str, names: Mapping[str, str]) -> str:
    """Return a camera by its name, and once by its number."""
    return f"{place(identity, names)}（相机编号 {identity}）"


def sentences(finding: Finding, names: Mapping[str, str], devices: Sequence[DeviceNote]) -> list[str]:
    """Return a sentence for each passage and each step. `names` are those of the cameras, by id."""
    seen = [_seen(passage, names, device) for passage, device in zip(finding.passages, devices, strict=True)]
    return [*seen, *(_sentence(step) for step in finding.steps)]


def device(note: DeviceNote) -> list[tuple[str, str]]:
    """Return by what device and clock a passage was read and dated: a label and a text each, whatever is known."""
    number = f"{note.number}（按检定登记）" if note.number else UNREGISTERED
    return [
        ("读取方式", _READ_BY[note.source]),
        ("设备编号", f"{number}；型号、出厂编号：{UNREGISTERED}"),
        ("国标编码", note.channel or UNREGISTERED),
        ("边缘节点", _agent(note)),
        ("时钟误差", _clock(note)),
        ("设备检定", _certificate(note)),
    ]


def instant(at_ms: int | None) -> str:
    """Return an instant to the millisecond, by the county's clock."""
    return UNKNOWN if at_ms is None else f"{local_text(at_ms)}.{at_ms % 1000:03}"


def _seen(passage: JudgedPassage, names: Mapping[str, str], note: DeviceNote) -> str:
    error = f"与真实时刻之差{UNMEASURED}" if note.error_ms is None else f"误差不超过 ±{note.error_ms} 毫秒"
    return (
        f"{camera(passage.camera, names)}：首帧 {instant(passage.first_ms)}，末帧 {instant(passage.last_ms)}，"
        f"读牌 {passage.reads} 次，可信度{_sure(passage)}。{_READ_BY[passage.source]}，{error}。"
    )


def _sure(passage: JudgedPassage) -> str:
    return UNSTATED_SAID if passage.confidence == UNSTATED else f" {passage.confidence:.3f}"


def _agent(note: DeviceNote) -> str:
    if note.source != "edge":
        return "无，不经边缘节点"
    return note.agent or UNKNOWN


def _clock(note: DeviceNote) -> str:
    if note.clock_error_ms is not None:
        frame = "" if note.frame_error_ms is None else f"，帧时误差不超过 ±{note.frame_error_ms} 毫秒"
        said = f"与真实时刻之差不超过 ±{note.clock_error_ms} 毫秒{frame}（登记值）"
    else:
        said = f"与真实时刻之差、帧时误差：{UNMEASURED}"
    return f"{said}；与授时源的误差：{_synchronised(note)}"


def _synchronised(note: DeviceNote) -> str:
    """What was measured when the evidence was put together, which is soon after but not at the passage."""
    hub = UNMEASURED if note.hub_clock_error_ms is None else f"不超过 ±{note.hub_clock_error_ms} 毫秒"
    match note.source:
        case "camera":
            return hub if note.hub_clock_error_ms is None else f"平台时钟{hub}（取证时的校时状态）"
        case "edge":
            if note.agent_ahead_ms is None:
                return UNMEASURED
            ahead = f"{'快' if note.agent_ahead_ms >= 0 else '慢'} {abs(note.agent_ahead_ms)} 毫秒"
            return f"取证时该节点时钟比平台时钟{ahead}，平台时钟与授时源的误差：{hub}"
        case "viid":
            return f"{UNMEASURED}（外部系统的时钟不由本平台管理）"


def _certificate(note: DeviceNote) -> str:
    if not note.certificate:
        return f"检定证书{UNREGISTERED}"
    return f"检定证书 {note.certificate}（测速区间登记），有效期至 {instant(note.certificate_until_ms)}"


def _sentence(step: Step) -> str:
    if step.step not in _STEPS:
        return "本版本不认识的一步。"
    return _STEPS[step.step].format_map(_Words({name: _worded(name, value) for name, value in step.args.items()}))


class _Words(dict[str, str]):
    """What a fact of another release does not have is not known."""

    def __missing__(self, key: str) -> str:
        return UNKNOWN


def _worded(name: str, value: str | int | float) -> str:
    if name in _INSTANTS:
        return instant(int(value))
    if name == "last_digit":
        return last_digit(str(value))
    if name == "exempt":
        return f"登记的 {value} 个豁免号牌中没有它" if value else "没有登记豁免号牌"
    group = _GROUPS.get(name)
    return formal(group, str(value)) if group else str(value)


def last_digit(digit: str) -> str:
    """Return how the last digit of a plate is said, as `plates.last_digit` finds it: the last one, whatever follows."""
    if not digit.isdecimal():  # earlier releases wrote "None"
        return "号牌中没有数字，无尾号"
    return f"尾号（号牌上最后一位数字，其后的字母和汉字不计）为 {digit}"
