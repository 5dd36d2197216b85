"""Watch files as offices save them: every encoding, every problem told by row and column, nothing worked out."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import zipfile

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from command.facts.watchlist import WatchArea, WatchHours
from command.kernel.errors import InvalidInputError, TooLargeError
from command.requests.base import LATEST_MS
from command.requests.watchlist import GivenArea, GivenHours
from command.rows import WatchRow
from consoles.limits import WATCH_FILE_BYTES, WATCH_FILE_ROWS
from consoles.watch_files.columns import exported, template
from consoles.watch_files.entries import Found, Places, entries_of
from consoles.watch_files.table import Table, decoded, read_table, read_text
from consoles.watch_files.xls import formulas_of
from tests.command.support import HOUR_MS, START_MS
from tests.consoles.watch_files.xls_file import Formula, xls

HEAD = "车牌,原因,有效期\n"
SIX_O_CLOCK = datetime.datetime(2030, 12, 31, 18)  # noqa: DTZ001 - sheets know no zones
RING = ((114.2, 30.4), (114.4, 30.4), (114.4, 30.6))
PLACES = Places({"路口1": "k1", "k1": "k1"}, {"城关片区": RING}, {("湘A00001", False): "w7"})


def found(text: str) -> Found:
    return entries_of(read_text(text.encode()), PLACES, START_MS)


def sheet(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_is_read_in_any_usual_encoding(encoding: str) -> None:  # R543
    text = HEAD + "湘F12345,被盗抢,2030-12-31\n皖A·88888,肇事逃逸,30天\n"
    [(row, one), (_, other)] = entries_of(read_text(text.encode(encoding)), PLACES, START_MS).entries
    assert (row, one.pattern, one.reason) == (2, "湘F12345", "被盗抢")
    assert (other.pattern, other.until_ms) == ("皖A88888", START_MS + 30 * 24 * HOUR_MS)


def test_lines_of_two_encodings_in_one_file_are_told_apart() -> None:  # R543
    data = (HEAD + "湘F12345,被盗,30天\n").encode() + "湘F54321,逃逸,30天\n".encode("gbk")
    table = read_text(data)
    assert table.is_mixed
    assert [entry.reason for _, entry in entries_of(table, PLACES, START_MS).entries] == ["被盗", "逃逸"]
    assert decoded(b"abc,1")[1] is False


def test_bytes_that_are_no_text_are_a_problem_of_their_row_alone() -> None:  # R543, R544
    data = (HEAD + "湘F12345,被盗,30天\n湘F54321,").encode("gbk") + b"\xff\xff\xff,30\xcc\xec\n"
    told = entries_of(read_text(data), PLACES, START_MS)
    assert [row for row, _ in told.entries] == [2]
    assert {(problem.row, problem.column, problem.code) for problem in told.problems} == {(3, "原因", "encoding")}


def test_every_problem_is_told_at_once_by_row_and_column_in_both_languages() -> None:  # R544
    told = found(
        "车牌号码,级别,布控原因,有效期至,范围,时段,处置,形近\n"
        "湘F12345,2,被盗,2030-12-31,,,,\n"
        "湘FI2345,9,,昨天,没有的路口,25点,追,也许\n"
        "湘F*,2,试,2001-01-01,,,,\n"
        ",,,,,,,\n"
        "*,2,试,30天,,,,\n"
    )
    assert [row for row, _ in told.entries] == [2]
    assert told.rows == 4
    by_row = {(problem.row, problem.column): problem for problem in told.problems}
    assert {column for row, column in by_row if row == 3} == {"原因", "级别", "有效期", "范围", "时段", "处置", "形近"}
    assert (by_row[4, "有效期"].code, by_row[4, "有效期"].value) == ("past", "2001-01-01")
    assert (6, "车牌") in by_row
    assert all(problem.zh and problem.en and problem.zh != problem.en for problem in told.problems)


def test_an_impossible_plate_is_a_problem_of_its_cell() -> None:  # R544
    [problem] = found(HEAD + "湘FI2345,被盗,30天\n").problems
    assert (problem.row, problem.column, problem.code, problem.value) == (2, "车牌", "impossible_pattern", "湘FI2345")


@pytest.mark.parametrize(
    ("headings", "left", "column"),
    [
        ("号牌号码,原因,有效期至,结束时间", "结束时间", "有效期"), ("车牌,原因,到期,有效期限", "有效期限", "有效期"),
        ("号牌号码,案由,有效期,车辆号码", "车辆号码", "车牌"), ("车牌,原因,截止日期,有效日期", "有效日期", "有效期"),
        ("车牌,原因,有效期,原 因", "原 因", "原因"),
    ],
)  # fmt: skip
def test_a_column_beside_one_by_a_word_of_ever_is_told_and_not_read(
    headings: str, left: str, column: str
) -> None:  # R1036
    told = found(f"{headings}\n湘F12345,被盗,30天,2001-01-01\n")
    assert [entry.until_ms for _, entry in told.entries] == [START_MS + 30 * 24 * HOUR_MS]
    [problem] = told.problems
    assert (problem.row, problem.column, problem.code, problem.value) == (1, column, "column_left", left)
    assert not found(f"{headings}\n湘F12345,被盗,30天,\n").problems, "nothing stands in it"


def test_what_stands_twice_is_told_and_asked_for_once() -> None:  # R545
    told = found(HEAD + "湘F12345,被盗,30天\n湘A00001,在案,30天\n湘f·12345,又一次,30天\n")
    assert [row for row, _ in told.entries] == [2]
    assert [(each.row, each.of, each.of_row, each.watch) for each in told.duplicates] == [
        (3, "list", 0, "w7"),
        (4, "file", 2, ""),
    ]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "＝1+1", '"=HYPERLINK(""http://x"")"']
)
@pytest.mark.parametrize("column", ["reason", "other"])
def test_a_formula_is_refused_wherever_it_stands(cell: str, column: str) -> None:  # R546
    cells = [cell if column == name else "x" for name in ("reason", "other")]
    told = found(f"plate,until,reason,other\n湘F12345,30天,{','.join(cells)}\n")
    assert not told.entries
    assert [(problem.row, problem.code) for problem in told.problems] == [(2, "formula")]


async def test_a_sheet_is_read_with_dates_and_numbers_as_people_mean_them() -> None:  # R543
    rows: list[list[object]] = [
        ["布控名单(十一月)"],
        ["车牌", "原因", "级别", "有效期(年月日)", "范围", "时段", "处置", "形近", "单位"],
        ["湘F12345", "被盗", 2, datetime.date(2030, 12, 31), "路口1", "22:00-06:00", "拦截", "是", "交警大队"],
        ["湘F54321", "逃逸", "四级", SIX_O_CLOCK, "城关片区", None, None, None, None],
    ]
    [(row, one), (_, other)] = entries_of(await read_table(sheet(rows)), PLACES, START_MS).entries
    assert (row, one.level, one.look_alike, one.action, one.office) == (3, 2, True, "intercept", "交警大队")
    assert one.area == GivenArea(cameras=["k1"])
    assert one.hours == GivenHours(from_min=22 * 60, to_min=6 * 60)
    assert (other.level, other.area, other.hours) == (4, GivenArea(ring=list(RING)), None)
    assert one.until_ms - other.until_ms == 6 * HOUR_MS


async def test_an_entry_without_an_end_has_the_latest_that_there_is() -> None:  # R863
    ends = ("长期", "永久", "无", "-", "/", "9999-12-31", "9999-12-31 23:59:59", "3000-01-01 08:00")
    told = found(HEAD + "".join(f"湘F12{n:03},盗抢,{end}\n" for n, end in enumerate(ends)))
    assert not told.problems
    assert [entry.until_ms for _, entry in told.entries] == [LATEST_MS] * len(ends)
    rows: list[list[object]] = [["车牌", "原因", "有效期"], ["湘F12345", "盗抢", datetime.date(9999, 12, 31)]]
    [(_, entry)] = entries_of(await read_table(sheet(rows)), PLACES, START_MS).entries
    assert entry.until_ms == LATEST_MS


@pytest.mark.parametrize("end", ["3001-01-01", "9999-12-30", "3000-01-01 08:01"])
def test_an_end_past_the_latest_is_told_with_its_column_in_both_languages(end: str) -> None:  # R863
    [problem] = found(f"{HEAD}湘F12345,盗抢,{end}\n").problems
    assert (problem.row, problem.column, problem.code, problem.value) == (2, "有效期", "too_late", end)
    assert problem.zh == "最晚至 2999-12-31；无期限请填“长期”"
    assert problem.en == "ends in 2999 at the latest; for no end write 长期"


async def test_a_formula_in_a_sheet_is_refused_and_not_worked_out() -> None:  # R546
    rows: list[list[object]] = [
        ["车牌", "原因", "有效期"],
        ["湘F12345", '="被"&"盗"', "30天"],
        ["湘F54321", "x", "30天"],
    ]
    told = entries_of(await read_table(sheet(rows)), PLACES, START_MS)
    assert [row for row, _ in told.entries] == [3]
    assert [(problem.row, problem.column, problem.code) for problem in told.problems] == [(2, "原因", "formula")]


async def test_a_sheet_of_before_2007_is_read_and_its_formulas_refused() -> None:  # R543, R546
    rows = [["车牌", "原因", "有效期"], ["湘F12345", Formula("被盗"), "30天"], ["湘F54321", "逃逸", "30天"]]
    told = entries_of(await read_table(xls(rows)), PLACES, START_MS)
    assert [(row, entry.reason) for row, entry in told.entries] == [(3, "逃逸")]
    assert [(each.row, each.column, each.code, each.value) for each in told.problems] == [
        (2, "原因", "formula", "=被盗")
    ]


@given(st.lists(st.tuples(st.integers(0, 5999), st.integers(0, 255)), max_size=12))
def test_no_damage_to_an_old_sheet_is_more_than_a_refusal(changes: list[tuple[int, int]]) -> None:  # R544
    data = bytearray(xls([["车牌", Formula("x")], ["湘F12345", "y"]]))
    for at, byte in changes:
        data[at % len(data)] = byte
    with contextlib.suppress(InvalidInputError):
        assert all(row >= 0 and column >= 0 for row, column in formulas_of(bytes(data), 0))


def test_a_cell_of_ours_is_no_formula_elsewhere_and_what_is_written_can_be_read_again() -> None:  # R546
    watch = WatchRow(
        id="w1", pattern="湘F1*", reason='=HYPERLINK("http://x")', level=2, until_ms=START_MS + HOUR_MS, state="active",
        requested_by="-x", requested_ms=START_MS, look_alike=True, area=WatchArea(cameras=("k1",)),
        hours=WatchHours(from_min=1320, to_min=360), action="follow",
    )  # fmt: skip
    data = exported([watch], {"k1": "路口1"})
    assert data.startswith(b"\xef\xbb\xbf")
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    [(_, again)] = entries_of(read_text(data), PLACES, START_MS).entries
    assert (again.pattern, again.look_alike, again.action, again.area) == (
        "湘F1*", True, "follow", GivenArea(cameras=["k1"])
    )  # fmt: skip
    assert again.hours == GivenHours(from_min=1320, to_min=360)
    data = exported([msgspec.structs.replace(watch, until_ms=LATEST_MS)], {"k1": "路口1"})
    assert "长期" in data.decode()  # R863
    assert [entry.until_ms for _, entry in entries_of(read_text(data), PLACES, START_MS).entries] == [LATEST_MS]


def test_the_template_can_be_imported_as_it_is() -> None:  # R547
    told = entries_of(read_text(template()), PLACES, START_MS)
    assert (len(told.entries), told.problems) == (1, ())


@pytest.mark.parametrize(
    "data",
    [b"", b"  \n", b"a,b\n1,2\n", "车牌,原因\n湘F12345,x\n".encode(), "车牌,车牌号,原因,有效期\n".encode(),
     b"PK\x03\x04 no archive", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut short", b"\x00\x01\x02\x03" * 50,
     b"\x89PNG\r\n\x1a\n" + bytes(200)],
)  # fmt: skip
async def test_what_is_no_watch_file_is_refused(data: bytes) -> None:  # R544
    with pytest.raises(InvalidInputError):
        entries_of(await read_table(data), PLACES, START_MS)


async def test_limits_hold_before_anything_is_filled() -> None:  # R544
    with pytest.raises(TooLargeError):
        await read_table(bytes(WATCH_FILE_BYTES + 1))
    with pytest.raises(TooLargeError):
        found(HEAD + "".join(f"湘F{n:05},x,30天\n" for n in range(WATCH_FILE_ROWS + 1)))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(80 * 1024 * 1024))
    with pytest.raises(TooLargeError):
        await read_table(bomb.getvalue())


async def test_a_sheet_made_to_fill_memory_ends_its_own_process_alone() -> None:  # R544
    """Two cells at opposite corners: readers that make room for all between them take hundreds of gigabytes."""
    whole = sheet([["车牌", "原因", "有效期"], ["湘F12345", "x", "30天"]])
    evil = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as before, zipfile.ZipFile(evil, "w") as after:
        for info in before.infolist():
            data = before.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                data = data.replace(
                    b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                )
            after.writestr(info.filename, data)
    with pytest.raises((InvalidInputError, TooLargeError)):
        await read_table(evil.getvalue())


def test_an_empty_table_says_that_headings_lack() -> None:
    with pytest.raises(InvalidInputError, match="headings"):
        entries_of(Table([]), PLACES, START_MS)
