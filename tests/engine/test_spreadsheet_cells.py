"""Cells of spreadsheets: no text starts a formula, and every text comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spreadsheet_cells import guarded, unguarded

_TRICKY = st.text(alphabet="'=+-@ \t\r\n＝＋－＠aé中\u200b\u00a05%.", max_size=8)


@given(st.one_of(st.text(max_size=20), _TRICKY))
def test_every_text_comes_back_from_its_cell(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(_TRICKY)
def test_no_cell_starts_a_formula(text: str) -> None:
    cell = guarded(text)
    is_number = cell.removeprefix("-").removesuffix("%").replace(".", "", 1).isdecimal()
    assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+8613800138000", "'+8613800138000"),
        ("-12.50", "-12.50"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("'=1", "''=1"),
        ("'t Hooft", "'t Hooft"),
        (" a ", "' a "),
        ("", ""),
    ],
)
def test_cells_look_as_people_expect(text: str, cell: str) -> None:
    assert guarded(text) == cell
