"""CSV files of many forms and mapping files: what is read, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.imports.csv_file import CsvFile
from engine.imports.errors import ImportRefused
from engine.imports.mapping import load_mapping, parse_mapping
from engine.imports.result import RowError, write_errors_file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "firms.csv"
    rows = [["name", "city"], ["上海阀门, 有限公司", "上海"], ['Acme "Pumps"; Ltd', "Köln"]]
    text = "\n".join(delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows)
    path.write_bytes(text.encode(encoding))
    file = CsvFile.of_path(path)
    assert file.columns == ("name", "city")
    assert [list(row.cells) for row in file.rows()] == rows[1:]


def test_rows_know_their_lines_also_after_cells_of_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('name,note\na,"one\ntwo"\n\n,\nb,x\n', encoding="utf-8")
    file = CsvFile.of_path(path)
    assert [(row.line, row.cells[0]) for row in file.rows()] == [(2, "a"), (6, "b")]
    assert file.count() == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b,a\n1,2,3\n", "has the column 'a' twice"),
        (b"a,b\n\xff\xff\xff,1\n", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefused, match=message):
        CsvFile.of_path(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read"):
        CsvFile.of_path(tmp_path / "none.csv")


def test_an_errors_file_can_be_imported_again_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "errors.csv"
    errors = [
        RowError(line=3, column="city", value="x", reason="too short", cells=("Acme", "x")),
        RowError(line=3, column="name", value="Acme", reason="taken", cells=("Acme", "x")),
    ]
    write_errors_file(path, ("name", "city"), errors)
    file = CsvFile.of_path(path)
    assert file.columns == ("name", "city")
    assert [list(row.cells) for row in file.rows()] == [["Acme", "x"]]
    assert "3,city,x,too short; name: taken,Acme,x" in path.read_text(encoding="utf-8-sig")


MAPPING = """
object: opportunity
match: reference
columns:
  opportunity_id: [reference, {field: name}]
  product: {field: product, find_by: name, values: {GTXPro: GTX Pro}}
  remark: null
constants: {status: customer, count: 3}
texts: {name: "{product} for {account}"}
roles: [sales_rep]
delimiter: tab
"""


def test_a_mapping_file_says_columns_constants_texts_and_match() -> None:
    mapping = parse_mapping(MAPPING, "m.yaml")
    assert mapping.columns is not None
    assert [(item.column, item.field, item.find_by) for item in mapping.columns] == [
        ("opportunity_id", "reference", None),
        ("opportunity_id", "name", None),
        ("product", "product", "name"),
    ]
    assert mapping.columns[2].values == {"GTXPro": "GTX Pro"}
    assert mapping.ignored == {"remark"}
    assert (mapping.match, mapping.roles, mapping.delimiter) == (("reference",), ("sales_rep",), "\t")
    assert mapping.constants == {"status": "customer", "count": 3}


@pytest.mark.parametrize(
    ("text", "code", "line", "hint"),
    [
        ("colums: {a: b}\n", "APP811", 1, "did you mean 'columns'?"),
        ("columns:\n  a: {fild: x}\n", "APP811", 2, "did you mean 'field'?"),
        ("columns:\n  a: {values: {x: y}}\n", "APP812", 2, "does not say which field"),
        ("constants: {a: [1]}\n", "APP812", 1, "must have a single value"),
        ("- a\n", "APP812", 1, "keys and values"),
        ("columns: {a: b\n", "APP101", 1, ""),
    ],
)
def test_a_mistake_in_a_mapping_file_is_told_with_its_place(text: str, code: str, line: int, hint: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        parse_mapping(text, "m.yaml")
    problem = next(item for item in refused.value.problems if item.code == code)
    assert (problem.at.file, problem.at.line) == ("m.yaml", line)
    assert hint in str(refused.value)


def test_a_mapping_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")
