"""Whether recordings lie on an encrypted disk: the hub does not seal them itself (docs/adr/0008)."""

from __future__ import annotations

import os
from pathlib import Path

from consoles.doctor.finding import Finding, Words, bad, ok

_SYS = Path("/sys/dev/block")
_DEEPEST = 8
"""So many devices lie on one another at most: a volume on a crypt on a RAID on a disk."""


def examine(folder: Path, devices: Path = _SYS) -> list[Finding]:
    """Look at the disk of a folder of recordings, where there is one. `devices` is where Linux tells of them."""
    if not folder.is_dir():
        return []
    number = folder.stat().st_dev
    device = devices / f"{os.major(number)}:{os.minor(number)}"
    name, todo = "recordings", Words(
        "put recordings on a disk encrypted with LUKS (docs/OPERATIONS.md): who takes it away sees all of them",
        "请将录像放在 LUKS 加密的磁盘上(见 docs/OPERATIONS.md):磁盘被带走则录像全部可见",
    )  # fmt: skip
    if not device.exists():
        what = Words("it cannot be told whether their disk is encrypted", "无法判断录像所在磁盘是否加密")
        return [bad(name, "warn", what, todo)]
    if is_encrypted(device):
        return [ok(name, "they lie on an encrypted disk", "录像在加密磁盘上")]
    return [bad(name, "warn", Words("they lie on a disk that is not encrypted", "录像所在磁盘未加密"), todo)]


def is_encrypted(device: Path, deepest: int = _DEEPEST) -> bool:
    """Say whether all that a block device holds passes dm-crypt, itself or everything that it lies on."""
    uuid = device / "dm" / "uuid"
    if uuid.is_file() and uuid.read_text().startswith("CRYPT-"):
        return True
    below = list((device / "slaves").glob("*"))
    return bool(below) and deepest > 0 and all(is_encrypted(each, deepest - 1) for each in below)
