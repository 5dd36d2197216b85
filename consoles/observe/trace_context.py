"""W3C Trace Context (level 1): the `traceparent` header that says of which trace a request is a part."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 0x01


@dataclass(frozen=True)
class TraceContext:
    """A trace and the span in it that something was called by. Both ids are lower-case hexadecimal, never all zeros."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def request_id(self) -> str:
        """What logs and keys say. The span is part of it, since one trace may hold many requests."""
        return f"{self.trace_id}-{self.span_id}"


def parse(header: str | None) -> TraceContext | None:
    """Return what a `traceparent` says; None for a missing or invalid one, which the standard has us ignore."""
    found = _TRACEPARENT.fullmatch(header or "")
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def child_of(parent: TraceContext | None) -> TraceContext:
    """Return a new span of the parent's trace, or of a new trace."""
    # Never zeros: the first digit of what is made here is not one.
    trace_id = parent.trace_id if parent else f"{secrets.randbits(127) | 1 << 127:032x}"
    return TraceContext(trace_id, f"{secrets.randbits(63) | 1 << 63:016x}", sampled=parent.sampled if parent else False)
