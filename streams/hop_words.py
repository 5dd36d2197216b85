"""What hops of a diagnosis tell a technician, in Chinese: one pattern for each thing that is said in English."""

from __future__ import annotations

import re
from typing import Final

_AGO: Final = r"(\d+) (s|min) ago"

# The first that fits the whole counts. `{0}`, `{1}`, … are its groups, put into Chinese themselves.
_WORDS: Final = tuple(
    (re.compile(english, re.DOTALL), chinese)
    for english, chinese in (
        # Parts
        (r"(\d+) s ago", "{0} 秒前"),
        (r"(\d+) min ago", "{0} 分钟前"),
        (r"wrong password", "密码错误"),
        (r"too many wrong passwords", "密码错误次数过多，暂不受理"),
        (r"the user name is not the device's id", "用户名不是设备编码"),
        (r"the realm is not ours", "域不是本平台的域"),
        (r"it signed off", "设备已注销"),
        (r"its registration ran out", "注册已过期"),
        (r"no keepalive for (\d+) s", "{0} 秒没有心跳"),
        (r"registered before the hub was restarted, and not heard of since", "平台重启前已注册，重启后没有消息"),
        (r"registered before the restart, waiting for its keepalive", "平台重启前已注册，等待心跳"),
        (
            r"registered before the restart, waiting for its keepalive: its TCP connection ended with the hub before",
            "平台重启前已注册，等待心跳：原来的 TCP 连接随重启断开",
        ),
        # Edge agents
        (
            r"edge agent (\S+) of release (\S+) is too old for this \((\w+)\): update it",
            "边缘代理 {0} 的版本 {1} 过旧，不支持此项（{2}）：请升级",
        ),
        (
            r"edge agent (\S+) is not connected to this hub: is its machine on, does its link reach here\?",
            "边缘代理 {0} 未连接到本机：它的主机开着吗？链路通吗？",
        ),
        (r"it does not tell how far it comes: its link stalls", "对方没有回报走到哪一段：链路停滞"),
        # RTSP
        (r"the name of the camera does not resolve.*", "摄像机的域名解析不出来：名字对吗？域名服务器有应答吗？"),
        (r"no answer: is it switched on, is a firewall between\?", "没有应答：通电了吗？中间有防火墙吗？"),
        (r"there is a machine, and nothing listens at port (\d+)", "主机在，但 {0} 端口无人监听"),
        (r"it does not speak TLS", "对方不支持 TLS"),
        (r"not reachable: (.*)", "不可达：{0}"),
        (r"the camera asks for user and password, and the address has none", "摄像机要求用户名和密码，而地址里没有"),
        (r"(\d+): the camera refuses the user or the password", "{0}：摄像机不接受用户名或密码"),
        (r"(\d+): the camera lets this user not see the stream", "{0}：该用户无权看此码流"),
        (r"(\d+): the camera has no stream of that path", "{0}：摄像机没有该路径的码流"),
        (r"(\d+): the camera has no bandwidth left: too many are connected", "{0}：摄像机带宽用尽：连接太多"),
        (r"(\d+): the camera forgot the session: too many may be connected", "{0}：摄像机丢失会话：连接可能太多"),
        (r"(?:(\d+): )?the camera sends over UDP only", "摄像机只用 UDP 传输"),
        (r"(\d+): the camera is busy: too many may be connected", "{0}：摄像机忙：连接可能太多"),
        (r"(\d+): the camera refuses", "{0}：摄像机拒绝"),
        (r"the stream has no video", "码流里没有视频"),
        (r"the video is (.*): set the camera to H\.264 or H\.265", "视频编码是 {0}：请把摄像机设为 H.264 或 H.265"),
        (r"connected, and no answer to (\w+)", "已连接，但 {0} 没有应答"),
        (r"the camera closed the connection at (\w+)", "摄像机在 {0} 时断开连接"),
        (r"what answers does not speak RTSP", "对方说的不是 RTSP"),
        (r"its answer is too long", "应答过长"),
        (r"the length of its answer is no number", "应答的长度不是数字"),
        (r"the address is malformed.*|malformed.*", "地址格式不对"),
        (r".*names no host.*", "地址里没有主机"),
        (r"the options of an address are (.*)", "地址的选项只有 {0}"),
        (r".*in a way that is not known.*", "摄像机要求的认证方式不支持"),
        # Pictures
        (r"the newest is (\d+) ms old", "最新一包在 {0} 毫秒前"),
        (r"(h26[45]), (\d+) x (\d+)", "{0}，{1} × {2}"),
        (r"no packets for (\d+) s", "{0} 秒没有收到数据包"),
        (r"no picture within (\d+) s", "{0} 秒内没有画面"),
        (r"it says that it sends (\S+) and sends (\S+)", "声称发送 {0}，实际发送 {1}"),
        (r"(\d+) packets in (\d+) s and no key frame of (\S+)", "{1} 秒内 {0} 个包，没有 {2} 关键帧"),
        (r"what it sends does not decode as (\S+)", "发来的内容不能按 {0} 解码"),
        (r"the camera ended the stream", "摄像机结束了码流"),
        (r"internal error: (\w+)", "平台内部错误：{0}"),
        # ONVIF
        (r"the camera does not tell its clock.*", "摄像机不公开时钟：时钟不准时它会拒绝正确的密码"),
        (r"its clock is (\d+) s ahead; set its time server", "时钟快 {0} 秒，请设置校时服务器"),
        (r"its clock is (\d+) s behind; set its time server", "时钟慢 {0} 秒，请设置校时服务器"),
        (
            r"the camera does not take this user and password, or this user may not do that",
            "摄像机不接受该用户名和密码，或该用户无此权限",
        ),
        (
            r"(the camera does not take this user and password, or this user may not do that); "
            r"(the camera does not tell its clock.*)",
            "{0}；{1}",
        ),
        (r"no answer from the camera to (\w+) within (\d+) s", "{0} 在 {1} 秒内没有应答"),
        (r"the camera cannot be reached: (.*)", "摄像机连不上：{0}"),
        (r"the camera does not answer (\w+) as HTTP: (.*)", "{0} 的应答不是 HTTP：{1}"),
        (
            r"the camera answers (\w+) with HTTP (\d+): not an ONVIF service there",
            "{0} 的应答是 HTTP {1}：该处不是 ONVIF 服务",
        ),
        (r"the camera's answer to (\w+) is not SOAP", "{0} 的应答不是 SOAP"),
        (r"the camera answers something else than (\w+)", "应答的不是 {0}"),
        (r"the camera refuses (\w+): (.*)", "摄像机拒绝 {0}：{1}"),
        (r"the camera offers no profile with video", "摄像机没有带视频的码流配置"),
        (r"the camera offers no (\w+) service", "摄像机没有 {0} 服务"),
        (r"the camera names no rtsp:// address for the stream", "摄像机没有给出 rtsp:// 码流地址"),
        (r"at port (\d+)", "端口 {0}"),
        # GB/T 28181
        (r"the address is not gb28181://.*", "地址不是 gb28181://20 位设备编码/20 位通道编码"),
        (rf"not registered: (.*), ({_AGO}) from (.*)", "未注册：{0}，{1}来自 {4}"),
        (
            r"not registered: nothing came from this device since the hub started",
            "未注册：平台启动以来没有收到该设备的消息",
        ),
        (rf"registered ({_AGO}), and its registration ran out", "{0}注册，注册已过期"),
        (rf"registered ({_AGO}), and it signed off", "{0}注册，设备已注销"),
        (rf"registered ({_AGO}), offline: (.*)", "{0}注册，离线：{3}"),
        (rf"({_AGO}) over (UDP|TCP), (.*)", "{0}注册，{3}，{4}"),
        (rf"no keepalive yet, last heard ({_AGO})", "尚无心跳，最近消息在 {0}"),
        (rf"keepalive ({_AGO}), last heard ({_AGO})", "心跳在 {0}，最近消息在 {3}"),
        (r"the channel is not in it \((.*)\): is its id right\?", "目录里没有该通道（{0}）：通道编码对吗？"),
        (r"not asked yet", "尚未查询"),
        (r"whole, (\d+) items", "完整，共 {0} 项"),
        (r"(\d+) of (\d+) items came", "共 {1} 项，收到 {0} 项"),
        (r"(.*): the device says that it is off", "{0}：设备称其离线"),
        (r"answered 200", "应答 200"),
        (r"INVITE: no answer", "INVITE 没有应答"),
        (r"INVITE: answered only (\d+)", "INVITE 只有临时应答 {0}"),
        (r"INVITE answered (\d+) ?([^,]*)", "INVITE 应答 {0} {1}"),
        (
            r"INVITE answered 200, no packets on (UDP|TCP) port (\d+): NAT or firewall\?",
            "INVITE 应答 200，{0} 端口 {1} 没有收到数据包：有地址转换（NAT）或防火墙？",
        ),
        (
            r"INVITE answered 200, but nobody connected to TCP port (\d+): NAT or firewall\?",
            "INVITE 应答 200，但无人连接 TCP 端口 {0}：有地址转换（NAT）或防火墙？",
        ),
        (
            r"INVITE answered 200, but packets on (UDP|TCP) port (\d+) are of another stream \(SSRC\)",
            "INVITE 应答 200，但 {0} 端口 {1} 的数据包属于别的码流（SSRC 不符）",
        ),
        (
            r"INVITE answered 200, but what arrives on (UDP|TCP) port (\d+) is not RTP",
            "INVITE 应答 200，但 {0} 端口 {1} 收到的不是 RTP",
        ),
        (
            r"INVITE answered 200 by (\S+), but packets on (UDP|TCP) port (\d+) come from (\S+): NAT\?",
            "{0} 应答 INVITE 200，但 {1} 端口 {2} 的数据包来自 {3}：有地址转换（NAT）？",
        ),
        (
            r"INVITE answered 200, but TCP (\S+) does not answer: firewall\?",
            "INVITE 应答 200，但 TCP {0} 没有应答：有防火墙？",
        ),
        (r"INVITE answered 200, but TCP (\S+) cannot be connected to: (.*)", "INVITE 应答 200，但 TCP {0} 连不上：{1}"),
        (r"INVITE answered 200, but (.*)", "INVITE 应答 200，但 {0}"),
        (r"(\d+) on (UDP|TCP) port (\d+) from (\S+), (\d+) % lost", "{1} 端口 {2} 收到 {0} 个包，来自 {3}，丢包 {4}%"),
        (r"(\d+) on (UDP|TCP) port (\d+) from (\S+)", "{1} 端口 {2} 收到 {0} 个包，来自 {3}"),
        (r"(\d+) on TCP (\S+) from (\S+)", "TCP {1} 收到 {0} 个包，来自 {2}"),
        (r"(\d{10}) as agreed", "{0}，与约定一致"),
        (r"(\d{10}), agreed was (\d{10})", "{0}，约定的是 {1}"),
        (r"PS", "PS 流"),
        (r"a bare byte stream", "裸码流"),
        (r"what arrives holds neither PS nor H\.264 nor H\.265", "收到的既不是 PS，也不是 H.264 或 H.265"),
        (r"(.*) in (.*), but no video of H\.264 or H\.265", "{1}里是 {0}，没有 H.264 或 H.265 视频"),
        (r"stream is (.*) in (.*) without parameter sets", "{1}里的 {0} 没有参数集"),
        (
            r"(.*) in (.*) arrives, but no whole key frame; (\d+) % of packets lost",
            "收到 {1}里的 {0}，但没有完整的关键帧；丢包 {2}%",
        ),
        (r"(.*) in (.*) arrives, but no whole key frame", "收到 {1}里的 {0}，但没有完整的关键帧"),
        (r"no whole picture", "没有完整的画面"),
        (r"the device closed the media connection", "设备断开了媒体连接"),
        (r"the device ended the stream \(BYE\)", "设备结束了码流（BYE）"),
        (r"the device went offline: (.*)", "设备离线：{0}"),
        (r"the recording ended", "录像播放结束"),
        (r"no free port for media from (\d+) to (\d+)", "媒体端口 {0} 到 {1} 已用尽"),
    )
)
_DEPTH: Final = 3


def in_chinese(told: str, depth: int = _DEPTH) -> str:
    """Return what a hop tells in Chinese; names and what is not known stay as they are."""
    for pattern, chinese in _WORDS:
        found = pattern.fullmatch(told)
        if found is not None:
            groups = [in_chinese(group or "", depth - 1) if depth else group or "" for group in found.groups()]
            return chinese.format(*groups).strip()
    return told
