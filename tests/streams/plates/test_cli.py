"""`triune plates eval|calibrate|watch`, run as a user runs it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from consoles.cli import plates
from tests.streams.plates import material


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    plates.add_parser(parser.add_subparsers())
    return plates.run(parser.parse_args(["plates", *arguments]))


@pytest.mark.data
def test_eval_counts_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # R502, R504
    rows = ["plate\tsource\tfile\tkind"]
    for kind, count in (("crop", 20), ("full", 10)):
        for file, plate in material.sample(kind, count):
            (tmp_path / file.name).write_bytes(file.read_bytes())
            rows.append(f"{plate[:2]}·{plate[2:]}\tx\t{file.name}\t{kind}")
    whole = (tmp_path / file.name).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "wall.png").write_bytes(cv2.imencode(".png", np.full((300, 400, 3), 90, np.uint8))[1].tobytes())
    rows += ["湘F12345\tx\tcut.jpg\tfull", "湘F12345\tx\tmissing.jpg\tcrop", "湘F12345\tx\t.\tcrop", "\t\t\t", "x"]
    rows += ["\tx\twall.png\tnone", "\tx\twall.png\tfull", f"\tx\t{file.name}\tnone", "湘F12345\tx\twall.png\tnone"]
    (tmp_path / "labels.tsv").write_text("\n".join(rows), encoding="utf-8")

    assert run("eval", str(tmp_path / "labels.tsv")) == 0

    out, err = capsys.readouterr()
    scores = json.loads(out.splitlines()[-1])
    assert scores.keys() == {"crop", "full", "none", "calibration_error"}
    assert scores["none"] == {"n": 3, "read": 1}
    assert 0 < scores["calibration_error"] < 0.2
    table = [line.split() for line in out.splitlines()[1:-1]]
    assert sum(int(line[-1]) for line in table) == scores["crop"]["detected"] + scores["full"]["detected"] + 1
    surest = table[-1]
    assert surest[0] == "0.99–1.00"
    assert float(surest[1].rstrip("%")) > 99
    for kind, n, least in (("crop", 22, 19), ("full", 11, 9)):
        score = scores[kind]
        assert score.keys() == {"n", "exact", "exact_no_province", "detected", "cpu_ms_median"}
        assert score["n"] == n
        assert least <= score["exact"] <= score["exact_no_province"] <= score["detected"] < n
    assert 0 < scores["crop"]["cpu_ms_median"] < scores["full"]["cpu_ms_median"] <= 150
    for said in ("cut.jpg", "missing.jpg", "line 35", "line 36", "line 40"):
        assert said in err


@pytest.mark.parametrize("text", [None, "", "file\tplate\n", "\ufefffile\tkind\n"])
def test_labels_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None) -> None:
    labels = tmp_path / "labels.tsv"
    if text is not None:
        labels.write_text(text, encoding="utf-8")
    assert run("eval", str(labels)) == 2
    assert "labels.tsv" in capsys.readouterr().err


def test_labels_without_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "labels.tsv").write_text("\ufefffile\tkind\tplate\n", encoding="utf-8")
    assert run("eval", str(tmp_path / "labels.tsv")) == 0
    empty = {"n": 0, "exact": 0, "exact_no_province": 0, "detected": 0, "cpu_ms_median": None}
    scores = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert scores == {"crop": empty, "full": empty, "none": {"n": 0, "read": 0}, "calibration_error": None}
    assert run("calibrate", str(tmp_path / "labels.tsv")) == 2


@pytest.mark.data
def test_calibrate_fits_tables_that_rise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["file\tkind\tplate"]
    for file, plate in material.sample("crop", 10):
        (tmp_path / file.name).write_bytes(file.read_bytes())
        rows.append(f"{file.name}\tcrop\t{plate}")
    (tmp_path / "labels.tsv").write_text("\n".join(rows), encoding="utf-8")
    assert run("calibrate", str(tmp_path / "labels.tsv")) == 0
    out, err = capsys.readouterr()
    fitted = json.loads(out)
    assert 40 <= fitted["reads"] <= 90
    assert 0 < fitted["error_after"] < 0.3
    # How sure each half was said to be by the tables of the other, and how many were right.
    table = [line.split() for line in err.splitlines() if "–" in line]
    assert sum(int(line[-1]) for line in table) == fitted["reads"]
    for name in ("plates", "characters", "provinces"):
        said, right = fitted[name]["said"], fitted[name]["right"]
        assert said == sorted(said)
        assert right == sorted(right)
        assert 0 == said[0] == right[0] < said[-1] <= 1


@pytest.mark.data
def test_watch_lists_each_vehicle_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video, frames = tmp_path / "gate.mp4", material.passing()
    material.write_video(video, frames)
    assert run("watch", str(video)) == 0
    *passages, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [passage["plate"] for passage in passages] == list(material.PASSING)
    cycle_frames = material.PASSING_FRAMES + material.EMPTY_FRAMES
    for number, passage in enumerate(passages):
        assert passage.keys() == {"plate", "first_s", "last_s", "reads", "confidence"}
        came_s = (10 + number * cycle_frames) / material.FRAMES_PER_S
        left_s = came_s + material.PASSING_FRAMES / material.FRAMES_PER_S
        assert came_s - 0.001 <= passage["first_s"] < passage["last_s"] < left_s
        assert 3 <= passage["reads"] <= 10
    assert summary["passages"] == len(material.PASSING)
    assert summary["frames"] == len(frames)
    assert summary["frames_read"] < len(frames) / 4


def test_watch_of_a_still_video_and_of_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    still = tmp_path / "still.mp4"
    material.write_video(still, [np.zeros((material.HEIGHT_PX, material.WIDTH_PX, 3), np.uint8)] * 50)
    assert run("watch", str(still)) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["passages"], summary["frames"]) == (0, 50)
    assert summary["frames_read"] <= 8
    (tmp_path / "broken.mp4").write_bytes(still.read_bytes()[:500])
    for name in ("broken.mp4", "missing.mp4"):
        assert run("watch", str(tmp_path / name)) == 2
        assert name in capsys.readouterr().err


@pytest.mark.data
def test_watch_of_a_bare_stream_has_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "gate.m4v"
    material.write_video(video, material.passing(("川A88888",)))
    assert run("watch", str(video)) == 0
    passage, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert passage["plate"] == "川A88888"
    assert summary["duration_s"] == pytest.approx(99 / 25, abs=0.1)
