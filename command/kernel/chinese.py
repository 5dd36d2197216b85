"""Whether decoded bytes are Chinese: programs of offices and devices write UTF-8 and GB18030, and say the wrong one."""

from __future__ import annotations

# Punctuation, marks of order, signs and marks of lists (①, →), kana, Chinese, full-width forms. Pairs of GB2312 bytes
# that are UTF-8 by chance are hardly ever among these.
_OURS = (range(0x2000, 0x2040), range(0x2100, 0x2800), range(0x3000, 0x3800), range(0x4E00, 0xA000),
         range(0xFEFF, 0xFFF0))  # fmt: skip


def is_chinese(text: str) -> bool:
    """Say whether all of a text is ASCII or what is written among Chinese.

    What is UTF-8 by chance is not: pairs of GB18030 bytes that fit are letters of other scripts.
    """
    return all(char.isascii() or char == "·" or any(ord(char) in each for each in _OURS) for char in text)
