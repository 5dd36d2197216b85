"""RTP payloads of NAL units: what H.264 (RFC 6184) and H.265 (RFC 7798) do alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def pack(
    units: Iterable[bytes],
    limit: int,
    header_bytes: int,
    aggregate: Callable[[list[bytes]], bytes],
    cut: Callable[[bytes, int], list[bytes]],
) -> list[bytes]:
    """Pack one access unit into payloads of at most `limit` bytes: small neighbours share one, large units are cut.

    A payload that `aggregate` makes of several units begins with a header of `header_bytes`; each follows its size.
    """
    payloads: list[bytes] = []
    small: list[bytes] = []
    small_bytes = header_bytes

    def flush() -> None:
        nonlocal small, small_bytes
        if small:
            payloads.append(small[0] if len(small) == 1 else aggregate(small))
            small, small_bytes = [], header_bytes

    for unit in units:
        if small_bytes + 2 + len(unit) > limit:
            flush()
        if len(unit) > limit:
            payloads += cut(unit, limit)
        else:
            small.append(unit)
            small_bytes += 2 + len(unit)
    flush()
    return payloads


def sized(units: Iterable[bytes]) -> bytes:
    """Join units, each after its size in two bytes, as aggregation packets hold them."""
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def fragments(header: bytes, kind: int, body: memoryview, limit: int) -> list[bytes]:
    """Cut the body of a unit of type `kind`; each piece follows `header` and a byte that marks first and last."""
    step = limit - len(header) - 1
    last = (len(body) - 1) // step
    return [
        header + bytes([kind | (0x80 if i == 0 else 0) | (0x40 if i == last else 0)]) + body[i * step : (i + 1) * step]
        for i in range(last + 1)
    ]
