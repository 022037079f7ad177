"""The mapping file: which column fills which field, and how a cell becomes a value.

    object: opportunity
    match: reference                    # the field that tells whether a row is known already
    columns:
      opportunity_id: reference         # column: field
      product: {field: product, find_by: name, values: {GTXPro: GTX Pro}}
      close_date: {field: close_date, format: DD.MM.YYYY}
      sales_price: {field: price, currency: USD}
      remark: null                      # not imported
    constants: {status: customer}       # the same in every row
    texts: {name: "{product} for {account}"}   # put together from columns; {column:login} makes ann.lee of Ann Lee
    roles: [sales_rep]                  # of users only: roles they get

Only the file's form is checked here; whether the fields exist is for `binding`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from engine.imports.errors import ImportRefused
from metamodel.names import did_you_mean
from metamodel.reading.node_values import child, entries, word, words
from metamodel.source import Location, Problems, render_problem
from metamodel.yaml_nodes import Entry, Node, Scalar, Sequence, SourceText
from metamodel.yaml_nodes import Mapping as MappingNode
from metamodel.yaml_source import read_yaml

Taken = TypeVar("Taken")

_KEYS = ("object", "match", "columns", "constants", "texts", "roles", "encoding", "delimiter")
_COLUMN_KEYS = ("field", "find_by", "values", "format", "currency", "empty")


Constant = str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """How one column fills one field.

    find_by: field of the looked-up object that the cells hold; None = external id or title. values: cell → cell, before
    all else. date_format: of YYYY MM DD hh mm ss. currency: of bare numbers. empty: cells that stand for empty.
    """

    column: str
    field: str
    find_by: str | None = None
    values: Mapping[str, str] = made_by(default_factory=lambda: MappingProxyType({}))
    date_format: str | None = None
    currency: str | None = None
    empty: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMapping:
    """A whole mapping; `columns` None = each column fills the field of its name."""

    object: str | None = None
    match: tuple[str, ...] = ()
    columns: tuple[ColumnMapping, ...] | None = None
    ignored: frozenset[str] = frozenset()
    constants: Mapping[str, Constant] = made_by(default_factory=lambda: MappingProxyType({}))
    texts: Mapping[str, str] = made_by(default_factory=lambda: MappingProxyType({}))
    roles: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None


def load_mapping(path: Path) -> ImportMapping:
    """Read a mapping file.

    Raises:
        ImportRefused: it cannot be read or has problems.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}.") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, file: str) -> ImportMapping:
    """Read the text of a mapping file.

    Raises:
        ImportRefused: it has problems (APP1xx of YAML, APP811, APP812).
    """
    problems = Problems()
    source = SourceText(file, text.removeprefix("\ufeff"))
    root = read_yaml(source, problems)
    mapping = _Reader(problems).mapping(root, file)
    if problems.errors:
        shown = "\n".join(render_problem(problem, {file: source.text}) for problem in problems)
        raise ImportRefused(shown, tuple(problems))
    return mapping


class _Reader:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def mapping(self, root: Node | None, file: str) -> ImportMapping:
        if not isinstance(root, MappingNode):
            if not self._problems:
                self._problems.report("APP812", "a mapping file holds keys and values", Location(file=file))
            return ImportMapping()
        self._check_keys(root, _KEYS, "a mapping file")
        columns, ignored = self._columns(child(root, "columns"))
        return ImportMapping(
            object=word(child(root, "object")),
            match=words(child(root, "match")),
            columns=columns if child(root, "columns") is not None else None,
            ignored=ignored,
            constants=MappingProxyType(dict(self._scalars(child(root, "constants"), lambda scalar: scalar.value))),
            texts=MappingProxyType(dict(self._scalars(child(root, "texts"), lambda scalar: scalar.text))),
            roles=words(child(root, "roles")),
            encoding=word(child(root, "encoding")),
            delimiter={"tab": "\t"}.get(found := word(child(root, "delimiter")) or "", found) or None,
        )

    def _columns(self, node: Node | None) -> tuple[tuple[ColumnMapping, ...], frozenset[str]]:
        found: list[ColumnMapping] = []
        ignored = set()
        for entry in entries(node):
            column, value = entry.key.text, entry.value
            if isinstance(value, Scalar) and value.value is None:
                ignored.add(column)
                continue
            nodes = value.items if isinstance(value, Sequence) else (value,)
            found += [mapped for part in nodes if (mapped := self._column(column, part, entry)) is not None]
        return tuple(found), frozenset(ignored)

    def _column(self, column: str, node: Node, entry: Entry) -> ColumnMapping | None:
        if isinstance(node, Scalar):
            return ColumnMapping(column=column, field=node.text)
        if not isinstance(node, MappingNode):
            self._problems.report("APP812", f"'{column}' is mapped to a field, or to keys such as field:", entry.key.at)
            return None
        self._check_keys(node, _COLUMN_KEYS, f"column '{column}'")
        field_name = word(child(node, "field"))
        if field_name is None:
            self._problems.report("APP812", f"column '{column}' does not say which field: it fills", entry.key.at)
            return None
        values = dict(self._scalars(child(node, "values"), lambda scalar: scalar.text))
        return ColumnMapping(
            column=column,
            field=field_name,
            find_by=word(child(node, "find_by")),
            values=MappingProxyType({key: value or "" for key, value in values.items()}),
            date_format=word(child(node, "format")),
            currency=word(child(node, "currency")),
            empty=frozenset(words(child(node, "empty"))),
        )

    def _scalars(self, node: Node | None, take: Callable[[Scalar], Taken]) -> Iterator[tuple[str, Taken]]:
        for entry in entries(node):
            if isinstance(entry.value, Scalar):
                yield entry.key.text, take(entry.value)
            else:
                self._problems.report("APP812", f"'{entry.key.text}' must have a single value", entry.value.at)

    def _check_keys(self, node: MappingNode, known: tuple[str, ...], what: str) -> None:
        for entry in node.entries:
            if entry.key.text not in known:
                message = f"'{entry.key.text}' is not a key of {what}; it may have {', '.join(known)}"
                hint = did_you_mean(entry.key.text, known)
                self._problems.report("APP811", message, entry.key.at, hint=hint, length=entry.key.length)
