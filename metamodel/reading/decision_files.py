"""Reads decision tables: YAML files, and CSV files whose first line says what the columns are."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from types import MappingProxyType

from metamodel.definitions.decisions import DecisionColumnDef, DecisionRowDef, DecisionTableDef
from metamodel.names import name_fault
from metamodel.reading.node_values import Reading, child, entries, items, located, located_list, word, words
from metamodel.source import LocatedText, Location, Problems
from metamodel.yaml_nodes import Mapping, Node

_HEAD = re.compile(r"\s*(?P<output>->)?\s*(?P<name>\w+)\s*:\s*(?P<what>[\w.]+)\s*(?:\((?P<options>[\w\s|]*)\))?\s*\Z")
_OTHERWISE = "otherwise"


def read_decision_table(node: Mapping, reading: Reading) -> DecisionTableDef:
    """Read a YAML file of tables/."""
    name = node.get("table")
    otherwise = node.get(_OTHERWISE)
    return DecisionTableDef(
        name=word(name) or "",
        app=reading.app(node.at),
        at=(name or node).at,
        inputs=_columns(node.get("inputs")),
        outputs=_columns(node.get("outputs")),
        rows=tuple(_row(row) for row in items(node.get("rows"))),
        first=word(node.get("hit")) == "first",
        otherwise=DecisionRowDef(at=otherwise.at, when=MappingProxyType({}), then=_values(otherwise))
        if otherwise is not None
        else None,
    )


def _columns(node: Node | None) -> tuple[DecisionColumnDef, ...]:
    return tuple(
        DecisionColumnDef(
            name=key.text,
            at=key.at,
            type=word(child(value, "type")),
            of=located(child(value, "of")),
            options=words(child(value, "options")),
        )
        for key, value in entries(node)
    )


def _row(node: Node) -> DecisionRowDef:
    when = {key.text: located_list(value) for key, value in entries(child(node, "when"))}
    return DecisionRowDef(at=node.at, when=MappingProxyType(when), then=_values(child(node, "then")))


def _values(node: Node | None) -> MappingProxyType[str, LocatedText]:
    found = {key.text: text for key, value in entries(node) if (text := located(value)) is not None}
    return MappingProxyType(found)


def read_decision_csv(text: LocatedText, reading: Reading) -> DecisionTableDef:
    """Read a CSV file of tables/; its name is the file's.

    Its first line has `tier: account.tier`, `amount: money`, `size: choice (small | large)` for inputs, and
    `-> rate: percent` for outputs; a last row that begins with `otherwise` is for what no other row matches.

    Problems: APP340 a first line that says no columns, APP341 a row with other cells than the first line.
    """
    name = text.at.file.rsplit("/", 1)[-1].removesuffix(".csv")
    fault = name_fault(name)
    if fault is not None:
        reading.problems.report("APP340", f"'{name}' {fault}; a table is called as its file is", text.at)
    lines = list(_cells(text))
    heads = [_head(cell, reading.problems) for cell in (lines[0] if lines else ())]
    if not heads:
        message = "the first line says what the columns are: tier: text,-> rate: percent"
        reading.problems.report("APP340", message, text.at)
    rows: list[DecisionRowDef] = []
    otherwise: DecisionRowDef | None = None
    for cells in lines[1:]:
        if len(cells) != len(heads):
            message = f"this row has {_counted(len(cells))}, and the first line {len(heads)}"
            reading.problems.report("APP341", message, cells[0].at)
            continue
        is_last = cells[0].text.strip() == _OTHERWISE
        row = _csv_row(heads, cells, is_last=is_last)
        if is_last:
            otherwise = row
        else:
            rows.append(row)
    return DecisionTableDef(
        name=name,
        app=reading.app(text.at),
        at=text.at,
        inputs=tuple(column for column, output in filter(None, heads) if not output),
        outputs=tuple(column for column, output in filter(None, heads) if output),
        rows=tuple(rows),
        otherwise=otherwise,
    )


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


_Head = tuple[DecisionColumnDef, bool] | None


def _head(cell: LocatedText, problems: Problems) -> _Head:
    found = _HEAD.match(cell.text)
    if found is None:
        message = f"'{cell.text}' says no column; write tier: text, or -> rate: percent for what the table gives"
        problems.report("APP340", message, cell.at)
        return None
    what = found["what"]
    at = cell.part(found.start("name"), found.end("name")).at
    options = tuple(option.strip() for option in (found["options"] or "").split("|") if option.strip())
    of = cell.part(found.start("what"), found.end("what")) if "." in what else None
    column = DecisionColumnDef(name=found["name"], at=at, type=None if of else what, of=of, options=options)
    return column, found["output"] is not None


def _csv_row(heads: list[_Head], cells: list[LocatedText], *, is_last: bool) -> DecisionRowDef:
    named = [(head, cell) for head, cell in zip(heads, cells, strict=True) if head is not None]
    when = {} if is_last else {head[0].name: (cell,) for head, cell in named if not head[1] and cell.text.strip()}
    then = {head[0].name: cell for head, cell in named if head[1] and cell.text.strip()}
    return DecisionRowDef(at=cells[0].at, when=MappingProxyType(when), then=MappingProxyType(then))


def _cells(text: LocatedText) -> Iterator[list[LocatedText]]:
    """Give the cells of each line that is not empty, with their places; no cell of a table holds a line break."""
    for number, line in enumerate(text.text.split("\n"), start=1):
        if not line.strip():
            continue
        found: list[LocatedText] = []
        column = 1
        for cell in next(csv.reader([line])):
            start = line.find(cell, column - 1) + 1 if cell else column
            place = start if start > 0 else column
            found.append(LocatedText(text=cell, at=Location(text.at.file, number, place)))
            column = place + len(cell)
        yield found
