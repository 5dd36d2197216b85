"""What a violation was judged by, in plain Chinese: which version of which rule, who registered it, what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from command.actors import HUB
from command.facts.recording import Hours
from command.facts.violations import Finding, PictureRegion, Restriction, SpeedSection
from command.vehicle_words import formal
from streams.violations.pack import RuleNote
from streams.violations.wording import UNKNOWN, instant

Rows = list[tuple[str, str]]
_DAYS = "一二三四五六日"
_USES = {"general": "一般车道", "bus": "公交专用车道", "emergency": "应急车道"}
_NO_CERTIFICATE = "本依据没有登记计量检定证书"


def person(identity: str, people: Mapping[str, str]) -> str:
    """Return a person by name and number. `people` are names by account."""
    if identity == HUB.id:
        return "本平台（系统）"
    return f"{people.get(identity) or '姓名未知'}（账号 {identity}）"


def basis(finding: Finding, rule: RuleNote, people: Mapping[str, str]) -> Rows:
    """Return a label and a text each: the rule, its version and calibration, and whatever it says."""
    version: Rows = [
        ("版本", f"第 {rule.version} 号（登记事实的序号）"),
        ("登记人", person(rule.registered_by, people)),
        ("登记时间", instant(rule.registered_ms)),
        ("生效时间", instant(rule.from_ms)),
    ]
    if rule.section:
        return [("测速区间", f"{rule.section.name}（编号 {rule.rule}）"), *version, *_section(finding, rule.section)]
    if rule.restriction:
        area = rule.restriction
        return [("限行规定", f"{area.name}（编号 {rule.rule}）"), *version, *_restriction(finding, area)]
    region = next((each for each in rule.regions if each.name == finding.region), None)
    if region:
        return [
            ("画面区域", f"{region.name}（相机编号 {rule.rule}）"),
            *version,
            *_region(finding, region, len(rule.exempt)),
        ]
    return [("依据", f"编号 {rule.rule}"), *version, ("内容", f"{UNKNOWN}：该版本已不在登记表中，见平台日志")]


def hours(given: Sequence[Hours]) -> str:
    """Return times of the week; always where none are named."""
    return "；".join(map(_time, given)) if given else "全天"


def _time(one: Hours) -> str:
    days = "每天" if len(set(one.days)) == len(_DAYS) else "周" + "、".join(_DAYS[day - 1] for day in sorted(one.days))
    ends = "次日 " if one.to_min <= one.from_min else ""
    return f"{days} {_clock(one.from_min)} 至 {ends}{_clock(one.to_min)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _section(finding: Finding, section: SpeedSection) -> Rows:
    good = "违法时有效" if finding.ended_ms < section.certificate_until_ms else "违法时已过期"
    return [
        ("限速", f"小型车 {section.limit_small_kmh} km/h，大型车 {section.limit_large_kmh} km/h"),
        ("区间长度", f"{section.length_m} 米，误差不超过 {section.length_error_m} 米"),
        ("长度测量", f"{section.measured_by}，{instant(section.measured_ms)}"),
        ("检定", f"证书 {section.certificate}，有效期至 {instant(section.certificate_until_ms)}，{good}"),
    ]


def _restriction(finding: Finding, area: Restriction) -> Rows:
    here = "，含本相机" if finding.passages[0].camera in area.cameras else ""
    places = [f"指定相机 {len(area.cameras)} 台{here}"] if area.cameras else []
    places += [f"圈定区域（{len(area.ring)} 个顶点）内的相机"] if area.ring else []
    return [
        ("适用地点", "；".join(places)),
        ("适用时段", hours(area.hours)),
        ("限制颜色", "、".join(formal("plate_colour", each) for each in area.colours) or "不限"),
        ("限制种类", "、".join(formal("plate_kind", each) for each in area.kinds) or "不限"),
        ("限制尾号", "、".join(map(str, area.last_digits)) or "不限"),
        ("豁免号牌", f"{len(area.exempt)} 个"),
        ("检定", _NO_CERTIFICATE),
    ]


def _region(finding: Finding, region: PictureRegion, exempt: int) -> Rows:
    corners = "、".join(f"({x * 100:.1f}%, {y * 100:.1f}%)" for x, y in region.ring)
    return [
        ("区域用途", _USES[region.use]),
        ("车道", UNKNOWN if region.lane is None else f"画面左起第 {region.lane} 车道"),
        ("允许方向", "未限定" if region.travel is None else formal("direction", region.travel)),
        ("适用时段", _hours_of(finding, region)),
        ("区域顶点", f"{corners}（占画面宽、高，自左上角起）"),
        ("豁免号牌", f"{exempt} 个"),
        ("检定", f"区域由登记人在画面中画定；{_NO_CERTIFICATE}"),
    ]


def _hours_of(finding: Finding, region: PictureRegion) -> str:
    """Hours of a region say when its lane is for some alone; the direction of travel holds always (SPEC R840)."""
    if finding.kind != "wrong_way" or not region.hours:
        return hours(region.hours)
    return f"全天（登记的时段 {hours(region.hours)} 只限定车道用途，不限定行驶方向）"
