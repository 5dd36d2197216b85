"""The measurements run at their small sizes, say what others read from them, and measure their floors themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from consoles.bench import append, fanout, fences, latency, memory, plates, record, recovery, relay, search, watch
from consoles.bench.report import Report

# The first answer of the watch list, and how many times what nothing answers without it may take where that is more.
ANSWER_US, ANSWER_FLOORS = 50, 30


def positive(report: Report, *names: str) -> None:
    """Every figure named was measured, and the cost of an item at three loads."""
    figures = json.loads(json.dumps(report.as_json()))
    for name in names:
        assert figures[name] > 0, (name, figures)
    assert set(figures["cpu_us_per_item"]) == {"1", "4", "16"}
    assert all(cost > 0 for cost in figures["cpu_us_per_item"].values())
    assert all(name in "\n".join(report.as_lines()) for name in names)


async def test_append_is_compared_with_the_same_rows_and_the_same_disk(tmp_path: Path) -> None:
    report = await append.bench(tmp_path, append.QUICK)
    positive(
        report, "hub_per_cpu_s", "floor_per_cpu_s", "ratio", "p50_ms", "p99_ms", "fdatasync_p50_ms", "fdatasync_p99_ms"
    )
    figures = report.figures
    assert figures["ratio"] == pytest.approx(
        _number(figures, "hub_per_cpu_s") / _number(figures, "floor_per_cpu_s"), rel=0.02
    )
    assert _number(figures, "p50_ms") <= _number(figures, "p99_ms")
    assert [step.items for step in report.steps] == [append.QUICK.matters * 9 * times for times in (1, 4, 16)]


async def test_fan_out_counts_rows_that_arrived_in_another_process(tmp_path: Path) -> None:
    report = await fanout.bench(tmp_path, fanout.QUICK)
    positive(
        report, "consoles", "single_per_cpu_s", "joined_per_cpu_s", "send_single_per_cpu_s", "send_joined_per_cpu_s"
    )
    assert _number(report.figures, "joined_per_cpu_s") > _number(report.figures, "single_per_cpu_s")
    positive(report, "socketio_per_cpu_s", *(["mosquitto_per_cpu_s"] if shutil.which("mosquitto") else []))
    assert shutil.which("mosquitto") or report.figures["mosquitto_per_cpu_s"] is None


async def test_latency_is_that_of_rows_decoded_in_another_process(tmp_path: Path) -> None:
    report = await latency.bench(tmp_path, latency.QUICK)
    positive(report, "consoles", "rate", "tick_ms", "p50_ms", "p99_ms", "echo_p50_ms", "echo_p99_ms")
    assert _number(report.figures, "p50_ms") <= _number(report.figures, "p99_ms")


async def test_recovery_starts_the_command_on_all_of_the_record(tmp_path: Path) -> None:
    report = await recovery.bench(tmp_path, recovery.QUICK)
    positive(report, "facts", "seconds", "rss_mib", "cpu_s")
    assert _number(report.figures, "facts") >= recovery.QUICK.facts
    assert [step.items for step in report.steps] == sorted(step.items for step in report.steps)


async def test_memory_is_that_of_the_command_at_work(tmp_path: Path) -> None:  # R1207
    report = await memory.bench(tmp_path, memory.QUICK)
    figures = json.loads(json.dumps(report.as_json()))
    fixes = memory.QUICK.seconds * memory.QUICK.fixes_per_s
    assert figures["handled"] > fixes + memory.QUICK.seconds * memory.QUICK.matters_per_s, figures
    for name in ("rss_start_mib", "rss_1_of_4_mib", "rss_2_of_4_mib", "rss_3_of_4_mib", "rss_4_of_4_mib"):
        assert figures[name] > 0, figures
        assert name in "\n".join(report.as_lines())
    assert {"growth_mib", "growth_mib_per_million"} <= figures.keys()


async def test_search_finds_what_it_has_stored(tmp_path: Path) -> None:
    report = await search.bench(tmp_path, search.QUICK)
    positive(report, "sightings", "plate_p95_ms", "area_p95_ms", "area_rows_p95", "build_s", "size_mib")
    assert report.figures["sightings"] == search.QUICK.sightings
    assert _number(report.figures, "plate_p95_ms") >= _number(report.figures, "plate_exact_p95_ms")


async def test_record_loses_nothing_through_reconnects(tmp_path: Path) -> None:
    report = await record.bench(tmp_path, record.QUICK)
    positive(report, "cameras", "cpu", "floor_cpu", "segments", "reconnects")
    assert report.figures["lost_segments"] == 0
    assert report.figures["segments"] == record.QUICK.reconnects + 1


async def test_relay_is_compared_with_the_floor_and_with_the_stock_relay(tmp_path: Path) -> None:
    report = await relay.bench(tmp_path, relay.QUICK)
    positive(report, "viewers", "cpu_per_viewer", "floor_per_viewer", "ratio", "stock_per_viewer", "first_picture_ms")
    figures = report.figures
    assert _number(figures, "first_picture_ms") <= 1000
    if shutil.which("chromium"):
        assert 0 < _number(figures, "glass_p50_ms") <= _number(figures, "glass_p95_ms")
    else:
        assert figures["glass_p95_ms"] is None


def test_fences_are_compared_with_asking_each_of_them() -> None:
    report = fences.bench(fences.QUICK)
    positive(report, "fences", "fixes_per_cpu_s", "naive_per_cpu_s", "ratio")
    assert report.figures["fences"] == fences.QUICK.units + fences.QUICK.forbidden * 16


def test_a_watch_list_answers_for_each_plate() -> None:
    report = watch.bench(watch.QUICK)
    positive(report, "entries", "patterns", "look_alikes", "hits", "build_s", "p50_us", "p95_us", "undisturbed_p95_us")
    positive(report, "floor_p95_us", "ratio")
    assert report.figures["entries"] == watch.QUICK.entries


def test_the_first_answer_of_the_watch_list_comes_in_time() -> None:
    """All patterns and look-alikes that there may be, and a tenth of the lines: these hardly count. On a machine on
    which the least that an answer takes is slow, it may take so many times that."""
    figures = watch.bench(watch.Sizes(entries=100_000, plates=1000)).figures
    answer_us, floor_us = _number(figures, "undisturbed_p95_us"), _number(figures, "floor_p95_us")
    assert answer_us <= max(ANSWER_US, ANSWER_FLOORS * floor_us), figures


async def test_plates_are_read_in_films_that_play_before_cameras(tmp_path: Path) -> None:  # R531
    report = await plates.bench(tmp_path, plates.QUICK)
    positive(report, "streams", "idle_cpu_s_per_s", "busy_cpu_s_per_s", "passages", "frames_looked_at")
    figures = report.figures
    assert figures["passages"] == plates.QUICK.passages == 4
    assert (figures["busy_streams"], figures["wrong"], figures["told_twice"]) == (2, 0, 0)
    # The film does not wait: a machine that has no time for half of the frames may miss cars, and still not all.
    has_time = _number(figures, "frames_looked_at") >= _number(figures, "frames_dropped")
    assert _number(figures, "read") >= (4 if has_time else 1), figures


def _number(figures: dict[str, int | float | str | None], name: str) -> float:
    value = figures[name]
    assert isinstance(value, int | float)
    return value
