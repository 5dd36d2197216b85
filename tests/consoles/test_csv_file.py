"""What a spreadsheet makes of a cell: nothing else than what stands there."""

from __future__ import annotations

import pytest

from consoles.http.csv_file import csv_of


@pytest.mark.parametrize(
    "text",
    ["3E5", "12e3", "8602e10", "1.5E-3", "1-3", "3/5", "2026-11", "11/23/2026", "MAR1",
     "sep-02", "2-Dec", "1 Apr 2026", "December 1"],
)  # fmt: skip
def test_an_id_or_name_that_would_be_shown_as_a_number_or_date_stays_text(text: str) -> None:  # R1107
    lines = csv_of([("单位", text)], ["编号"], [[text]]).splitlines()
    assert (lines[0], lines[-1]) == (f"\ufeff单位,'{text}", f"'{text}")


@pytest.mark.parametrize(
    "cell",
    ["2026-11-23 10:00:00", "2026-11-23", "10:30", "岳01", "u-1-3x", "1-3组", "湘F12345", "d1", "10.0.0.1", "marshal",
     "85.0", 8.1, 12, None, ""],
)  # fmt: skip
def test_other_cells_stand_as_they_are(cell: str | float | None) -> None:  # R1107
    assert csv_of([], ["编号"], [["x", cell]]).splitlines()[-1] == f"x,{'' if cell is None else cell}"
