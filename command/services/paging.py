"""Pages of rows, bounded in number and in bytes."""

from __future__ import annotations

from collections.abc import Iterable

from command.kernel.limits import SERVICE_PAGE_BYTES


def cut_page(rows: Iterable[tuple[int, bytes]], limit: int) -> tuple[list[bytes], int | None]:
    """Return the bodies of one page from (number, body) rows, and the number to go on after, or None at the end.

    A page has at most `limit` rows and ends once it holds `SERVICE_PAGE_BYTES`; `rows` is read no further than needed.
    """
    bodies: list[bytes] = []
    size_bytes, last = 0, 0
    for number, body in rows:
        if len(bodies) == limit or size_bytes >= SERVICE_PAGE_BYTES:
            return bodies, last
        bodies.append(body)
        size_bytes += len(body)
        last = number
    return bodies, None
