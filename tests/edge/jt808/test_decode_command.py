"""`triune jt808 decode`, on the vendors' frames and on what is none."""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.kernel.errors import InvalidInputError
from consoles.cli import jt808
from tests.edge.jt808.peer import location
from tests.paths import shared

WIRE = location(7)


def decode(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    jt808.add_parser(parser.add_subparsers())
    return jt808.run(parser.parse_args(["jt808", "decode", *arguments]))


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.data
def test_every_frame_of_the_material_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    path = shared("data/jt808/dev_frames.tsv")
    assert decode(str(path)) == 0
    *said, summary = printed(capsys)
    assert summary == {"frames": 211, "decoded": 211, "errors": 0}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row, line in zip(rows, said, strict=True):
        assert line["msg_id"] == row["msg_id"].lower()
        assert line["phone"] == row["derived_phone"]
        assert line["serial"] == int(row["derived_serial"])
        assert (line["version"] == 2019) == (row["derived_v2019"] == "True")
        if row["derived_lat"]:
            place = line["items"][0] if row["msg_id"] == "0x0704" else line
            assert place["lat"] == pytest.approx(float(row["derived_lat"]), abs=5e-7)
            assert place["time"] == row["derived_time"]
            assert ",".join(place["alarm_bits"]) == row["derived_alarm_bits"]
        if row["kind"] != "other":
            assert line["name"] == row["kind"]


def test_standard_input_with_bad_lines_among_good(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = WIRE[:20] + bytes((WIRE[20] ^ 1,)) + WIRE[21:]
    lines = [WIRE.hex(), "", "zz", "7e7e", torn.hex(), (WIRE + WIRE).hex().upper(), "0x" + WIRE.hex(" "), '"\t"']
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    assert decode() == 0
    *said, summary = printed(capsys)
    assert summary == {"frames": 8, "decoded": 4, "errors": 4}
    assert [(line["line"], "error" in line) for line in said] == [
        (1, False),
        (3, True),
        (4, True),
        (5, True),
        (6, False),
        (6, False),
        (7, False),
        (8, True),
    ]
    assert "checksum" in said[3]["error"]
    assert (said[0]["lat"], said[0]["lon"], said[0]["direction_deg"]) == (29.1, 113.1, 90)


def test_a_body_that_breaks_its_promise_is_an_error_with_its_head(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "frames.txt").write_bytes(b"7e0200000101381234567800070099" + b"7e\n" + b"\xff\xfe\n")
    assert decode(str(tmp_path / "frames.txt")) == 0
    first, second, summary = printed(capsys)
    assert summary == {"frames": 2, "decoded": 0, "errors": 2}
    assert "error" in first
    assert second == {"line": 2, "error": "not hexadecimal"}


def test_a_file_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(InvalidInputError, match=r"no-such-file\.tsv"):
        decode("no-such-file.tsv")


@given(st.binary(max_size=300))
def test_any_bytes_give_at_least_one_line(data: bytes) -> None:
    assert jt808.explain_line(data.hex())
