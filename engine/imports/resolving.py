"""Turns the texts of lookup cells into records: by external id, by a named field, or by title, a batch at a time.

`account:Northwind` names the object where a lookup may point at several. What was found is remembered for the whole
import; what was not is asked again, since a later row may have made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.imports.bound import BoundLookup
from engine.imports.errors import BadCell
from engine.imports.heads import ID
from engine.records.finding import find_by_fields, find_by_title, read_key
from engine.records.identifiers import could_be_id
from engine.records.outer_finding import find_there
from engine.records.transaction import Transaction
from metamodel.values import Ref

Target = tuple[str, str]


class NotThere(BadCell):
    """No record is called so; it may come later in the same file."""


class NotOne(BadCell):
    """Several records are called so. candidates: their values; the one that the record points at already is meant."""

    def __init__(self, text: str, candidates: tuple[object, ...]) -> None:
        self.candidates = candidates
        super().__init__(f"{len(candidates)} records are called '{text}'; name one by its external id")


class Lookups:
    """What the lookup cells of one import stand for."""

    def __init__(self, lookups: Iterable[BoundLookup]) -> None:
        self._found: dict[str, dict[str, tuple[Target, ...]]] = {item.source.field.name: {} for item in lookups}

    def learn(self, transaction: Transaction, lookup: BoundLookup, texts: Iterable[str]) -> None:
        """Ask for the texts that are not known yet."""
        known = self._found[lookup.source.field.name]
        asked = {text for text in texts if text and text not in known}
        for target in lookup.targets:
            wanted = {text: bare for text in asked if (bare := _for_target(text, target, lookup)) is not None}
            open_texts = {text: bare for text, bare in wanted.items() if text not in known}
            if transaction.parts.metamodel.objects[target].source is not None:
                fields = lookup.by.get(target, ())
                there = find_there(transaction, target, open_texts.values(), fields, title=lookup.title)
                self._keep(known, target, open_texts, there)
                continue
            for name in lookup.by.get(target, ()):
                self._keep(known, target, open_texts, _by_field(transaction, target, name, open_texts.values()))
                open_texts = {text: bare for text, bare in open_texts.items() if text not in known}
            if lookup.title and open_texts:
                self._keep(known, target, open_texts, find_by_title(transaction, target, set(open_texts.values())))
                open_texts = {text: bare for text, bare in open_texts.items() if text not in known}
            if open_texts:
                self._keep(known, target, open_texts, _by_id(transaction, target, open_texts.values()))

    def knows(self, lookup: BoundLookup, texts: Iterable[str]) -> bool:
        """Say whether nothing has to be asked for some texts."""
        known = self._found[lookup.source.field.name]
        return all(not text or text in known for text in texts)

    def value(self, lookup: BoundLookup, text: str) -> object:
        """Give the value of a lookup cell.

        Raises:
            NotThere: nothing is called so. NotOne: several are.
        """
        found = self._found[lookup.source.field.name].get(text, ())
        if not found:
            raise NotThere(f"there is no {' or '.join(lookup.targets[:3])} '{text}'")
        relation = lookup.source.field.relation
        assert relation is not None
        single = relation.single_target is not None
        values = tuple(record_id if single else Ref(object_key, record_id) for object_key, record_id in found)
        if len(values) > 1:
            raise NotOne(text, values)
        return values[0]

    def _keep(
        self,
        known: dict[str, tuple[Target, ...]],
        target: str,
        texts: dict[str, str],
        found: Mapping[str, Sequence[str]],
    ) -> None:
        for text, bare in texts.items():
            if bare in found:
                known[text] = tuple((target, record_id) for record_id in found[bare])


def _for_target(text: str, target: str, lookup: BoundLookup) -> str | None:
    """Give the text without the object's name in front; None where it names another object."""
    if len(lookup.targets) == 1:
        return text
    before, colon, after = text.partition(":")
    if colon and before in lookup.targets:
        return after.strip() if before == target else None
    return text


def _by_field(transaction: Transaction, target: str, name: str, texts: Iterable[str]) -> dict[str, list[str]]:
    definition = transaction.parts.metamodel.objects[target].fields[name]
    asked: dict[object, list[str]] = {}
    for text in texts:
        value = read_key(transaction, definition, text)
        if value is not None:
            asked.setdefault(value, []).append(text)
    found = find_by_fields(transaction, target, (name,), list(asked))
    return {text: ids for (value,), ids in found.items() for text in asked.get(value, ())}


def _by_id(transaction: Transaction, target: str, texts: Iterable[str]) -> dict[str, list[str]]:
    ids = [text for text in texts if could_be_id(text)]
    found = find_by_fields(transaction, target, (ID,), ids)
    return {str(record_id): ids for (record_id,), ids in found.items()}
