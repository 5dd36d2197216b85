"""The words for vehicles and what they did: one table for screens, evidence on paper and what services are told.

`consoles/typescript.py` writes it for the pages, so that a reviewer reads on the screen what a court reads on paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Group = Literal[
    "plate_colour", "plate_kind", "direction", "violation_kind", "violation_state", "reject_reason", "clip_why",
    "vehicle_size",
]  # fmt: skip


class Word(NamedTuple):
    """A word as screens show it, Chinese and English, and as a paper writes it out where that is longer."""

    zh: str
    en: str
    formal: str = ""


WORDS: Mapping[Group, Mapping[str, Word]] = {
    "plate_colour": {
        "blue": Word("蓝", "blue", "蓝色"),
        "yellow": Word("黄", "yellow", "黄色"),
        "green": Word("绿", "green", "绿色"),
        "yellow_green": Word("黄绿", "yellow-green", "黄绿双色"),
        "white": Word("白", "white", "白色"),
        "black": Word("黑", "black", "黑色"),
        "unknown": Word("色不明", "colour unknown", "颜色不明"),
    },
    "plate_kind": {  # written out as in the annexes of GA 36-2018
        "ordinary": Word("普通", "ordinary", "普通汽车号牌"),
        "new_energy_small": Word("新能源", "new energy", "小型新能源汽车号牌"),
        "new_energy_large": Word("新能源大型", "new energy, large", "大型新能源汽车号牌"),
        "police": Word("警车", "police", "警用汽车号牌"),
        "trailer": Word("挂车", "trailer", "挂车号牌"),
        "coach": Word("教练", "learner", "教练汽车号牌"),
        "hong_kong_macau": Word("港澳入出境", "Hong Kong, Macau", "港澳入出境车号牌"),
        "embassy": Word("使馆", "embassy", "使馆汽车号牌"),
        "consulate": Word("领馆", "consulate", "领馆汽车号牌"),
        "temporary": Word("临时", "temporary", "临时号牌"),
        "emergency": Word("应急救援", "emergency", "应急救援专用号牌"),
    },
    "direction": {
        "towards": Word("驶来", "coming", "驶向相机"),
        "away": Word("驶离", "going away", "驶离相机"),
        "left": Word("向画面左", "to the left of the picture", "驶向画面左侧"),
        "right": Word("向画面右", "to the right of the picture", "驶向画面右侧"),
    },
    "violation_kind": {
        "interval_speed": Word("区间超速", "Interval speed"),
        "restricted_area": Word("违反禁行限行", "Restricted area"),
        "bus_lane": Word("占用公交专用车道", "Bus lane"),
        "emergency_lane": Word("占用应急车道", "Emergency lane"),
        "wrong_way": Word("逆行", "Wrong way"),
    },
    "violation_state": {
        "found": Word("待审", "to review", "待审核，尚未经人工确认"),
        "confirmed_once": Word("待第二人确认", "waits for a second person", "已有一人确认，待第二人确认"),
        "confirmed": Word("已确认", "confirmed"),
        "rejected": Word("已驳回", "rejected"),
        "sent": Word("已移送", "sent", "已确认，已移送案件服务"),
    },
    "reject_reason": {
        "misread": Word("号牌读错", "misread plate"),
        "exempt": Word("豁免车辆", "exempt vehicle"),
        "emergency_vehicle": Word("执行任务的特种车", "emergency vehicle on duty"),
        "calibration_doubt": Word("检定存疑", "calibration in doubt"),
        "bad_picture": Word("图片不清", "bad picture"),
        "other": Word("其他", "other"),
    },
    "clip_why": {
        "not_recorded": Word("当时没有录像", "nothing was recorded then"),
        "picture_changed": Word("画面规格中途变了", "the picture changed its size in between"),
        "too_large": Word("片段太大", "it is too large"),
        "recorder_away": Word("录像机一直连不上", "the recorder could not be reached"),
        "decided": Word("审核时还没有取到", "it had not come when this was reviewed"),
    },
    "vehicle_size": {
        "large": Word("大型车", "large vehicle"),
        "small": Word("小型车", "small vehicle"),
        "unknown": Word("车型不明，按较高限速", "size not known, so the higher limit"),
    },
}


def formal(group: Group, value: str) -> str:
    """Return a word as a paper writes it out; one that this release does not know is said to be unknown."""
    word = WORDS[group].get(value)
    return "未知" if word is None else word.formal or word.zh
