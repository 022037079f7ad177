"""The rows of lists are exactly the markup that docs/frontend.md fixes, whatever the values hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engine.records.types import Record
from metamodel.fields import ChoiceDef, FieldDef, OptionDef, RelationDef, RelationKind
from metamodel.source import LocatedText, Location
from metamodel.texts import Label
from metamodel.values import Money, Ref
from ui.formats import Formats
from ui.rows import RowColumn, compile_rows

AT = Location(file="test")
WORDS = {"yes": "Yes", "no": "No", "select": "Select"}
MARKUP = """<b a='"'>&"""
ESCAPED = "&lt;b a=&#39;&#34;&#39;&gt;&amp;"
ID = "0198a3b4-0000-7000-8000-000000000001"


def _field(type_: str, **more: Any) -> FieldDef:
    return FieldDef(name="x", type=type_, app="test", at=AT, **more)


def _choice() -> FieldDef:
    label = Label(texts=(("en", LocatedText.plain("Won <3")), ("zh", LocatedText.plain("赢单"))))
    options = (OptionDef(name="won", at=AT, label=label, color="green"), OptionDef(name="lost", at=AT))
    return _field("choice", choice=ChoiceDef(options=options))


def _lookup(kind: str, *targets: str) -> FieldDef:
    return _field(kind, relation=RelationDef(kind=RelationKind.LOOKUP, targets=targets, at=AT))


def _cell(
    field: FieldDef, value: object, title: str | None = None, language: str = "en", *, linked: bool = True
) -> str:
    first = RowColumn(path="name", field=_field("text"), label="Name")
    column = RowColumn(path="x", field=field, label="L&L", linked=linked)
    write = compile_rows("deal", (first, column), Formats(language, "Asia/Shanghai", "CNY"), WORDS, select=False)
    record = Record(
        object="deal", id=ID, version=1, values={"name": "A", "x": value}, titles={"x": title} if title else {}
    )
    return write([record]).split("</a></td>", 1)[1].removesuffix("</tr>\n")


def test_a_row_has_its_id_its_box_and_its_link() -> None:
    column = RowColumn(path="name", field=_field("text"), label="Name")
    write = compile_rows("deal", (column,), Formats("en", "UTC"), WORDS, select=True)
    record = Record(object="deal", id="42", version=1, values={"name": MARKUP}, title=MARKUP)
    assert write([record]) == (
        '<tr id="record-deal-42" data-fs-row>'
        '<td class="col-check"><input type="checkbox" class="form-check-input" form="bulk-form" '
        f'name="fs-record" value="42" aria-label="Select {ESCAPED}"></td>'
        f'<td class="col-title" data-label="Name"><a class="row-link" href="/o/deal/42">{ESCAPED}</a></td></tr>\n'
    )


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (_field("text"), MARKUP, f'<td data-label="L&amp;L">{ESCAPED}</td>'),
        (_field("boolean"), True, '<td data-label="L&amp;L">Yes</td>'),
        (_field("integer"), 1234567, '<td class="end" data-label="L&amp;L">1,234,567</td>'),
        (_field("integer", maximum=2100), 1963, '<td class="end" data-label="L&amp;L">1963</td>'),
        (_field("integer", maximum=10_000), 1963, '<td class="end" data-label="L&amp;L">1,963</td>'),
        (_field("decimal"), Decimal("1234.5000"), '<td class="end" data-label="L&amp;L">1,234.5</td>'),
        (_field("percent"), Decimal("0.125"), '<td class="end" data-label="L&amp;L">12.5%</td>'),
        (
            _field("money"),
            Money(Decimal("-1234.5"), "CNY"),
            '<td class="end" data-label="L&amp;L">-¥1,234.50</td>',
        ),
        (
            _field("money"),
            Money(Decimal(5), "EUR"),
            '<td class="end" data-label="L&amp;L">€5.00</td>',
        ),
        (
            _field("date"),
            dt.date(2026, 11, 21),
            '<td class="nw" data-label="L&amp;L"><time datetime="2026-11-21">Nov 21, 2026</time></td>',
        ),
        (
            _field("datetime"),
            dt.datetime(2026, 11, 21, 15, 5, tzinfo=dt.UTC),
            '<td class="nw" data-label="L&amp;L"><time datetime="2026-11-21T15:05:00Z" data-fs-relative>'
            "Nov 21, 2026 23:05</time></td>",
        ),
        (_choice(), "won", '<td data-label="L&amp;L"><span class="pill pill-green">Won &lt;3</span></td>'),
        (_choice(), "lost", '<td data-label="L&amp;L"><span class="pill pill-gray">Lost</span></td>'),
        (_choice(), MARKUP, f'<td data-label="L&amp;L"><span class="pill pill-gray">{ESCAPED}</span></td>'),
        (_field("email"), "a@b.c", '<td data-label="L&amp;L"><a href="mailto:a@b.c">a@b.c</a></td>'),
        (
            _field("phone"),
            "+8613800138000",
            '<td data-label="L&amp;L"><a class="num" href="tel:+8613800138000">+86 138 0013 8000</a></td>',
        ),
        (
            _field("url"),
            "https://a.b/?x=1&y",
            '<td data-label="L&amp;L"><a href="https://a.b/?x=1&amp;y" rel="noopener noreferrer nofollow">'
            "https://a.b/?x=1&amp;y</a></td>",
        ),
        (_field("url"), "javascript:x()", '<td data-label="L&amp;L">javascript:x()</td>'),
        (_field("long_text"), "x" * 300, f'<td data-label="L&amp;L">{"x" * 200}</td>'),
        (_field("date"), None, '<td class="nil" data-label="L&amp;L"></td>'),
        (_field("money"), None, '<td class="nil" data-label="L&amp;L"></td>'),
        (_lookup("lookup", "firm"), None, '<td class="nil" data-label="L&amp;L"></td>'),
    ],
)
def test_each_kind_has_its_cell(field: FieldDef, value: object, expected: str) -> None:
    assert _cell(field, value) == expected


def test_lookups_are_links_where_their_record_may_be_opened() -> None:
    firm = _lookup("lookup", "firm")
    assert _cell(firm, ID, MARKUP) == f'<td data-label="L&amp;L"><a href="/o/firm/{ID}">{ESCAPED}</a></td>'
    assert _cell(firm, ID, "Acme", linked=False) == '<td data-label="L&amp;L">Acme</td>'
    anything = _lookup("lookup")
    assert f'href="/o/task/{ID}"' in _cell(anything, Ref("task", ID), "Call")
    assert _cell(firm, ID) == '<td class="nil" data-label="L&amp;L"></td>'


def test_people_have_an_avatar() -> None:
    cell = _cell(_lookup("user", "user", "queue"), Ref("user", ID), "王小明")
    assert cell.startswith('<td data-label="L&amp;L"><span class="person"><span class="avatar tint-')
    assert cell.endswith('" aria-hidden="true">明</span><span>王小明</span></span></td>')


def test_cells_speak_the_persons_language() -> None:
    assert "赢单" in _cell(_choice(), "won", language="zh")
    assert "2026年11月21日" in _cell(_field("date"), dt.date(2026, 11, 21), language="zh")
