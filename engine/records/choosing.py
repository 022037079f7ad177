"""The records that lookups offer: readable, fitting the lookup's `where`, their titles holding the words typed.

All lookups that a form shows, also those in grids of its parts, are asked for by one statement, which is kept: what a
`where` reads of the record, and the words, are bound at each run. How a form shows a lookup is not judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import SourceChanged, SourceUnavailable
from engine.records.asked_texts import search_words
from engine.records.choosing_statements import OFFERED, Offers, asked_columns, make_offers
from engine.records.hooks import SaveKind
from engine.records.query_problems import problem
from engine.records.saving.steps import reader
from engine.records.types import Choice, ListQuery, Lookups
from metamodel.objects import ObjectDef

if TYPE_CHECKING:
    from engine.records.transaction import Transaction


def choices(
    transaction: Transaction, object_def: ObjectDef, name: str, text: str, raw: Mapping[str, object]
) -> Sequence[Choice]:
    """Give records that a lookup may be set to.

    raw: the form's other values. Raises: QueryProblem where there is no such lookup.
    """
    definition = object_def.fields.get(name)
    if definition is None or definition.relation is None or not _may_choose(transaction, object_def.key, name):
        raise problem("EXP903", f"'{name}' is not a lookup of {object_def.key}")
    known = {key: value for key, value in raw.items() if key in object_def.fields}
    given, _ = reader(transaction, object_def, SaveKind.CREATED).try_read(known)
    (found,) = _offered(transaction, [Lookups(object=object_def.key, names=(name,), values=given)], text)
    if name not in found:
        raise problem("EXP903", f"what '{name}' may be set to can't be asked of the database")
    return found[name]


def choices_of(transaction: Transaction, asked: Sequence[Lookups]) -> Sequence[Mapping[str, Sequence[Choice]]]:
    """Give some records for each of several lookups; those whose condition SQL can't judge are left out."""
    for lookups in asked:
        fields = transaction.object_def(lookups.object).fields
        for name in lookups.names:
            definition = fields.get(name)
            if definition is None or definition.relation is None or not _may_choose(transaction, lookups.object, name):
                raise problem("EXP903", f"'{name}' is not a lookup of {lookups.object}")
    return _offered(transaction, asked, "")


def _may_choose(transaction: Transaction, object_key: str, name: str) -> bool:
    access = transaction.access.of(object_key)
    return name in access.shown and (name in access.updatable or name in access.creatable)


def _offered(transaction: Transaction, asked: Sequence[Lookups], text: str) -> Sequence[Mapping[str, Sequence[Choice]]]:
    """Give what lookups offer: of our own objects by one statement together, of another database by one each."""
    elsewhere = [_elsewhere(transaction, each) for each in asked]
    here = [
        replace(each, names=tuple(name for name in each.names if name not in there))
        for each, there in zip(asked, elsewhere, strict=True)
    ]
    offered = {target: _list(transaction, target, text) for there in elsewhere for target in there.values()}
    found = _offered_here(transaction, here, search_words(text))
    return [
        {**own, **{name: offered[target] for name, target in there.items()}}
        for own, there in zip(found, elsewhere, strict=True)
    ]


def _elsewhere(transaction: Transaction, asked: Lookups) -> Mapping[str, str]:
    """Give those of the lookups that lead to another database, each with its object."""
    objects = transaction.parts.metamodel.objects
    relations = ((name, objects[asked.object].fields[name].relation) for name in asked.names)
    targets = ((name, relation.single_target) for name, relation in relations if relation is not None)
    return {name: target for name, target in targets if target is not None and objects[target].source is not None}


def _list(transaction: Transaction, target: str, text: str) -> Sequence[Choice]:
    """Give the first records of an object; none where its database does not answer, which must not hide the form."""
    if not transaction.access.of(target).visible:
        return ()
    query = ListQuery(object=target, search=text or None, fields=("id",), limit=OFFERED)
    try:
        return [Choice(target, row.id, row.title) for row in transaction.list(query).rows]
    except (SourceUnavailable, SourceChanged):
        return ()


def _offered_here(
    transaction: Transaction, asked: Sequence[Lookups], words: Sequence[str]
) -> Sequence[Mapping[str, Sequence[Choice]]]:
    parts, access = transaction.parts, transaction.access
    wanted = tuple((lookups.object, lookups.names) for lookups in asked)
    whose = (None if access.full else access.roles, transaction.actor.language)
    columns = parts.made(("choices read", wanted, whose), lambda: asked_columns(transaction, wanted))
    given = {column.parameter: column.of(asked[column.place].values) for column in columns}
    empty = frozenset(name for name, value in given.items() if value is None)
    key = ("choices", wanted, whose, len(words), empty)
    offers: Offers = parts.asked.find(key, lambda: make_offers(transaction, wanted, len(words), empty))
    if offers.prepared is None:
        return [{name: () for name in names} for names in offers.answered]
    given.update({f"word_{index}": word for index, word in enumerate(words)})
    by_part: list[list[Choice]] = [[] for _ in offers.targets]
    # Parts of one statement may come in any order.
    for number, record_id, title, _ in sorted(transaction.rows(offers.prepared, given), key=_in_order):
        by_part[number].append(Choice(offers.targets[number], record_id, title or ""))
    return [{name: _together(by_part, names[name]) for name in names} for names in offers.answered]


def _together(by_part: Sequence[Sequence[Choice]], parts: Sequence[int]) -> Sequence[Choice]:
    """Give the first choices of some parts; lookups of the same single part have the same list."""
    if len(parts) == 1:
        return by_part[parts[0]]
    return [choice for part in parts for choice in by_part[part]][:OFFERED]


def _in_order(row: Sequence[Any]) -> tuple[Any, ...]:
    return row[0], row[3] is None, row[3] or "", row[1]
