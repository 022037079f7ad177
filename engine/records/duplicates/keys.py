"""The keys of a record: two records that a rule holds for share at least one, so that one indexed question finds them.

A rule's exact and normalised fields make one key together. A rule of fuzzy fields alone has keys of its first one: the
ends of the romanised text and its words, of which two texts with a typing error or two keep some.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from engine.records.duplicates.likeness import in_order, likeness, normalised, romanised
from engine.records.parts import ReleaseParts
from engine.records.saving.plan import save_plan
from metamodel.child_paths import child_path
from metamodel.duplicates import DuplicateDef, MatchDef, MatchHow
from metamodel.objects import ObjectDef
from metamodel.source import LocatedText
from metamodel.values import Money, Ref

Values = Mapping[str, Any]
Texts = Callable[[Any], tuple[str, ...]]

_PIECE = 4
_LONGEST = 80
_MOST_KEYS = 1_000
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Rule:
    """A duplicate rule, with what makes the texts of each of its fields: one, or one a value of several.

    paths: those of its fields that lead to the rows of a list, such as `phones.number`.
    """

    definition: DuplicateDef
    number: int
    texts: tuple[tuple[MatchDef, Texts], ...]
    paths: tuple[str, ...] = ()

    @property
    def field(self) -> str | None:
        """The field of the record that a finding is told of, the first one; None where the rule compares parts only."""
        own = (match.field for match, _ in self.texts if match.field not in self.paths)
        return next(own, None)

    def matches(self, one: Values, other: Values) -> bool:
        """Say whether two records' values are alike in all fields of the rule; of several values one is enough."""
        for match, texts in self.texts:
            rights = texts(other.get(match.field))
            if not any(_alike(match, left, right) for left in texts(one.get(match.field)) for right in rights):
                return False
        return True

    def likenesses(self, one: Values, other: Values) -> dict[str, float]:
        """Say of each field of the rule how alike the values are that are most alike, from 0 to 1."""
        found = {}
        for match, texts in self.texts:
            rights = texts(other.get(match.field))
            pairs = [(left, right) for left in texts(one.get(match.field)) for right in rights]
            fuzzy = match.how is MatchHow.FUZZY
            found[match.field] = max((_likeness(left, right, fuzzy=fuzzy) for left, right in pairs), default=0.0)
        return found

    def keys(self, values: Values) -> Iterator[str]:
        """Give the keys of a record; none where a field of the rule is empty."""
        given = [(match, texts(values.get(match.field))) for match, texts in self.texts]
        if not all(texts for _, texts in given):
            return
        certain = [[_firm(match, text) for text in texts] for match, texts in given if match.how is not MatchHow.FUZZY]
        if certain:
            for firm in islice(product(*certain), _MOST_KEYS):
                yield self._key("", _SEPARATOR.join(firm))
            return
        match, texts = given[0]
        for piece in {piece for text in texts for piece in _pieces(text)}:
            yield self._key(match.field, piece)

    def _key(self, field: str, text: str) -> str:
        short = text if len(text) <= _LONGEST else hashlib.sha256(text.encode()).hexdigest()
        return f"{self.number}:{field}:{short}"


def rules_of(parts: ReleaseParts, object_key: str) -> tuple[Rule, ...]:
    """Give the duplicate rules of an object, ready for comparing."""
    object_def = parts.metamodel.objects[object_key]
    made = []
    for number, definition in enumerate(object_def.duplicates):
        texts = tuple((match, _texts_of(parts, object_def, match)) for match in definition.match)
        paths = tuple(match.field for match in definition.match if match.field not in object_def.fields)
        made.append(Rule(definition, number, texts, paths))
    return tuple(made)


def _texts_of(parts: ReleaseParts, object_def: ObjectDef, match: MatchDef) -> Texts:
    key, field = object_def.key, match.field
    found = None if field in object_def.fields else child_path(object_def, LocatedText.plain(field))
    if found is not None:
        key, field = found[0].object, found[1].text.strip()
    json = save_plan(parts, key).json.get(field)
    several = found is not None or object_def.fields[field].multiple

    def text(value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, Money):
            return f"{value.amount} {value.currency}"
        if isinstance(value, Ref):
            return value.id
        plain = value if json is None else json(value)
        return " ".join(str(each) for each in plain.values() if each) if isinstance(plain, Mapping) else str(plain)

    if several:
        return lambda values: tuple(text(each) for each in values or () if each is not None)
    return lambda value: () if value is None else (text(value),)


def _alike(match: MatchDef, one: str, other: str) -> bool:
    match match.how:
        case MatchHow.EXACT:
            return one == other
        case MatchHow.NORMALISED:
            return normalised(one) == normalised(other) != ""
    return normalised(one) != "" and likeness(one, other) >= match.threshold


def _likeness(one: str, other: str, *, fuzzy: bool) -> float:
    return likeness(one, other) if fuzzy else float(normalised(one) == normalised(other) or one == other)


def _firm(match: MatchDef, text: str) -> str:
    return text if match.how is MatchHow.EXACT else normalised(text)


def _pieces(text: str) -> set[str]:
    plain, sorted_words = romanised(text), in_order(text)
    found = {f"<{plain[:_PIECE]}", f">{plain[-_PIECE:]}", f"<{sorted_words[:_PIECE]}", f"={plain[_PIECE : 2 * _PIECE]}"}
    return {piece for piece in found if len(piece) > 1}
