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
            "边缘节点 {0} 的版本 {1} 过旧，不支持此项（{2}）：请升级",
        ),
        (
            r"edge agent (\S+) is not connected to this hub: is its machine on, does its link reach here\?",
            "边缘节点 {0} 未连接到本机：它的主机开着吗？链路通吗？",
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
        (
            r"(no packets for \d+ s): they come over UDP: is a firewall or NAT between, "
            r"is their port another than agreed\?",
            "{0}：走 UDP，中间有防火墙或地址转换（NAT）吗？是否从约定以外的端口发出？",
        ),
        (
            r"(no packets for \d+ s): the camera agreed to send: is its encoder on, do too many watch it\?",
            "{0}：摄像机已同意发送，它的编码器开着吗？看的人太多吗？",
        ),
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
        # Publishers
        (r"nobody publishes to this camera now", "现在无人向该摄像机推流：推流端开了吗？地址和密钥对吗？"),
        (
            rf"(nobody publishes to this camera now); the newest to try, ({_AGO}) from (\S+): (.*)",
            "{0} 最近一次尝试在 {1}，来自 {4}：{5}",
        ),
        (r"its key was wrong", "密钥不对（是否已换新密钥？）"),
        (r"its offer was refused: (.*)", "推流请求被拒：{0}"),
        (
            r"it never connected: is UDP let through, is there NAT\?",
            "始终没有连上：UDP 放行了吗？有地址转换（NAT）吗？",
        ),
        (r"it left", "推流端离开"),
        (rf"since ({_AGO}) from (\S+)", "{0}起，来自 {3}"),
        (r"the publisher left", "推流端已离开"),
        (r"a publishing camera's address is whip: and .*", "推流摄像机的地址是 whip: 加密钥"),
        (r"connected, (.*)", "已连接，但 {0}"),
        (r"no whole picture for (\d+) s", "{0} 秒没有完整的画面"),
        (r"no key frame", "没有关键帧"),
        # Other hubs, and agents at them
        (r"it is at hub (\S+), which does not answer", "它接在中心 {0}，该中心没有应答：主机开着吗？中心之间通吗？"),
        (r"hub (\S+)", "中心 {0}"),
        (r"edge agent (\S+)", "边缘节点 {0}"),
        (r"(.*) ended the (pictures|recording)", "{0} 结束了码流"),
        (r"(.*) moves the camera no more", "{0} 不再转动摄像机"),
        (r"the connection of (.*) was cut", "{0} 的连接中断"),
        (r"nothing came from (.*) for (\d+) s: its link stalls", "{1} 秒没有收到 {0} 的数据：它的链路停滞"),
        (r"nothing came from (.*)", "没有收到 {0} 的数据"),
        (
            r"the link of (.*) carries (\d+) kB/s, too little for this camera: let it send smaller pictures",
            "{0} 的链路只有 {1} kB/s，不够这路视频：请调低摄像机码率",
        ),
        (
            r"edge agent (\S+) is not connected to any hub: is its machine on, does its link reach here\?",
            "边缘节点 {0} 未连接到任何中心：它的主机开着吗？链路通吗？",
        ),
        (r"edge agent (\S+) has not been told of this camera yet", "边缘节点 {0} 还不知道这台摄像机，稍后再试"),
        (r"edge agent (\S+) has just gone away", "边缘节点 {0} 刚刚断开"),
        (r"the agent was told to leave this camera or to reach it otherwise", "边缘节点已不再接入该摄像机，或改了地址"),
        (r"the address of an agent's camera is .*", "边缘摄像机的地址是 edge://代理名/摄像机地址"),
        (r"GB/T 28181 device (\d+) is registered at no hub", "国标设备 {0} 未在任何中心注册"),
        (r"the camera is not reached by this hub any more", "本中心已接不到该摄像机：设备或代理去了别处"),
        # External media servers
        (r"the media server of this camera does not answer", "该摄像机的媒体服务器没有应答"),
        (r"the media server of this camera answers (\d+)", "该摄像机的媒体服务器应答 {0}"),
        (r"the media server's answer (is malformed|lacks ICE or DTLS)", "媒体服务器的应答格式不对"),
        (
            r"the media server agreed to send, but no way to it was found: is UDP let through\?",
            "媒体服务器同意发送，但没有通路：UDP 放行了吗？",
        ),
        (r"the media server agreed to send, but the connection to it failed", "媒体服务器同意发送，但连接失败"),
        (
            r"the media server sends neither H\.264 nor H\.265",
            "媒体服务器发来的既不是 H.264 也不是 H.265：请在服务器上改编码",
        ),
        (r"the host has no network address for video", "本机没有可用于视频的网络地址"),
        (r"the host's network addresses could not be gathered in time", "未能及时取得本机网络地址"),
        # Reading RTSP and files
        (r"401 unauthorised", "401：摄像机不接受用户名或密码"),
        (r"403 forbidden", "403：该用户无权看此码流"),
        (r"404 no such stream", "404：摄像机没有该路径的码流"),
        (r"the camera refuses the request", "摄像机拒绝请求"),
        (r"connection refused", "连接被拒：该端口无人监听，端口对吗？"),
        (r"connection lost", "连接中断"),
        (r"no answer from the network", "网络没有应答：通电了吗？中间有防火墙吗？"),
        (r"the camera closed the connection", "摄像机断开了连接"),
        (r"what it sends is not RTSP with video", "发来的不是带视频的 RTSP"),
        (r"host not found or not reachable", "找不到主机，或不可达"),
        (r"cannot be read", "无法读取"),
        (r"no video track", "没有视频轨"),
        (r"codec is neither H\.264 nor H\.265: (.*)", "编码是 {0}：请把摄像机设为 H.264 或 H.265"),
        (r"a picture of (\d+) bytes is too large", "一幅画面有 {0} 字节，过大：请调低摄像机码率"),
        (r"no such file", "没有该文件"),
        (r"the file ended", "文件已播完"),
        (r"the file holds no picture", "文件里没有画面"),
        (r"the file is of no kind that holds pictures", "不是视频文件"),
        (r"the address begins with none of (.*)", "地址须以其中之一开头：{0}"),
        (r"an address has at most (\d+) characters, all printable, and no spaces", "地址最多 {0} 个可见字符，不含空格"),
        (r"stopped", "已停止"),
        (r"camera (\S+) shows no picture: (.*)", "摄像机 {0} 没有画面：{1}"),
        (r"ONVIF: (.*)", "ONVIF：{0}"),
        (r"the playback was held for (\d+) minutes", "回放暂停了 {0} 分钟，已结束"),
        (r"the transport is none of (.*)", "传输方式须是其中之一：{0}"),
        (r"more than (\d+) pictures in a second", "每秒超过 {0} 幅画面：请调低摄像机帧率"),
        (r"device (\d+) is offline: (.*)", "设备 {0} 离线：{1}"),
        (r"device (\d+): (.*)", "设备 {0}：{1}"),
        # GB/T 28181
        (r"the address is not \w+://<device of.*", "地址不是 gb28181://20 位设备编码/20 位通道编码"),
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
