"""The paper of each kind of violation: Chinese that a court reads, with device, clock and calibration (R820–R823)."""

from __future__ import annotations

import hashlib
from itertools import product
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from command.facts.recording import Hours
from command.facts.violations import (
    ClipState,
    Finding,
    PictureRegion,
    RejectReason,
    Restriction,
    Step,
    ViolationKind,
)
from command.kernel.ga36 import PlateKind
from command.readings import UNSTATED, Direction, PlateColour, Sighting, SightingSource
from command.rows import RegionsVersion, RestrictionVersion, ViolationRow, ViolationState
from command.vehicle_words import WORDS, Group
from streams.violations import pack, wording
from streams.violations.area import judge_area
from streams.violations.basis import basis, hours, person
from streams.violations.lanes import judge_lane
from streams.violations.pack import CameraNote, ClipNote, DeviceNote, Manifest, Part, RuleNote, devices_of
from streams.violations.paper import paper
from streams.violations.speed import judge_speed
from tests.streams.violations.support import START_MS, english, read_out, section, seen, version

KINDS: tuple[ViolationKind, ...] = get_args(ViolationKind)
PEOPLE = {"zhang": "张三", "li": "李四", "wang": "王五", "zhao": "赵六"}
CAMERAS = {"k1": "滨江路起点", "k2": "滨江路终点"}
TYPED = ("k1", "k2", "sec1", "r1", "v12", "site0", "GD-001", "GD-002", "JL-2026-0117", "zhang", "li", "wang", "zhao")
"""Ids and what people typed."""
_PLATES: dict[PlateKind, str] = {
    "ordinary": "京A12345", "new_energy_small": "京AD12340", "new_energy_large": "京A12345D", "police": "京A1234警",
    "trailer": "京A1234挂", "coach": "京A1234学", "hong_kong_macau": "粤Z1234港", "embassy": "使123456",
    "consulate": "京A1234领", "temporary": "京A1234临", "emergency": "京X1234应急",
}  # fmt: skip
_RING = ((0.0, 0.2), (0.5, 0.2), (0.5, 1.0), (0.0, 1.0))
_RUSH = Hours(days=(1, 2, 3, 4, 5), from_min=22 * 60, to_min=6 * 60)
_KEY = "cd" * 32


def found(
    kind: ViolationKind, colour: PlateColour = "blue", plate_kind: PlateKind = "ordinary", **changes: Any
) -> Finding:
    """Return what the rules find; of a plate that they let pass, what they would find if they did not."""
    plain: Finding = _judged(kind, **changes)
    if (colour, plate_kind) == ("blue", "ordinary"):
        return plain
    judged = _judged(kind, colour=colour, kind=plate_kind, plate=_PLATES[plate_kind], **changes)
    return judged if isinstance(judged, Finding) else replace(plain, colour=colour, plate_kind=plate_kind)


def _judged(violation: ViolationKind, **changes: Any) -> Any:
    def passage(camera: str, after_s: float) -> Sighting:
        return seen(camera, after_s, lane=1, direction="towards", **changes)

    if violation == "interval_speed":
        return judge_speed("sec1", version(), passage("k1", 10), passage("k2", 90), 10)
    if violation == "restricted_area":
        area = RestrictionVersion(version=7, by="zhang", at_ms=START_MS, from_ms=START_MS, definition=_area())
        return judge_area("r1", area, passage("k1", 10))
    [verdict] = judge_lane(_regions(violation), passage("k1", 10))
    return verdict


def _area() -> Restriction:
    return Restriction(name="城区货车禁行", cameras=("k1", "k2"))


def _regions(kind: ViolationKind) -> RegionsVersion:
    uses: dict[str, dict[str, Any]] = {
        "bus_lane": {"use": "bus"}, "emergency_lane": {"use": "emergency"}, "wrong_way": {"travel": "away"},
    }  # fmt: skip
    region = PictureRegion(name="左侧车道", ring=_RING, lane=1, **uses[kind])
    return RegionsVersion(version=7, by="zhang", at_ms=START_MS, from_ms=START_MS, regions=(region,))


def manifest(finding: Finding, clip: ClipState = "ready", devices: tuple[DeviceNote, ...] | None = None) -> Manifest:
    """Return the manifest of a finding, as the hub makes it."""
    rule = RuleNote(rule=finding.rule, version=7, registered_by="zhang", registered_ms=START_MS, from_ms=START_MS)
    match finding.kind:
        case "interval_speed":
            rule = replace(rule, section=section())
        case "restricted_area":
            rule = replace(rule, restriction=_area())
        case _:
            rule = replace(rule, regions=_regions(finding.kind).regions)
    names = [
        (f"{about}-{number + 1}.{'mp4' if about == 'clip' else 'jpg'}", about, number)
        for number in range(len(finding.passages))
        for about in get_args(pack.About)
    ]
    notes = tuple(devices_of(finding, rule.section)) if devices is None else devices
    return Manifest(
        format=pack.FORMAT, site="site0", space="live", violation="v12", title=wording.title(finding),
        found_ms=START_MS + 99_000, finding=finding, calculation=(), rule=rule,
        cameras=tuple(
            CameraNote(camera=camera, name=name, lat=29.13, lon=113.1, bearing_deg=90)
            for camera, name in CAMERAS.items()
        ),
        parts=tuple(
            Part(name=name, sha256=hashlib.sha256(name.encode()).hexdigest(), size=7, about=about, passage=number,
                 width_px=1920, height_px=1080)
            for name, about, number in names
            if clip == "ready" or about != "clip"
        ),
        clips=tuple(
            ClipNote(
                camera=passage.camera, from_ms=START_MS, to_ms=START_MS + 9, state=clip,
                why="not_recorded" if clip == "missing" else "",
            )
            for passage in finding.passages
        ),
        devices=notes,
    )  # fmt: skip


def reviewed(finding: Finding, **changes: Any) -> ViolationRow:
    """Return it as two people confirmed it."""
    given: dict[str, Any] = {
        "id": "v12", "finding": finding, "plate": finding.plate, "state": "confirmed", "registered_by": "zhang",
        "found_ms": START_MS + 99_000, "due_ms": START_MS + 999_000, "reviewed_by": ("li", "wang"),
        "reviewed_ms": START_MS + 199_000,
    }  # fmt: skip
    return ViolationRow(**given | changes)


def written(finding: Finding, row: ViolationRow | None = None, **changes: Any) -> list[str]:
    whole = manifest(finding, **changes)
    return read_out(paper(whole, "ab" * 32, row or reviewed(finding), PEOPLE, _KEY))


def _said(lines: list[str], label: str) -> list[str]:
    """Return what stands beside each label of that name."""
    return [lines[at + 1] for at, line in enumerate(lines) if line == label]


def _letters(finding: Finding) -> tuple[str, ...]:
    return (finding.plate, *filter(str.isascii, finding.plate))


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_the_program_stands_on_any_paper(kind: ViolationKind) -> None:  # R820
    for colour, plate_kind in product(get_args(PlateColour), get_args(PlateKind)):
        finding = found(kind, colour, plate_kind)
        lines = written(finding)
        assert english(lines, *TYPED, *_letters(finding)) == [], (colour, plate_kind)
        assert "None" not in " ".join(lines)
        assert _said(lines, "号牌颜色") == [WORDS["plate_colour"][colour].formal]
        assert _said(lines, "号牌种类") == [WORDS["plate_kind"][plate_kind].formal]
        told = [wording.title(finding), *wording.sentences(finding, CAMERAS, devices_of(finding, None))]
        assert english(told, *TYPED, *_letters(finding)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_however_a_review_stands_and_a_clip_came_it_is_said_in_chinese(kind: ViolationKind) -> None:  # R820, R822
    sure = (0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93)
    for direction, source, clip in product(get_args(Direction), get_args(SightingSource), get_args(ClipState)):
        finding = found(kind, char_confidences=sure)
        [*passages] = [replace(each, direction=direction, source=source) for each in finding.passages]
        finding = replace(finding, passages=tuple(passages))
        lines = written(finding, clip=clip)
        assert english(lines, *TYPED, *_letters(finding)) == [], (direction, source, clip)
        assert "机器识读逐字可信度：京 0.990，A 0.980，1 0.970，2 0.960，3 0.950，4 0.940，5 0.930" in lines
    for state, reason in product(get_args(ViolationState), get_args(RejectReason)):
        finding = found(kind)
        lines = written(finding, reviewed(finding, state=state, reason=reason, text="看不清", overdue=True))
        assert english(lines, *TYPED, *_letters(finding)) == [], (state, reason)
        assert _said(lines, "驳回原因") == [f"{WORDS['reject_reason'][reason].zh}：看不清"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_paper_says_by_which_device_and_clock_and_what_nobody_measured(kind: ViolationKind) -> None:  # R821
    finding = found(kind)
    lines = written(finding)
    assert _said(lines, "相机编号") == [passage.camera for passage in finding.passages]
    labels = ("安装地点", "读取方式", "设备编号", "国标编码", "边缘节点", "时钟误差", "设备检定")
    for label in labels:
        assert len(_said(lines, label)) == len(finding.passages), label
    assert _said(lines, "安装地点")[0] == "北纬 29.130000°，东经 113.100000°（WGS-84），朝向 90°（东）"
    clock, *_ = _said(lines, "时钟误差")
    if kind == "interval_speed":
        assert clock.startswith(
            "与真实时刻之差不超过 ±100 毫秒，帧时误差不超过 ±40 毫秒（登记值）；与授时源的误差：未测"
        )
        assert _said(lines, "设备编号")[1] == "GD-002（按检定登记）；型号、出厂编号：未登记"
        assert _said(lines, "设备检定")[0].startswith("检定证书 JL-2026-0117（测速区间登记），有效期至 2024-11-14")
    else:
        assert clock == "与真实时刻之差、帧时误差：未测；与授时源的误差：未测"
        assert _said(lines, "设备编号") == ["未登记；型号、出厂编号：未登记"]
        assert _said(lines, "设备检定") == ["检定证书未登记"]


_KNOWN: list[tuple[DeviceNote, str, str]] = [
    (
        DeviceNote(source="camera", agent="", hub_clock_error_ms=12, clock_error_ms=100, number="GD-001"),
        "与真实时刻之差不超过 ±100 毫秒（登记值）；与授时源的误差：平台时钟不超过 ±12 毫秒（取证时的校时状态）",
        "无，不经边缘节点",
    ),
    (
        DeviceNote(source="edge", agent="north", agent_ahead_ms=-30, hub_clock_error_ms=12),
        "与真实时刻之差、帧时误差：未测；与授时源的误差：取证时该节点时钟比平台时钟慢 30 毫秒，"
        "平台时钟与授时源的误差：不超过 ±12 毫秒",
        "north",
    ),
    (
        DeviceNote(source="edge", agent="north", agent_ahead_ms=5),
        "与真实时刻之差、帧时误差：未测；与授时源的误差：取证时该节点时钟比平台时钟快 5 毫秒，"
        "平台时钟与授时源的误差：未测",
        "north",
    ),
    (DeviceNote(source="edge"), "与真实时刻之差、帧时误差：未测；与授时源的误差：未测", "未知"),
    (
        DeviceNote(source="viid", channel="43062100001310000017"),
        "与真实时刻之差、帧时误差：未测；与授时源的误差：未测（外部系统的时钟不由本平台管理）",
        "无，不经边缘节点",
    ),
]


@pytest.mark.parametrize(("note", "clock", "agent"), _KNOWN, ids=range(len(_KNOWN)))
def test_what_is_known_of_a_clock_is_said_with_who_measured_it(
    note: DeviceNote, clock: str, agent: str
) -> None:  # R821
    lines = written(found("wrong_way"), devices=(note,))
    assert (_said(lines, "时钟误差"), _said(lines, "边缘节点")) == ([clock], [agent])
    assert _said(lines, "国标编码") == [note.channel or "未登记"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_paper_says_who_registered_what_it_is_judged_by_and_since_when(kind: ViolationKind) -> None:  # R823
    finding = found(kind)
    lines = written(finding)
    since = "2023-11-15 06:13:20.000"
    assert (_said(lines, "登记人"), _said(lines, "登记时间")) == (["张三（账号 zhang）"], [since])
    assert (_said(lines, "生效时间"), _said(lines, "版本")) == ([since], ["第 7 号（登记事实的序号）"])
    [calibration] = _said(lines, "检定")
    if kind == "interval_speed":
        assert calibration.endswith("违法时有效")
    else:
        assert calibration.endswith("本依据没有登记计量检定证书")
    assert "图 1　滨江路起点，摄于 2023-11-15 06:13:30.000 至 2023-11-15 06:13:31.000 之间" in lines
    whole = paper(manifest(finding), "ab" * 32, None, PEOPLE, _KEY).decode()
    marks = "；标线为本说明所加，原图不含"
    of_region = kind in {"bus_lane", "emergency_lane", "wrong_way"}
    assert ('<polygon points="0.0000,216.0000 960.0000,216.0000 ' in whole) == of_region
    assert whole.count('<rect x="100" y="500" width="80" height="30"') == len(finding.passages)
    assert (f"红色多边形为画面区域“左侧车道”，黄色方框为识读的号牌{marks}" in lines) == of_region
    assert (f"黄色方框为识读的号牌{marks}" in lines) != of_region


@pytest.mark.parametrize("kind", KINDS)
def test_each_paper_names_who_reviewed_it_and_every_file_with_its_hash(kind: ViolationKind) -> None:  # R822
    finding = found(kind)
    lines = written(finding, reviewed(finding, corrected="京A12346", corrected_by="zhao"))
    assert f"{wording.title(finding)}".replace("京A12345", "京A12346") == lines[2]
    assert _said(lines, "审核人") == ["李四（账号 li）、王五（账号 wang）"]
    assert _said(lines, "号牌号码") == ["京A12346（赵六（账号 zhao）人工更正；机器识读为 京A12345）"]
    for part in manifest(finding).parts:
        assert part.sha256 in lines
    assert "ab" * 32 in lines
    assert _said(lines, "签名公钥") == [f"{_KEY}（Ed25519）"]


@pytest.mark.parametrize(
    ("plate", "said"),
    [
        ("京A12345", "尾号（号牌上最后一位数字，其后的字母和汉字不计）为 5"),
        ("京A1234F", "尾号（号牌上最后一位数字，其后的字母和汉字不计）为 4"),
        ("京ABCDEF", "号牌中没有数字，无尾号"),
    ],
)
def test_the_last_digit_is_said_as_the_rule_finds_it(plate: str, said: str) -> None:  # R605, R820
    finding = found("restricted_area", plate=plate)
    [line] = [line for line in written(finding) if "限制对象" in line]
    assert line == f"号牌蓝色，种类为普通汽车号牌，{said}，属于限制对象。"


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_of_earlier_releases_gives_a_paper_that_says_what_is_not_known(kind: ViolationKind) -> None:  # R822
    finding = found(kind)
    steps = (
        Step(step="vehicle_concerned", args={"colour": "blue", "kind": "ordinary", "last_digit": "None"}),
        Step(step="seen_in_area", args={"at_ms": START_MS}),
        Step(step="of_tomorrow", args={"x": 1}),
    )
    bare = replace(
        manifest(replace(finding, steps=steps), devices=()),
        rule=RuleNote(rule=finding.rule, version=7, registered_by="hub"), cameras=(), parts=(), clips=(),
    )  # fmt: skip
    lines = read_out(paper(pack.decode(pack.encode(bare)), "ab" * 32, None, {}, _KEY))
    assert english(lines, *TYPED, *_letters(finding)) == []
    assert "None" not in " ".join(lines)
    assert _said(lines, "登记人") == ["本平台（系统）"]
    assert _said(lines, "生效时间") == ["未知"]
    assert _said(lines, "审核结论") == ["未知：该记录已移出当前表，见平台日志"]
    assert "名称未知的相机（相机编号 k1）" in " ".join(lines)
    assert len(_said(lines, "时钟误差")) == len(finding.passages)


def test_words_are_there_for_all_that_can_be_found() -> None:  # R820
    values: dict[Group, object] = {
        "plate_colour": PlateColour,
        "plate_kind": PlateKind,
        "direction": Direction,
        "violation_kind": ViolationKind,
        "violation_state": ViolationState,
        "reject_reason": RejectReason,
    }
    for group, known in values.items():
        assert set(WORDS[group]) == set(get_args(known)), group


def test_what_people_typed_is_text_on_the_paper() -> None:  # R820
    sly = replace(manifest(found("wrong_way")), violation="<script>", site="a&b")
    page = paper(sly, "ab" * 32, None, {"zhang": "<img src=x>"}, _KEY).decode()
    assert "<script" not in page
    assert "<img src=x>" not in page
    assert "a&amp;b" in page


def test_a_certainty_that_nobody_stated_is_not_made_up() -> None:  # R821, R841
    stated = found("restricted_area")
    unstated = replace(stated, passages=(replace(stated.passages[0], confidence=UNSTATED, source="viid"),))
    for finding, said in ((stated, "可信度 0.970。"), (unstated, "可信度未报。")):
        assert said in wording.sentences(finding, CAMERAS, devices_of(finding, None))[0]


def _of_region(kind: ViolationKind) -> list[str]:
    whole = manifest(found(kind))
    regions = tuple(replace(region, hours=(_RUSH,)) for region in whole.rule.regions)
    timed = replace(whole, rule=replace(whole.rule, regions=regions))
    return _said(read_out(paper(timed, "ab" * 32, None, PEOPLE, _KEY)), "适用时段")


def test_hours_of_a_region_are_of_its_lane_and_not_of_its_direction() -> None:  # R840
    times = "周一、二、三、四、五 22:00 至 次日 06:00"
    assert _of_region("bus_lane") == [times]
    assert _of_region("wrong_way") == [f"全天（登记的时段 {times} 只限定车道用途，不限定行驶方向）"]
    assert _said(written(found("wrong_way")), "适用时段") == ["全天"]
    assert (
        wording.sentences(found("wrong_way"), CAMERAS, devices_of(found("wrong_way"), None))[-1] == "没有登记豁免号牌。"
    )


def test_a_length_stands_on_the_paper_as_it_is_reckoned_with() -> None:  # R823
    long = section(length_m=12_345.67, length_error_m=10.25)
    rows = dict(basis(found("interval_speed"), RuleNote(rule="sec1", version=7, registered_by="li", section=long), {}))
    assert rows["区间长度"] == "12345.67 米，误差不超过 10.25 米"


def test_times_of_the_week_and_people_are_written_out() -> None:  # R820, R823
    assert hours(()) == "全天"
    assert hours((_RUSH,)) == "周一、二、三、四、五 22:00 至 次日 06:00"
    assert hours((Hours(days=tuple(range(1, 8)), from_min=420, to_min=540),)) == "每天 07:00 至 09:00"
    assert person("li", {}) == "姓名未知（账号 li）"
