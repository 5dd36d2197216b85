"""Lines that programs read: complete, bounded, without secrets, and written by a thread of their own."""

from __future__ import annotations

import io
import json
import logging
import threading
from typing import Any, get_args

import pytest

from command.kernel.clock import SystemClock, VirtualClock
from command.kernel.correlation import Correlation, serving
from consoles.limits import LOG_COMMITS_PER_S, LOG_KINDS, LOG_LINE_CHARS, LOG_LINES_WAITING
from consoles.observe.logs import LINES_LEFT_OUT, Style, Throttle, tell, writing

log = logging.getLogger("triune.test")


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_with_the_request_and_its_fields() -> None:
    stream = io.StringIO()
    with writing(SystemClock(), stream, "json"), serving(Correlation("r1", lambda _: None)):
        tell(log, logging.INFO, "committed", first_seq=3, last_seq=4, keys=["a", "b"], subject=None)
        log.warning("%s\nof two lines", "text")
        log.debug("not asked for")
        try:
            int("call 13812345678")
        except ValueError:
            log.exception("it failed")
    told, text, fault = lines(stream)
    assert told.pop("at").endswith("Z")
    assert told == {
        "level": "info", "logger": "triune.test", "message": "committed", "request_id": "r1", "first_seq": 3,
        "last_seq": 4, "keys": ["a", "b"], "subject": None,
    }  # fmt: skip
    assert text["message"] == "text\nof two lines"
    assert fault["level"] == "error"
    assert "call ***" in fault["exception"]
    assert "13812345678" not in stream.getvalue()


def test_fields_cannot_pass_for_what_the_line_says_of_itself() -> None:
    stream = io.StringIO()
    with writing(SystemClock(), stream, "json"):
        log.info("true", extra={"fields": {"level": "debug", "message": "false", "logger": "other"}})
    (line,) = lines(stream)
    assert (line["level"], line["message"], line["logger"]) == ("info", "true", "triune.test")


def test_people_get_text_and_long_texts_are_cut() -> None:
    stream = io.StringIO()
    with writing(SystemClock(), stream, "text"):
        tell(log, logging.INFO, "committed", subject="s1")
        log.info("x" * (LOG_LINE_CHARS * 3))
    first, second = stream.getvalue().splitlines()
    assert first.endswith("INFO    triune.test: committed subject=s1")
    assert len(second) < LOG_LINE_CHARS + 100


def test_one_kind_is_bounded_in_a_second_and_the_next_line_counts_what_was_left_out() -> None:
    clock, throttle = VirtualClock(1_700_000_000_000), None
    throttle = Throttle(clock, per_s=3)

    def passes(message: str, number: int) -> logging.LogRecord | None:
        record = logging.LogRecord("a", logging.INFO, "", 0, message, (number,), None)
        return record if throttle.filter(record) else None

    assert [passes("kind %d", n) is not None for n in range(10)] == [True] * 3 + [False] * 7
    assert passes("other kind %d", 1), "the kinds do not hold each other up"
    clock.advance(clock.now_ms() + 1000)
    record = passes("kind %d", 1)
    assert record is not None
    assert record.__dict__["left_out"] == 7
    record = passes("kind %d", 2)
    assert record is not None
    assert "left_out" not in record.__dict__


def test_kinds_without_end_take_no_memory_without_end() -> None:
    throttle = Throttle(VirtualClock(1_700_000_000_000))
    for n in range(5000):
        throttle.filter(logging.LogRecord("a", logging.INFO, "", 0, f"text {n}", None, None))
    assert len(throttle._kinds) <= 1001


def test_lines_with_a_limit_of_their_own_are_counted_apart_and_bounded_too() -> None:
    """R882."""
    stream, clock, more = io.StringIO(), VirtualClock(1_700_000_000_000), 7
    before = LINES_LEFT_OUT.labels("too_many")._value.get()
    with writing(clock, stream, "json"):
        for n in range(LOG_KINDS + 1):
            log.info(f"text {n}")  # noqa: G004 - as somebody might who uses up the kinds
        for _ in range(LOG_COMMITS_PER_S + more):
            tell(log, logging.INFO, "committed", per_s=LOG_COMMITS_PER_S, request_id="r1")
        tell(log, logging.INFO, "committed")
        clock.advance(clock.now_ms() + 1000)
        tell(log, logging.INFO, "committed", per_s=LOG_COMMITS_PER_S, request_id="r2")
    *committed, others, last = [line for line in lines(stream) if line["message"] == "committed"]
    assert len(committed) == LOG_COMMITS_PER_S
    assert LINES_LEFT_OUT.labels("too_many")._value.get() - before == more
    assert "request_id" not in others, "one without has a turn of its own"
    assert (last["request_id"], last["left_out"]) == ("r2", more)


class Stuck(io.StringIO):
    """A pipe whose reader does something else for now."""

    def __init__(self) -> None:
        super().__init__()
        self.reads_again = threading.Event()

    def write(self, text: str) -> int:
        assert self.reads_again.wait(30)
        return super().write(text)


def test_a_reader_that_stands_still_holds_nobody_up_and_what_has_no_room_is_counted() -> None:
    stream, kinds = Stuck(), LOG_LINES_WAITING + 500
    before = LINES_LEFT_OUT.labels("writer_behind")._value.get()
    with writing(VirtualClock(1_700_000_000_000), stream, "json"):
        for n in range(kinds):
            tell(logging.getLogger(f"triune.test{n % 900}"), logging.INFO, "said")
        left_out = LINES_LEFT_OUT.labels("writer_behind")._value.get() - before
        assert 0 < left_out <= 500, "everything was said while nothing could be written"
        stream.reads_again.set()
    assert len(lines(stream)) == kinds - left_out


def test_what_utf_8_has_no_room_for_is_written_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest could not carry such a line to its report
    for style in get_args(Style):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with writing(SystemClock(), stream, style):
            tell(log, logging.INFO, "half \ud800", subject="\udfff")
        stream.seek(0)
        assert "\\ud800" in stream.read()


def test_after_the_block_nothing_is_written() -> None:
    stream = io.StringIO()
    style: Style = "json"
    with writing(SystemClock(), stream, style):
        log.info("one")
    log.warning("two")
    assert [line["message"] for line in lines(stream)] == ["one"]
