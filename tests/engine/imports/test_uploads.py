"""Files as people upload them: workbooks as their first sheet shows them, dates of both counts, and what is refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from engine.imports.errors import ImportRefused
from engine.imports.uploads import first_rows, read_upload


def _workbook(
    rows: str, *, texts: str = "", types: str = "", sheets: str = '<sheet r:id="r1"/>', settings: str = ""
) -> bytes:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{related}">{settings}<sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relations><Relation Id="r1" Target="worksheets/s.xml"/></Relations>',
        "xl/styles.xml": f'<styleSheet {main}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f"<sst {main}>{texts}</sst>",
        "xl/worksheets/s.xml": f"{types}<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()


def test_workbooks_are_read_as_their_first_sheet_shows_them() -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Day</t></is></c>'
        '<c r="D1" t="str"><v>N</v></c></row>'
        '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3" s="1"><v>45658</v></c>'
        '<c r="D3"><v>0.30000000000000004</v></c></row>'
        '<row r="4"><c r="B4" s="1"><v>45658.5</v></c><c r="C4" t="b"><v>1</v></c>'
        '<c r="D4" t="e"><v>#REF!</v></c></row>'
    )
    texts = "<si><t>名, 称</t></si><si><r><t>Li</t></r><r><t>n</t></r></si>"
    text = read_upload("a.xlsx", _workbook(rows, texts=texts))
    assert text == '"名, 称",Day,,N\n,\nLin,2025-01-01,,0.3\n,2025-01-01 12:00:00,true,\n'


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        (
            "",
            {
                "1": "1900-01-01", "31": "1900-01-31", "59": "1900-02-28", "60": "1900-02-29", "61": "1900-03-01",
                "59.75": "1900-02-28 18:00:00", "0.25": "06:00:00", "45658": "2025-01-01", "2958465": "9999-12-31",
                "-1": "-1",
            },
        ),
        (
            '<workbookPr date1904="1"/>',
            {
                "1": "1904-01-02", "59": "1904-02-29", "60": "1904-03-01", "61": "1904-03-02", "44196": "2025-01-01",
                "44196.5": "2025-01-01 12:00:00", "0.5": "12:00:00",
            },
        ),
        ('<workbookPr date1904="true"/>', {"44196": "2025-01-01"}),
        ('<workbookPr date1904="0"/>', {"45658": "2025-01-01"}),
    ],
    ids=["from 1900", "from 1904", "from 1904 in words", "not from 1904"],
)  # fmt: skip
def test_dates_of_workbooks_are_counted_from_1900_with_its_day_that_never_was_or_from_1904(
    settings: str, days: dict[str, str]
) -> None:
    rows = '<row><c t="str"><v>Day</v></c></row>' + "".join(
        f'<row><c s="1"><v>{number}</v></c></row>' for number in days
    )
    text = read_upload("a.xlsx", _workbook(rows, settings=settings))
    assert text.split("\n")[1:-1] == list(days.values())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "twice"),
        (b"a\n\x00\n", "no text"),
        (b"\xff\xff\xffa,b\n\x80", "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04 nothing", "cannot be read as a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1", "old workbook"),
        (_workbook('<row><c t="str"><v>&a;</v></c></row>', types='<!DOCTYPE x [<!ENTITY a "b">]>'), "as a workbook"),
        (_workbook('<row><c t="s"><v>7</v></c></row><row><c><v>1</v></c></row>'), "as a workbook"),
        (b"a\n" + b"1\n" * 100_001, "100,001 rows"),
    ],
    ids=["empty", "no rows", "twice", "binary", "encoding", "no zip", "old", "entities", "text missing", "too many"],
)
def test_files_that_cannot_be_imported_are_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(ImportRefused, match=said):
        read_upload("a.csv", data)
    with pytest.raises(ImportRefused, match="as a workbook" if said.startswith("neither") else said):
        read_upload("a.xlsx", data)


@pytest.mark.promise("SEC-38")
def test_workbooks_that_would_fill_the_memory_are_refused_while_they_are_read() -> None:
    apart = "".join(f'<row r="{number}"><c><v>1</v></c></row>' for number in range(1, 3_000_000, 20_000))
    long = "".join(f'<row><c r="ALL{number}" t="s"><v>0</v></c></row>' for number in range(1, 200))
    bombs = {
        "rows far apart": (_workbook(apart), "as a workbook"),
        "one long text in many cells": (_workbook(long, texts=f"<si><t>{'x' * 1_000_000}</t></si>"), "unpacks to more"),
        "elements of no row": (_workbook("<a/>" * 1_000_002), "as a workbook"),
        "a large list of sheets": (_workbook("", sheets=" " * (17 * 1024**2)), "as a workbook"),
    }
    for what, (data, said) in bombs.items():
        with pytest.raises(ImportRefused) as refused:
            read_upload("a.xlsx", data)
        assert said in str(refused.value), what


def test_the_first_rows_are_cut_between_rows() -> None:
    text = 'a;b\n1;"x\ny"\n\n2;z\n3;z\n'
    assert first_rows(text, 1) == 'a;b\n1;"x\ny"\n'
    assert first_rows(text, 9) == text
