"""Files of lists: any encoding and kind, faults and what stands twice by line, read apart (SPEC R684)."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

import openpyxl
import pytest

from command.kernel.errors import InvalidInputError, TooLargeError
from command.kernel.limits import LIBRARY_NOTE_CHARS
from consoles.limits import LIBRARY_FILE_PROBLEMS
from consoles.watch_files import library
from consoles.watch_files.columns import COLUMNS
from consoles.watch_files.entries import Places, entries_of
from consoles.watch_files.library import read, read_library
from consoles.watch_files.sheet import _formulas_of, _parts
from consoles.watch_files.table import read_table
from consoles.watch_files.xls import formulas_of
from streams.watch_library import LibraryContent
from tests.command.support import START_MS
from tests.consoles.watch_files.xls_file import Formula, xls

CSV = (
    "序号,号牌号码,品牌,车身颜色\n1,湘F12345,大众,白\n2,湘f·12345,奥迪,黑\n3,湘FI2345,,\n"
    "4,湘F99*,,\n5,=1+1,,\n\n6,湘A1?23,,\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_a_file_is_read_whatever_an_office_saved_it_as(encoding: str) -> None:
    told, content = await read_library(CSV.encode(encoding), START_MS)
    assert content.decode() == "湘F12345\t大众 白\n湘F99*\n"
    assert (told.rows, told.entries, told.patterns) == (6, 2, 1)
    assert [(each.row, each.code) for each in told.problems] == [
        (4, "impossible_pattern"), (6, "formula"), (8, "impossible_pattern"),
    ]  # fmt: skip
    assert [(each.row, each.of_row) for each in told.duplicates] == [(3, 2)]


async def test_a_sheet_is_read_and_its_formulas_are_refused() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("全省盗抢机动车", None), ("车牌号", "备注"), ("湘F12345", "案号 7"), ("=A1", ""), ("湘A88888", None)):
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    told, content = await read_library(data.getvalue(), START_MS)
    assert content.decode() == "湘A88888\n湘F12345\t案号 7\n"
    assert [(each.row, each.code) for each in told.problems] == [(4, "formula")]


async def test_a_sheet_of_before_2007_of_more_than_7_mb_is_read_to_its_end() -> None:  # R761
    """Past 109 sectors the table of sectors is listed in a chain of its own."""
    rows = [[f"湘F{number:05}", f"案号 {number:0500}"] for number in range(8_000)]
    data = xls([["车牌", "备注"], *rows, [Formula("湘A88888"), ""]])
    assert len(data) > 7.5e6
    told, content = await read_library(data, START_MS)
    assert (told.rows, told.entries) == (8_001, 8_000)
    assert content.decode().splitlines()[-1] == f"湘F07999\t案号 {'0' * 57}"
    assert [(each.row, each.code) for each in told.problems] == [(8_002, "formula")]


def test_a_chain_of_sectors_that_goes_round_is_refused() -> None:  # R761
    data = bytearray(xls([["车牌"], ["湘F12345"]]))
    data[68:72] = bytes(4)  # the list of the table of sectors is the first sector of the stream, which lists itself
    data[512 + 508 : 512 + 512] = bytes(4)
    with pytest.raises(InvalidInputError, match="do not fit together"):
        formulas_of(bytes(data), 0)


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_formula_is_found_however_its_part_is_written(prefix: str, encoding: str) -> None:  # R546
    book, data = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["车牌"])
    sheet.append(["=1+1"])
    book.save(data)
    parts = _parts(data.getvalue(), 10**7)
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    if prefix:
        xml = re.sub(r"<(/?)(\w)", rf"<\1{prefix}\2", xml).replace("xmlns=", "xmlns:x=")
    assert _formulas_of(xml.encode(encoding)) == [(1, 0)]


@pytest.mark.parametrize("after", ["", '湘A88888,"又一处'])
def test_a_quotation_mark_that_is_not_closed_swallows_no_rows(after: str) -> None:  # R764
    rows = ["车牌,备注", *(f"湘F{number:05},白色" for number in range(50)), after]
    rows[10] = '湘F00009,"未闭合'
    with pytest.raises(InvalidInputError, match=r"quotation mark .*line 11 "):
        read("\n".join(rows).encode(), START_MS)


def test_quotation_marks_within_cells_and_line_breaks_between_them_are_text() -> None:
    told, content = read('车牌,备注\n湘F12345,5" 屏\n湘F12346,"大众\n白色"\n湘F12347,"说""急"""\n'.encode(), START_MS)
    assert content.decode() == '湘F12345\t5" 屏\n湘F12346\t大众 白色\n湘F12347\t说"急"\n'
    assert (told.rows, told.problems) == (3, ())


def test_lines_of_two_encodings_in_one_file_are_told_apart() -> None:  # R684
    told, content = read("车牌,备注\n湘F12345,白色\n".encode() + "湘F12346,黑色\n".encode("gbk"), START_MS)
    assert content.decode() == "湘F12345\t白色\n湘F12346\t黑色\n"
    assert (told.is_mixed, told.problems) == (True, ())


async def test_a_workbook_of_another_kind_is_refused_since_its_formulas_would_not_be_seen() -> None:  # R764
    book, data, other = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.save(data)
    with zipfile.ZipFile(data) as before, zipfile.ZipFile(other, "w") as after:
        for info in before.infolist():
            part = before.read(info)
            after.writestr(
                info.filename,
                part.replace(
                    b"openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                    b"ms-excel.sheet.binary.macroEnabled.main",
                ),
            )
    with pytest.raises(InvalidInputError, match="only XLSX"):
        await read_library(other.getvalue(), START_MS)


@pytest.mark.parametrize("second", [[["湘A88888"]], []])
async def test_rows_of_a_further_sheet_are_not_passed_over_in_silence(second: list[list[str]]) -> None:  # R764
    book, data = openpyxl.Workbook(), io.BytesIO()
    first, other, hidden = book.active, book.create_sheet("续表"), book.create_sheet("字典")
    assert first is not None
    for row in (["车牌", "原因", "有效期"], ["湘F12345", "盗抢", "30天"]):
        first.append(row)
    for row in second:
        other.append(row)
    hidden.append(["蓝"])
    hidden.sheet_state = "hidden"
    book.save(data)
    told, content = await read_library(data.getvalue(), START_MS)
    found = entries_of(await read_table(data.getvalue()), Places({}, {}, {}), START_MS)
    until_ms = START_MS + 30 * 24 * 3_600_000
    assert (content.decode(), len(found.entries)) == (f"湘F12345\t\t{until_ms}\n", 1)
    for problems in (told.problems, found.problems):
        assert [(each.row, each.code, "续表" in each.zh) for each in problems] == [(1, "sheets_left", True)][
            : len(second)
        ]


@pytest.mark.parametrize("sheet", ["sheet1", "sheet2"])
async def test_a_sheet_made_to_fill_memory_ends_its_own_process_alone(sheet: str) -> None:  # R684
    """Two cells at opposite corners: readers that make room for all between them take hundreds of gigabytes."""
    book, whole, evil = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for each in (book.active, book.create_sheet("续表")):
        assert each is not None
        each.append(["湘F12345"])
    book.save(whole)
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(evil, "w") as after:
        for info in before.infolist():
            part = before.read(info)
            if info.filename == f"xl/worksheets/{sheet}.xml":
                corner = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                part = part.replace(b"</sheetData>", corner)
            after.writestr(info.filename, part)
    with pytest.raises((InvalidInputError, TooLargeError)):
        await read_library(evil.getvalue(), START_MS)


def test_what_unpacks_to_too_much_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:  # R684
    monkeypatch.setattr(library, "LIBRARY_SHEET_BYTES", 10_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<x>" + bytes(10_000_000))
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(TooLargeError, match="unpacked"):
        read(bomb.getvalue(), START_MS)


def test_plates_alone_need_no_heading() -> None:
    assert read("湘F12345\n湘A88888\n".encode(), START_MS)[1].decode() == "湘A88888\n湘F12345\n"


def test_the_first_faults_are_told_and_the_rest_counted() -> None:
    wrong = LIBRARY_FILE_PROBLEMS + 7
    lines = ["车牌", *["错"] * wrong, "湘F12345", *["湘F12345"] * wrong]
    told, _ = read("\n".join(lines).encode(), START_MS)
    assert (len(told.problems), told.problems_more) == (LIBRARY_FILE_PROBLEMS, 7)
    assert (len(told.duplicates), told.duplicates_more) == (LIBRARY_FILE_PROBLEMS, 7)


def test_a_remark_is_cut_and_holds_neither_tabs_nor_formulas() -> None:
    told, content = read(f'车牌;备注\n湘F12345;"a\tb\n{"长" * 100}"\n湘A88888;@cmd\n'.encode(), START_MS)
    assert content.decode() == f"湘F12345\t{('a b ' + '长' * 100)[:LIBRARY_NOTE_CHARS]}\n"
    assert [each.code for each in told.problems] == ["formula"]


@pytest.mark.parametrize("data", [b"\x00\x01\x02\x03", "车牌\n错\n".encode(), "车牌,号牌\n湘F12345,x\n".encode()])
async def test_a_file_without_any_entry_or_that_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        await read_library(data, START_MS)


def test_a_file_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "LIBRARY_ENTRIES", 2)
    with pytest.raises(TooLargeError, match="at most 2 rows"):
        read("湘F12345\n湘A88888\n湘A88889\n".encode(), START_MS)


def test_a_file_whose_remarks_are_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "EVIDENCE_BYTES", 20)
    with pytest.raises(TooLargeError, match="leave columns out"):
        read("车牌,备注\n湘F12345,很长的说明\n".encode(), START_MS)


def test_entries_may_end_each_at_their_own_date() -> None:  # R828
    day_ms, beijing_ms = 24 * 3_600_000, 8 * 3_600_000
    rows = (
        "号牌号码,有效期至,备注", "湘F12345,2023-12-31,白色", "湘F12346,30天,", "湘F12347,,", "湘F12348,去年,",
        "湘F12349,2023-11-14,", "湘F12350,=1+1,", "湘F1*,2023-11-15 18:00,",
    )  # fmt: skip
    told, content = read("\n".join(rows).encode(), START_MS)
    end_of_year_ms = 1_704_067_200_000 - beijing_ms
    until_ms = {"湘F12345": end_of_year_ms, "湘F12346": START_MS + 30 * day_ms, "湘F1*": 1_700_042_400_000}
    kept = LibraryContent(content)
    assert {line.pattern: line.until_ms for line in map(kept.line, range(len(kept)))} == until_ms | {"湘F12347": None}
    assert [(each.row, each.column, each.code) for each in told.problems] == [
        (5, COLUMNS["until"][0], "date"), (6, COLUMNS["until"][0], "past"),
        (7, COLUMNS["until"][0], "formula"),
    ]  # fmt: skip
    assert (told.dated, told.first_until_ms, told.last_until_ms) == (3, 1_700_042_400_000, end_of_year_ms)
    with pytest.raises(InvalidInputError, match="two columns"):
        read("车牌,有效期,到期\n湘F12345,,\n".encode(), START_MS)


HEADED = "号牌号码,备注,有效期至\r\n湘F12345,盗抢,2023-12-31\r\n湘F12346,套牌,2024-01-31\r\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("号牌号码", "\ufeff号牌号码"), ("号牌号码", "\ufeff\ufeff号牌号码"), ("号牌号码", "车 牌 号"),
        ("号牌号码", "号牌号码/车牌"), ("号牌号码", "\u200b号牌号码"), ("号牌号码", "号牌号码（必填\t项）"),
        ("号牌号码", "机动车号牌"), ("有效期至", '"有效期\n至"'), ("有效期至", "有效日期"),
        ("有效期至", "布控截止时间"), ("有效期至", "有效期至\u200e"), ("有效期至", "Valid  Until"),
    ],
)  # fmt: skip
def test_a_heading_is_known_whatever_stands_unseen_in_it(before: str, after: str) -> None:  # R1010
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        told, _ = read(HEADED.replace(before, after).encode(encoding), START_MS)
        assert (told.entries, told.dated, told.problems, told.columns_left) == (2, 2, (), ())


def test_several_columns_without_headings_are_refused_unless_the_first_row_is_a_plate() -> None:  # R1010
    with pytest.raises(InvalidInputError, match="no row of headings"):
        read(HEADED.replace("号牌号码", "车主").encode(), START_MS)
    with pytest.raises(InvalidInputError, match="no row of headings"):
        read("全省盗抢机动车\n序号一,湘F12345\n".encode(), START_MS)
    told, content = read("湘F12345,白色\n湘F12346,2024-01-31\n".encode(), START_MS)
    assert (content.decode(), told.columns_left, told.problems) == ("湘F12345\n湘F12346\n", ("#2",), ())
    assert read("全省盗抢机动车\n湘F12345\n".encode(), START_MS)[0].entries == 1  # one column says what it is


@pytest.mark.parametrize(
    ("heading", "days", "is_told"),
    [
        ("到什么时候", ("2023-12-31", "2024-01-31", ""), True),
        ("", ("20231231", "2022-01-31", "2024-01-31"), True),
        ("登记日期", ("2022-01-01", "2023-01-31", "2023-02-01"), False),
        ("流水号", ("7", "2024-01-31", "8"), False),
        ("电话", ("13512345678", "长期", "-"), False),
    ],
)
def test_a_column_of_dates_that_is_not_taken_is_told_first(
    heading: str, days: tuple[str, ...], is_told: bool
) -> None:  # R1011
    rows = [["序号", "车牌", heading, "空"], *([str(n), f"湘F1234{n}", day, ""] for n, day in enumerate(days))]
    rows.append(["9", "错", "", ""])
    told, _ = read("\n".join(",".join(row) for row in rows).encode(), START_MS)
    assert told.columns_left == ("序号", heading or "#3")
    assert (told.entries, told.dated) == (3, 0)
    assert [(each.row, each.column, each.code) for each in told.problems] == [
        *([(1, heading or "#3", "dates_left")] if is_told else []), (5, COLUMNS["plate"][0], "length"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("headings", "left"),
    [
        ("号牌号码,有效期至,结束时间", "结束时间"), ("号牌号码,有效期,布控截止时间", "布控截止时间"),
        ("车牌,到期,有效期限", "有效期限"), ("车牌,截止日期,有效日期", "有效日期"), ("车牌,有效期,到 期", "到 期"),
        ("车牌,有效期,有效期/到期", "有效期/到期"), ("车牌,有效期,\u200b有效期", "\u200b有效期"),
        ('车牌,有效期,"有效期(年\n月)"', "有效期(年 月)"),
    ],
)  # fmt: skip
def test_of_two_columns_of_ends_the_one_by_a_word_of_ever_is_read_and_the_other_told(
    headings: str, left: str
) -> None:  # R1036
    told, _ = read(f"{headings}\n湘F12345,2023-12-31,2024-01-31\n湘F12346,,\n".encode(), START_MS)
    assert (told.entries, told.dated, told.columns_left) == (2, 1, (left,))
    assert told.first_until_ms == 1_704_038_400_000, "the end of 2023-12-31"
    [problem] = told.problems
    assert (problem.column, problem.code) == (left, "column_left")
    assert headings.split(",")[1] in problem.zh


@pytest.mark.parametrize(
    "headings", ["车牌,有效日期,结束日期", "车牌,有效期,到期", "车牌,号牌,有效期", "牌照,车牌照,备注"]
)
def test_of_two_columns_that_say_the_same_alike_none_is_chosen(headings: str) -> None:  # R1036
    with pytest.raises(InvalidInputError, match="two columns"):
        read(f"{headings}\n湘F12345,2023-12-31,2024-01-31\n".encode(), START_MS)


def test_a_title_of_a_further_word_is_no_row_of_headings() -> None:  # R1036
    told, content = read("布控车牌,,\n号牌号码,车辆号码,有效期\n湘F12345,7,2023-12-31\n".encode(), START_MS)
    assert (told.entries, told.dated, told.columns_left, told.problems) == (1, 1, ("车辆号码",), ())
    assert content.decode().startswith("湘F12345\t\t")


def test_a_plate_and_a_date_with_marks_that_nobody_sees_are_read() -> None:  # R1010
    told, content = read("车牌,有效期\n\u200b湘F12345\u202c,\u200e2023-12-31\n".encode(), START_MS)
    assert (told.dated, told.problems) == (1, ())
    assert content.decode().startswith("湘F12345\t\t")


def test_an_entry_without_an_end_ends_with_its_list() -> None:  # R863
    ends = (
        "长期", "永久有效", "无", "-", "/", "－", "9999-12-31", "9999/12/31 23:59:59", "99991231", "9999年12月31日",
        "3001-01-01", "9999-12-30",
    )  # fmt: skip
    told, content = read(
        "\n".join(("车牌,有效期", *(f"湘F12{n:03},{end}" for n, end in enumerate(ends)))).encode(), START_MS
    )
    assert (told.entries, told.dated, told.problems) == (len(ends), 0, ())
    assert content.decode().splitlines() == [f"湘F12{n:03}" for n in range(len(ends))]
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ["车牌", "有效期"],
        ["湘F12345", datetime.date(9999, 12, 31)],
        ["湘F12346", datetime.date(2030, 12, 31)],
    ):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    told, content = read(data.getvalue(), START_MS)
    assert (told.entries, told.dated, told.problems) == (2, 1, ())
    assert content.decode().splitlines()[0] == "湘F12345"
