"""Finds records of another database that texts of a file name: by key, by values of columns, or by their titles.

One question there for every few hundred texts; only records that the actor may read are found. A title that is put
together, and not one column, is known here only, so that nothing is found by it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.outer.conditions import EVERY_ROW, Pushed, any_of, compared, one_of
from engine.outer.keys import id_of_key, key_of_id
from engine.outer.tables import OuterTable
from engine.records.batches import given_values
from engine.records.finding import read_key
from engine.records.outer_rows import BATCH
from engine.records.query import QueryCompiler
from engine.records.questions import CompiledRead
from engine.storage.source_rows import GivenRows, Which
from metamodel.fields import FieldDef
from metamodel.objects import ObjectDef
from workflow_dsl.context import Values
from workflow_dsl.syntax import BinaryOp

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_TEXTS = frozenset(("text", "long_text", "email", "url", "phone", "barcode"))
_ONE_FIELD = re.compile(r"\{\s*(\w+)\s*\}\Z")
_Found = dict[str, list[str]]


def find_there(
    transaction: Transaction, object_key: str, texts: Iterable[str], fields: Sequence[str], *, title: bool
) -> Mapping[str, Sequence[str]]:
    """Give text → ids. fields: those by whose values records are found too; title: also by that."""
    asked = list(dict.fromkeys(texts))
    finder = _Finder(transaction, transaction.object_def(object_key), fields, title)
    found: _Found = {}
    for start in range(0, len(asked), BATCH):
        found |= finder.find(asked[start : start + BATCH])
    return found


class _Finder:
    def __init__(self, transaction: Transaction, object_def: ObjectDef, fields: Sequence[str], title: bool) -> None:
        self._transaction = transaction
        self._object = object_def
        whole = transaction.access.of(object_def.key).whole
        there = transaction.outer.table(object_def).columns
        named = _ONE_FIELD.match(object_def.title.text) if title else None
        names = [*fields, *([named[1]] if named is not None else [])]
        self._by = [object_def.fields[name] for name in names if name != "id" and name in there and name in whole]

    def find(self, texts: Sequence[str]) -> _Found:
        transaction = self._transaction
        values = [{text: _value(transaction, field, text) for text in texts} for field in self._by]
        table = transaction.outer.table(self._object)
        keys = [*texts, *(key for text in texts if (key := key_of_id(text)) is not None and key != text)]
        parts = [_near(table, field, known.values()) for field, known in zip(self._by, values, strict=True)]
        pushed = any_of([one_of(table, "id", keys), *(part for part in parts if part.test is not None)])
        rows = [row.values for row in transaction.outer.fetch(self._object, pushed, limit=None).rows]
        readable = self._readable(rows)
        seen = [row for row in rows if row["id"] in readable]
        found: _Found = {text: [each] for text in texts for each in (text, id_of_key(text)) if each in readable}
        for field, known in zip(self._by, values, strict=True):
            ids: dict[Any, list[str]] = {}
            for row in seen:
                ids.setdefault(row[field.name], []).append(row["id"])
            for text, value in known.items():
                if text not in found and value is not None and value in ids:
                    found[text] = ids[value]
        return found

    def _readable(self, rows: Sequence[Values]) -> frozenset[str]:
        transaction, key = self._transaction, self._object.key
        access, language = transaction.access, transaction.actor.language
        if not rows or not access.of(key).visible:
            return frozenset()
        compiled: CompiledRead = transaction.parts.asked.find(
            ("readable there", key, None if access.full else access.roles, language),
            lambda: QueryCompiler(transaction.parts, access, self._object, language).titles(),
        )
        given = {
            "ids": given_values([row["id"] for row in rows], transaction.database.dialect),
            GivenRows(Which.ASKED, key).parameter: transaction.outer.given(key, rows),
        }
        return frozenset(str(row[0]) for row in transaction.rows(compiled.prepared, given))


def _value(transaction: Transaction, field: FieldDef, text: str) -> Any:
    # Texts stand there as they do; what we would make of one is not what is looked for.
    return text if field.type in _TEXTS else read_key(transaction, field, text)


def _near(table: OuterTable, field: FieldDef, values: Collection[Any]) -> Pushed:
    wanted = [value for value in values if value is not None]
    if field.type in _TEXTS:
        return one_of(table, field.name, wanted) if wanted else EVERY_ROW
    return any_of([compared(table, field, BinaryOp.EQ, value) for value in wanted])
