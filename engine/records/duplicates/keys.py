"""The keys of a record: two records that a rule holds for share at least one, so that one indexed question finds them.

A rule's exact and normalised fields make one key together. A rule of fuzzy fields alone has keys of its first one: the
ends of the romanised text and its words, of which two texts with a typing error or two keep some.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.records.duplicates.likeness import in_order, likeness, normalised, romanised
from engine.records.saving.plan import SavePlan
from metamodel.duplicates import DuplicateDef, MatchDef, MatchHow
from metamodel.values import Money, Ref

_PIECE = 4
_LONGEST = 80
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Rule:
    """A duplicate rule, with what makes the text of each of its fields."""

    definition: DuplicateDef
    number: int
    texts: tuple[tuple[MatchDef, Callable[[Any], str]], ...]

    def matches(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Say whether two records' values are alike in all fields of the rule."""
        for match, text in self.texts:
            left, right = one.get(match.field), other.get(match.field)
            if left is None or right is None or not _alike(match, text(left), text(right)):
                return False
        return True

    def keys(self, values: Mapping[str, Any]) -> Iterator[str]:
        """Give the keys of a record; none where a field of the rule is empty."""
        if any(values.get(match.field) is None for match, _ in self.texts):
            return
        certain = [(match, text) for match, text in self.texts if match.how is not MatchHow.FUZZY]
        firm = [_firm(match, text(values[match.field])) for match, text in certain]
        if firm:
            yield self._key("", _SEPARATOR.join(firm))
            return
        match, text = self.texts[0]
        for piece in _pieces(text(values[match.field])):
            yield self._key(match.field, piece)

    def _key(self, field: str, text: str) -> str:
        short = text if len(text) <= _LONGEST else hashlib.sha256(text.encode()).hexdigest()
        return f"{self.number}:{field}:{short}"


def rules_of(plan: SavePlan) -> tuple[Rule, ...]:
    """Give the duplicate rules of an object, ready for comparing."""
    return tuple(
        Rule(
            definition,
            number,
            tuple((match, _text_of(plan, match)) for match in definition.match),
        )
        for number, definition in enumerate(plan.object.duplicates)
    )


def _text_of(plan: SavePlan, match: MatchDef) -> Callable[[Any], str]:
    json = plan.json.get(match.field)

    def text(value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, Money):
            return f"{value.amount} {value.currency}"
        if isinstance(value, Ref):
            return value.id
        plain = value if json is None else json(value)
        return " ".join(str(each) for each in plain.values() if each) if isinstance(plain, Mapping) else str(plain)

    return text


def _alike(match: MatchDef, one: str, other: str) -> bool:
    match match.how:
        case MatchHow.EXACT:
            return one == other
        case MatchHow.NORMALISED:
            return normalised(one) == normalised(other) != ""
    return normalised(one) != "" and likeness(one, other) >= match.threshold


def _firm(match: MatchDef, text: str) -> str:
    return text if match.how is MatchHow.EXACT else normalised(text)


def _pieces(text: str) -> set[str]:
    plain, sorted_words = romanised(text), in_order(text)
    found = {f"<{plain[:_PIECE]}", f">{plain[-_PIECE:]}", f"<{sorted_words[:_PIECE]}", f"={plain[_PIECE : 2 * _PIECE]}"}
    return {piece for piece in found if len(piece) > 1}
