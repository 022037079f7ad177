"""Sets a table: columns as wide as what stands in them wants, the head repeated on each page, rows split over pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import LongTable, Paragraph, TableStyle

from plugins.bundled.documents.blocks import Spans, Table
from plugins.bundled.documents.fonts import PLAIN_FONT, Typeface
from plugins.bundled.documents.markup import is_broken_anywhere, marked_up

SIZE = 9.0
_LOOKED_AT = 300
_PADDING, _ABOVE, _BELOW = 5.0, 3.0, 4.0
_NARROWEST = 24.0
_ALIGNED: Mapping[str, Literal[0, 1, 2]] = {"left": 0, "center": 1, "right": 2}
_LINE, _HEAD = HexColor("#d4d4d8"), HexColor("#f4f4f5")


def set_table(table: Table, typeface: Typeface, width: float) -> LongTable:
    """Give a table that fills so much width."""
    columns = len(table.aligned)
    widths = _widths(table, typeface, width)
    rows = [
        [
            _cell(cell, side, typeface, bold=number == 0)
            for cell, side in zip(_filled_up(row, columns), table.aligned, strict=True)
        ]
        for number, row in enumerate(table.rows)
    ]
    return LongTable(
        rows,
        colWidths=widths,
        # Told beforehand, each cell is measured once, and not again on each page.
        rowHeights=[_height(row, widths) for row in rows],
        repeatRows=1,
        splitInRow=1,
        spaceBefore=4,
        spaceAfter=8,
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
                ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
                ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
                ("TOPPADDING", (0, 0), (-1, -1), _ABOVE),
                ("BOTTOMPADDING", (0, 0), (-1, -1), _BELOW),
            ]
        ),
    )


def _cell(cell: Spans, side: str, typeface: Typeface, *, bold: bool) -> Paragraph:
    style = ParagraphStyle(
        "cell",
        fontName=PLAIN_FONT,
        fontSize=SIZE,
        leading=SIZE * 1.35,
        alignment=_ALIGNED.get(side, 0),
        wordWrap="CJK" if is_broken_anywhere(cell) else None,
    )
    return Paragraph(marked_up(cell, typeface, bold=bold), style)


def _height(row: Sequence[Paragraph], widths: Sequence[float]) -> float:
    inner = (cell.wrap(width - 2 * _PADDING, 10**6)[1] for cell, width in zip(row, widths, strict=True))
    return max(inner, default=0.0) + _ABOVE + _BELOW


def _filled_up(row: Sequence[Spans], columns: int) -> Sequence[Spans]:
    return [*row[:columns], *([()] * (columns - len(row)))]


def _widths(table: Table, typeface: Typeface, width: float) -> list[float]:
    """Share the width out: what fits as it is keeps what it wants, the rest is shared by those that want more."""
    looked_at = table.rows[:_LOOKED_AT]
    wanted = [
        max([_NARROWEST, *(_wanted(row[at], typeface, width) for row in looked_at if at < len(row))])
        for at in range(len(table.aligned))
    ]
    if (total := sum(wanted)) <= width:
        return [each * width / total for each in wanted]
    given: dict[int, float] = {}
    while True:
        left = width - sum(given.values())
        open_ = [at for at in range(len(wanted)) if at not in given]
        fair = left / len(open_)
        fitting = {at: wanted[at] for at in open_ if wanted[at] <= fair}
        if not fitting or len(fitting) == len(open_):
            scale = left / sum(wanted[at] for at in open_)
            return [given.get(at, max(wanted[at] * scale, fair / 2)) for at in range(len(wanted))]
        given |= fitting


def _wanted(cell: Spans, typeface: Typeface, most: float) -> float:
    text = "".join(span.text for span in cell)[:400]
    lines = (typeface.width(line, SIZE, bold=True) for line in text.split("\n"))
    return min(max(lines, default=0.0) + 2 * _PADDING + 2, most)
