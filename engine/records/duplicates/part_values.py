"""Values that duplicate rules compare in the rows of a list of parts, such as `phones.number`.

One statement a path and batch. Which rules are asked when such a row is saved is said here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.records.batches import one_of
from engine.records.duplicates.keys import Rule, Values, rules_of
from engine.records.parts import ReleaseParts
from engine.storage.codecs import TargetsCodec
from metamodel.child_paths import child_path
from metamodel.objects import InverseDef
from metamodel.source import LocatedText

if TYPE_CHECKING:
    from engine.records.transaction import Transaction

_BATCH = 500


@dataclass(frozen=True, slots=True)
class PartRules:
    """The rules of a parent that compare a field of the rows of one of its lists. path: as the rules name it."""

    parent: str
    inverse: InverseDef
    field: str
    path: str
    rules: tuple[Rule, ...]


def duplicate_rules(parts: ReleaseParts, object_key: str) -> tuple[Rule, ...]:
    """Give the rules of an object, ready for comparing; made once a release."""
    if not parts.metamodel.objects[object_key].duplicates:
        return ()
    return parts.made(("duplicate rules", object_key), lambda: rules_of(parts, object_key))


def part_rules(parts: ReleaseParts, child_key: str) -> tuple[PartRules, ...]:
    """Give the rules of parents that look into the rows of an object; made once a release."""
    return parts.made(("part rules", child_key), lambda: tuple(_part_rules(parts, child_key)))


def with_parts(
    transaction: Transaction, object_key: str, rules: Iterable[Rule], rows: Sequence[Values]
) -> dict[str, Values]:
    """Give records by their ids, with the values of their parts that rules compare, as `path` → values."""
    found: dict[str, dict[str, Any]] = {str(values["id"]): dict(values) for values in rows}
    for path in sorted({path for rule in rules for path in rule.paths}) if found else ():
        inverse, field = parts_path(transaction.parts, object_key, path)
        for record_id, values in _values(transaction, object_key, inverse, field, list(found)).items():
            found[record_id][path] = tuple(values)
    return dict(found)


def parts_path(parts: ReleaseParts, object_key: str, path: str) -> tuple[InverseDef, str]:
    """Give the list and the field of its rows that a checked path names."""
    found = child_path(parts.metamodel.objects[object_key], LocatedText.plain(path))
    assert found is not None
    return found[0], found[1].text.strip()


def _part_rules(parts: ReleaseParts, child_key: str) -> Iterable[PartRules]:
    for parent, object_def in parts.metamodel.objects.items():
        rules = duplicate_rules(parts, parent)
        for path in sorted({path for rule in rules for path in rule.paths}):
            inverse, field = parts_path(parts, parent, path)
            if inverse.object == child_key:
                asked = tuple(rule for rule in rules if path in rule.paths)
                yield PartRules(object_def.key, inverse, field, path, asked)


def _values(
    transaction: Transaction, parent: str, inverse: InverseDef, field: str, ids: Sequence[str]
) -> dict[str, list[Any]]:
    table = transaction.parts.tables.of(inverse.object)
    via, codec = table.codecs[inverse.field], table.codecs[field]
    above = via.columns[via.targets.index(parent)] if isinstance(via, TargetsCodec) else via.columns[0]
    asked: list[Any] = [above, *codec.columns]
    found: dict[str, list[Any]] = {}
    for start in range(0, len(ids), _BATCH):
        wanted = one_of(above, ids[start : start + _BATCH], transaction.database.dialect)
        query = select(*asked).where(wanted, table.table.c["deleted_at"].is_(None))
        for row in transaction.select(query):
            value = codec.from_columns(row[1:])
            if value is not None:
                found.setdefault(str(row[0]), []).append(value)
    return found
