"""What an alarm of GB/T 28181 means, in the words of the standard (annex A.2.5), for those who read the screens."""

from __future__ import annotations

from edge.gb28181.told import Alarm

_METHODS = {1: "电话报警", 2: "设备报警", 3: "短信报警", 4: "GPS报警", 5: "视频报警", 6: "设备故障报警", 7: "其他报警"}
_KINDS = {
    2: {1: "视频丢失", 2: "设备防拆", 3: "存储设备磁盘满", 4: "设备高温", 5: "设备低温"},
    5: {
        1: "人工视频报警", 2: "运动目标检测", 3: "遗留物检测", 4: "物体移除检测", 5: "绊线检测", 6: "入侵检测",
        7: "逆行检测", 8: "徘徊检测", 9: "流量统计", 10: "密度检测", 11: "视频异常检测", 12: "快速移动",
    },
    6: {1: "存储设备磁盘故障", 2: "存储设备风扇故障"},
}  # fmt: skip


def words_of(alarm: Alarm) -> str:
    """Return method, type where it is known, and what the device adds."""
    method = _METHODS.get(alarm.method, _METHODS[7])
    kind = _KINDS.get(alarm.method, {}).get(alarm.kind or 0)
    return " ".join(part for part in (f"{method}:{kind}" if kind else method, alarm.description) if part)
