"""What hops tell, in Chinese (SPEC R478, R744)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from streams.hop_words import in_chinese
from streams.source import _REASONS
from streams.whip_way import NOBODY
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("told", "chinese"),
    [
        (
            "INVITE answered 200, no packets on UDP port 30012: NAT or firewall?",
            "INVITE 应答 200，UDP 端口 30012 没有收到数据包：有地址转换（NAT）或防火墙？",
        ),
        ("INVITE answered 486 Busy Here", "INVITE 应答 486 Busy Here"),
        ("INVITE answered 200, but the answer has no video (m=)", "INVITE 应答 200，但 the answer has no video (m=)"),
        ("not registered: wrong password, 12 s ago from 10.1.2.3", "未注册：密码错误，12 秒前来自 10.1.2.3"),
        ("registered 11 min ago, offline: no keepalive for 180 s", "11 分钟前注册，离线：180 秒没有心跳"),
        ("3 s ago over UDP, SHA-256", "3 秒前注册，UDP，SHA-256"),
        ("keepalive 41 s ago, last heard 2 s ago", "心跳在 41 秒前，最近消息在 2 秒前"),
        ("153 on UDP port 30012 from 10.0.0.9, 3 % lost", "UDP 端口 30012 收到 153 个包，来自 10.0.0.9，丢包 3%"),
        (
            "the channel is not in it (2 of 4 items came): is its id right?",
            "目录里没有该通道（共 4 项，收到 2 项）：通道编码对吗？",
        ),
        (
            "H.264 in PS arrives, but no whole key frame; 31 % of packets lost",
            "收到 PS 流里的 H.264，但没有完整的关键帧；丢包 31%",
        ),
        ("the video is MP4V-ES: set the camera to H.264 or H.265", "视频编码是 MP4V-ES：请把摄像机设为 H.264 或 H.265"),
        ("nobody publishes to this camera now", "现在无人向该摄像机推流：推流端开了吗？地址和密钥对吗？"),
        (
            "nothing came from hub https://hub-2.example for 4 s: its link stalls",
            "4 秒没有收到 中心 https://hub-2.example 的数据：它的链路停滞",
        ),
        ("connected, no packets for 4 s", "已连接，但 4 秒没有收到数据包"),
        ("device 340 is offline: no keepalive for 180 s", "设备 340 离线：180 秒没有心跳"),
        ("西门路口", "西门路口"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_technician_reads_it_in_chinese(told: str, chinese: str) -> None:
    assert in_chinese(told) == chinese


def test_what_a_device_says_can_neither_break_nor_slow_it() -> None:
    for told in ("{0}", "%s {", "(" * 5000, "a in " * 5000, "registered " * 2000, "x" * 100_000):
        assert in_chinese(told) == told
    assert not re.search(r"\{\d\}", in_chinese("INVITE answered 200, but {0} {1}"[:26]))


def _said(node: ast.expr) -> Iterator[str]:
    """Return what an expression may say, with "1" for what is only known when it is said."""
    match node:
        case ast.IfExp(body=one, orelse=other):
            yield from _said(one)
            yield from _said(other)
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts) if any(isinstance(part, ast.Constant) for part in parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in parts)


def _reasons() -> Iterator[str]:
    """Return all that the code says itself of why a camera shows no picture."""
    for folder in ("streams", "edge/onvif", "edge/gb28181", "consoles/parts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and call.args:
                    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
                    if name in ("SourceError", "end") or (name == "UnavailableError" and call.keywords):
                        yield from _said(call.args[0])
    yield from (reason for _, reason in _REASONS)
    yield NOBODY


def test_whatever_the_code_says_of_a_camera_without_a_picture_is_said_in_chinese() -> None:
    reasons = set(_reasons())
    assert len(reasons) > 50
    assert {reason for reason in reasons if in_chinese(reason) == reason} == set()
