"""The places that keep signed heads outside: is a file's folder there, does an address keep what is sent to it?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from command.journal.anchors import is_address, is_in_the_clear
from consoles.doctor import outside
from consoles.doctor.finding import Finding, Words, bad, ok


async def examine(places: Sequence[str], now_ms: int) -> list[Finding]:
    """Look at each, in the order of the settings; nothing is sent there, and no file made."""
    return [await _place(number, place, now_ms) for number, place in enumerate(places, start=1)]


async def _place(number: int, place: str, now_ms: int) -> Finding:
    check = f"anchor {number}"
    if is_in_the_clear(place):
        what = Words(
            "goes unencrypted: whoever is on the way can say that a head was kept, and keep none",
            "未加密传输:途中任何人都可以谎称已保存签名,而实际并未保存",
        )
        return bad(check, "warn", what, Words("give its https:// address", "改用 https:// 地址"))
    if is_address(place):
        return replace(await outside.service(check, place, now_ms), check=check)
    return _folder(check, Path(place))


def _folder(check: str, file: Path) -> Finding:
    folder = file.absolute().parent
    if folder.is_dir():
        return ok(check, f"{folder} is there", f"{folder} 存在")
    todo = Words("mount it, or correct the setting", "挂载该目录或更正设置")
    return bad(check, "warn", Words(f"there is no folder {folder}", f"目录 {folder} 不存在"), todo)
