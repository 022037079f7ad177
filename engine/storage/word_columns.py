"""Which fields have their words kept in a column beside them, for the global search: those that `search:` leads to.

The words are made by `records.index_words`; the index over them is made by `word_indexes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from engine.storage.column_types import ColumnKind
from engine.storage.schema import ColumnSpec, IndexSpec, short_name
from metamodel.apps import Metamodel
from metamodel.objects import ObjectDef

WORDS_PART = "words_"
"""What plans call the words of all searched fields of an object."""
WORDS_VERSION = 1
"""Counts up when words are made otherwise, so that those of all records are made again."""
_TEXTS = frozenset(("text", "long_text", "email", "url", "phone", "barcode", "autonumber"))


def words_column(field: str) -> str:
    """Give the column of a field's words; two underscores, since `name_words` may be a field."""
    return short_name(f"{field}__words")


def worded_fields(metamodel: Metamodel) -> Mapping[str, tuple[str, ...]]:
    """Give object key → fields whose words are kept, in the order of the definitions."""
    found: dict[str, set[str]] = {}
    for object_def in metamodel.objects.values():
        for path in object_def.search if object_def.source is None else ():
            for key, name in _ends(metamodel, object_def, path.text.split(".")):
                found.setdefault(key, set()).add(name)
    return MappingProxyType(
        {key: tuple(name for name in metamodel.objects[key].fields if name in names) for key, names in found.items()}
    )


def _ends(metamodel: Metamodel, object_def: ObjectDef, steps: Sequence[str]) -> Iterator[tuple[str, str]]:
    if object_def.source is not None:
        return
    field = object_def.fields.get(steps[0])
    if len(steps) == 1:
        if field is not None and field.value_type in _TEXTS and not field.encrypted:
            yield object_def.key, field.name
        return
    targets: Sequence[str] = ()
    if field is not None and field.relation is not None:
        targets = field.relation.targets
    elif field is None and (inverse := object_def.inverses.get(steps[0])) is not None:
        targets = (inverse.object,)
    for target in targets:
        yield from _ends(metamodel, metamodel.objects[target], steps[1:])


def add_words(table: str, columns: dict[str, ColumnSpec], indexes: dict[str, IndexSpec], fields: Sequence[str]) -> None:
    """Add the columns of words of those fields that have columns, and the one index over them."""
    names = []
    for field in fields:
        if field in columns:
            spec = ColumnSpec(name=words_column(field), kind=ColumnKind.WORDS, field=field)
            columns[spec.name] = spec
            names.append(spec.name)
    if names:
        name = short_name(f"wx_{table}_{'_'.join(names)}", 50)
        indexes[name] = IndexSpec(name=name, columns=tuple(names), live_only=False, words=True)
