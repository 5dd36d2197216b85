"""Logs: one JSON object a line on stderr, or lines for people; bounded, without secrets, never in the hub's way.

A line is made and written by a thread of its own, for a terminal or collector that reads slowly must not hold up the
hub. Of each kind of line only so many a second are written; the next one says how many were left out.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Literal

import msgspec
from prometheus_client import Counter

from command.kernel.clock import Clock
from command.kernel.correlation import request_id
from command.kernel.rate import RateLimit
from consoles.limits import LOG_KINDS, LOG_LINE_CHARS, LOG_LINES_PER_S, LOG_LINES_WAITING
from consoles.observe.redaction import redacted

Style = Literal["json", "text"]
_LAST_LINES_S = 2.0
LINES_LEFT_OUT = Counter("triune_log_lines_left_out", "Log lines not written", ["why"])
Value = str | int | float | bool | None | list[str]


def tell(log: logging.Logger, level: int, event: str, *, per_s: int | None = None, **fields: Value) -> None:
    """Write a line about an `event`, which stays the same for programs that read logs, with what is known of it.

    Lines with a limit of their own, `per_s`, are counted apart from others of the event.
    """
    if log.isEnabledFor(level):
        log.log(level, event, extra={"fields": fields, "per_s": per_s})


class JsonLines(logging.Formatter):
    """One JSON object: `at` (UTC), `level`, `logger`, `message`, `request_id` where one is served, and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Value] = {
            "at": at.replace("+00:00", "Z"), "level": record.levelname.lower(), "logger": record.name,
            "message": _clean(record.getMessage()),
        }  # fmt: skip
        for name, value in _fields(record).items():
            line.setdefault(name, value)
        if record.exc_info:
            line["exception"] = _clean(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


class TextLines(logging.Formatter):
    """For people: local time, level, logger, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or lines where it tells of a fault."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        line = f"{at} {record.levelname:<7} {record.name}: {_clean(record.getMessage())}{fields}"
        return f"{line}\n{_clean(self.formatException(record.exc_info))}" if record.exc_info else line


def _clean(text: str) -> str:
    # Cut after masking, so that no half of a secret is left at the end. Half a surrogate has no place in UTF-8.
    return redacted(text[: 2 * LOG_LINE_CHARS])[:LOG_LINE_CHARS].encode("utf-8", "backslashreplace").decode()


def _fields(record: logging.LogRecord) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if serving := getattr(record, "request_id", None):
        found["request_id"] = serving
    for name, value in getattr(record, "fields", {}).items():
        match value:
            case str():
                found[name] = value if name == "request_id" else _clean(value)
            case list():
                found[name] = [_clean(one) for one in value]
            case _:
                found[name] = value
    if left_out := getattr(record, "left_out", 0):
        found["left_out"] = left_out
    return found


class Throttle(logging.Filter):
    """Lets so many lines of one kind through a second, and counts the others.

    A kind is a logger, an unformatted message, and the limit of its own where it has one.
    """

    def __init__(self, clock: Clock, per_s: int = LOG_LINES_PER_S) -> None:
        super().__init__()
        self._clock = clock
        self._per_s = per_s
        self._kinds: dict[tuple[str, str, int | None], tuple[RateLimit, list[int]]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the line is written."""
        now_ms = self._clock.now_ms()
        per_s: int | None = getattr(record, "per_s", None)
        kind = (record.name, str(record.msg), per_s)
        if per_s is None and kind not in self._kinds and len(self._kinds) >= LOG_KINDS:
            kind = ("", "", None)  # whoever writes texts instead of formats shares one turn
        rate, left_out = self._kinds.setdefault(kind, (RateLimit(per_s or self._per_s, now_ms), [0]))
        if rate.wait_ms(now_ms):
            left_out[0] += 1
            LINES_LEFT_OUT.labels("too_many").inc()
            return False
        if left_out[0]:
            record.left_out, left_out[0] = left_out[0], 0
        return True


class _Handover(logging.handlers.QueueHandler):
    """Hands records to the writing thread; what it has no room for is counted and dropped."""

    queue: queue.Queue[logging.LogRecord]

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Take down what only the task that writes knows; all else is the thread's work."""
        record.request_id = request_id()
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Never wait."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            LINES_LEFT_OUT.labels("writer_behind").inc()


class _Writer(logging.handlers.QueueListener):
    """The writing thread. Ending it waits for what is queued, but not for a reader of ours that stands still."""

    queue: queue.Queue[logging.LogRecord | None]

    def stop(self) -> None:
        """Write what is waiting; give up after a moment."""
        with contextlib.suppress(queue.Full):
            self.queue.put(None, timeout=_LAST_LINES_S)  # what the base class knows the end by
        if self._thread:
            self._thread.join(_LAST_LINES_S)


@contextmanager
def writing(clock: Clock, stream: IO[str], style: Style, level: int = logging.INFO) -> Iterator[None]:
    """Write everything logged to the stream until the block is left; then what is waiting, and nothing more."""
    writer = logging.StreamHandler(stream)
    writer.setFormatter(JsonLines() if style == "json" else TextLines())
    handover = _Handover(queue.Queue(LOG_LINES_WAITING))
    handover.addFilter(Throttle(clock))
    listener = _Writer(handover.queue, writer)
    root = logging.getLogger()
    before = root.level
    root.setLevel(level)
    root.addHandler(handover)
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(handover)
        root.setLevel(before)
        listener.stop()
